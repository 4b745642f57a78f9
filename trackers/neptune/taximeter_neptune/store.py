"""Runs in a store of either client: which there are, and where their files lie."""

import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, Protocol

import msgspec

from taximeter.artifact_files import find_artifact
from taximeter.errors import InputError
from taximeter.files import describe_file
from taximeter.record import Artifact, RunRecord
from taximeter.tracker import RECORD_PATH, RunSummary
from taximeter_neptune.fields import Fields
from taximeter_neptune.names import ARTIFACTS, SYS
from taximeter_neptune.native import (
    experiment_of,
    file_names,
    is_ours,
    metric_paths,
    name_of,
    record_of,
    started_of,
    status_of,
)

_logger = logging.getLogger(__name__)


def folders_in(folder: str | Path) -> list[str]:
    """Return the paths of the folders in a folder, by their names; none where there is no such folder."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):
        return []


class Identity(NamedTuple):
    """Which run a folder belongs to."""

    key: str
    """The same for all folders of one run, and for those of no other."""
    vendor_id: str
    our_id: str | None
    began: int
    """When the folder was begun, in microseconds."""


class Layout(Protocol):
    """Where a client keeps its runs, and in which form; a run lies in one folder or several."""

    vendor: str

    def candidates(self, location: Path) -> Iterator[str]:
        """Yield the folders at a location that may be a run's, looking at their names alone."""

    def holds_run(self, part: Path) -> bool:
        """Tell whether a folder is a run's."""

    def identify(self, part: Path) -> Identity | None:
        """Return which run a folder belongs to; None where it is no run's, or nothing is in it yet."""

    def head_state(self, part: Path) -> object:
        """Return what changes whenever `identify` may say something else of the folder."""

    def read(self, parts: Sequence[Path], *, head: bool = False) -> Fields:
        """Return the fields of a run, or only those that tell what it is."""

    def files(self, part: Path) -> Path:
        """Return the folder for the files of a run."""

    def state(self, part: Path) -> object:
        """Return what changes whenever the run does."""


class StoredRun(NamedTuple):
    """A run, and its folders in the order in which they were begun."""

    identity: Identity
    folders: list[str]

    @property
    def parts(self) -> list[Path]:
        """Return its folders."""
        return list(map(Path, self.folders))

    @property
    def run_id(self) -> str:
        """Our id, or the vendor's where we did not write the run."""
        return self.identity.our_id or self.identity.vendor_id


