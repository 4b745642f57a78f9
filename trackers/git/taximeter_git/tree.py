"""The files of a run's commit, as its tree names them."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import BinaryIO, TypeVar

import msgspec

from taximeter.errors import InputError
from taximeter.files import media_type
from taximeter_git import layout
from taximeter_git.objects import Objects

_T = TypeVar("_T")
_FOLDER = f"{layout.ARTIFACT_FOLDER}/"


class _Listed(msgspec.Struct):
    """An artifact's line."""

    file: str
    media_type: str


class Tree:
    """The files of a commit.

    Args:
        objects: the repository's.
        files: the objects by path.
        problems: why folders of it are left out.
    """

    def __init__(self, objects: Objects, files: Mapping[str, str], problems: Sequence[str] = ()) -> None:
        self._objects = objects
        self.files = files
        self.problems = problems

    def open(self, file: str) -> BinaryIO | None:
        """Open a file, if it is there."""
        return self._objects.need(self.files[file]).stream if file in self.files else None

    def read(self, file: str) -> bytes | None:
        """Return the content of a file, if it is there."""
        stream = self.open(file)
        if stream is None:
            return None
        with stream:
            return stream.read()

    def convert(self, file: str, kind: type[_T]) -> _T | None:
        """Return the tree of a JSON file as `kind`, if the file is there.

        Raises:
            InputError: it is something else.
        """
        content = self.read(file)
        if content is None:
            return None
        try:
            return msgspec.convert(json.loads(content), kind)
        except (ValueError, msgspec.MsgspecError, RecursionError) as error:
            raise InputError(f"the file {file} of the run's commit cannot be read: {error}") from error

    @cached_property
    def artifacts(self) -> dict[str, tuple[str, str]]:
        """The file and the media type of each artifact: those that are listed, and all others there are.

        Raises:
            InputError: the list is damaged.
        """
        listed = self.convert(layout.ARTIFACTS, dict[str, _Listed]) or {}
        found = {path: (line.file, line.media_type) for path, line in listed.items() if line.file in self.files}
        taken = {file for file, _ in found.values()}
        for file in self.files:
            if file.startswith(_FOLDER) and file not in taken:
                path = file.removeprefix(_FOLDER)
                found.setdefault(path, (file, media_type(path)))
        return found
