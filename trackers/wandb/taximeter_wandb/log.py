"""W&B's record log, the ``run-<id>.wandb`` file, read as its Go writer (``core/pkg/leveldb``) lays it out.

After 7 bytes of header come blocks of 32 KiB (the header counts as part of the first).
A block holds chunks, ``crc32 u32, length u16, type u8`` and the payload, little-endian; the checksum is the plain
CRC-32 of zlib over type and payload, not LevelDB's own masked CRC-32C.
A chunk is a whole record (1), or its first (2), middle (3) or last (4) piece.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

HEADER = b":W&B\xe1\xbe\x00"

_BLOCK = 32 * 1024
_CHUNK = struct.Struct("<IHB")
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


class Problem(msgspec.Struct, frozen=True):
    """A place in a log that cannot be read; `offset` in bytes from the start of the file."""

    offset: int
    reason: str


class RecordLog:
    """The payloads of a log in their order; what is damaged is passed over and noted in `problems`.

    A log that is still written, or whose writer was killed, ends in a torn record: that too is a problem.
    """

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
            if stream.read(len(HEADER)) != HEADER:
                self._report(0, "this is no W&B log of a version known here")
            stream.seek(block * _BLOCK)
            yield from self._records(stream, 0 if block else len(HEADER))

    def _records(self, stream: BinaryIO, begin: int) -> Iterator[bytes]:
        pieces: list[bytes] = []
        for offset, kind, payload in self._chunks(stream, begin):
            if pieces and kind in {_FULL, _FIRST}:
                self._report(offset, "the record before has no end")
            if not pieces and kind in {_MIDDLE, _LAST}:
                self._report(offset, "the record has no beginning")
                continue
            pieces = [*pieces, payload] if kind in {_MIDDLE, _LAST} else [payload]
            if kind in {_FULL, _LAST}:
                yield b"".join(pieces)
            if kind not in {_FIRST, _MIDDLE}:
                pieces = []
        if pieces:
            self._report(stream.tell(), "the last record is torn")

    def _chunks(self, stream: BinaryIO, begin: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield offset, type and payload of each chunk; the type of a damaged one is 0.

        A damaged chunk is stepped over by its length: if that is wrong too, the next block begins afresh.

        Args:
            stream: at the start of a block.
            begin: where the chunks of that block start.
        """
        while block := stream.read(_BLOCK):
            start, place = stream.tell() - len(block), begin
            while place + _CHUNK.size <= len(block):
                checksum, length, kind = _CHUNK.unpack_from(block, place)
                end = place + _CHUNK.size + length
                flaw = _flaw(block, place, end, checksum, kind)
                if flaw:
                    self._report(start + place, flaw)
                yield start + place, 0 if flaw else kind, block[place + _CHUNK.size : end]
                place = end if kind else _BLOCK
            if place < len(block) < _BLOCK:
                self._report(start + place, "the last chunk is torn")
            begin = 0

    def _report(self, offset: int, reason: str) -> None:
        self.problems.append(Problem(offset, reason))


def last_payloads(file: Path) -> Iterator[bytes]:
    """Yield the whole records that begin in a log's last two blocks."""
    return RecordLog(file).records_from(max(0, file.stat().st_size // _BLOCK - 1))


def _flaw(block: bytes, place: int, end: int, checksum: int, kind: int) -> str | None:
    """Return what is wrong with the chunk at `place`, which says that it reaches to `end`."""
    if end > len(block):
        return "the chunk runs over its block" if len(block) == _BLOCK else "the last chunk is torn"
    if zlib.crc32(memoryview(block)[place + _CHUNK.size - 1 : end]) != checksum:
        return "the checksum does not match"
    return None if kind in {_FULL, _FIRST, _MIDDLE, _LAST} else "the chunk has no known type"
