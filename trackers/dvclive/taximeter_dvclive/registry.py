"""Models and datasets as entries of a run's ``dvc.yaml``, the registry of DVC's artifacts."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from taximeter.record import Dataset, Model, pack_dataset, pack_model, unpack_dataset, unpack_model
from taximeter_dvclive.names import artifact_name, literal, unliteral

_MODEL, _DATASET = "model", "dataset"


def model_entry(path: str, file: str, model: Model) -> tuple[str, dict[str, Any]]:
    """Return the name and the entry of a model.

    Args:
        path: the artifact folder.
        file: where that lies.
        model: what it is.
    """
    meta = {"path": path, **msgspec.to_builtins(pack_model(model))}
    return artifact_name(path), _entry(_MODEL, file, f"a {model.flavour} model", model.flavour, meta)


def dataset_entry(file: str, dataset: Dataset) -> tuple[str, dict[str, Any]]:
    """Return the name and the entry of a dataset; `file` is a card that describes it."""
    meta: dict[str, Any] = msgspec.to_builtins(pack_dataset(dataset))
    entry = _entry(_DATASET, file, f"{dataset.rows} rows from {dataset.source}", dataset.role, meta)
    return artifact_name(f"{dataset.role}/{dataset.name}"), entry


def read_models(entries: Iterable[dict[str, Any]]) -> dict[str, Model]:
    """Return the models among the entries of a ``dvc.yaml``, by the artifact folder that we noted or by path."""
    found: dict[str, Model] = {}
    for entry in _of_type(entries, _MODEL):
        meta = entry["meta"]
        path = str(meta.pop("path", entry.get("path", "")))
        found[path] = _model(meta)
    return found


def read_datasets(entries: Iterable[dict[str, Any]]) -> tuple[Dataset, ...]:
    """Return the datasets among the entries of a ``dvc.yaml`` that say what we say of one."""
    found = (_dataset(entry["meta"]) for entry in _of_type(entries, _DATASET))
    return tuple(dataset for dataset in found if dataset)


def _entry(kind: str, file: str, about: str, label: str, meta: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = literal({"path": file, "type": kind, "desc": about, "labels": [label], "meta": meta})
    return entry


def _of_type(entries: Iterable[dict[str, Any]], kind: str) -> Iterator[dict[str, Any]]:
    for entry in entries:
        if entry.get("type") == kind:
            plain: dict[str, Any] = unliteral(entry)
            meta = plain.get("meta")
            yield plain | {"meta": meta if isinstance(meta, dict) else {}}


def _model(meta: dict[str, Any]) -> Model:
    try:
        return unpack_model(msgspec.convert(meta, Model))
    except (msgspec.ValidationError, ValueError):
        return Model("")


def _dataset(meta: dict[str, Any]) -> Dataset | None:
    try:
        return unpack_dataset(msgspec.convert(meta, Dataset))
    except (msgspec.ValidationError, ValueError):
        return None
