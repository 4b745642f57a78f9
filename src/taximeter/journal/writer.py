"""Writes a run's journal from any thread and any process of it."""

import atexit
import os
import sys
from collections import deque
from contextlib import suppress
from threading import Lock
from weakref import WeakSet

from taximeter.errors import InputError, JournalError
from taximeter.journal.folder import RunFolder
from taximeter.journal.segment import SegmentWriter

ENDED = "the run has ended; nothing more can be logged to it."


class JournalWriter:
    """Appends encoded events to a run's journal.

    When `append` returns without a word, the event has been handed to the operating system.
    When the system does not take it (the disk is full), training goes on: the event waits in memory, this is
    said once, and every later call tries again. So does the end of the process, which says what is lost for good.
    A forked process gets a segment of its own.

    Args:
        folder: the run's.
        owner: this process started the run, and nobody else may finish it.
        sync: hand each event to the disk, not only to the operating system.
    """

    def __init__(self, folder: RunFolder, *, owner: bool, sync: bool = False) -> None:
        self._folder = folder
        self.sync = sync
        self.owner = owner
        self._lock = Lock()
        self._segment: SegmentWriter | None = None
        self._waiting: deque[bytes] = deque()
        self._closed = False
        _WRITERS.add(self)

    def begin(self, event: bytes) -> None:
        """Write the first event, which waits for nothing.

        Raises:
            OSError: the system did not take it.
        """
        with self._lock:
            self._flush().append(event)

    def append(self, event: bytes) -> None:
        """Write one event.

        Raises:
            InputError: the run has ended.
        """
        if not self.owner and self._folder.is_finished():
            raise InputError(ENDED)
        with self._lock:
            if self._closed:
                raise InputError(ENDED)
            try:
                segment = self._flush() if self._waiting or self._segment is None else self._segment
                segment.append(event)
            except OSError as error:
                self._waiting.append(event)
                self._warn(error)
        if not self.owner and self._folder.is_finished():
            raise InputError(ENDED)  # it may be there or not: it was not acknowledged

    def close(self) -> None:
        """Let go of the journal; nothing can be appended any more.

        Raises:
            JournalError: events are still waiting for a disk that takes them; another call tries again.
        """
        with self._lock:
            try:
                segment = self._flush()
            except OSError as error:
                raise JournalError(
                    f"{len(self._waiting)} events could not be written: {error}; make room, and finish it again."
                ) from error
            self._closed = True
            segment.close()

    def _flush(self) -> SegmentWriter:
        if self._segment is None:
            self._segment = self._folder.open_segment(sync=self.sync)
        while self._waiting:
            self._segment.append(self._waiting[0])
            self._waiting.popleft()
        return self._segment

    def abandon(self) -> None:
        """Let go of a run that could not begin, or that another process has ended."""
        self.part()
        with self._lock:
            self._closed = True
            if self._segment:
                self._segment.close()

    def part(self) -> None:
        """Try once more before the process ends, and say what is lost."""
        with self._lock:
            if not self._waiting:
                return
            try:
                if not self.owner and self._folder.is_finished():
                    raise OSError(ENDED)  # noqa: TRY301 - what is lost is told below
                self._flush()
            except OSError as error:
                _say(f"{len(self._waiting)} events of run {self._folder.run_id} are lost: {error}")
                self._waiting.clear()

    def _warn(self, error: OSError) -> None:
        if len(self._waiting) == 1:
            _say(f"the journal cannot be written now, and tries again: {error}")
            if pools := sys.modules.get("multiprocessing.util"):
                pools.Finalize(None, _part, exitpriority=0)  # a forked worker ends without atexit

    def leave_parent(self) -> None:
        """Forget what a forked process has of its parent's segment."""
        self._lock = Lock()
        self.owner = False
        self._waiting = deque()
        if self._segment:
            self._segment.close()
            self._segment = None


def _say(text: str) -> None:
    """Print a line, unless what is printed goes to the same full disk."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"taximeter: {text}\n")


_WRITERS: WeakSet[JournalWriter] = WeakSet()


def _leave_parents() -> None:
    for writer in _WRITERS:
        writer.leave_parent()


def _part() -> None:
    for writer in list(_WRITERS):
        writer.part()


atexit.register(_part)
os.register_at_fork(after_in_child=_leave_parents)
