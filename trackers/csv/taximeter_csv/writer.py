"""Writes a run as a row of the table and a folder of files."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from taximeter.events import MetricsLogged, Started
from taximeter.record import Dataset, Environment, RunRecord, Source
from taximeter.tracker import RunWriter
from taximeter_csv import BASE_COLUMNS, TABLE, CsvTracker
from taximeter_csv.cells import BETWEEN_NOTES, json_cell, text_cell, time_cell, value_cell
from taximeter_csv.runfolder import RunFolder
from taximeter_csv.table import Table

_LIVE_SECONDS = 5.0


class CsvWriter(RunWriter):
    """Writes one run.

    The table is rewritten at the run's start and end, and every few seconds between; points are appended.

    Args:
        store: the folder with the table.
        started: the run's first event.
    """

    tracker = CsvTracker

    def __init__(self, store: Path, started: Started) -> None:
        self._folder = RunFolder(store, started.run_id)
        self._table = Table(store / TABLE, BASE_COLUMNS)
        self._run_id = text_cell(started.run_id)
        self._notes: list[str] = []
        self._cells = {
            "run_id": self._run_id,
            "experiment": text_cell(started.experiment),
            "name": text_cell(started.name),
            "status": "running",
            "started": time_cell(started.time),
            "ended": "",
            "hypothesis": text_cell(started.hypothesis or ""),
            "notes": "",
        }
        if started.parent_id is not None:
            self._cells["parent_id"] = text_cell(started.parent_id)
        self._folder.begin()
        self._update_row()

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Set a column for each param."""
        self._set({f"param.{name}": value_cell(value) for name, value in params.items()})

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Append the points; the table's columns have the last value of each metric."""
        self._folder.append_points(rows)
        last = {key: value for row in rows for key, value in row.values.items()}
        self._set({f"metric.{key}": value_cell(value) for key, value in last.items()})

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set a column for each tag."""
        self._set({f"tag.{name}": text_cell(text) for name, text in tags.items()})

    def add_note(self, text: str) -> None:
        """Add the note to the cell of notes."""
        self._notes.append(text)
        self._set({"notes": text_cell(BETWEEN_NOTES.join(self._notes))})

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:
        """Keep the file in the run's folder."""
        self._folder.keep_artifact(path, file, media_type)

    def log_dataset(self, dataset: Dataset) -> None:
        """Add the dataset to the run's ``datasets.csv``."""
        self._folder.append_dataset(dataset)

    def capture_source(self, source: Source) -> None:
        """Set the columns ``source.*``."""
        self._set_fields("source", source)

    def capture_environment(self, environment: Environment) -> None:
        """Set the columns ``environment.*``; the distributions have a file of their own."""
        self._folder.write_distributions(environment.distributions)
        self._set_fields("environment", msgspec.structs.replace(environment, distributions={}))

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Keep the exact record, and bring the row up to date."""
        self._folder.write_record(record_file)
        self._cells |= {
            "status": record.status,
            "ended": "" if record.ended is None else time_cell(record.ended),
            "notes": text_cell(BETWEEN_NOTES.join(record.notes)),
        }
        self._update_row()

    def _set(self, cells: Mapping[str, str]) -> None:
        self._cells |= cells
        if time.monotonic() - self._written > _LIVE_SECONDS:
            self._update_row()

    def _set_fields(self, prefix: str, fields: Source | Environment) -> None:
        """Set a column for each field that has a value, and empty those that had one before."""
        empty = dict.fromkeys((column for column in self._cells if column.startswith(f"{prefix}.")), "")
        tree = msgspec.structs.asdict(fields)
        self._set(
            empty | {f"{prefix}.{name}": json_cell(value) for name, value in tree.items() if value or value == 0}
        )

    def _update_row(self) -> None:
        self._table.update(self._run_id, self._cells, self._folder.place)
        self._written = time.monotonic()
