"""Trains while something goes wrong: ``python -m taximeter.measure.faults_worker``.

Standard input has an `Order`, and then a line each time that the training may go on.
Standard output gets a `Word` a line: where the training is, and what it was told, in every way that Python has.
The file `PROGRESS` has a byte for each point, so that the points of a training that hangs are known too.
"""

import itertools
import logging
import mmap
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any, Final

import msgspec

from taximeter.errors import Unsupported
from taximeter.measure.ways import Way, start, value_of

PARTS: Final = (range(100), range(100, 600), range(600, 700))
"""The points that are logged before, during and after the fault."""
POINTS: Final = PARTS[-1].stop
PROGRESS: Final = "progress"
ACKNOWLEDGED, REFUSED = 1, 2
"""What became of a point's call: it returned, or it raised."""
UNSUPPORTED: Final = "unsupported"
"""How a training says that what it was to do makes no sense for its tracker."""
HUNG: Final = "hung"
"""How it says that a process of its own hangs."""
ARTIFACT: Final = "artifact.bin"
ARTIFACT_BYTES: Final = 32_000_000
CLOCK_BACK_SECONDS: Final = 3600
_PAUSE_SECONDS = 0.0005
_CHILD_SECONDS = 20.0
_WARN_SECONDS = 45.0
_LONGEST, _MOST = 500, 200


class Fault(StrEnum):
    """What goes wrong."""

    DISK_FULL = "disk full"
    READ_ONLY = "read-only store"
    CLOCK_BACK = "clock stepping back"
    TORN = "torn store"
    FLIPPED = "flipped byte"
    FORK = "fork"
    SERVER_DOWN = "server down"
    SERVER_SLOW = "server slow"
    ARTIFACT_VANISHES = "artifact vanishing"
    ARTIFACT_CHANGES = "artifact changing"
    VENDOR_BROKEN = "vendor broken"


class Stage(StrEnum):
    """Where a training is; but for the last one it waits there for a line."""

    STARTED = "started"
    BEFORE = "before the fault"
    AFTER = "after the fault"
    UNFINISHED = "finish refused"
    DONE = "done"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Where to log to, what goes wrong meanwhile, and the folder for `PROGRESS`."""

    way: Way
    tracker: str
    location: str
    fault: Fault
    folder: str


class Word(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that the training says: the stage it has reached, or what it was told and how.

    `longest` is the seconds of the longest call until then.
    """

    stage: Stage | None = None
    run_id: str = ""
    longest: float = 0.0
    how: str = ""
    words: str = ""


def content(letter: str) -> bytes:
    """Return the bytes of the artifact in one of its states."""
    return letter.encode() * ARTIFACT_BYTES


def main() -> None:
    """Train as ordered."""
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    with (Path(order.folder) / PROGRESS).open("r+b") as file:
        progress = mmap.mmap(file.fileno(), POINTS)
    out = os.dup(1)
    os.dup2(2, 1)
    _Training(order, progress, out).carry_out()


