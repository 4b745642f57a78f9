"""Models as MLflow describes them: the file ``MLmodel``, and the tag that MLflow 1 and 2 kept."""

from typing import Any

from msgspec import DecodeError, json

from taximeter.record import Model
from taximeter_mlflow.artifacts import Artifacts
from taximeter_mlflow.yamls import read_yaml

FILE = "MLmodel"
_GENERAL_FLAVOUR = "python_function"
_SIDES = ("inputs", "outputs", "params")


def read_model(files: Artifacts, flavour: str | None) -> Model:
    """Return the model whose files these are; `flavour` is what its tags say."""
    try:
        with files.open(FILE) as stream:
            model = parse_model(read_yaml(stream, FILE))
    except FileNotFoundError:
        model = parse_model({})
    return Model(flavour or model.flavour, model.signature, model.input_example)


def parse_model(described: dict[str, Any]) -> Model:
    """Return the model that the content of a file ``MLmodel`` describes."""
    flavours = described.get("flavors")
    names = list(flavours) if isinstance(flavours, dict) else []
    own = [str(name) for name in names if name != _GENERAL_FLAVOUR]
    example = described.get("saved_input_example_info")
    path = example.get("artifact_path") if isinstance(example, dict) else None
    return Model(
        own[0] if own else _GENERAL_FLAVOUR if names else "unknown",
        _signature(described.get("signature")),
        str(path) if path is not None else None,
    )


def model_history(text: str | None) -> dict[str, Model]:
    """Return the models that a run's tag lists, by their folder among the run's artifacts."""
    try:
        listed = json.decode(text or "[]")
    except DecodeError:
        return {}
    models = listed if isinstance(listed, list) else []
    return {
        str(model["artifact_path"]): parse_model(model)
        for model in models
        if isinstance(model, dict) and "artifact_path" in model
    }


def _signature(signature: Any) -> Any:
    """Return a signature with its sides, which MLflow keeps as text, decoded."""
    if not isinstance(signature, dict):
        return None
    return {side: _decoded(signature[side]) for side in _SIDES if signature.get(side) is not None}


def _decoded(side: Any) -> Any:
    try:
        return json.decode(side) if isinstance(side, str) else None
    except DecodeError:
        return side
