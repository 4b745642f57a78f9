"""What can happen to a run, and how a record grows from it.

A run is a sequence of events that begins with `Started`; `fold` turns it into a `RunRecord` and `unfold` back.
Each event is one line of JSON, exact to the bit.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import isfinite
from typing import Any, TypeAlias

import msgspec

from taximeter.record import (
    Artifact,
    Dataset,
    Environment,
    Model,
    RunRecord,
    Series,
    Source,
    Status,
    pack_dataset,
    pack_floats,
    pack_model,
    unpack_dataset,
    unpack_floats,
    unpack_model,
)
from taximeter.values import pack, unpack


class _Event(msgspec.Struct, frozen=True, tag_field="event"):
    """Base of every event."""


class Started(_Event, frozen=True, tag="started"):
    """The run began."""

    run_id: str
    experiment: str
    name: str
    time: int
    parent_id: str | None = None
    hypothesis: str | None = None


class ParamsLogged(_Event, frozen=True, tag="params"):
    """Params became known."""

    params: dict[str, Any]


class MetricsLogged(_Event, frozen=True, tag="metrics"):
    """One call logged a point for each of these metrics."""

    values: dict[str, Any]
    step: int
    time: int


class TagsSet(_Event, frozen=True, tag="tags"):
    """Tags were set; a tag set again has its last text."""

    tags: dict[str, str]


class NoteAdded(_Event, frozen=True, tag="note"):
    """Somebody, or an exception, left a note."""

    text: str


class ArtifactLogged(_Event, frozen=True, tag="artifact"):
    """A file was kept under `path`; a path logged again holds the last file."""

    path: str
    artifact: Artifact


class DatasetLogged(_Event, frozen=True, tag="dataset"):
    """A dataset was used."""

    dataset: Dataset


class ModelLogged(_Event, frozen=True, tag="model"):
    """The artifacts in the folder `path` are a model."""

    path: str
    model: Model


class SourceCaptured(_Event, frozen=True, tag="source"):
    """The code that runs became known."""

    source: Source


class EnvironmentCaptured(_Event, frozen=True, tag="environment"):
    """The machine and its software became known."""

    environment: Environment


class Finished(_Event, frozen=True, tag="finished"):
    """The run ended."""

    status: Status
    time: int


Event: TypeAlias = (
    Started
    | ParamsLogged
    | MetricsLogged
    | TagsSet
    | NoteAdded
    | ArtifactLogged
    | DatasetLogged
    | ModelLogged
    | SourceCaptured
    | EnvironmentCaptured
    | Finished
)

_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Event)


def encode(event: Event) -> bytes:
    """Return the event as one line of JSON, without its line break."""
    if type(event) is MetricsLogged and all(map(isfinite, event.values.values())):
        return _ENCODER.encode(event)
    return _ENCODER.encode(_packed(event))


def _packed(event: Event) -> Event:
    """Return the event with values that JSON keeps exactly."""
    match event:
        case MetricsLogged(values, step, time):
            floats = pack_floats(list(values.values()))
            return MetricsLogged(dict(zip(values, floats, strict=True)), step, time)
        case ParamsLogged(params):
            return ParamsLogged(pack(params))
        case DatasetLogged(dataset):
            return DatasetLogged(pack_dataset(dataset))
        case ModelLogged(path, model):
            return ModelLogged(path, pack_model(model))
    return event


def decode(line: bytes) -> Event:
    """Return the event that `encode` wrote.

    Raises:
        msgspec.MsgspecError: the line is no event.
    """
    event: Event = _DECODER.decode(line)
    match event:
        case MetricsLogged(values, step, time):
            if str not in map(type, values.values()):
                return event
            floats = unpack_floats(values.values())
            return MetricsLogged(dict(zip(values, floats, strict=True)), step, time)
        case ParamsLogged(params):
            return ParamsLogged(unpack(params))  # type: ignore[arg-type]
        case DatasetLogged(dataset):
            return DatasetLogged(unpack_dataset(dataset))
        case ModelLogged(path, model):
            return ModelLogged(path, unpack_model(model))
    return event


def fold(events: Iterable[Event]) -> RunRecord:
    """Return the record that the events add up to; without `Finished` the run is still running.

    Raises:
        ValueError: no event is `Started`.
    """
    head: dict[str, Any] = {"status": "running"}
    params: dict[str, Any] = {}
    tags: dict[str, str] = {}
    notes: list[str] = []
    artifacts: dict[str, Artifact] = {}
    datasets: list[Dataset] = []
    models: dict[str, Model] = {}
    metrics: defaultdict[str, Series] = defaultdict(Series)
    for event in events:
        match event:
            case MetricsLogged(values, step, time):
                for key, value in values.items():
                    metrics[key].append(value, step, time)
            case ParamsLogged():
                for name, param in event.params.items():
                    params.setdefault(name, param)  # the first value holds
            case TagsSet():
                tags |= event.tags
            case NoteAdded():
                notes.append(event.text)
            case ArtifactLogged():
                artifacts[event.path] = event.artifact
            case DatasetLogged():
                datasets.append(event.dataset)
            case ModelLogged():
                models[event.path] = event.model
            case SourceCaptured():
                head["source"] = event.source
            case EnvironmentCaptured():
                head["environment"] = event.environment
            case Finished():
                head |= {"status": event.status, "ended": event.time}
            case Started():
                started = msgspec.structs.asdict(event)
                head |= {"started": started.pop("time"), **started}
    if "run_id" not in head:
        raise ValueError("a run begins with Started")
    return RunRecord(
        **head,
        params=params,
        tags=tags,
        notes=tuple(notes),
        artifacts=artifacts,
        datasets=tuple(datasets),
        models=models,
        metrics=dict(metrics),
    )


def unfold(record: RunRecord) -> Iterator[Event]:
    """Yield events that add up to `record`, its points metric by metric."""
    yield Started(
        record.run_id, record.experiment, record.name, record.started, record.parent_id, record.hypothesis
    )
    if record.source:
        yield SourceCaptured(record.source)
    if record.environment:
        yield EnvironmentCaptured(record.environment)
    if record.params:
        yield ParamsLogged(record.params)
    if record.tags:
        yield TagsSet(record.tags)
    yield from map(DatasetLogged, record.datasets)
    for path, artifact in record.artifacts.items():
        yield ArtifactLogged(path, artifact)
    for path, model in record.models.items():
        yield ModelLogged(path, model)
    for key, series in record.metrics.items():
        for value, step, time in series:
            yield MetricsLogged({key: value}, step, time)
    yield from map(NoteAdded, record.notes)
    if record.status != "running":
        yield Finished(record.status, record.ended if record.ended is not None else record.started)


__all__ = [
    "ArtifactLogged",
    "DatasetLogged",
    "EnvironmentCaptured",
    "Event",
    "Finished",
    "MetricsLogged",
    "ModelLogged",
    "NoteAdded",
    "ParamsLogged",
    "SourceCaptured",
    "Started",
    "TagsSet",
    "decode",
    "encode",
    "fold",
    "unfold",
]