class _Training:
    def __init__(self, order: Order, progress: mmap.mmap, out: int) -> None:
        self._order = order
        self._progress = progress
        self._out = out
        self._said: set[tuple[str, str]] = set()
        self._longest = 0.0
        self._clock = _Clock() if order.fault == Fault.CLOCK_BACK else None
        self._listen()

    def carry_out(self) -> None:
        """Start a run, log all points whatever happens, and end it."""
        order = self._order
        run = self._attempt(lambda: start(order.way, order.tracker, order.location, Path.cwd()))
        self._reach(Stage.STARTED, getattr(run, "id", ""))
        if run is None:
            self._progress[:] = bytes([REFUSED]) * POINTS
        else:
            self._train(run)
        self._reach(Stage.DONE)

    def _train(self, run: Any) -> None:
        before, during, after = PARTS
        self._log(run, before)
        self._reach(Stage.BEFORE)
        self._go_wrong(run, during)
        self._reach(Stage.AFTER)
        self._log(run, after)
        if not self._finish(run):
            self._reach(Stage.UNFINISHED)
            self._finish(run)
        if self._order.way == "interface":
            self._attempt(lambda: run.warn_of_stores(_WARN_SECONDS))

    def _go_wrong(self, run: Any, points: range) -> None:
        if self._clock:
            self._clock.offset = -CLOCK_BACK_SECONDS
        if self._order.fault == Fault.FORK:
            self._fork(run, points)
        else:
            self._log(run, points)
        if self._order.fault == Fault.ARTIFACT_VANISHES:
            self._attempt(lambda: _log_vanishing(run))
        if self._order.fault == Fault.ARTIFACT_CHANGES:
            self._attempt(lambda: _log_changing(run))

    def _log(self, run: Any, numbers: Iterable[int]) -> None:
        for number in numbers:
            began = time.perf_counter()
            done = self._attempt(partial(self._log_one, run, number))
            self._longest = max(self._longest, time.perf_counter() - began)
            self._progress[number] = ACKNOWLEDGED if done else REFUSED
            time.sleep(_PAUSE_SECONDS)

    def _log_one(self, run: Any, number: int) -> bool:
        run.log_metrics({"loss": value_of(number)}, step=number)
        return True

    def _fork(self, run: Any, points: range) -> None:
        """Let a forked process log every other point."""
        child = os.fork()
        if not child:
            try:
                self._log(run, points[::2])
            finally:
                os._exit(0)
        self._log(run, points[1::2])
        deadline = time.monotonic() + _CHILD_SECONDS
        while not os.waitpid(child, os.WNOHANG)[0]:
            if time.monotonic() > deadline:
                os.kill(child, 9)
                os.waitpid(child, 0)
                self._tell(HUNG, f"the forked process hung for {_CHILD_SECONDS:g} seconds")
                break
            time.sleep(0.01)

    def _finish(self, run: Any) -> bool:
        def finish() -> bool:
            run.finish()
            return True

        return bool(self._attempt(finish))

    def _attempt(self, call: Callable[[], Any]) -> Any:
        """Return what a call returns, or None where it raises; the training goes on."""
        try:
            return call()
        except Unsupported as error:
            self._tell(UNSUPPORTED, str(error))
            return None
        except Exception as error:  # noqa: BLE001 - whatever a vendor raises
            self._tell("exception", f"{type(error).__name__}: {error}")
            return None

    def _reach(self, stage: Stage, run_id: str = "") -> None:
        self._write(Word(stage=stage, run_id=run_id, longest=self._longest))
        if stage != Stage.DONE and not sys.stdin.buffer.readline():
            os._exit(1)  # nobody watches any more

    def _listen(self) -> None:
        """Hear warnings and the records of loggers."""

        def on_warning(message: Warning | str, *_: Any, **__: Any) -> None:
            self._tell("warning", str(message))

        warnings.showwarning = on_warning
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: self._tell("log record", record.getMessage())  # type: ignore[method-assign]
        logging.getLogger().addHandler(handler)

    def _tell(self, how: str, words: str) -> None:
        """Say once what the training was told."""
        first = (words.strip().splitlines() or [""])[0][:_LONGEST]
        if (how, first) not in self._said and len(self._said) < _MOST:
            self._said.add((how, first))
            self._write(Word(how=how, words=first))

    def _write(self, word: Word) -> None:
        os.write(self._out, msgspec.json.encode(word) + b"\n")


class _Clock:
    """Stands in for `time.time` and `time.time_ns`, in every module that has them already too."""

    def __init__(self) -> None:
        self.offset = 0
        seconds, nanoseconds = time.time, time.time_ns
        instead = {seconds: lambda: seconds() + self.offset, nanoseconds: self._nanoseconds(nanoseconds)}
        for module in list(sys.modules.values()):
            for name, value in list(vars(module).items()):
                if value is seconds or value is nanoseconds:
                    setattr(module, name, instead[value])

    def _nanoseconds(self, true: Callable[[], int]) -> Callable[[], int]:
        return lambda: true() + self.offset * 10**9


def _log_vanishing(run: Any) -> None:
    """Log an artifact whose file is removed at once."""
    file = Path.cwd() / ARTIFACT
    file.write_bytes(content("a"))
    try:
        run.log_artifact(file, ARTIFACT)
    finally:
        file.unlink()


def _log_changing(run: Any) -> None:
    """Log an artifact whose file is written again and again meanwhile."""
    file = Path.cwd() / ARTIFACT
    file.write_bytes(content("a"))
    with _changing(file):
        run.log_artifact(file, ARTIFACT)


@contextmanager
def _changing(file: Path) -> Iterator[None]:
    """Write the file anew, in place, with one state after the other."""
    done = Event()

    def change() -> None:
        states = itertools.cycle([content("b"), content("a")])
        with file.open("r+b", buffering=0) as stream:
            while not done.is_set():
                stream.seek(0)
                stream.write(next(states))

    thread = Thread(target=change)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


if __name__ == "__main__":
    main()
