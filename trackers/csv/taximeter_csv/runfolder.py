"""The folder of one run: its points, datasets, distributions and artifacts as CSV files, and its exact record."""

import logging
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from pathlib import Path
from typing import BinaryIO

import msgspec

from taximeter.artifact_files import find_artifact, keep_artifact, name_digest
from taximeter.errors import InputError
from taximeter.events import MetricsLogged
from taximeter.files import describe_file
from taximeter.record import Artifact, Dataset, Point, RunRecord, Series, pack_dataset, unpack_dataset
from taximeter_csv.cells import cell_int64, cell_text, cell_time, json_cell, text_cell, time_cell
from taximeter_csv.sheet import append_rows, read_rows, write_rows

FOLDER_OF_RUNS = "experiments"

_POINTS = ("metric", "step", "value", "time")
_ARTIFACTS = ("path", "media_type", "file")
_DATASETS = ("name", "role", "source", "sha256", "rows", "columns", "statistics")
_DISTRIBUTIONS = ("name", "version")
_RECORD = "record.jsonl"
_log = logging.getLogger(__name__)


class RunFolder:
    """The folder of a run; it need not exist.

    Args:
        store: the store's folder.
        run_id: our id of the run.
        runs: the folder of all runs in it.
    """

    def __init__(self, store: Path, run_id: str, runs: str = FOLDER_OF_RUNS) -> None:
        self._store = store
        self.path = store / runs / _folder_name(run_id)
        self.place = f"{runs}/{self.path.name}/{_RECORD}"
        """Where a reader of the table finds what its cells cannot hold."""
        self._points, self._artifacts, self._datasets, self._distributions = (
            self.path / f"{name}.csv" for name in ("points", "artifacts", "datasets", "distributions")
        )
        self._files = self.path / "artifacts"

    def begin(self) -> None:
        """Make the folder; what an earlier attempt appended goes, what it finished stays."""
        self.path.mkdir(parents=True, exist_ok=True)
        for file in (self._points, self._artifacts, self._datasets, self._distributions):
            file.unlink(missing_ok=True)

    def append_points(self, rows: Iterable[MetricsLogged]) -> None:
        """Add a line for each point."""
        lines = (
            (text_cell(key), str(row.step), repr(value), time_cell(row.time))
            for row in rows
            for key, value in row.values.items()
        )
        append_rows(self._points, _POINTS, lines)

    def read_points(self) -> dict[str, Series]:
        """Return the points; a last line that a crash cut off is left out."""
        metrics: dict[str, Series] = {}
        for cells in _lines(self._points, _POINTS):
            if point := _point(cells):
                metrics.setdefault(cell_text(cells[0]), Series()).append(*point)
            else:
                _log.warning("%s: the line %r is no point, and is left out", self._points, cells)
        return metrics

    def keep_artifact(self, path: str, file: Path, media_type: str) -> None:
        """Keep a copy of a file, and add it to the list of artifacts."""
        kept = keep_artifact(file, self._files, path).relative_to(self.path)
        append_rows(self._artifacts, _ARTIFACTS, [[*map(text_cell, (path, media_type, kept.as_posix()))]])

    def read_artifacts(self) -> dict[str, Artifact]:
        """Return the artifacts that are listed and there, described by their bytes."""
        artifacts = {}
        for cells in _lines(self._artifacts, _ARTIFACTS):
            path, media_type, _ = map(cell_text, cells)
            if file := find_artifact(self._files, path, self._store):
                artifacts[path] = msgspec.structs.replace(describe_file(file, path), media_type=media_type)
        return artifacts

    def open_artifact(self, path: str) -> BinaryIO:
        """Open an artifact's bytes.

        Raises:
            FileNotFoundError: there is no such artifact.
        """
        file = find_artifact(self._files, path, self._store)
        if file is None:
            raise FileNotFoundError(f"{self._files} has no artifact {path!r}")
        return file.open("rb")

    def append_dataset(self, dataset: Dataset) -> None:
        """Add a dataset's description; columns and statistics are JSON."""
        fields = msgspec.structs.asdict(pack_dataset(dataset))
        append_rows(self._datasets, _DATASETS, [[*map(json_cell, fields.values())]])

    def read_datasets(self) -> tuple[Dataset, ...]:
        """Return the datasets.

        Raises:
            InputError: a line describes none.
        """
        try:
            return tuple(map(_dataset, _lines(self._datasets, _DATASETS)))
        except (msgspec.MsgspecError, ValueError) as error:
            raise InputError(f"{self._datasets}: a line describes no dataset: {error}") from error

    def write_distributions(self, distributions: dict[str, str]) -> None:
        """Put these installed distributions with their versions in the place of those from before."""
        lines = [(text_cell(name), text_cell(version)) for name, version in distributions.items()]
        write_rows(self._distributions, [_DISTRIBUTIONS, *lines])

    def read_distributions(self) -> dict[str, str]:
        """Return the installed distributions with their versions."""
        return {
            cell_text(name): cell_text(version) for name, version in _lines(self._distributions, _DISTRIBUTIONS)
        }

    def write_record(self, record_file: Path) -> None:
        """Keep the exact record, all of it or nothing."""
        partial = self.path / f".{_RECORD}"
        shutil.copyfile(record_file, partial)
        partial.replace(self.path / _RECORD)

    def read_record(self) -> RunRecord | None:
        """Return the exact record, if it is there."""
        try:
            with (self.path / _RECORD).open("rb") as stream:
                return RunRecord.from_lines(stream)
        except FileNotFoundError:
            return None


def _lines(file: Path, header: Sequence[str]) -> Iterator[list[str]]:
    """Yield the lines of a file below its header; one that a crash cut off is left out."""
    if not file.is_file():
        return
    rows = read_rows(file)
    next(rows, None)
    for row, following in pairwise(chain(rows, [None])):
        if row is None or (following is None and not _is_whole(file)) or len(row) != len(header):
            _log.warning("%s: the line %r is torn, and is left out", file, row)
        else:
            yield row


def _is_whole(file: Path) -> bool:
    """Tell whether the last line of a file has its end."""
    with file.open("rb") as stream:
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) == b"\n"


def _point(cells: Sequence[str]) -> Point | None:
    """Return the point that a line tells of."""
    _, step, value, moment = cells
    try:
        time = cell_time(moment)
        return None if time is None else Point(float(value), cell_int64(step), time)
    except ValueError:
        return None


def _dataset(cells: list[str]) -> Dataset:
    fields = dict(zip(_DATASETS, map(cell_text, cells), strict=True))
    trees = {name: msgspec.json.decode(fields[name]) for name in ("columns", "statistics")}
    return unpack_dataset(msgspec.convert(fields | trees, Dataset, strict=False))


def _folder_name(run_id: str) -> str:
    """Return the name of a run's folder: its id, or a digest of an id that is no plain name."""
    return run_id if re.fullmatch(r"\w[\w-]{0,99}", run_id, re.ASCII) else f"%{name_digest(run_id)}"
