"""Writes a run as one event file with the summaries of TensorBoard's own plugins."""

import time
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import msgspec

from taximeter.artifact_files import keep_artifact
from taximeter.events import MetricsLogged, Started
from taximeter.record import Dataset, Environment, RunRecord, Source, pack_dataset
from taximeter.tracker import RunWriter
from taximeter_tensorboard import TensorboardTracker, is_event_file, summaries
from taximeter_tensorboard.eventfile import EventFile, Span
from taximeter_tensorboard.exact import write_exact
from taximeter_tensorboard.previews import fenced, image_size, table_preview, text_preview
from taximeter_tensorboard.store import ARTIFACT_FOLDER, Mark, marks_of
from taximeter_tensorboard.summaries import MICROSECONDS, event
from taximeter_tensorboard.vendor import Event, Summary, SummaryMetadata

_LARGEST_IMAGE = 1 << 26


class TensorboardWriter(RunWriter):
    """Writes one run.

    Args:
        folder: the run's own folder.
        started: the run's first event.
    """

    tracker = TensorboardTracker

    def __init__(self, folder: Path, started: Started) -> None:
        self._folder = folder
        self._began = started.time / MICROSECONDS
        self._older = marks_of(folder, started.run_id)
        self._file = EventFile(folder, self._began)
        self._kinds: dict[str, str] = {}
        self._steps: dict[str, count[int]] = {}
        self._metrics: dict[str, tuple[str, SummaryMetadata]] = {}
        self._params: dict[str, Any] = {}
        self._session: Span | None = None
        self._params_came_late = False
        self._notes = 0
        self._write_own(started)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Add hparams; the dashboard shows the first call's until the run is finished, then all."""
        self._params |= params
        span = self._file.append([event(summaries.session_start(params, self._began), self._began)])
        self._params_came_late = self._session is not None
        self._session = self._session or span

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Add each row as one event with a scalar for each metric."""
        self._file.append(map(self._scalars, rows))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Show each tag as a text."""
        for name, text in tags.items():
            self._show(f"run/tags/{name}", text)

    def add_note(self, text: str) -> None:
        """Show the note as the next text of ``run/notes``."""
        self._notes += 1
        self._show("run/notes", text)

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:
        """Keep the file beside the event file, and list it there."""
        keep_artifact(file, self._folder / ARTIFACT_FOLDER, path, is_taken=is_event_file)
        self._show_json(summaries.ARTIFACTS_TAG, summaries.Listed(path, media_type))

    def log_figure(self, path: str, file: Path, media_type: str) -> None:
        """Show an image in the images dashboard, or say in a text why it cannot."""
        content = file.read_bytes() if file.stat().st_size <= _LARGEST_IMAGE else b""
        if size := image_size(content):
            tag = self._tag(path, "image")
            self._append(summaries.image(tag, path if tag != path else "", size, content), path)
        else:
            self._show(
                f"figures/{path}", f"TensorBoard cannot show `{media_type}`, or not as large as `{path}` is."
            )

    def log_table(self, path: str, file: Path, media_type: str) -> None:
        """Show the first rows as Markdown."""
        self._show(f"tables/{path}", table_preview(file, media_type))

    def log_text(self, path: str, file: Path, media_type: str) -> None:
        """Show the text as Markdown."""
        self._show(f"texts/{path}", text_preview(file, media_type))

    def log_dataset(self, dataset: Dataset) -> None:
        """Show the dataset's description as JSON."""
        self._show_json("run/datasets", pack_dataset(dataset))

    def capture_source(self, source: Source) -> None:
        """Show the source as JSON."""
        self._show_json("run/source", source)

    def capture_environment(self, environment: Environment) -> None:
        """Show the environment as JSON."""
        self._show_json("run/environment", environment)

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Write how the run ended and its exact record; what an earlier attempt left is then removed."""
        for note in record.notes[self._notes :]:
            self.add_note(note)
        if self._session is None:
            self.log_params({})
        ended = (record.started if record.ended is None else record.ended) / MICROSECONDS
        if record.status != "running":
            self._file.append([event(summaries.session_end(record.status, ended), ended)])
            self._show(summaries.STATUS_TAG, record.status)
        write_exact(record_file, self._file, ended)
        if self._params_came_late and self._session:
            start = summaries.session_start(self._params, self._began)
            self._file.replace(self._session, event(start, self._began))
        for file in self._older:
            file.unlink(missing_ok=True)

    def _write_own(self, started: Started) -> None:
        mark = msgspec.json.encode(Mark(started.run_id, started.time))
        self._file.append([event(summaries.own(summaries.RUN_TAG, mark), self._began)])
        if started.hypothesis is not None:
            self._show("run/hypothesis", started.hypothesis)

    def _scalars(self, row: MetricsLogged) -> Event:
        values = [self._scalar(key, value) for key, value in row.values.items()]
        return Event(wall_time=row.time / MICROSECONDS, step=row.step, summary=Summary(value=values))

    def _scalar(self, key: str, value: float) -> Summary.Value:
        if key not in self._metrics:
            tag = self._tag(key, "metric")
            self._metrics[key] = tag, summaries.scalar_type(key if tag != key else "")
        return summaries.scalar(*self._metrics[key], value)

    def _show(self, name: str, text: str) -> None:
        tag = self._tag(name, "text")
        self._append(summaries.text(tag, name if tag != name else "", text), name)

    def _show_json(self, name: str, tree: msgspec.Struct) -> None:
        self._show(name, fenced(msgspec.json.format(msgspec.json.encode(tree)).decode(), "json"))

    def _append(self, value: Summary.Value, name: str) -> None:
        """Write a value as the next step of its name, so that the dashboard keeps the earlier ones."""
        step = next(self._steps.setdefault(name, count()))
        self._file.append([event(value, time.time(), step)])

    def _tag(self, name: str, kind: str) -> str:
        """Return a tag for a name: in a run, TensorBoard gives each tag to the plugin that it met first."""
        tag = f"{name} ({kind})" if name.startswith(("taximeter/", "_hparams_/")) else name
        while self._kinds.setdefault(tag, kind) != kind:
            tag += f" ({kind})"
        return tag
