"""Samples that were taken, kept as they come, so that a measurement that was stopped goes on where it was."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sample of one row, or why there is none."""

    kind: str
    settings: msgspec.Raw
    repetition: int
    sample: msgspec.Raw | None = None
    problem: str = ""

    @property
    def key(self) -> str:
        """What tells samples apart."""
        digest = hashlib.sha256(bytes(self.settings)).hexdigest()
        return f"{self.kind}-{digest}-{self.repetition}"


class Ledger:
    """A file with an entry a line; a last line that was cut off is left out.

    Args:
        file: made with the first entry.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
        self._entries = {entry.key: entry for entry in map(_parse, lines) if entry}

    def find(self, kind: str, settings: Any, repetition: int) -> Entry | None:
        """Return the entry of a sample that was taken."""
        return self._entries.get(Entry(kind, _raw(settings), repetition).key)

    def add(self, kind: str, settings: Any, repetition: int, sample: Any, problem: str) -> Entry:
        """Keep what came of a sample."""
        entry = Entry(kind, _raw(settings), repetition, None if sample is None else _raw(sample), problem)
        self._entries[entry.key] = entry
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as stream:
            stream.write(msgspec.json.encode(entry) + b"\n")
        return entry

    def remove(self) -> None:
        """Remove the file: what it held is in the results."""
        self._file.unlink(missing_ok=True)


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value, order="deterministic"))


def _parse(line: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(line, type=Entry) if line.endswith(b"\n") else None
    except msgspec.MsgspecError:
        return None
