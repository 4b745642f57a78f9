"""Logs points until it dies: ``python -m taximeter.measure.crash_worker``.

Standard input has an `Order`.
The file `PROGRESS` in the current folder, which the killer watches, holds two integers of 64 bits: how many points
were acknowledged, and whether the run is being finished.
"""

import mmap
import struct
import sys
import time
from pathlib import Path
from typing import Any, Final

import msgspec

from taximeter.measure.ways import Way, start, value_of

PROGRESS: Final = "progress"
RUN_ID: Final = "run_id"
PAUSE_SECONDS: Final = 0.001
_FORMAT = struct.Struct("<qq")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Where to log to, how many points, and whether to finish the run then."""

    way: Way
    tracker: str
    location: str
    points: int
    finish: bool


def read_progress(folder: Path) -> tuple[int, bool]:
    """Return how many points were acknowledged, and whether the run is being finished."""
    try:
        acknowledged, finishing = _FORMAT.unpack((folder / PROGRESS).read_bytes())
    except (FileNotFoundError, struct.error):
        return 0, False
    return acknowledged, bool(finishing)


def main() -> None:
    """Log until something ends it."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    folder = Path.cwd()
    run = start(order.way, order.tracker, order.location, folder)
    partial = folder / f".{RUN_ID}"
    partial.write_text(run.id)
    partial.replace(folder / RUN_ID)
    with (folder / PROGRESS).open("w+b") as file:
        file.write(_FORMAT.pack(0, 0))
        file.flush()
        _log(run, order, mmap.mmap(file.fileno(), _FORMAT.size))


def _log(run: Any, order: Order, progress: mmap.mmap) -> None:
    for number in range(order.points):
        run.log_metrics({"loss": value_of(number)}, step=number)
        _FORMAT.pack_into(progress, 0, number + 1, 0)
        time.sleep(PAUSE_SECONDS)
    _FORMAT.pack_into(progress, 0, order.points, 1)
    if order.finish:
        run.finish()


if __name__ == "__main__":
    main()
