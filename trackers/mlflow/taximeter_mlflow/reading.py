"""A run as MLflow keeps it, wherever it keeps it, and the record that this makes."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import msgspec

from taximeter.files import describe_stream
from taximeter.record import Artifact, Model, RunRecord, Series, Status
from taximeter.tracker import RECORD_FOLDER, RunSummary
from taximeter_mlflow import tags as tag
from taximeter_mlflow.artifacts import Artifacts, fallback_path
from taximeter_mlflow.datasets import StoredDataset, from_stored
from taximeter_mlflow.mlmodel import model_history, read_model

_STATUSES: dict[str, Status] = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "killed"}
_MILLISECOND = 1000


class StoredRun(msgspec.Struct, frozen=True):
    """What MLflow lists of a run; times in milliseconds, and None where it has none."""

    vendor_id: str
    experiment: str
    name: str
    status: str
    started: int | None
    ended: int | None
    run_id: str | None = None


class StoredModel(msgspec.Struct, frozen=True):
    """A logged model of MLflow 3: its name, its tags and its files."""

    name: str
    tags: dict[str, str]
    files: Artifacts


class StoredFacts(msgspec.Struct, frozen=True):
    """What MLflow keeps of a run beside what it lists."""

    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, Series]
    datasets: list[StoredDataset]


class Reader(ABC):
    """Reads a store as MLflow keeps it, and changes nothing of it."""

    @abstractmethod
    def stored_runs(self) -> Iterator[StoredRun]:
        """Yield the runs that are not deleted."""

    @abstractmethod
    def find(self, run_id: str) -> str | None:
        """Return MLflow's id of the run that has this id of ours, or of MLflow's."""

    @abstractmethod
    def stored_run(self, vendor_id: str) -> StoredRun:
        """Return what MLflow lists of a run."""

    @abstractmethod
    def facts(self, vendor_id: str) -> StoredFacts:
        """Return what MLflow keeps of a run."""

    @abstractmethod
    def artifacts(self, vendor_id: str) -> Artifacts:
        """Return the run's own artifacts."""

    @abstractmethod
    def models(self, vendor_id: str) -> list[StoredModel]:
        """Return the models that a run logged."""

    def last_point(self, vendor_id: str, key: str) -> tuple[Any, Any] | None:  # noqa: ARG002 - some cannot tell
        """Return the value and step of a metric's last point as they are stored, where that can be told."""
        return None

    def runs(self) -> Iterator[RunSummary]:
        """Yield every run that is not deleted."""
        for run in self.stored_runs():
            yield RunSummary(
                run.run_id or run.vendor_id,
                run.vendor_id,
                run.experiment,
                run.name,
                _STATUSES.get(run.status, "running"),
                microseconds(run.started),
            )

    def open_artifact(self, vendor_id: str, path: str) -> BinaryIO:
        """Open an artifact of a run, or of a model that somebody else logged with it.

        Raises:
            FileNotFoundError: there is none.
        """
        own = self.artifacts(vendor_id)
        for candidate in (fallback_path(path), path):
            try:
                return own.open(candidate)
            except FileNotFoundError:
                continue
        name, _, inner = path.partition("/")
        for model in _foreign(self.models(vendor_id)):
            if model.name == name:
                return model.files.open(inner)
        raise FileNotFoundError(path)

    def record(self, vendor_id: str) -> RunRecord:
        """Return the record of what MLflow keeps by itself."""
        run, facts = self.stored_run(vendor_id), self.facts(vendor_id)
        models = self.models(vendor_id)
        hypothesis, notes = _note(run, facts.tags)
        return RunRecord(
            run_id=run.run_id or vendor_id,
            experiment=run.experiment,
            name=run.name,
            status=_STATUSES.get(run.status, "running"),
            started=microseconds(run.started),
            ended=None if run.ended is None else microseconds(run.ended),
            parent_id=self._parent(facts.tags),
            hypothesis=hypothesis,
            notes=notes,
            params=dict(facts.params),
            metrics=facts.metrics,
            tags={name: text for name, text in facts.tags.items() if not tag.is_reserved(name)},
            artifacts=dict(_artifacts(self.artifacts(vendor_id), models)),
            datasets=tuple(map(from_stored, facts.datasets)),
            models=_models(models, facts.tags),
            source=tag.parse_source(facts.tags),
        )

    def _parent(self, tags: Mapping[str, str]) -> str | None:
        """Return our id of the parent where it has one, else MLflow's."""
        parent = tags.get(tag.PARENT_RUN)
        if parent is None:
            return tags.get(tag.PARENT_ID)
        known = self.find(parent)
        return (self.stored_run(known).run_id if known else None) or parent


def _note(run: StoredRun, tags: Mapping[str, str]) -> tuple[str | None, tuple[str, ...]]:
    text = tags.get(tag.NOTE)
    if text is None:
        return None, ()
    return tag.parse_note(text) if run.run_id else (None, (text,))


def _artifacts(own: Artifacts, models: list[StoredModel]) -> Iterator[tuple[str, Artifact]]:
    for path in own.paths():
        if not path.startswith(f"{RECORD_FOLDER}/"):
            yield path, _describe(own, path, path)
    for model in _foreign(models):
        for path in model.files.paths():
            name = f"{model.name}/{path}"
            yield name, _describe(model.files, path, name)


def _describe(files: Artifacts, path: str, name: str) -> Artifact:
    with files.open(path) as stream:
        return describe_stream(stream, name)


def _foreign(models: list[StoredModel]) -> list[StoredModel]:
    """Return the models whose files are not among the run's artifacts already."""
    return [model for model in models if tag.MODEL_PATH not in model.tags]


def _models(models: list[StoredModel], tags: Mapping[str, str]) -> dict[str, Model]:
    found: dict[str, Any] = model_history(tags.get(tag.LOGGED_MODELS))
    for model in models:
        path = model.tags.get(tag.MODEL_PATH, model.name)
        found[path] = read_model(model.files, model.tags.get(tag.MODEL_FLAVOUR))
    return found


def microseconds(milliseconds: float | None) -> int:
    """Return a time of MLflow's in microseconds, as near as 64 bits allow."""
    return max(-(2**63), min(int(milliseconds or 0) * _MILLISECOND, 2**63 - 1))
