"""A folder with a table of runs, or a spreadsheet of somebody else's: what is in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from taximeter.errors import InputError
from taximeter.record import RunRecord
from taximeter.tracker import RunSummary
from taximeter_csv import TABLE
from taximeter_csv.cells import cell_value
from taximeter_csv.native import Row, is_ours, row_record
from taximeter_csv.runfolder import FOLDER_OF_RUNS, RunFolder
from taximeter_csv.sheet import read_rows


class Store:
    """What a location names: a folder, its ``experiments.csv``, or another CSV file, which is only read."""

    def __init__(self, location: Path) -> None:
        is_file = location.suffix.lower() == ".csv" and not location.is_dir()
        self.folder = None if is_file else location
        if is_file and location.name == TABLE:
            self.folder = location.parent
        self._table = self.folder / TABLE if self.folder else location

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every row as a run, oldest first."""
        records = [self._record(row, folder=None) for row in self._rows()]
        for record in sorted(records, key=lambda record: record.started):
            yield RunSummary(
                record.run_id, record.run_id, record.experiment, record.name, record.status, record.started
            )

    def read_native(self, run_id: str) -> RunRecord:
        """Return the run of the row with this id, or else of the row with this number.

        Raises:
            InputError: there is none.
        """
        numbered = None
        for row in self._rows():
            if row.run_id == run_id and "run_id" in row.cells:
                return self._record(row, self._run(run_id))
            if str(row.number) == run_id:
                numbered = row
        if numbered is None:
            raise InputError(f"{self._table} has no run {run_id!r}.")
        return self._record(numbered, None)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Return the exact record of a run that we finished."""
        run = self._run(run_id)
        return run.read_record() if run else None

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open a file of a run's folder.

        Raises:
            InputError: there is no such run.
            FileNotFoundError: it has no such file.
        """
        run = self._run(run_id)
        if run is None:
            raise FileNotFoundError(f"{self._table} has no artifacts")
        if not run.path.exists():
            self.read_native(run_id)
        return run.open_artifact(path)

    def files(self) -> Iterator[Path]:
        """Yield the table and the folder of the runs, where they are."""
        folder = self.folder / FOLDER_OF_RUNS if self.folder else None
        yield from (path for path in (self._table, folder) if path and path.exists())

    def _run(self, run_id: str) -> RunFolder | None:
        """Return the folder of a run, where runs have folders."""
        return RunFolder(self.folder, run_id) if self.folder else None

    def _record(self, row: Row, folder: RunFolder | None) -> RunRecord:
        written = self._table.stat().st_mtime_ns // 1000
        return row_record(row, self._table.stem, written, folder)

    def _rows(self) -> Iterator[Row]:
        if not self._table.exists():
            return
        rows = read_rows(self._table)
        header = next(rows, [])
        ours = is_ours(header)
        for number, row in enumerate(rows, start=2):
            cells: dict[str, str] = {}
            for column, cell in zip(header, row, strict=False):
                if cell:
                    cells.setdefault(column, cell)
            if cells:
                yield Row(cells, number, ours)


class SpreadsheetStore(Store):
    """A spreadsheet with a folder beside it that has a folder for each run."""

    def _run(self, run_id: str) -> RunFolder:
        return RunFolder(self._table.parent, run_id, self._table.stem)

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Return a metric's cell, in the type that its form suggests; no cell has a step."""
        for row in self._rows():
            if row.run_id == run_id and key in row.cells:
                return cell_value(row.cells[key]), 0
        raise InputError(f"{self._table} has no metric {key!r} of the run {run_id!r}.")
