"""Datasets as MLflow keeps them: name, digest, source, schema and profile."""

from typing import Any

import msgspec
from msgspec import json

from taximeter.record import Dataset, Role
from taximeter.values import pack, unpack
from taximeter_mlflow.names import cut, cut_name

_LONGEST_NAME = 500
_LONGEST_DIGEST = 36
_LONGEST_SOURCE = 65_535
_LONGEST_SCHEMA = 1_048_575
_LONGEST_PROFILE = 16_777_215

_SOURCE_TYPES = {"http": "http", "https": "http", "s3": "s3", "gs": "gs"}
_ROLES: dict[str, Role] = {
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "eval": "validation",
    "evaluation": "validation",
    "test": "test",
    "testing": "test",
}
_COLUMN_TYPES = {
    "bool": "boolean",
    "int8": "integer",
    "int16": "integer",
    "int32": "integer",
    "uint8": "integer",
    "uint16": "integer",
    "int64": "long",
    "uint32": "long",
    "float": "float",
    "halffloat": "float",
    "float32": "float",
    "double": "double",
    "float64": "double",
    "string": "string",
    "large_string": "string",
    "str": "string",
    "object": "string",
    "binary": "binary",
    "large_binary": "binary",
}


class StoredDataset(msgspec.Struct, frozen=True):
    """A dataset as MLflow's tables and files have it; source, schema and profile are JSON."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None
    profile: str | None
    context: str | None = None


def to_stored(dataset: Dataset) -> StoredDataset:
    """Return a dataset within MLflow's limits."""
    kind = _SOURCE_TYPES.get(dataset.source.partition("://")[0], "local")
    field = "url" if kind == "http" else "uri"
    return StoredDataset(
        name=cut_name(dataset.name, _LONGEST_NAME),
        digest=dataset.sha256[:_LONGEST_DIGEST],
        source_type=kind,
        source=_within(_LONGEST_SOURCE, {field: dataset.source}, {field: cut(dataset.source, 5_000)}) or "{}",
        schema=_within(_LONGEST_SCHEMA, {"mlflow_colspec": list(map(_colspec, dataset.columns.items()))}),
        profile=_profile(dataset),
        context=dataset.role,
    )


def from_stored(stored: StoredDataset) -> Dataset:
    """Return what MLflow holds of a dataset, ours or another's."""
    profile = _decoded(stored.profile)
    source = _decoded(stored.source)
    columns = profile.pop("columns", None) or _columns(_decoded(stored.schema))
    rows = profile.pop("num_rows", 0)
    profile.pop("num_elements", None)
    statistics = unpack(profile.pop("statistics")) if "sha256" in profile and "statistics" in profile else profile
    digest = profile.pop("sha256", stored.digest)
    return Dataset(
        name=stored.name,
        role=_ROLES.get(stored.context or "", "train"),
        source=str(source.get("uri") or source.get("url") or stored.source),
        sha256=str(digest),
        rows=rows if isinstance(rows, int) else 0,
        columns=columns if isinstance(columns, dict) else {},
        statistics=statistics if isinstance(statistics, dict) else {},
    )


def _profile(dataset: Dataset) -> str | None:
    """Return MLflow's two counts, and what its other fields have no room for."""
    counts = {"num_rows": dataset.rows, "num_elements": dataset.rows * len(dataset.columns)}
    described = counts | {"sha256": dataset.sha256, "columns": dataset.columns}
    return _within(_LONGEST_PROFILE, described | {"statistics": pack(dataset.statistics)}, described, counts)


def _within(longest: int, *candidates: dict[str, Any]) -> str | None:
    """Return the first of the candidates whose JSON is short enough."""
    texts = (json.encode(candidate).decode() for candidate in candidates)
    return next((text for text in texts if len(text) <= longest), None)


def _colspec(column: tuple[str, str]) -> dict[str, Any]:
    name, kind = column
    mapped = "datetime" if kind.startswith(("timestamp", "date")) else _COLUMN_TYPES.get(kind, "any")
    return {"name": name, "type": mapped, "required": True}


def _columns(schema: dict[str, Any]) -> dict[str, str]:
    """Return the columns that a schema of MLflow's lists, where it lists any by name."""
    specs = schema.get("mlflow_colspec") or []
    if isinstance(specs, dict):
        specs = [spec for side in specs.values() if isinstance(side, list) for spec in side]
    named = [spec for spec in specs if isinstance(spec, dict) and "name" in spec]
    return {str(spec["name"]): str(spec.get("type", "any")) for spec in named}


def _decoded(text: str | None) -> dict[str, Any]:
    try:
        tree = json.decode(text or "{}")
    except msgspec.DecodeError:
        return {}
    return tree if isinstance(tree, dict) else {}
