"""A log of records in checksummed chunks, as several trackers write it.

After a header of 7 bytes come blocks of 32 KiB; the header counts as part of the first. A block holds chunks,
``crc32 u32, length u16, type u8`` and the payload, little-endian. The checksum is the plain CRC-32 of zlib over
type and payload; with another one, and without a header, this is LevelDB's format. A chunk is a whole record (1),
or its first (2), middle (3) or last (4) piece; what is too short for a chunk at the end of a block is zeros.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import BinaryIO, ClassVar, NamedTuple

import msgspec

HEADER_BYTES = 7

_BLOCK = 32 * 1024
_CHUNK = Struct("<IHB")
_DAMAGED, _FULL, _FIRST, _MIDDLE, _LAST = range(5)


class Problem(msgspec.Struct, frozen=True):
    """A place in a log that cannot be read; `offset` in bytes from the start of the file."""

    offset: int
    reason: str


class RecordLog:
    """The payloads of a log in their order; what is damaged is passed over and noted in `problems`.

    A log that is still written, or whose writer was killed, ends in a torn record: that too is a problem.
    """

    headers: ClassVar[tuple[bytes, ...]]
    """Those of the versions that are known."""

    def __init__(self, file: Path) -> None:
        self.problems: list[Problem] = []
        self._file = file

    def __iter__(self) -> Iterator[bytes]:
        """Yield each whole record, in memory bounded by one of them and a block."""
        return self.records_from(0)

    def records_from(self, block: int) -> Iterator[bytes]:
        """Yield each whole record that begins in the block with this number or a later one."""
        self.problems.clear()
        with self._file.open("rb") as stream:
            if stream.read(HEADER_BYTES) not in self.headers:
                self._report(0, "the header is of no version that is known here")
            stream.seek(block * _BLOCK)
            yield from self._records(stream, 0 if block else HEADER_BYTES)

    def last_payloads(self) -> Iterator[bytes]:
        """Yield the whole records that begin in the last two blocks."""
        return self.records_from(max(0, self._file.stat().st_size // _BLOCK - 1))

    @classmethod
    def is_log(cls, file: Path) -> bool:
        """Tell whether a file begins as a log does."""
        with file.open("rb") as stream:
            return stream.read(HEADER_BYTES) in cls.headers

    def _records(self, stream: BinaryIO, begin: int) -> Iterator[bytes]:
        pieces: list[bytes] = []
        for chunk in self._chunks(stream, begin):
            continues = chunk.kind in {_MIDDLE, _LAST}
            if pieces and not continues:
                self._report(chunk.offset, "the record before has no end")
                pieces = []
            if continues and not pieces:
                self._report(chunk.offset, "the record has no beginning")
            elif chunk.kind != _DAMAGED:
                pieces.append(chunk.payload)
            if pieces and chunk.kind in {_FULL, _LAST}:
                yield b"".join(pieces)
                pieces = []
        if pieces:
            self._report(stream.tell(), "the last record is torn")

    def _chunks(self, stream: BinaryIO, begin: int) -> Iterator["_Chunk"]:
        """Yield every sound chunk, and one of the kind `_DAMAGED` for each place where others may be missing.

        Args:
            stream: at the start of a block.
            begin: where the chunks of that block start.
        """
        while block := stream.read(_BLOCK):
            start, place = stream.tell() - len(block), begin
            while place + _CHUNK.size <= len(block):
                found = _sound_chunk(block, place)
                if found is None:
                    self._report(start + place, "the chunk is damaged or torn")
                    yield _Chunk(start + place, _DAMAGED, b"")
                    found = _next_sound_chunk(block, place)
                if found is None:
                    break
                yield found._replace(offset=start + found.offset)
                place = found.offset + _CHUNK.size + len(found.payload)
            if place < len(block) < min(place + _CHUNK.size, _BLOCK):
                self._report(start + place, "the last chunk is torn")
            begin = 0

    def _report(self, offset: int, reason: str) -> None:
        self.problems.append(Problem(offset, reason))


class _Chunk(NamedTuple):
    offset: int
    kind: int
    payload: bytes


def _sound_chunk(block: bytes, place: int) -> _Chunk | None:
    """Return the chunk at `place`, unless it runs over the block or its checksum does not match."""
    checksum, length, kind = _CHUNK.unpack_from(block, place)
    end = place + _CHUNK.size + length
    if not _FULL <= kind <= _LAST or end > len(block):
        return None
    if zlib.crc32(memoryview(block)[place + _CHUNK.size - 1 : end]) != checksum:
        return None
    return _Chunk(place, kind, block[place + _CHUNK.size : end])


def _next_sound_chunk(block: bytes, place: int) -> _Chunk | None:
    """Return the first sound chunk after a damaged one, whose length cannot be trusted."""
    places = range(place + 1, len(block) - _CHUNK.size + 1)
    return next((found for at in places if (found := _sound_chunk(block, at))), None)
