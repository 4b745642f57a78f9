"""Reads a tracking server, or a database other than SQLite, with MLflow's client."""

import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts, list_artifacts
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import (
    ENDPOINT_NOT_FOUND,
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
    ErrorCode,
)

from taximeter.record import Series
from taximeter_mlflow import tags as tag
from taximeter_mlflow.artifacts import Artifacts, is_outside
from taximeter_mlflow.datasets import StoredDataset
from taximeter_mlflow.location import Location
from taximeter_mlflow.reading import Reader, StoredFacts, StoredModel, StoredRun, microseconds
from taximeter_mlflow.schema import check_schema
from taximeter_mlflow.translation import translated

_PAGE = 1000
_ABSENT = {ErrorCode.Name(code) for code in (RESOURCE_DOES_NOT_EXIST, INVALID_PARAMETER_VALUE)}
_NO_MODELS = ErrorCode.Name(ENDPOINT_NOT_FOUND)
_QUOTABLE = re.compile(r"[\w.\-]+")


class RemoteReader(Reader):
    """Reads through MLflow's client, page by page."""

    @translated
    def __init__(self, place: Location) -> None:
        if place.is_database:
            check_schema(place.uri)
        self._uri = place.uri
        self._client: Any = MlflowClient(tracking_uri=place.uri)

    def stored_runs(self) -> Iterator[StoredRun]:
        """Yield the runs in the order in which they began."""
        yield from self._search("")

    @translated
    def find(self, run_id: str) -> str | None:
        """Return MLflow's id of a run."""
        if _QUOTABLE.fullmatch(run_id):
            found = self._search(f"tags.`{tag.RUN_ID}` = '{run_id}'")
        else:
            found = [run for run in self._search("") if run.run_id == run_id]
        return found[-1].vendor_id if found else self._find_vendor_id(run_id)

    @translated
    def stored_run(self, vendor_id: str) -> StoredRun:
        """Return what the server says of a run."""
        run = self._client.get_run(vendor_id)
        return _stored_run(run, self._client.get_experiment(run.info.experiment_id).name)

    @translated
    def facts(self, vendor_id: str) -> StoredFacts:
        """Return a run's facts; a metric's points in the order of time, step and value, as MLflow returns them."""
        run = self._client.get_run(vendor_id)
        histories = {key: self._client.get_metric_history(vendor_id, key) for key in run.data.metrics}
        return StoredFacts(
            params=dict(run.data.params),
            tags=dict(run.data.tags),
            metrics={key: _series(history) for key, history in histories.items()},
            datasets=list(map(_dataset, run.inputs.dataset_inputs)) if run.inputs else [],
        )

    @translated
    def artifacts(self, vendor_id: str) -> Artifacts:
        """Return the run's own artifacts."""
        return _RemoteArtifacts(self._client.get_run(vendor_id).info.artifact_uri, self._uri)

    @translated
    def models(self, vendor_id: str) -> list[StoredModel]:
        """Return the models that a run logged, if the server is of MLflow 3."""
        experiment = self._client.get_run(vendor_id).info.experiment_id
        query = {"experiment_ids": [experiment], "filter_string": f"source_run_id = '{vendor_id}'"}
        try:
            models = pages(self._client.search_logged_models, **query)
        except MlflowException as error:
            if error.error_code == _NO_MODELS:
                return []
            raise
        models.sort(key=lambda model: (model.creation_timestamp, model.model_id))
        return [
            StoredModel(model.name, dict(model.tags), _RemoteArtifacts(model.artifact_location, self._uri))
            for model in models
        ]

    @translated
    def _search(self, query: str) -> list[StoredRun]:
        experiments = pages(self._client.search_experiments, view_type=ViewType.ALL)
        names = {experiment.experiment_id: experiment.name for experiment in experiments}
        runs = pages(
            self._client.search_runs,
            experiment_ids=list(names),
            filter_string=query,
            max_results=_PAGE,
            order_by=["attributes.start_time ASC"],
        )
        return [_stored_run(run, names[run.info.experiment_id]) for run in runs]

    def _find_vendor_id(self, run_id: str) -> str | None:
        try:
            run = self._client.get_run(run_id)
        except MlflowException as error:
            if error.error_code in _ABSENT:
                return None
            raise
        return run_id if run.info.lifecycle_stage == "active" else None


class _RemoteArtifacts(Artifacts):
    """Files that MLflow lists and downloads.

    Args:
        root: their URI.
        uri: of the tracking server that may stand before them.
    """

    def __init__(self, root: str, uri: str) -> None:
        self._root = root
        self._uri = uri

    def paths(self) -> Iterator[str]:
        """Yield the path of every file."""
        return self._walk("")

    @translated
    def open(self, path: str) -> BinaryIO:
        """Download a file, and open what was downloaded."""
        parent = PurePosixPath(path).parent
        if is_outside(path) or path not in self._list("" if parent == PurePosixPath() else str(parent)):
            raise FileNotFoundError(path)
        with tempfile.TemporaryDirectory(prefix="taximeter-") as folder:
            file = download_artifacts(artifact_uri=f"{self._root}/{path}", dst_path=folder, tracking_uri=self._uri)
            return Path(file).open("rb")  # its bytes stay until it is closed

    def _walk(self, folder: str) -> Iterator[str]:
        for path, is_folder in sorted(self._list(folder).items()):
            if is_folder:
                yield from self._walk(path)
            else:
                yield path

    @translated
    def _list(self, folder: str) -> dict[str, bool]:
        """Return what lies in a folder, by path, and whether it is a folder itself."""
        found = list_artifacts(
            artifact_uri=f"{self._root}/{folder}" if folder else self._root, tracking_uri=self._uri
        )
        entries = {f"{folder}/{PurePosixPath(entry.path).name}".lstrip("/"): entry.is_dir for entry in found}
        return {path: is_folder for path, is_folder in entries.items() if not is_outside(path)}


def pages(search: Callable[..., Any], **query: Any) -> list[Any]:
    """Return everything that a search finds, on however many pages."""
    found: list[Any] = []
    token = None
    while True:
        page = search(page_token=token, **query)
        found += page
        token = page.token
        if not token:
            return found


def _stored_run(run: Any, experiment: str) -> StoredRun:
    info = run.info
    return StoredRun(
        info.run_id,
        experiment,
        info.run_name or "",
        info.status,
        info.start_time,
        info.end_time,
        run.data.tags.get(tag.RUN_ID),
    )


def _series(history: list[Any]) -> Series:
    return Series(
        (point.value for point in history),
        (point.step for point in history),
        (microseconds(point.timestamp) for point in history),
    )


def _dataset(used: Any) -> StoredDataset:
    data = used.dataset
    contexts = [tag_.value for tag_ in used.tags if tag_.key == tag.CONTEXT]
    return StoredDataset(
        data.name,
        data.digest,
        data.source_type,
        data.source,
        data.schema,
        data.profile,
        contexts[0] if contexts else None,
    )
