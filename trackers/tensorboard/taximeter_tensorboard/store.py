"""The runs of a logdir: which folders they are, whose, and which of their files count."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import msgspec

from taximeter.errors import InputError
from taximeter.events import Started
from taximeter_tensorboard import is_event_file
from taximeter_tensorboard.eventfile import read_records
from taximeter_tensorboard.exact import is_sealed
from taximeter_tensorboard.names import folder_name
from taximeter_tensorboard.summaries import RUN_TAG, own_values

ARTIFACT_FOLDER = "artifacts"
_RECORDS_TO_MARK = 2
_DEEPEST_PATH = 1_500


class Mark(msgspec.Struct, frozen=True):
    """What the second event of each of our files says: whose it is."""

    run_id: str
    started: int


class RunFolder(msgspec.Struct, frozen=True):
    """One run as TensorBoard sees it: a folder, and the event files in it."""

    name: str
    """Its path below the logdir, as TensorBoard shows it; ``.`` is the logdir itself."""
    folder: Path
    event_files: tuple[Path, ...]
    marks: dict[Path, Mark]
    """Those of the files that we wrote."""

    @property
    def mark(self) -> Mark | None:
        """Whose run it is, if it is ours."""
        return next(iter(self.marks.values()), None)

    @property
    def run_id(self) -> str:
        """Our id of the run, or TensorBoard's name for it."""
        return self.mark.run_id if self.mark else self.name

    def files(self) -> list[Path]:
        """Return the files to read, oldest first; of several that we wrote, one: complete, else the longest."""
        chosen = max(self.marks, key=_worth) if len(self.marks) > 1 else None
        return [file for file in self.event_files if chosen is None or file == chosen or file not in self.marks]


class Folders:
    """The folders of one logdir that new runs are given; it looks through the logdir once."""

    def __init__(self, logdir: Path) -> None:
        self._logdir = logdir
        self._found: dict[str, list[Path]] = {}
        self._claimed: dict[str, Path] = {}
        for folder, _ in _walk(logdir):
            self._found.setdefault(_tail(folder.name), []).append(folder)

    def claim(self, started: Started) -> Path:
        """Return the folder of a run: the one it has, or a new one that no other run has."""
        claimed = self._claimed.get(started.run_id)  # an earlier attempt may not have come to say whose it is
        folder = self._of(started.run_id) or (claimed if claimed and claimed.is_dir() else self._new(started))
        self._claimed[started.run_id] = folder
        if folder not in (known := self._found.setdefault(_short(started.run_id), [])):
            known.append(folder)
        return folder

    def _of(self, run_id: str) -> Path | None:
        return next((folder for folder in self._found.get(_short(run_id), []) if _is_of(folder, run_id)), None)

    def _new(self, started: Started) -> Path:
        name = f"{folder_name(started.name)}-{_short(started.run_id)}"
        above = self._above(started)
        for number in count(1):
            folder = above / (name if number == 1 else f"{name}.{number}")
            try:
                folder.mkdir(parents=True)
            except FileExistsError:
                continue
            return folder
        raise AssertionError("numbers do not end")

    def _above(self, started: Started) -> Path:
        """Return the parent run's folder if it is in the same experiment, else the experiment's."""
        experiment = self._logdir / folder_name(started.experiment)
        parent = self._of(started.parent_id) if started.parent_id else None
        if parent and parent.is_relative_to(experiment) and len(str(parent)) < _DEEPEST_PATH:
            return parent
        return experiment


def run_folders(location: Path) -> Iterator[RunFolder]:
    """Yield every folder with event files, in the order of their names."""
    if location.is_file():
        yield _run_folder(location.parent, ".", [location])
        return
    for folder, names in _walk(location):
        if any(map(is_event_file, names)) and (files := _event_files(folder)):
            yield _run_folder(folder, folder.relative_to(location).as_posix(), files)


def run_at(location: Path, folder: Path) -> RunFolder | None:
    """Return the run whose event files lie in `folder`, if it has any."""
    files = _event_files(folder)
    return _run_folder(folder, folder.relative_to(location).as_posix(), files) if files else None


def find_run(location: Path, run_id: str) -> RunFolder:
    """Return the run with this id, ours or TensorBoard's.

    Raises:
        InputError: there is none.
    """
    likely = [folder for folder, _ in _walk(location) if _tail(folder.name) == _short(run_id)]
    for folder in likely:
        if (run := run_at(location, folder)) and run.run_id == run_id:
            return run
    named = None
    for run in run_folders(location):
        if run.mark and run.run_id == run_id:
            return run
        named = run if run.name == run_id else named
    if named is None:
        raise InputError(f"{location} has no run {run_id!r}.")
    return named


def marks_of(folder: Path, run_id: str) -> list[Path]:
    """Return the event files in `folder` that we wrote for this run."""
    marks = {file: read_mark(file) for file in _event_files(folder)}
    return [file for file, mark in marks.items() if mark and mark.run_id == run_id]


def read_mark(file: Path) -> Mark | None:
    """Return whose an event file is, if we wrote it."""
    records = read_records(file)
    for _, payload in zip(range(_RECORDS_TO_MARK), records, strict=False):
        for tag, content in own_values(payload) if RUN_TAG.encode() in payload else ():
            if tag == RUN_TAG:
                with suppress(msgspec.MsgspecError):  # somebody else's, under our tag
                    return msgspec.json.decode(content, type=Mark)
    return None


def _run_folder(folder: Path, name: str, files: list[Path]) -> RunFolder:
    marks = {file: mark for file in files if (mark := read_mark(file))}
    return RunFolder(name, folder, tuple(files), marks)


def _is_of(folder: Path, run_id: str) -> bool:
    return bool(marks_of(folder, run_id))


def _event_files(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if is_event_file(file.name) and file.is_file())
    except FileNotFoundError:  # somebody removed the run
        return []


def _worth(file: Path) -> tuple[bool, int]:
    status = file.stat()
    return (True, status.st_mtime_ns) if is_sealed(file) else (False, status.st_size)


def _walk(logdir: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield each folder and the files in it, sorted; links are not followed."""
    for folder, below, names in os.walk(logdir):
        below.sort()
        yield Path(folder), names


def _short(run_id: str) -> str:
    return re.sub("[^A-Za-z0-9]", "_", run_id)[:8]


def _tail(name: str) -> str:
    """Return the part of a folder's name that comes from the run's id."""
    return name.rpartition("-")[2].partition(".")[0]