class Store:
    """The runs at a location."""

    def __init__(self, location: Path, layout: Layout) -> None:
        self._location = location
        self._layout = layout
        self._identities: dict[str, tuple[object, Identity]] = {}
        self._last: tuple[object, Fields] | None = None

    def summaries(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first."""
        found = []
        for run in self._runs():
            fields = self._layout.read(run.parts, head=True)
            started = started_of(fields, run.identity.began)
            about = (experiment_of(fields), name_of(fields), status_of(fields), started)
            found.append(RunSummary(run.run_id, run.identity.vendor_id, *about))
        yield from sorted(found, key=lambda summary: (summary.started, summary.vendor_id))

    def native(self, run_id: str) -> RunRecord:
        """Return what a run's fields say."""
        run = self._find(run_id)
        fields = self._fields(run)
        artifacts = dict(self._artifacts(run, fields))
        record = record_of(
            fields, run.run_id, run.identity.began, artifacts, lambda path: self._text(run, fields, path)
        )
        return record if is_ours(fields) else self._below_its_parent(record, fields)

    def last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Return the value and step of a metric's last point, as they were written.

        Raises:
            InputError: the run has no such metric.
        """
        fields = self._fields(self._find(run_id))
        path = metric_paths(fields).get(key)
        if path is None:
            raise InputError(f"the {self._layout.vendor} run {run_id!r} has no metric {key!r}.")
        return fields.last[path]

    def exact(self, run_id: str) -> RunRecord | None:
        """Return the exact record, if the run has one."""
        run = self._find(run_id)
        file = self._files(run) / RECORD_PATH
        if run.identity.our_id is None or not _is_inside(file, run):
            return None
        with file.open("rb") as lines:
            return RunRecord.from_lines(lines)

    def open_file(self, run_id: str, path: str) -> BinaryIO:
        """Open a file of a run.

        Raises:
            FileNotFoundError: there is none, or it lies outside the run's folder.
        """
        run = self._find(run_id)
        file = self._artifact(run, path)
        if file is None:
            raise FileNotFoundError(f"{self._location} has no artifact {path!r} of the run {run_id!r}")
        return file.open("rb")

    def forget(self, run_id: str) -> None:
        """Remove what an earlier attempt to write the run has left."""
        for run in self._runs():
            if run.identity.our_id == run_id:
                for part in run.parts:
                    shutil.rmtree(part)

    def _find(self, run_id: str) -> StoredRun:
        """Return the run with our id, or else the vendor's.

        Raises:
            InputError: there is none, or more than one.
        """
        runs = self._runs()
        found = [run for run in runs if run.identity.our_id == run_id]
        found = found or [run for run in runs if run_id in (run.identity.vendor_id, run.identity.key)]
        if not found:
            raise InputError(f"{self._location} has no {self._layout.vendor} run {run_id!r}.")
        if len(found) > 1:
            keys = " and ".join(sorted(run.identity.key for run in found))
            raise InputError(f"{self._location} has several runs {run_id!r}: {keys}; give one of these.")
        return found[0]

    def _runs(self) -> list[StoredRun]:
        """Return every run; a folder is looked into again only while it may say more."""
        known, self._identities = self._identities, {}
        runs: dict[str, list[tuple[int, str, Identity]]] = {}
        for folder in self._layout.candidates(self._location):
            found = self._identify(folder, known.get(folder))
            if found is None:
                continue
            self._identities[folder] = found
            identity = found[1]
            runs.setdefault(identity.key, []).append((identity.began, folder, identity))
        return [_run_of(found) for found in runs.values()]

    def _identify(self, folder: str, known: tuple[object, Identity] | None) -> tuple[object, Identity] | None:
        """Return which run a folder belongs to, and the state in which it said so; None where it is no run's."""
        if known and known[1].our_id is not None:
            return known
        with suppress(FileNotFoundError, IndexError):  # somebody removes it just now
            state = self._layout.head_state(Path(folder))
            if known and known[0] == state:
                return known
            identity = self._layout.identify(Path(folder))
            return (state, identity) if identity else None
        return None

    def _fields(self, run: StoredRun) -> Fields:
        """Return all fields of a run, those of the last one from memory."""
        state = [(part, self._layout.state(part)) for part in run.parts]
        if self._last is None or self._last[0] != state:
            self._last = (state, self._layout.read(run.parts))
        return self._last[1]

    def _artifacts(self, run: StoredRun, fields: Fields) -> Iterator[tuple[str, Artifact]]:
        for name in file_names(fields):
            file = self._artifact(run, name)
            if file:
                yield name, describe_file(file, name)
            else:
                _logger.info("%s is not in the store: Neptune noted only where it lay", name)

    def _artifact(self, run: StoredRun, name: str) -> Path | None:
        if run.identity.our_id is not None:
            return find_artifact(self._files(run) / ARTIFACTS, name, run.parts[-1])
        fields = self._fields(run)
        return self._file(run, fields, file_names(fields).get(name, ""))

    def _file(self, run: StoredRun, fields: Fields, path: str) -> Path | None:
        file = fields.files.get(path)
        place = file.place if file else None
        return place if place and _is_inside(place, run) else None

    def _text(self, run: StoredRun, fields: Fields, path: str) -> str | None:
        file = self._file(run, fields, path)
        return file.read_bytes().decode(errors="replace") if file else None

    def _files(self, run: StoredRun) -> Path:
        return self._layout.files(run.parts[-1])

    def _below_its_parent(self, record: RunRecord, fields: Fields) -> RunRecord:
        """Return the run with the parent that it has: the run of the store that its group is called after."""
        ids = {run.run_id for run in self._runs()}
        parent = next((tag for tag in fields.sets.get(f"{SYS}/group_tags", ()) if tag in ids), None)
        return msgspec.structs.replace(record, parent_id=parent)


def _run_of(found: list[tuple[int, str, Identity]]) -> StoredRun:
    found.sort(key=lambda one: one[:2])
    return StoredRun(found[0][2], [folder for _, folder, _ in found])


def _is_inside(file: Path, run: StoredRun) -> bool:
    return file.is_file() and any(file.resolve().is_relative_to(part.resolve()) for part in run.parts)
