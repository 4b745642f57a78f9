"""Writes a run as commits on its own ref."""

import gzip
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import time_ns
from typing import Any

import msgspec

from taximeter.events import MetricsLogged, Started
from taximeter.record import Dataset, Environment, Model, RunRecord, Source, pack_dataset, pack_model
from taximeter.tracker import RunWriter
from taximeter.values import pack
from taximeter_git import GitTracker, layout
from taximeter_git.branch import Branch
from taximeter_git.content import Content, FileChunks, Stored
from taximeter_git.importer import Commit
from taximeter_git.message import write_message, write_subject
from taximeter_git.names import artifact_file, artifact_file_aside, metric_file, ref_name
from taximeter_git.points import Points
from taximeter_git.repository import Repository
from taximeter_git.texts import indented_text, mapping_text, notes_text, time_text

_METRICS_SHOWN = 10
_COMPRESSION = 6


class GitWriter(RunWriter):
    """Writes one run.

    Args:
        repository: where to.
        started: the run's first event.
    """

    tracker = GitTracker

    def __init__(self, repository: Repository, started: Started) -> None:
        self._repository = repository
        self._started = started
        self._points = Points()
        self._params: dict[str, Any] = {}
        self._tags: dict[str, str] = {}
        self._notes: list[str] = []
        self._datasets: list[Dataset] = []
        self._models: dict[str, Model] = {}
        self._artifacts: dict[str, dict[str, str]] = {}
        self._taken: dict[str, bool] = {}
        self._source: str | None = None
        ref = ref_name(started.experiment, started.run_id)
        self._branch = Branch(repository, ref, self._commit("started", started.time), self._describe)
        if started.hypothesis is not None:
            self._put(layout.HYPOTHESIS, started.hypothesis.encode())

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Add lines to ``params.json``."""
        with self._branch.changing():
            self._params |= {name: pack(value) for name, value in params.items()}
            self._branch.put(layout.PARAMS, lambda: mapping_text(self._params))

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Add lines to the metrics' files, and set the last values in ``metrics.json``."""
        with self._branch.changing():
            for key, column in self._points.append(rows).items():
                self._branch.put(metric_file(key), column)
            self._branch.put(layout.LAST_VALUES, lambda: mapping_text(_packed(self._points.last)))

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set lines of ``tags.json``."""
        with self._branch.changing():
            self._tags |= tags
            self._branch.put(layout.TAGS, lambda: mapping_text(self._tags))

    def add_note(self, text: str) -> None:
        """Add the note to ``notes.md``."""
        with self._branch.changing():
            self._notes.append(text)
            self._branch.put(layout.NOTES, lambda: notes_text(self._notes))

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:
        """Keep the file below ``artifacts``, and a line in ``artifacts.json``."""
        stored = Stored(self._repository.store_file(file))
        with self._branch.changing():
            place = self._place(path)
            self._artifacts[path] = {"file": place, "media_type": media_type}
            self._branch.put(place, stored)
            self._branch.put(layout.ARTIFACTS, lambda: mapping_text(self._artifacts))

    def log_text(self, path: str, file: Path, media_type: str) -> None:
        """Do nothing more: git shows the artifact line by line."""

    def log_dataset(self, dataset: Dataset) -> None:
        """Add the dataset to ``datasets.json``."""
        with self._branch.changing():
            self._datasets.append(pack_dataset(dataset))
            self._branch.put(layout.DATASETS, lambda: indented_text(self._datasets))

    def log_model(self, path: str, folder: Path, model: Model) -> None:  # noqa: ARG002 - its files are artifacts
        """Set a line of ``models.json``."""
        with self._branch.changing():
            self._models[path] = pack_model(model)
            self._branch.put(layout.MODELS, lambda: mapping_text(self._models))

    def capture_source(self, source: Source) -> None:
        """Put the run on top of the commit of its code, if that is here, and keep what was not committed."""
        with self._branch.changing():
            self._source = source.commit
            self._branch.put(layout.SOURCE, indented_text(msgspec.structs.replace(source, diff=None)))
            self._branch.put(layout.SOURCE_DIFF, None if source.diff is None else source.diff.encode())
            self._branch.begin_at(source.commit if self._repository.has_commit(source.commit) else None)

    def capture_environment(self, environment: Environment) -> None:
        """Set ``environment.json``."""
        self._put(layout.ENVIRONMENT, indented_text(environment))

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Make the last commit, with the exact record."""
        with tempfile.TemporaryFile(prefix="taximeter-") as packed:
            with (
                record_file.open("rb") as stream,
                gzip.GzipFile("", "wb", _COMPRESSION, packed, mtime=0) as target,
            ):
                shutil.copyfileobj(stream, target)
            self._put(layout.RECORD, FileChunks(packed))
            if record.notes:
                self._put(layout.NOTES, notes_text(record.notes))
            ended = record.started if record.ended is None else record.ended
            self._branch.close()  # a timer that is due must not have the last word
            self._branch.commit(self._commit(record.status, ended, record))
        self.close()

    def close(self) -> None:
        """Make no more commits."""
        self._branch.close()
        self._points.close()

    def _put(self, path: str, content: Content) -> None:
        with self._branch.changing():
            self._branch.put(path, content)

    def _place(self, path: str) -> str:
        """Return where an artifact lies; no file can be where a folder is."""
        if path in self._artifacts:
            return self._artifacts[path]["file"]
        place = artifact_file(path)
        folders = [place[:end] for end, sign in enumerate(place) if sign == "/"]
        if place in self._taken or any(self._taken.get(folder) for folder in folders):
            return artifact_file_aside(path)
        self._taken |= {**dict.fromkeys(folders, False), place: True}
        return place

    def _describe(self) -> Commit:
        return self._commit("running", time_ns() // 1000)

    def _commit(self, state: str, time: int, record: RunRecord | None = None) -> Commit:
        """Return a commit that says how the run stands."""
        started = self._started
        ended = record.ended if record else None
        trailers = {
            "Run": started.run_id,
            "Experiment": started.experiment,
            "Name": started.name,
            "Status": record.status if record else "running",
            "Started": time_text(started.time),
            "Ended": None if ended is None else time_text(ended),
            "Parent": started.parent_id,
            "Source": self._source,
        }
        paragraphs = [started.hypothesis or "", self._last_values()]
        return Commit(write_message(write_subject(started.name, state), paragraphs, trailers), started.time, time)

    def _last_values(self) -> str:
        """Return the last values of the first metrics, a line each."""
        last = self._points.last
        lines = [f"{' '.join(key.split())} {last[key]!r}" for key in sorted(last)[:_METRICS_SHOWN]]
        return "\n".join(lines + ["…"] * (len(last) > _METRICS_SHOWN))


def _packed(values: Mapping[str, float]) -> dict[str, Any]:
    return {key: pack(value) for key, value in values.items()}
