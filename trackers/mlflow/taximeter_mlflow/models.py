"""Keeps models as logged models of MLflow's: scikit-learn's with the files MLflow loads, others as they are."""

import importlib
import logging
import re
import tempfile
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import mlflow.models
from mlflow.entities import LoggedModelOutput, LoggedModelStatus
from mlflow.models import Model as MlflowModel
from mlflow.models.signature import ModelSignature
from mlflow.types.schema import ColSpec, DataType, Schema, TensorSpec
from msgspec import json

from taximeter.record import Model
from taximeter_mlflow import tags as tag
from taximeter_mlflow.artifacts import is_outside
from taximeter_mlflow.remote import pages

_MODEL_FILE = "model.skops"
_REFUSED = re.compile(r"[/:.%\"']")
_LONGEST_NAME = 200
_TRUSTED = re.compile(r"(sklearn|numpy|scipy)\.(?!(.*\.)?(testing|tests|_testing|f2py|distutils|conftest)\.)")
_TYPES = {"float": DataType.double, "int": DataType.long, "bool": DataType.boolean, "str": DataType.string}
_NUMBERS = {"bool", "float32", "float64", "int32", "int64"}

logger = logging.getLogger(__name__)


class ModelKeeper:
    """Keeps the models of one run.

    Args:
        client: MLflow's client.
        run_id: MLflow's id of the run.
        experiment_id: MLflow's id of its experiment.
    """

    def __init__(self, client: Any, run_id: str, experiment_id: str) -> None:
        self._client = client
        self._run_id = run_id
        self._experiment_id = experiment_id

    def keep(self, path: str, folder: Path, model: Model, params: Mapping[str, str]) -> None:
        """Keep a model once: the one that this run already logged under the path is written anew.

        Args:
            path: the model's folder among the run's artifacts.
            folder: where its files lie now.
            model: what is known of it.
            params: the run's, which MLflow shows with the model too.
        """
        model_id = self._find(path) or self._create(path, params)
        self._client.set_logged_model_tags(model_id, {tag.MODEL_PATH: path, tag.MODEL_FLAVOUR: model.flavour})
        described = MlflowModel(run_id=self._run_id, model_id=model_id, model_uuid=model_id)
        with tempfile.TemporaryDirectory(prefix="taximeter-") as scratch:
            prepared = _prepare(folder, Path(scratch, "model"), model, described)
            self._client.log_model_artifacts(model_id, str(prepared))
        self._client.finalize_logged_model(model_id, LoggedModelStatus.READY)
        self._link(model_id)

    def _find(self, path: str) -> str | None:
        query = {"experiment_ids": [self._experiment_id], "filter_string": f"source_run_id = '{self._run_id}'"}
        models = pages(self._client.search_logged_models, **query)
        return next((model.model_id for model in models if model.tags.get(tag.MODEL_PATH) == path), None)

    def _create(self, path: str, params: Mapping[str, str]) -> str:
        """Create a model that says from the first whose it is, so that it is found again."""
        created = self._client.create_logged_model(
            self._experiment_id,
            name=_REFUSED.sub("-", path)[:_LONGEST_NAME] or "model",
            source_run_id=self._run_id,
            tags={tag.MODEL_PATH: path},
            params=dict(params),
        )
        return str(created.model_id)

    def _link(self, model_id: str) -> None:
        outputs = self._client.get_run(self._run_id).outputs
        if model_id not in {output.model_id for output in (outputs.model_outputs if outputs else [])}:
            self._client.log_outputs(self._run_id, [LoggedModelOutput(model_id, 0)])


def _prepare(folder: Path, target: Path, model: Model, described: MlflowModel) -> Path:
    """Return the folder whose files MLflow is to keep."""
    is_sklearn = model.flavour == "sklearn" and (folder / _MODEL_FILE).is_file()
    if not is_sklearn or not (find_spec("sklearn") and find_spec("skops")):
        return folder
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow warns of its own type hints as it is imported
            _save_sklearn(folder, target, model, described)
    except Exception as error:  # noqa: BLE001 - whatever a model of another version raises; its files are kept as they are
        logger.warning("the model %s is kept as plain files: %s", folder, error)
        return folder
    return target


def _save_sklearn(folder: Path, target: Path, model: Model, described: MlflowModel) -> None:
    """Write the folder that MLflow's own flavour of scikit-learn writes, from a file of skops.

    Raises:
        ValueError: the file holds types of other libraries, which may do anything when they are loaded.
    """
    if not hasattr(mlflow.models, "ModelSignature"):  # it was imported without pandas
        importlib.reload(mlflow.models)
    import skops.io  # noqa: PLC0415 - a second to import, and only models need it
    from mlflow.sklearn import save_model  # noqa: PLC0415 - as above

    file = folder / _MODEL_FILE
    types = skops.io.get_untrusted_types(file=file)
    if strange := [name for name in types if not _TRUSTED.match(name)]:
        raise ValueError(f"it holds {', '.join(strange)}")
    signature = _signature(model.signature)
    save_model(
        skops.io.load(file, trusted=types),
        str(target),
        mlflow_model=described,
        serialization_format="skops",
        signature=signature if signature is not None else False,
        input_example=_example(folder, model.input_example),
        pip_requirements=[f"{name}=={version(name)}" for name in ("mlflow", "scikit-learn", "skops")],
        skops_trusted_types=types or None,
    )


def _example(folder: Path, path: str | None) -> Any:
    """Return rows of input as MLflow's users give them: a data frame of named columns, or an array."""
    if path is None or is_outside(path) or not (folder / path).is_file():
        return None
    import numpy as np  # noqa: PLC0415 - as above
    import pandas as pd  # noqa: PLC0415 - as above

    rows = json.decode((folder / path).read_bytes())
    return pd.DataFrame(rows) if rows and isinstance(rows[0], dict) else np.asarray(rows)


def _signature(signature: Any) -> ModelSignature | None:
    """Return MLflow's form of a signature, where it has one."""
    if not isinstance(signature, dict) or "inputs" not in signature:
        return None
    inputs, outputs = _inputs(signature["inputs"]), _outputs(signature.get("outputs"))
    return None if inputs is None else ModelSignature(inputs, outputs)


def _inputs(types: Any) -> Schema | None:
    if isinstance(types, dict) and types and set(types.values()) <= _TYPES.keys():
        return Schema([ColSpec(_TYPES[kind], name) for name, kind in types.items()])
    if isinstance(types, list) and types and set(types) <= {"float", "int", "bool"}:
        return Schema([_tensor("float64" if "float" in types else "int64", len(types))])
    return None


def _outputs(types: Any) -> Schema | None:
    if isinstance(types, list) and len(types) == 1 and types[0] in _NUMBERS:
        return Schema([_tensor(types[0])])
    return None


def _tensor(kind: str, *shape: int) -> TensorSpec:
    import numpy as np  # noqa: PLC0415 - as above

    return TensorSpec(np.dtype(kind), (-1, *shape))
