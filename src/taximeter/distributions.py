"""The distributions on the import path, found without ``importlib.metadata``.

The import of that module takes longer than all else that a run begins with; it is left to what lies in archives.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, Protocol

_ENDINGS = (".dist-info", ".egg-info")


class Distribution(Protocol):
    """What was installed together; one that ``importlib.metadata`` finds is one."""

    @property
    def name(self) -> str:
        """The name, perhaps in another spelling than its own."""

    def read_text(self, filename: str, /) -> str | None:
        """Return the text of a file of its metadata; None where there is none of that name."""


class _InFolder(NamedTuple):
    """A distribution with its metadata in a folder, which is called after it."""

    name: str
    folder: str

    def read_text(self, filename: str, /) -> str | None:
        try:
            with open(f"{self.folder}/{filename}", encoding="utf-8") as file:  # noqa: PTH123 - a Path is slower
                return file.read()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return None


def distributions() -> Iterator[Distribution]:
    """Yield what the import path holds, in its order: of two with one name, the first is imported."""
    for place in sys.path:
        if place.endswith(".egg") or os.path.isfile(place):  # noqa: PTH113 - as above
            from importlib import metadata  # noqa: PLC0415 - slow to import, and archives are rare

            yield from metadata.distributions(path=[place])
        else:
            yield from _in_folder(place or ".")


def _in_folder(place: str) -> Iterator[Distribution]:
    with suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if entry.name.endswith(_ENDINGS):
                yield _InFolder(entry.name.rpartition(".")[0].partition("-")[0], entry.path)
