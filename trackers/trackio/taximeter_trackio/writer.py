"""Writes one run as Trackio's own users would see theirs: config, metrics, media, reports and artifacts."""

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec
from trackio import Html, Image, Markdown, Table

from taximeter.artifact_files import name_digest
from taximeter.events import MetricsLogged, Started
from taximeter.record import Dataset, Model, RunRecord, pack_dataset, pack_model
from taximeter.times import time_text
from taximeter.tracker import RECORD_PATH, RunWriter
from taximeter_trackio import TrackioTracker
from taximeter_trackio.media import report_text, table_rows
from taximeter_trackio.names import (
    DATASET,
    FILE,
    MODEL,
    NOTE,
    OURS,
    RECORD,
    artifact_name_for,
    file_path_for,
    metric_key,
    param_key,
    param_value,
    project_for,
    run_name_for,
)
from taximeter_trackio.vendor import VendorRun

_RECORD_NAME = "taximeter-record"
_ALERTS = {"failed": "The run failed", "killed": "The run was killed"}


class TrackioWriter(RunWriter):
    """A run that is being written.

    Every method ends with a complete transaction, so nothing waits in this process, and the dashboard shows the
    run as it grows. What an earlier attempt left of the run is deleted when it begins.
    """

    tracker = TrackioTracker

    def __init__(self, folder: Path, started: Started) -> None:
        name = run_name_for(started.name, started.run_id)
        self._run = VendorRun(folder, project_for(started.experiment), started.run_id, name)
        self._started = started.time
        self._step, self._time = 0, started.time
        self._ours: dict[str, Any] = {"status": "running", "experiment": started.experiment}
        if started.hypothesis is not None:
            self._ours["hypothesis"] = started.hypothesis
        self._config: dict[str, Any] = {"_Created": time_text(started.time), "_Group": started.parent_id}
        self._run.delete()
        self._write_config()

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Add to the run's config."""
        self._config |= {param_key(name): param_value(value) for name, value in params.items()}
        self._write_config()

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Log each call as a row, with its own step and time."""
        values = [{metric_key(key): value for key, value in row.values.items()} for row in rows]
        self._step, self._time = rows[-1].step, rows[-1].time
        self._run.log(values, [row.step for row in rows], [time_text(row.time) for row in rows])

    def add_note(self, text: str) -> None:
        """Log a Markdown report."""
        self._show(NOTE, {"_type": Markdown.TYPE, "_value": text})

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - Trackio keeps no types
        """Log an artifact with one file; runs with the same file share a version."""
        files = {file_path_for(path): file}
        self._run.add_artifact(artifact_name_for(path), FILE, files, {"path": path})

    def log_figure(self, path: str, file: Path, media_type: str) -> None:
        """Log an image; the dashboard shows a vector graphic as a page only."""
        if media_type == "image/svg+xml":
            self._show_file(path, file, Html.TYPE, ".html")
        else:
            suffix = PurePosixPath(path).suffix.lower()
            self._show_file(path, file, Image.TYPE, suffix if re.fullmatch("[.][a-z0-9]{1,8}", suffix) else "")

    def log_table(self, path: str, file: Path, media_type: str) -> None:
        """Log a table of the first rows."""
        if rows := table_rows(file, media_type):
            self._show(path, {"_type": Table.TYPE, "_value": rows})

    def log_text(self, path: str, file: Path, media_type: str) -> None:
        """Log a Markdown report, or a page."""
        if media_type == "text/html":
            self._show_file(path, file, Html.TYPE, ".html")
        else:
            self._show(path, {"_type": Markdown.TYPE, "_value": report_text(file)})

    def log_dataset(self, dataset: Dataset) -> None:
        """Log a dataset as an input: a card that describes the data, which stay where they are."""
        card: dict[str, Any] = msgspec.to_builtins(pack_dataset(dataset))
        with tempfile.NamedTemporaryFile() as file:
            file.write(msgspec.json.encode(card))
            file.flush()
            files = {"dataset.json": Path(file.name)}
            self._run.use_artifact(artifact_name_for(dataset.name), DATASET, files, card)

    def log_model(self, path: str, folder: Path, model: Model) -> None:
        """Log an artifact of the type model with the files of its folder."""
        about = {"path": path} | msgspec.to_builtins(pack_model(model))
        files = {str(file.relative_to(folder)): file for file in sorted(folder.rglob("*")) if file.is_file()}
        files = {file_path_for(name): file for name, file in files.items()}
        self._run.add_artifact(artifact_name_for(path), MODEL, files, about)

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Bring the config up to date, tell of a bad end as an alert, and log the exact record as an artifact."""
        self._ours["status"] = record.status
        if record.ended is not None:
            self._ours["ended"] = time_text(record.ended)
        self._write_config()
        if record.status in _ALERTS:
            time = self._time if record.ended is None else record.ended
            self._run.alert(_ALERTS[record.status], self._step, time_text(time))
        self._run.add_artifact(_RECORD_NAME, RECORD, {RECORD_PATH: record_file}, {})

    def _write_config(self) -> None:
        self._run.set_config(self._config | {OURS: self._ours}, time_text(self._started))

    def _show_file(self, path: str, file: Path, kind: str, suffix: str) -> None:
        """Log media that lie in a file of their own."""
        target, place = self._run.media_file(f"{name_digest(path)}{suffix}", self._step)
        shutil.copyfile(file, target)
        self._show(path, {"_type": kind, "file_path": place, "caption": path})

    def _show(self, key: str, value: Mapping[str, Any]) -> None:
        self._run.log([{metric_key(key): value}], [self._step], [time_text(self._time)])
