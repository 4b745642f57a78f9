"""Applies the client's messages to fields."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any

from neptune_api.proto.neptune_pb.ingest.v1 import common_pb2  # type: ignore[import-not-found]

from taximeter_neptune.fields import Fields, StoredFile

_MICROSECONDS = 1_000_000
_MILLION = 1_000_000
_NANOSECONDS_PER_MICROSECOND = 1000


def to_microseconds(timestamp: Any) -> int:
    """Return a time of the client's, which keeps nanoseconds."""
    return int(timestamp.seconds * _MICROSECONDS + round(timestamp.nanos / _NANOSECONDS_PER_MICROSECOND))


def apply_creation(fields: Fields, message: bytes) -> None:
    """Take up the message that a run was created."""
    created = common_pb2.Run.FromString(message)
    fields.name = created.experiment_id
    fields.began = to_microseconds(created.creation_time)


def apply_snapshot(fields: Fields, part: Path, uploads: Mapping[str, str], message: bytes) -> None:
    """Take up a message with values.

    Args:
        fields: what they are added to.
        part: the run's folder.
        uploads: where each file lay, by the name that it was to have in Neptune's storage.
        message: a serialized ``UpdateRunSnapshot``.
    """
    snapshot = common_pb2.UpdateRunSnapshot.FromString(message)
    time = to_microseconds(snapshot.timestamp)
    step = _step(snapshot.step) if snapshot.HasField("step") else None
    for path, value in snapshot.append.items():
        kind = value.WhichOneof("value")
        if kind == "float64":
            fields.log(path, value.float64, step, time)
        elif kind == "string":
            fields.add_text(path, value.string)
        elif kind == "file_ref":
            fields.files[f"{path}/{step}"] = _file(part, uploads, value.file_ref)
    for path, value in snapshot.assign.items():
        _assign(fields, part, uploads, path, value)
    for path, change in snapshot.modify_sets.items():
        changes = change.string.values.items()
        added = [text for text, operation in changes if operation == common_pb2.ADD]
        fields.change_set(path, added, [text for text, operation in changes if operation != common_pb2.ADD])


def _step(step: Any) -> float:
    """Return a step, which has a fraction in millionths."""
    return float(step.whole + step.micro / _MILLION) if step.micro else int(step.whole)


def _assign(fields: Fields, part: Path, uploads: Mapping[str, str], path: str, value: Any) -> None:
    kind = value.WhichOneof("value")
    if kind == "file_ref":
        fields.files[path] = _file(part, uploads, value.file_ref)
    elif kind == "string_set":
        fields.atoms[path] = list(value.string_set.values)
    elif kind == "timestamp":
        moment = datetime.fromtimestamp(to_microseconds(value.timestamp) / _MICROSECONDS, UTC)
        fields.atoms[path] = moment.isoformat()
    elif kind in {"float64", "int64", "bool", "string"}:
        fields.atoms[path] = getattr(value, kind)


def _file(part: Path, uploads: Mapping[str, str], reference: Any) -> StoredFile:
    """Return the file that a message refers to, if it lies in the run's folder, wherever that is now."""
    ending = PurePath(reference.path).suffix.removeprefix(".")
    names = PurePath(uploads.get(reference.path, "")).parts
    if part.name not in names:
        return StoredFile(None, ending)
    return StoredFile(part.joinpath(*names[names.index(part.name) + 1 :]), ending)
