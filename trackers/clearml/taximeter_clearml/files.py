"""The files of a session, in its folder or in its zip file; no name leads out of it, and nothing is unpacked."""

import json
import logging
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile, ZipFile

from taximeter.artifact_files import file_inside
from taximeter.errors import InputError
from taximeter.files import whole_lines

TASK, METRICS, LOG = "task.json", "metrics.jsonl", "log.jsonl"
_NAME, _MARK = "offline-", "offline_folder"
_HEAD_BYTES = 100
_ZIP_ERRORS = (BadZipFile, NotImplementedError, OSError, RuntimeError, ValueError)
_READ_ERRORS = (BadZipFile, EOFError, zlib.error)

_logger = logging.getLogger(__name__)


class SessionFiles(ABC):
    """The files of one session."""

    is_closed: bool
    """Whether ClearML has written the zip file, which is the last that it does."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @abstractmethod
    def open(self, name: str) -> BinaryIO:
        """Open a file by its name in the session.

        Raises:
            FileNotFoundError: there is none.
        """

    @abstractmethod
    def has(self, name: str) -> bool:
        """Tell whether there is a file of this name."""

    @abstractmethod
    def state(self) -> object:
        """Return something that changes whenever the task does."""

    @cached_property
    def task(self) -> dict[str, Any]:
        """What the task file says; nothing where it is torn, as a kill of ClearML may leave it."""
        try:
            with self.open(TASK) as file:
                task = json.load(file)
        except (*_READ_ERRORS, InputError, FileNotFoundError, ValueError, RecursionError):
            return {}
        return task if isinstance(task, dict) else {}

    def check(self) -> None:
        """Make sure that the session can be read, be it torn: that its task is one, or that it has events.

        Raises:
            InputError: it holds something else.
        """
        if next(self.events(), None) is not None:
            return
        with suppress(*_READ_ERRORS, FileNotFoundError), self.open(TASK) as file:
            head = file.read(_HEAD_BYTES).lstrip()
            if head and not head.startswith(b"{"):
                raise InputError(f"{self.path} is damaged: its {TASK} is no task, and it has no events.")

    @property
    def vendor_id(self) -> str:
        """The id of the task."""
        found = self.task.get("id")
        return found if isinstance(found, str) else self.path.name.removesuffix(".zip")

    def events(self, name: str = METRICS) -> Iterator[dict[str, Any]]:
        """Yield the events of a file; lines that are torn, and what follows damage, are passed over."""
        try:
            with self.open(name) as file:
                for line in whole_lines(file):
                    yield from _events_in(line)
        except (*_READ_ERRORS, InputError, FileNotFoundError):
            return

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Read what must be whole.

        Raises:
            InputError: it is damaged.
        """
        try:
            yield
        except _READ_ERRORS as error:
            raise InputError(f"{self.path} is damaged: {error}.") from error

    def local_name(self, uri: Any) -> str | None:
        """Return the name of the file that was to be uploaded from `uri`; None where it lies elsewhere."""
        root = str(self.task.get("offline_folder", "")).rstrip("/")
        if not root or not isinstance(uri, str) or not uri.startswith(f"{root}/"):
            return None
        return uri.removeprefix(f"{root}/")


class FolderFiles(SessionFiles):
    """A session's folder."""

    @property
    def is_closed(self) -> bool:  # type: ignore[override]
        """Whether there is a zip file beside the folder."""
        return self.path.with_name(f"{self.path.name}.zip").is_file()

    def open(self, name: str) -> BinaryIO:
        """Open a file below the folder."""
        if not self.has(name):
            raise FileNotFoundError(f"{self.path} has no file {name!r}")
        return (self.path / name).open("rb")

    def has(self, name: str) -> bool:
        """Tell whether there is such a file; links that lead out of the folder are not followed."""
        return file_inside(self.path, self.path / name) is not None

    def state(self) -> object:
        """Return the state of the task file."""
        return _state(self.path / TASK), self.is_closed


class ZipFiles(SessionFiles):
    """A session's zip file."""

    is_closed = True

    def open(self, name: str) -> BinaryIO:
        """Open a member."""
        try:
            return self._archive.open(name)  # type: ignore[return-value]
        except KeyError:
            raise FileNotFoundError(f"{self.path} has no file {name!r}") from None
        except _ZIP_ERRORS as error:
            raise InputError(f"{self.path} is damaged: {error}.") from error

    def has(self, name: str) -> bool:
        """Tell whether there is such a member."""
        return name in self._archive.NameToInfo

    def state(self) -> object:
        """Return the state of the zip file."""
        return _state(self.path)

    @cached_property
    def _archive(self) -> ZipFile:
        """The zip file, open for as long as this object is there: it may have thousands of members."""
        try:
            return ZipFile(self.path)
        except _ZIP_ERRORS as error:
            raise InputError(f"{self.path} is damaged: {error}.") from error


def session_at(path: Path) -> SessionFiles | None:
    """Return the session whose folder or zip file `path` is; a zip file that cannot be read at all is none."""
    try:
        if path.is_dir():
            return _checked(FolderFiles(path))
        if path.suffix == ".zip" and path.is_file():
            return _checked(ZipFiles(path))
    except InputError as error:
        _logger.warning("%s", error)
    return None


def _checked(files: SessionFiles) -> SessionFiles | None:
    """Return the files if they are a session's, by their place's name or by what the task file says."""
    named = files.path.name.startswith(_NAME) and any(map(files.has, (TASK, METRICS, LOG)))
    return files if named or _MARK in files.task else None


def _events_in(line: bytes) -> list[dict[str, Any]]:
    try:
        events = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        state = file.stat()
    except FileNotFoundError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino
