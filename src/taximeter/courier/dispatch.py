"""Hands a run's events to its writer, batch by batch, as the tracker's features allow."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from taximeter.events import (
    ArtifactLogged,
    DatasetLogged,
    EnvironmentCaptured,
    Event,
    MetricsLogged,
    ModelLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    Started,
    TagsSet,
)
from taximeter.record import RunRecord
from taximeter.tracker import Feature, RunWriter, Tracker

ROWS_PER_CALL = 10_000
_TABLES = {"text/csv", "application/vnd.apache.parquet"}


class Dispatcher:
    """One run on its way into one store.

    Args:
        tracker: the store.
        started: the run's first event.
        blobs: the folder that holds the run's artifacts, each under its sha256.
    """

    def __init__(self, tracker: Tracker, started: Started, blobs: Path) -> None:
        self._features = tracker.features
        self._blobs = blobs
        self._params: set[str] = set()
        self._tags: dict[str, str] = {}
        self._artifacts: dict[str, ArtifactLogged] = {}
        self._writer: RunWriter = tracker.open_run(started)

    def write(self, events: Iterable[Event]) -> None:
        """Write events in their order; those that the tracker has no concept for are left to the record."""
        rows: list[MetricsLogged] = []
        for event in events:
            if isinstance(event, MetricsLogged) and len(rows) < ROWS_PER_CALL:
                rows.append(event)
                continue
            self._write_rows(rows)
            rows = []
            if isinstance(event, MetricsLogged):
                rows.append(event)
            else:
                self._write(event)
        self._write_rows(rows)

    def settle(self, record: RunRecord) -> None:
        """Write again what has another last word in the record: several processes may be read in another order."""
        tags = {name: text for name, text in record.tags.items() if self._tags.get(name) != text}
        artifacts = [ArtifactLogged(path, artifact) for path, artifact in record.artifacts.items()]
        self.write([TagsSet(tags)] if tags else [])
        self.write([event for event in artifacts if self._artifacts.get(event.path) != event])

    def finish(self, record: RunRecord) -> None:
        """Store the exact record and close the run."""
        with tempfile.TemporaryDirectory(prefix="taximeter-") as folder:
            file = Path(folder, "record.jsonl")
            with file.open("wb") as stream:
                stream.writelines(record.to_lines())
            self._writer.finish(record, file)

    def close(self) -> None:
        """Let go of the run without finishing it."""
        self._writer.close()

    def _write_rows(self, rows: list[MetricsLogged]) -> None:
        if rows:
            self._writer.log_metrics(rows)

    def _write(self, event: Event) -> None:
        writer, features = self._writer, self._features
        match event:
            case ParamsLogged(params):
                self._write_params(params)
            case ArtifactLogged():
                self._write_artifact(event)
            case TagsSet(tags):
                self._tags |= tags
                if Feature.TAGS in features:
                    writer.set_tags(tags)
            case NoteAdded(text) if Feature.NOTES in features:
                writer.add_note(text)
            case DatasetLogged(dataset) if Feature.DATASETS in features:
                writer.log_dataset(dataset)
            case ModelLogged() if Feature.MODELS in features:
                self._write_model(event)
            case SourceCaptured(source) if Feature.SOURCE in features:
                writer.capture_source(source)
            case EnvironmentCaptured(environment) if Feature.ENVIRONMENT in features:
                writer.capture_environment(environment)

    def _write_params(self, params: dict[str, Any]) -> None:
        """Write params that have no value yet: where two processes log one, the first value holds."""
        new = {name: value for name, value in params.items() if name not in self._params}
        self._params |= new.keys()
        if new:
            self._writer.log_params(new)

    def _write_artifact(self, event: ArtifactLogged) -> None:
        path, kind = event.path, event.artifact.media_type
        file = self._blobs / event.artifact.sha256
        self._artifacts[path] = event
        self._writer.log_artifact(path, file, kind)
        if kind.startswith("image/"):
            if Feature.FIGURES in self._features:
                self._writer.log_figure(path, file, kind)
        elif kind in _TABLES:
            if Feature.TABLES in self._features:
                self._writer.log_table(path, file, kind)
        elif kind.startswith("text/") and Feature.TEXTS in self._features:
            self._writer.log_text(path, file, kind)

    def _write_model(self, event: ModelLogged) -> None:
        with tempfile.TemporaryDirectory(prefix="taximeter-") as name:
            folder = Path(name)
            for path, logged in self._artifacts.items():
                if path.startswith(f"{event.path}/"):
                    file = folder / path.removeprefix(f"{event.path}/")
                    file.parent.mkdir(parents=True, exist_ok=True)
                    _link(self._blobs / logged.artifact.sha256, file)
            self._writer.log_model(event.path, folder, event.model)


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system cannot."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
