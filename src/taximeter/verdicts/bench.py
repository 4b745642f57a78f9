"""Where a fact is written: the runs that it starts, and what it notes for the reader."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time_ns
from typing import Any

from taximeter.plain import PlainRun
from taximeter.record import Status
from taximeter.tracker import Tracker

EXPERIMENT = "facts"


class Bench:
    """What one fact writes on.

    Args:
        tracker: at the store.
        name: the name of the run, unless the fact starts its own.
        folder: for files that are to be logged.
    """

    def __init__(self, tracker: Tracker, name: str, folder: Path) -> None:
        self.folder = folder
        self.notes: dict[str, Any] = {}
        self.run_ids: list[str] = []
        self._tracker = tracker
        self._name = name
        self._open: list[PlainRun] = []

    @property
    def run(self) -> PlainRun:
        """The fact's run, started when it is first asked for."""
        return self._open[0] if self._open else self.start(self._name)

    def start(self, name: str, experiment: str = EXPERIMENT) -> PlainRun:
        """Start a run."""
        return self._took_up(self._tracker.start_plain(experiment, name))

    def start_child(self, parent: PlainRun, name: str) -> PlainRun:
        """Start a run below another one."""
        return self._took_up(parent.start_child(name))

    def finish(self, run: PlainRun, status: Status = "finished") -> None:
        """End a run."""
        self._open.remove(run)
        run.finish(status)

    def close(self) -> None:
        """End the runs that are still open, the last first."""
        while self._open:
            self.finish(self._open[-1])

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Note the microseconds between which something happened."""
        began = time_ns() // 1000
        yield
        self.notes[name] = [began, time_ns() // 1000]

    def file(self, name: str, content: bytes) -> Path:
        """Return a file with this content."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def _took_up(self, run: PlainRun) -> PlainRun:
        self._open.append(run)
        self.run_ids.append(run.id)
        return run
