"""Applies the client's operations to fields."""

import logging
import math
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from taximeter_neptune.fields import Fields, StoredFile, int64

FILES = "upload_path"
"""The folder in a run's folder that holds copies of files."""

_MICROSECONDS = 1_000_000
_ATOMS = {"AssignFloat", "AssignInt", "AssignBool", "AssignString"}
_DELETIONS = {"DeleteAttribute", "ClearFloatLog", "ClearStringLog", "ClearStringSet", "ClearArtifact"}

_logger = logging.getLogger(__name__)


def apply(fields: Fields, folder: Path, operations: Iterable[dict[str, Any]]) -> None:
    """Take up the operations of a run whose folder this is; one of another shape is passed over."""
    for document in operations:
        try:
            _apply(fields, folder, document["obj"])
        except (KeyError, TypeError, ValueError, OverflowError, OSError) as error:
            _logger.warning("%s: an operation cannot be read: %r", folder, error)


def to_microseconds(seconds: float) -> int:
    """Return a time of the client's."""
    return int64(round(seconds * _MICROSECONDS)) if math.isfinite(seconds) else 0


def _apply(fields: Fields, folder: Path, operation: dict[str, Any]) -> None:
    path, kind = "/".join(operation["path"]), operation["type"]
    if kind == "LogFloats":
        for entry in operation["values"]:
            fields.log(path, entry["value"], entry.get("step"), to_microseconds(entry["ts"]))
    elif kind in _ATOMS:
        fields.atoms[path] = operation["value"]
    elif kind == "AssignDatetime":
        fields.atoms[path] = datetime.fromtimestamp(operation["value"] / 1000, UTC).isoformat()
    elif kind == "LogStrings":
        for entry in operation["values"]:
            fields.add_text(path, str(entry["value"]))
    elif kind == "AddStrings":
        fields.change_set(path, operation["values"], [])
    elif kind == "RemoveStrings":
        fields.change_set(path, [], operation["values"])
    elif kind == "UploadFile":
        copy = operation.get("tmp_file_name")
        place = folder / FILES / copy if copy else None
        fields.files[path] = StoredFile(place, str(operation["ext"]))
    elif kind == "TrackFilesToArtifact":
        fields.tracked[path] = str(operation["entries"][0][0])
    elif kind in _DELETIONS:
        fields.delete(path)
