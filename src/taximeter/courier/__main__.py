"""Runs couriers: ``python -m taximeter.courier LOCK:OUTBOX…``.

Each outbox's lock is a descriptor that the starting process took and that is inherited.
Where there are several outboxes, each has a process of its own, forked before any vendor is met.
"""

import logging
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from taximeter.courier.serve import serve
from taximeter.journal.home import Home, Outbox
from taximeter.redact import redact


class _Formatter(logging.Formatter):
    """Keeps secrets, such as a password in a location, out of the log."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def main() -> None:
    """Serve the outboxes that the arguments name."""
    given = [argument.partition(":") for argument in sys.argv[1:]]
    locks = {Outbox(Path(path)): int(lock) for lock, _, path in given}
    if len(locks) == 1:
        _serve(*locks.popitem())
        return
    for outbox, lock in locks.items():
        if os.fork() == 0:
            os.setsid()
            _close(other for other in locks.values() if other != lock)
            _serve(outbox, lock)
            return
    _close(locks.values())
    for _ in locks:
        os.wait()


def _serve(outbox: Outbox, lock: int) -> None:
    """Be the courier of an outbox: what is printed goes to its log, and nothing started here keeps its lock."""
    os.set_inheritable(lock, False)
    with outbox.log.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.chdir(_folder_of(outbox))
    handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler])
    serve(outbox, Home(outbox.path.parent.parent), lock)


def _folder_of(outbox: Outbox) -> Path:
    """Return the folder that the location is relative to, or one that exists where that is gone."""
    folder = Path(outbox.destination.folder)
    return folder if folder.is_dir() else outbox.path


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


if __name__ == "__main__":
    main()
