"""The exact record inside an event file: compressed, in pieces, and sealed with a checksum."""

import zlib
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

import msgspec

from taximeter.errors import InputError
from taximeter.record import RunRecord
from taximeter_tensorboard.eventfile import EventFile, read_records
from taximeter_tensorboard.summaries import OWN_PLUGIN, event, own, own_values

_PIECE_TAG = "taximeter/record"
_SEAL_TAG = "taximeter/seal"
_READ = 1 << 18
_PIECE = 1 << 20
_IN_MEMORY = 1 << 25


class _Seal(msgspec.Struct, frozen=True):
    pieces: int
    sha256: str


def write_exact(record_file: Path, target: EventFile, wall_time: float) -> None:
    """Append the canonical record that `record_file` holds, in memory bounded by one piece."""
    digest, pieces = sha256(), 0
    with record_file.open("rb") as stream:
        for piece in _compressed(stream):
            digest.update(piece)
            pieces += 1
            target.append([event(own(_PIECE_TAG, piece), wall_time, pieces)])
    seal = _Seal(pieces, digest.hexdigest())
    target.append([event(own(_SEAL_TAG, msgspec.json.encode(seal)), wall_time)])


def read_exact_from(file: Path) -> RunRecord | None:
    """Return the exact record of an event file; None where it is not, or not all of it.

    Raises:
        InputError: it is all there, and damaged.
    """
    digest, pieces, unpacker = sha256(), 0, zlib.decompressobj()
    with SpooledTemporaryFile(_IN_MEMORY) as lines:
        for tag, content in _own_values(file):
            if tag == _PIECE_TAG:
                digest.update(content)
                pieces += 1
                lines.writelines(_unpacked(unpacker, content, file))
            elif tag == _SEAL_TAG:
                if content != msgspec.json.encode(_Seal(pieces, digest.hexdigest())):
                    raise InputError(f"the run record in {file} is damaged: its checksum does not hold.")
                lines.seek(0)
                return RunRecord.from_lines(lines)
    return None


def is_sealed(file: Path) -> bool:
    """Tell whether an event file holds a whole exact record, damaged or not."""
    return any(tag == _SEAL_TAG for tag, _ in _own_values(file))


def _compressed(stream: BinaryIO) -> Iterator[bytes]:
    packer, piece = zlib.compressobj(), b""
    while data := stream.read(_READ):
        piece += packer.compress(data)
        if len(piece) > _PIECE - 2 * _READ:
            yield piece
            piece = b""
    yield piece + packer.flush()


def _unpacked(unpacker: "zlib._Decompress", content: bytes, file: Path) -> Iterator[bytes]:
    """Yield decompressed bytes, at most a piece at once, however well they were compressed."""
    try:
        while content:
            yield unpacker.decompress(content, _PIECE)
            content = unpacker.unconsumed_tail
    except zlib.error as error:
        raise InputError(f"the run record in {file} is damaged: {error}") from error


def _own_values(file: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what only this adapter reads; one checksum over all of it makes those of the parts superfluous."""
    for payload in read_records(file, verify=False):
        if OWN_PLUGIN.encode() in payload:
            yield from own_values(payload)
