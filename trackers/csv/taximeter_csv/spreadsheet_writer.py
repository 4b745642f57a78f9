"""Writes a run as a row of a spreadsheet when it ends."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taximeter.events import MetricsLogged, Started
from taximeter.record import RunRecord
from taximeter.tracker import RunWriter
from taximeter_csv.cells import BETWEEN_NOTES, text_cell, time_cell, value_cell
from taximeter_csv.runfolder import RunFolder
from taximeter_csv.spreadsheet import COLUMNS, SpreadsheetTracker
from taximeter_csv.table import Table


class SpreadsheetWriter(RunWriter):
    """Writes one run; unlike the tutorials it takes a lock, so no row is lost.

    Args:
        file: the spreadsheet.
        started: the run's first event.
    """

    tracker = SpreadsheetTracker

    def __init__(self, file: Path, started: Started) -> None:
        self._table = Table(file, COLUMNS)
        self._folder = RunFolder(file.parent, started.run_id, file.stem)
        self._folder.begin()
        self._cells: dict[str, str] = {}
        self._notes: list[str] = []

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Set a cell for each param."""
        self._cells |= {text_cell(name): value_cell(value) for name, value in params.items()}

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Set a cell for each metric: its last value."""
        self.log_params({key: value for row in rows for key, value in row.values.items()})

    def add_note(self, text: str) -> None:
        """Add to the cell of notes."""
        self._notes.append(text)

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:
        """Keep the file in the run's folder."""
        self._folder.keep_artifact(path, file, media_type)

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Keep the exact record, and add the row, or put it in the place of an earlier attempt's."""
        self._folder.write_record(record_file)
        fields = {
            "run_id": text_cell(record.run_id),
            "name": text_cell(record.name),
            "experiment": text_cell(record.experiment),
            "started": time_cell(record.started),
            "ended": "" if record.ended is None else time_cell(record.ended),
            "status": record.status,
            "notes": text_cell(BETWEEN_NOTES.join(self._notes)),
        }
        self._table.update(fields["run_id"], self._cells | fields, self._folder.place)
