"""Logs points until it dies: ``python -m taximeter.measure.crash_worker``.

Standard input has an `Order`.
The file `PROGRESS` in the current folder, which the killer watches, holds a `Progress`: three integers of 64 bits.
"""

import mmap
import os
import signal
import struct
import sys
from enum import IntEnum
from pathlib import Path
from time import perf_counter_ns, sleep
from typing import Any, Final, NamedTuple

import msgspec

from taximeter.measure.ways import Way, start, value_of

PROGRESS: Final = "progress"
RUN_ID: Final = "run_id"
PAUSE_SECONDS: Final = 0.001
_SOONEST_SECONDS = 1e-6
_FORMAT = struct.Struct("=3q")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Where to log to, how many points, and whether to finish the run then.

    `dies_after` is how many seconds after its beginning the finish is cut off; None lets it be.
    """

    way: Way
    tracker: str
    location: str
    points: int
    finish: bool
    dies_after: float | None = None


class Stage(IntEnum):
    """Where a training is."""

    LOGGING = 0
    LOGGED = 1
    FINISHED = 2


class Progress(NamedTuple):
    """How many points were acknowledged, where the training is, and how many nanoseconds its finish took."""

    acknowledged: int = 0
    stage: Stage = Stage.LOGGING
    finish: int = 0


def read_progress(folder: Path) -> Progress:
    """Return how far a training has come."""
    try:
        acknowledged, stage, finish = _FORMAT.unpack((folder / PROGRESS).read_bytes())
    except (FileNotFoundError, struct.error):
        return Progress()
    return Progress(acknowledged, Stage(stage), finish)


def main() -> None:
    """Log until something ends it."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    os.dup2(2, 1)  # nobody reads what a vendor prints
    folder = Path.cwd()
    run = start(order.way, order.tracker, order.location, folder)
    partial = folder / f".{RUN_ID}"
    partial.write_text(run.id)
    partial.replace(folder / RUN_ID)
    with (folder / PROGRESS).open("w+b") as file:
        file.write(_FORMAT.pack(*Progress()))
        file.flush()
        _log(run, order, memoryview(mmap.mmap(file.fileno(), _FORMAT.size)).cast("q"))


def _log(run: Any, order: Order, progress: memoryview) -> None:
    """Log; each number of the progress is written at once, so that no death can tear it."""
    for number in range(order.points):
        run.log_metrics({"loss": value_of(number)}, step=number)
        progress[0] = number + 1
        sleep(PAUSE_SECONDS)
    began = perf_counter_ns()
    progress[1] = Stage.LOGGED
    if order.dies_after is not None:
        _die_in(order.dies_after)
    if order.finish:
        run.finish()
        progress[2] = perf_counter_ns() - began
        progress[1] = Stage.FINISHED


def _die_in(seconds: float) -> None:
    """Let the kernel end this process, without a word as SIGKILL does: no killer outside is as punctual."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, _SOONEST_SECONDS))


if __name__ == "__main__":
    main()
