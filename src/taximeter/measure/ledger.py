"""Samples that were taken, kept as they come, so that a measurement that was stopped goes on where it was."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec


class Entry(msgspec.Struct, frozen=True):
    """One sample of one row, or null and why there is none."""

    kind: str
    settings: msgspec.Raw
    repetition: int
    sample: msgspec.Raw
    problem: str

    @property
    def has_sample(self) -> bool:
        """Whether there is one."""
        return bytes(self.sample) != b"null"

    @property
    def key(self) -> str:
        """What tells samples apart."""
        return _key(self.kind, self.settings, self.repetition)


class Ledger:
    """A file with an entry a line; a last line that was cut off is left out.

    Args:
        file: made with the first entry.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        lines = file.read_bytes().splitlines(keepends=True) if file.exists() else []
        self._is_torn = bool(lines) and not lines[-1].endswith(b"\n")
        self._entries = {entry.key: entry for entry in map(_parse, lines) if entry}

    def find(self, kind: str, settings: Any, repetition: int) -> Entry | None:
        """Return the entry of a sample that was taken."""
        return self._entries.get(_key(kind, _raw(settings), repetition))

    def add(self, kind: str, settings: Any, repetition: int, sample: Any, problem: str) -> Entry:
        """Keep what came of a sample."""
        entry = Entry(kind, _raw(settings), repetition, _raw(sample), problem)
        self._entries[entry.key] = entry
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as stream:
            stream.write((b"\n" if self._is_torn else b"") + msgspec.json.encode(entry) + b"\n")
        self._is_torn = False
        return entry

    def remove(self) -> None:
        """Remove the file: what it held is in the results."""
        self._file.unlink(missing_ok=True)


def _key(kind: str, settings: msgspec.Raw, repetition: int) -> str:
    return f"{kind}-{hashlib.sha256(bytes(settings)).hexdigest()}-{repetition}"


def _raw(value: Any) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value, order="deterministic"))


def _parse(line: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(line, type=Entry) if line.endswith(b"\n") else None
    except msgspec.MsgspecError:
        return None
