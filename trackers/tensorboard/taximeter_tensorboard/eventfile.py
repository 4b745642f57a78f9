"""Event files: written by appending whole batches, read record by record, torn ends included.

A record is ``length u64, masked crc32c u32, payload, masked crc32c u32``, little-endian.
"""

import io
import logging
import os
import shutil
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import BinaryIO, NamedTuple

from taximeter_tensorboard.vendor import DecodeError, Event, RecordWriter, SourceMetadata, masked_crc32c

_COUNTER = count()
_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_log = logging.getLogger(__name__)


class Span(NamedTuple):
    """Where in a file something lies, in bytes."""

    start: int
    size: int


class EventFile:
    """One event file that grows; it is opened for each batch, so that any number may be live at once.

    Args:
        folder: the run's folder.
        began: seconds since 1970; TensorBoard sorts runs by it.
    """

    def __init__(self, folder: Path, began: float) -> None:
        unique = f"{socket.gethostname()}.{os.getpid()}.{next(_COUNTER)}"
        self.path = folder / f"events.out.tfevents.{int(time.time()):010d}.{unique}"
        self.path.touch(exist_ok=False)
        source = SourceMetadata(writer="taximeter_tensorboard")
        try:
            self.append([Event(wall_time=began, file_version="brain.Event:2", source_metadata=source)])
        except OSError:
            self.path.unlink(missing_ok=True)  # or it would be a run
            raise

    def append(self, events: Iterable[Event]) -> Span:
        """Write events at the end, in one go."""
        data = _framed(events)
        with self.path.open("r+b") as stream:
            start = stream.seek(0, os.SEEK_END)
            stream.write(data)
        return Span(start, len(data))

    def replace(self, old: Span, event: Event) -> None:
        """Put `event` in the place of what lies at `old`; the file has the old content or the new, never less."""
        partial = self.path.parent / f".partial-{os.getpid()}"
        with self.path.open("rb") as source, partial.open("wb") as target:
            shutil.copyfileobj(source, target)
            target.truncate(old.start)
            target.seek(old.start)
            target.write(_framed([event]))
            source.seek(old.start + old.size)
            shutil.copyfileobj(source, target)
        partial.replace(self.path)


def read_records(file: Path, *, verify: bool = True) -> Iterator[bytes]:
    """Yield the payloads of an event file up to its end, or up to where it is torn; damaged ones are left out."""
    with file.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        while header := stream.read(_HEADER.size):
            length, checksum = _HEADER.unpack(header) if len(header) == _HEADER.size else (size, 0)
            if stream.tell() + length + _FOOTER.size > size:
                _log.warning("%s is torn: its last %d bytes are no whole event", file, size - stream.tell())
                return
            if verify and masked_crc32c(header[:8]) != checksum:
                _log.warning("%s is damaged at byte %d: the rest cannot be read", file, stream.tell())
                return
            if (payload := _read_payload(stream, length, verify=verify)) is not None:
                yield payload


def read_events(file: Path) -> Iterator[Event]:
    """Yield the events of a file whose checksums hold."""
    return (event for payload in read_records(file) if (event := parse(payload)))


def parse(payload: bytes) -> Event | None:
    """Return the event that a record holds, or None where it holds none."""
    try:
        return Event.FromString(payload)
    except DecodeError as error:
        _log.warning("a record that is no event is left out: %s", error)
        return None


def _read_payload(stream: BinaryIO, length: int, *, verify: bool) -> bytes | None:
    payload = stream.read(length)
    (checksum,) = _FOOTER.unpack(stream.read(_FOOTER.size))
    if verify and masked_crc32c(payload) != checksum:
        _log.warning("%s: a damaged event before byte %d is left out", stream.name, stream.tell())
        return None
    return payload


def _framed(events: Iterable[Event]) -> bytes:
    buffer = io.BytesIO()
    frames = RecordWriter(buffer)
    for event in events:
        frames.write(event.SerializeToString())
    return buffer.getvalue()
