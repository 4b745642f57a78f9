"""A folder of projects: which runs they hold, and where their files lie."""

import io
import logging
import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from taximeter.errors import InputError
from taximeter.files import describe_file, describe_stream
from taximeter.record import RunRecord
from taximeter.sqlite_files import is_database, state_of
from taximeter.tracker import RunSummary
from taximeter_trackio.database import read_project
from taximeter_trackio.native import (
    blobs_of,
    experiment_of,
    media_of,
    record_blob,
    record_of,
    started_of,
    status_of,
    tables_of,
)
from taximeter_trackio.tables import StoredRun, alerts_of, links_of, rows_of, runs_in

_T = TypeVar("_T")
_Read = Callable[[sqlite3.Connection, StoredRun, Path, object], _T]
_FOLDERS = ("media", "artifacts", "traces", "inbox")
_ENDINGS = (".db", ".db-wal", ".db-shm", ".db-journal", ".lock")

_logger = logging.getLogger(__name__)


class _Files(msgspec.Struct, frozen=True):
    """Where a run's files lie, as long as its project's database stays as it is."""

    project: Path
    state: object
    record: Path | None
    artifacts: dict[str, Path]
    media: dict[str, Path]
    """Those of a run that we did not write: ours are artifacts too."""


class Store:
    """The projects in a folder.

    Args:
        place: the folder, or the database of one of them.
    """

    def __init__(self, place: Path) -> None:
        self._folder = place.parent if place.suffix == ".db" and place.is_file() else place
        self._only = place if self._folder != place else None
        self._known: dict[str, _Files] = {}

    def summaries(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first."""
        found = [
            RunSummary(
                run.vendor_id,
                run.vendor_id,
                experiment_of(run, path.stem),
                run.name,
                status_of(run),
                started_of(run),
            )
            for path in self._projects()
            for run in _runs_of(path)
        ]
        yield from sorted(found, key=lambda summary: (summary.started, summary.vendor_id))

    def native(self, run_id: str) -> RunRecord:
        """Return what Trackio's tables say of a run."""

        def read(database: sqlite3.Connection, run: StoredRun, path: Path, state: object) -> RunRecord:
            self._known[run_id] = self._locate(database, run, path, state)
            rows, links = rows_of(database, run.vendor_id), links_of(database, run.vendor_id)
            return record_of(run, path.stem, rows, links, alerts_of(database, run.vendor_id))

        record = self._read(run_id, read)
        media = self._known[run_id].media
        shown = {path: describe_file(file, path) for path, file in media.items() if self._is_inside(file)}
        shown |= {
            path: describe_stream(io.BytesIO(content), path) for path, content in self._tables(run_id).items()
        }
        return msgspec.structs.replace(record, artifacts=shown | record.artifacts)

    def last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Return the value and step of a metric's last point, as they are in its row.

        Raises:
            InputError: the run has no such metric.
        """

        def read(database: sqlite3.Connection, run: StoredRun, *_: object) -> tuple[Any, Any]:
            found = [row for row in rows_of(database, run.vendor_id) if key in row.values]
            if not found:
                raise InputError(f"the Trackio run {run_id!r} has no metric {key!r}.")
            return found[-1].values[key], found[-1].step

        return self._read(run_id, read)

    def exact(self, run_id: str) -> RunRecord | None:
        """Return the exact record, if the run has one."""
        file = self._files_of(run_id).record
        if file is None or not self._is_inside(file):
            return None
        with file.open("rb") as lines:
            return RunRecord.from_lines(lines)

    def open_file(self, run_id: str, path: str) -> BinaryIO:
        """Open a file of a run's artifacts or media.

        Raises:
            FileNotFoundError: there is none, or it lies outside the store.
        """
        files = self._files_of(run_id)
        file = (files.media | files.artifacts).get(path)
        if file is None and (content := self._tables(run_id).get(path)) is not None:
            return io.BytesIO(content)
        if file is None or not self._is_inside(file):
            raise FileNotFoundError(f"{self._folder} has no artifact {path!r} of the run {run_id!r}")
        return file.open("rb")

    def files(self) -> Iterator[Path]:
        """Yield what in the folder is Trackio's."""
        for path in self._projects():
            yield from filter(Path.exists, (path.with_suffix(ending) for ending in _ENDINGS))
        yield from filter(Path.is_dir, (self._folder / name for name in _FOLDERS))

    def _tables(self, run_id: str) -> dict[str, bytes]:
        """Return the tables of a run that we did not write: ours are artifacts too."""

        def read(database: sqlite3.Connection, run: StoredRun, *_: object) -> dict[str, bytes]:
            return {} if run.ours else tables_of(rows_of(database, run.vendor_id))

        return self._read(run_id, read)

    def _files_of(self, run_id: str) -> _Files:
        known = self._known.get(run_id)
        if known is None or known.state != state_of(known.project):
            known = self._known[run_id] = self._read(run_id, self._locate)
        return known

    def _locate(self, database: sqlite3.Connection, run: StoredRun, path: Path, state: object) -> _Files:
        links = links_of(database, run.vendor_id)
        blobs = self._folder / "artifacts" / path.stem / "blobs" / "sha256"
        digests = {name: blob.digest for name, blob in blobs_of(run, links).items()}
        record = record_blob(links)
        media = {} if run.ours else media_of(rows_of(database, run.vendor_id))
        return _Files(
            path,
            state,
            blobs / record[:2] / record if record else None,
            {name: blobs / digest[:2] / digest for name, digest in digests.items()},
            {name: self._folder / "media" / place for name, place in media.items()},
        )

    def _read(self, run_id: str, read: _Read[_T]) -> _T:
        """Return what `read` makes of a run, given its project and the state of that before it was read."""
        problem = InputError(f"{self._folder} has no Trackio run {run_id!r}.")
        for path in self._projects():
            run = partial(_read_run, run_id=run_id, path=path, state=state_of(path), read=read)
            try:
                found = read_project(path, run)
            except InputError as error:  # the run may be in another one
                problem = error
                continue
            if found:
                return found[0]
        raise problem

    def _is_inside(self, file: Path) -> bool:
        return file.is_file() and file.resolve().is_relative_to(self._folder.resolve())

    def _projects(self) -> Iterator[Path]:
        found = [self._only] if self._only else sorted(self._folder.glob("*.db"))
        yield from filter(is_database, found)


def _runs_of(path: Path) -> list[StoredRun]:
    try:
        return read_project(path, runs_in)
    except InputError as error:
        _logger.warning("%s", error)
        return []


def _read_run(database: sqlite3.Connection, run_id: str, path: Path, state: object, read: _Read[_T]) -> list[_T]:
    return [read(database, run, path, state) for run in runs_in(database, run_id)]
