"""One process's file of events: appended by it alone, read by anyone.

A line is a checksum in eight hex digits, the time at which it was written in nanoseconds since 1970, and the event
as JSON; JSON escapes line breaks, so a damaged line costs itself and no other.
The times put the segments of several processes in one order; when the machine's clock goes back, they do not.
The writer holds an advisory lock on the file for as long as it lives: the system lets go of it when the process
ends, however it ends.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from errno import ENOSPC
from io import BytesIO
from pathlib import Path
from zlib import crc32

import msgspec

from taximeter.events import Event, decode

_READ = 1 << 20
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # which goes on while the machine sleeps
_CLOCK_BEGAN = time.time_ns() - time.clock_gettime_ns(_CLOCK)


def frame(event: bytes, written: int) -> bytes:
    """Return the line that holds an encoded event, written at a time."""
    body = b"%d %b\n" % (written, event)
    return b"%08x %b" % (crc32(body), body)


class SegmentWriter:
    """Appends events to a new file.

    Args:
        path: must not exist.
        sync: hand each event to the disk, not only to the operating system.

    Raises:
        FileExistsError: the file exists.
    """

    def __init__(self, path: Path, *, sync: bool = False) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        self._sync = sync
        self._size = 0

    def append(self, event: bytes) -> None:
        """Write an encoded event, all of it or nothing.

        Raises:
            OSError: the system did not take it.
        """
        line = frame(event, _CLOCK_BEGAN + time.clock_gettime_ns(_CLOCK))
        try:
            if os.write(self._descriptor, line) != len(line):
                raise OSError(ENOSPC, os.strerror(ENOSPC))  # noqa: TRY301 - the file is mended below
            if self._sync:
                os.fdatasync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(line)

    def close(self) -> None:
        """Let go of the file and its lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class SegmentReader:
    """Reads the events of a file that may still grow, from where it stopped last time.

    `damaged` counts the whole lines that were no event.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.damaged = 0

    def read(self) -> Iterator[Event]:
        """Yield the events that were appended since the last call; a line without its end is left for later."""
        return (event for _, event in self.read_timed())

    def read_timed(self) -> Iterator[tuple[int, Event]]:
        """Yield them with the times at which they were written."""
        for batch in self.read_batches():
            yield from batch

    def read_batches(self) -> Iterator[list[tuple[int, Event]]]:
        """Yield them so many at once as a megabyte of the file holds.

        The file is closed in between: a run may have more segments than a process may have open files.
        """
        while whole := self._whole_lines():
            self._offset += len(whole)
            lines = BytesIO(whole).readlines()
            events = [parsed for parsed in map(_parse, lines) if parsed]
            self.damaged += len(lines) - len(events)
            if events:
                yield events

    def _whole_lines(self) -> bytes:
        """Return the next lines that have their ends.

        Python's own lines would not do: where a file grows, one may end in the middle, and the next begin there.
        """
        chunks = []
        with self._path.open("rb", buffering=0) as stream:
            stream.seek(self._offset)
            while chunk := stream.read(_READ):
                end = chunk.rfind(b"\n") + 1
                chunks.append(chunk[:end] if end else chunk)
                if end:
                    return b"".join(chunks)
        return b""


def has_writer(path: Path) -> bool:
    """Tell whether the process that writes the file is alive."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return False
    finally:
        os.close(descriptor)


def _parse(line: bytes) -> tuple[int, Event] | None:
    try:
        body = line[9:]
        if int(line[:8], 16) != crc32(body):
            return None
        written, _, event = body.partition(b" ")
        return int(written), decode(event)
    except (ValueError, msgspec.MsgspecError):
        return None
