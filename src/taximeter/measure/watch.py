"""Watches a process and all that it starts: memory, threads, processes, open files."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

import msgspec
import psutil

_PAUSE_SECONDS = 0.05
_PAUSES = 9
"""A look is followed by a pause of so many times its length, for it takes time from what is watched."""


class Peaks(msgspec.Struct, frozen=True, kw_only=True):
    """The most that was seen at any one time; memory in bytes, shared pages divided among their users."""

    memory: int
    """Of the process itself."""
    memory_all: int
    """Of it and all that it started."""
    threads: int
    processes: int
    files: int


class Watch:
    """Watches one process while the block of `on` runs."""

    def __init__(self) -> None:
        self._done = Event()
        self._seen: dict[str, int] = dict.fromkeys(Peaks.__struct_fields__, 0)
        self._thread = Thread(target=self._watch, name="taximeter-watch", daemon=True)

    @contextmanager
    def on(self, process: int) -> Iterator[None]:
        """Watch the process with this id."""
        self._process = psutil.Process(process)
        self._thread.start()
        try:
            yield
        finally:
            self._done.set()
            self._thread.join()

    @property
    def peaks(self) -> Peaks:
        """What was seen so far."""
        return Peaks(**self._seen)

    def _watch(self) -> None:
        while not self._done.is_set():
            began = monotonic()
            with contextlib.suppress(psutil.Error):
                self._look()
            self._done.wait(max(_PAUSE_SECONDS, _PAUSES * (monotonic() - began)))

    def _look(self) -> None:
        seen = dict.fromkeys(self._seen, 0)
        for process in (self._process, *self._process.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                memory = _memory(process)
                seen["memory"] = seen["memory"] or memory  # the first is the process itself
                seen["memory_all"] += memory
                seen["threads"] += process.num_threads()
                seen["files"] += process.num_fds()
                seen["processes"] += 1
        self._seen = {name: max(value, seen[name]) for name, value in self._seen.items()}


def _memory(process: psutil.Process) -> int:
    return int(process.memory_full_info().pss)
