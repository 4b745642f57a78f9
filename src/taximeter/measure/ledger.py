"""Samples that were taken, kept as they come, so that a measurement that was stopped goes on where it was."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from taximeter.journal.home import write_whole


class Entry(msgspec.Struct, frozen=True):
    """One sample, or null and why there is none; `key` tells it from all others.

    It was begun at `taken`, in microseconds since 1970.
    """

    key: str
    taken: int
    sample: msgspec.Raw
    problem: str

    @property
    def has_sample(self) -> bool:
        """Whether there is one."""
        return bytes(self.sample) != b"null"


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

    def find(self, key: str) -> Entry | None:
        """Return the entry of a sample that was taken."""
        return self._entries.get(key)

    def add(self, key: str, taken: int, sample: Any, problem: str) -> None:
        """Keep what came of a sample."""
        entry = self._entries[key] = Entry(key, taken, msgspec.Raw(msgspec.json.encode(sample)), problem)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as stream:
            stream.write((b"\n" if self._is_torn else b"") + _line(entry))
        self._is_torn = False

    def remove(self, keys: Collection[str]) -> None:
        """Remove entries, because they are in the results; those of other measurements stay."""
        self._entries = {key: entry for key, entry in self._entries.items() if key not in keys}
        if self._entries:
            write_whole(self._file, b"".join(map(_line, self._entries.values())))
        else:
            self._file.unlink(missing_ok=True)
        self._is_torn = False


def _line(entry: Entry) -> bytes:
    return msgspec.json.encode(entry) + b"\n"


def _parse(line: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(line, type=Entry) if line.endswith(b"\n") else None
    except msgspec.MsgspecError:
        return None
