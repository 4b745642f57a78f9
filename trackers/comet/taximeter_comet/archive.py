"""Comet's archives: zip files with a run's messages, what is known of the run, and the files it logged.

Until a run has ended its archive is empty or missing. Comet keeps the messages in a temporary folder until then;
those of a run that we write lie in a folder beside the archives. What is torn or damaged reads as far as it goes.
"""

import logging
import re
import zlib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, cast
from zipfile import BadZipFile, ZipFile

import msgspec

from taximeter.files import whole_lines
from taximeter_comet.names import RUN_ID

OPEN = ".open"
"""The ending of the folder of a run that has no archive yet."""

PARTIAL = ".partial"
"""The ending of an archive that is being written."""

_ENDINGS = {".zip", OPEN}
_CHUNK = 1 << 20
_META, _MESSAGES = "experiment.json", "messages.json"
_NAME = re.compile(r"(?P<key>[0-9A-Za-z]{32,50})(?:-[A-Za-z]{6})?(?:\.zip|\.open)")
_BEGINNINGS = {b"", b"P", b"{"}
DAMAGE = (BadZipFile, EOFError, NotImplementedError, OSError, RuntimeError, ValueError, zlib.error)
"""What reading a damaged archive may raise."""

_logger = logging.getLogger(__name__)


class Meta(msgspec.Struct, frozen=True):
    """What Comet keeps about a run besides its messages; times in milliseconds."""

    offline_id: str | None = None
    project_name: str | None = None
    start_time: int = 0
    stop_time: int | None = None
    tags: list[str] = []
    customer_error_reported: bool = False
    customer_error_message: str | None = None


class Archive:
    """One archive, or the folder of a run that has none yet.

    Args:
        path: the file or folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def is_whole(self) -> bool:
        """Whether the run was written to its end."""
        return self.path.is_file() and self._members >= {_META, _MESSAGES}

    @property
    def is_comets(self) -> bool:
        """Whether Comet's SDK wrote it; one that is empty or damaged is known by its name."""
        named = bool(_NAME.fullmatch(self.path.name))
        if self.path.suffix == OPEN:
            return named and (self.path / _MESSAGES).is_file()
        return self.path.is_file() and (self.is_whole or (named and not self._members))

    @property
    def is_damaged(self) -> bool:
        """Whether it begins as no archive does, and no file of messages: a torn one has its beginning."""
        try:
            with (self.path / _MESSAGES if self.path.is_dir() else self.path).open("rb") as stream:
                beginning = stream.read(1)
        except FileNotFoundError:  # it became another one just now
            return False
        return beginning not in _BEGINNINGS

    @cached_property
    def is_ours(self) -> bool:
        """Whether `taximeter_comet.writer` wrote it: its first message says so."""
        return RUN_ID.encode() in next(self.lines(), b"")

    @cached_property
    def key(self) -> str:
        """Comet's id of the run."""
        named = _NAME.fullmatch(self.path.name)
        return self.meta.offline_id or (named["key"] if named else self.path.stem)

    @cached_property
    def meta(self) -> Meta:
        """What is known of the run; of a torn one perhaps nothing."""
        try:
            with self.open(_META) as stream:
                return msgspec.json.decode(stream.read(), type=Meta)
        except (FileNotFoundError, msgspec.MsgspecError, *DAMAGE):
            return Meta()

    def lines(self) -> Iterator[bytes]:
        """Yield the messages, each a line of JSON, up to where the archive is damaged."""
        try:
            with self.open(_MESSAGES) as stream:
                yield from whole_lines(stream)
        except FileNotFoundError:
            return
        except DAMAGE as error:
            _logger.warning("%s is damaged: %s", self.path, error)

    def open(self, member: str) -> BinaryIO:
        """Open a file of the archive by its name there.

        Raises:
            FileNotFoundError: there is none, or it lies elsewhere.
        """
        if self.path.is_dir():
            return _inside(self.path, member).open("rb")
        try:
            return cast("BinaryIO", self._zip.open(member))
        except (KeyError, *DAMAGE) as error:
            raise FileNotFoundError(f"{self.path} holds no file {member!r}") from error

    def open_sound(self, member: str) -> BinaryIO:
        """Open a file of the archive whose checksum fits.

        Raises:
            FileNotFoundError: there is none, it lies elsewhere, or it is damaged.
        """
        try:
            with self.open(member) as stream:
                while self.path.is_file() and stream.read(_CHUNK):
                    pass
        except DAMAGE as error:
            raise FileNotFoundError(f"{self.path} holds {member!r} in part only") from error
        return self.open(member)

    def state(self) -> tuple[str, int, int]:
        """Return something that changes whenever the archive does."""
        try:
            stat = (self.path / _MESSAGES if self.path.is_dir() else self.path).stat()
        except FileNotFoundError:  # it became another one just now
            return str(self.path), 0, 0
        return str(self.path), stat.st_mtime_ns, stat.st_size

    @cached_property
    def _members(self) -> set[str]:
        try:
            return set(self._zip.namelist())
        except DAMAGE as error:
            if self.path.stat().st_size:  # until a run has ended there is nothing in it
                _logger.warning("%s is torn or damaged: %s", self.path, error)
            return set()

    @cached_property
    def _zip(self) -> ZipFile:
        """The file, open for as long as this object is there: it may have thousands of members."""
        return ZipFile(self.path)


def archives_in(place: Path, key: str = "") -> Iterator[Archive]:
    """Yield the archives in a folder, or the one that `place` is.

    Args:
        place: need not exist.
        key: if given, only those in a folder that are named after this experiment.
    """
    if place.suffix in _ENDINGS and Archive(place).is_comets:
        yield Archive(place)
    elif place.is_dir():
        named = (path for path in sorted(place.iterdir()) if path.name.startswith(key))
        found = (Archive(path) for path in named if path.suffix in _ENDINGS)
        yield from (archive for archive in found if archive.is_comets)


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if path.parent != folder.resolve() or not path.is_file():
        raise FileNotFoundError(f"{folder} holds no file {name!r}")
    return path
