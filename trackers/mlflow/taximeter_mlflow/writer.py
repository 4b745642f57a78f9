"""Writes one run with MLflow's client, and its points into a database of SQLite in bulk."""

import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mlflow.entities import Dataset as MlflowDataset
from mlflow.entities import DatasetInput, InputTag, Metric, Param, RunTag

from taximeter.events import MetricsLogged, Started
from taximeter.record import Dataset, Model, RunRecord, Source
from taximeter.tracker import RECORD_PATH, RunWriter
from taximeter_mlflow import MlflowTracker
from taximeter_mlflow import tags as tag
from taximeter_mlflow.artifacts import Namer
from taximeter_mlflow.batches import PARAMS, POINTS, TAGS, Identity, Keys, batches, distinct, identity, points
from taximeter_mlflow.datasets import to_stored
from taximeter_mlflow.location import Location
from taximeter_mlflow.names import cut, text_of
from taximeter_mlflow.translation import translated
from taximeter_mlflow.vendor import connect

_LONGEST_PARAM = 6000
_LONGEST_NAME = 250
_STATUSES = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED"}


class MlflowWriter(RunWriter):
    """A run that is open in an MLflow store; every call is in the store when it returns."""

    tracker = MlflowTracker

    @translated
    def __init__(self, place: Location, started: Started) -> None:
        self._mlflow = connect(place)
        self._client = self._mlflow.client
        self._is_folder = place.kind == "folder"
        self._is_server = place.is_server
        self._started = started
        self._note: str | None = None
        self._notes: list[str] = []
        self._is_nested = started.parent_id is None
        self._tables: dict[str, None] = {}
        self._texts: dict[str, str] = {}
        self._params = Keys(as_files=self._is_folder)
        self._metrics = Keys(as_files=self._is_folder)
        self._tags = Keys(as_files=self._is_folder, is_reserved=tag.is_reserved, taken=tag.RESERVED)
        self._names = Namer(server=self._is_server)
        self._experiment = self._mlflow.experiment_id(started.experiment)
        self._written: Counter[Identity] = Counter()
        self._kept: set[str] = set()
        self._id = self._continue() or self._create()

    @translated
    def log_params(self, params: Mapping[str, Any]) -> None:
        """Add params as text."""
        texts = {self._params[name]: cut(text_of(value), _LONGEST_PARAM) for name, value in params.items()}
        self._texts |= texts
        added = [Param(key, text) for key, text in texts.items() if key not in self._kept]
        for batch in batches(added, PARAMS, is_server=self._is_server):
            self._client.log_batch(self._id, params=batch, synchronous=True)

    @translated
    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Append points, a thousand in one transaction."""
        fresh = (point for point in points(rows, self._metrics) if not self._is_written(point))
        for batch in batches(fresh, POINTS, is_server=self._is_server):
            self._mlflow.log_points(self._id, batch if self._is_folder else distinct(batch))

    @translated
    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags."""
        self._set_tags({self._tags[name]: cut(text, tag.LONGEST_TAG) for name, text in tags.items()})

    @translated
    def add_note(self, text: str) -> None:
        """Add a note to the run's description."""
        is_full = sum(map(len, self._notes)) > tag.LONGEST_TAG
        self._notes.append(text)
        if not is_full:
            self._describe(self._notes)

    @translated
    def log_artifact(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - MLflow goes by the name
        """Keep a copy of a file among the run's artifacts."""
        self._keep(file, self._names.place(path))

    def log_figure(self, path: str, file: Path, media_type: str) -> None:
        """Do nothing more: a figure that MLflow logs itself is an artifact too, which its UI shows by its name."""

    def log_text(self, path: str, file: Path, media_type: str) -> None:
        """Do nothing more: the UI shows artifacts of text."""

    @translated
    def log_table(self, path: str, file: Path, media_type: str) -> None:
        """Keep the rows as MLflow's `log_table` does too, so that the UI shows them beside those of other runs."""
        from taximeter_mlflow.tables import table_of, table_path, table_tag  # noqa: PLC0415 - PyArrow takes its time

        table = table_of(file, media_type)
        if table is None:
            return
        place = self._names.place(table_path(path))
        with tempfile.TemporaryDirectory(prefix="taximeter-") as folder:
            target = Path(folder, "table.json")
            target.write_text(table)
            self._keep(target, place)
        self._tables[place] = None
        self._set_tags({tag.LOGGED_ARTIFACTS: table_tag(list(self._tables), tag.LONGEST_TAG)})

    @translated
    def log_dataset(self, dataset: Dataset) -> None:
        """Note a dataset as an input of the run, with its role as MLflow's context."""
        stored = to_stored(dataset)
        entity = MlflowDataset(
            stored.name, stored.digest, stored.source_type, stored.source, stored.schema, stored.profile
        )
        self._mlflow.add_dataset(self._id, DatasetInput(entity, [InputTag(tag.CONTEXT, dataset.role)]))

    @translated
    def log_model(self, path: str, folder: Path, model: Model) -> None:
        """Keep a model as a logged model of MLflow's, linked to the run."""
        from taximeter_mlflow.models import ModelKeeper  # noqa: PLC0415 - pandas takes its time

        ModelKeeper(self._client, self._id, self._experiment).keep(path, folder, model, self._texts)

    @translated
    def capture_source(self, source: Source) -> None:
        """Note the code in MLflow's own tags."""
        self._set_tags(tag.source_tags(source))

    @translated
    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Keep the exact record among the artifacts, and end the run."""
        self._describe(record.notes)
        if not self._is_nested:
            self._set_tags(self._parent_tags())
        self._keep(record_file, RECORD_PATH)
        if record.status in _STATUSES:
            ended = record.started if record.ended is None else record.ended
            self._client.set_terminated(self._id, _STATUSES[record.status], _milliseconds(ended))

    def _create(self) -> str:
        """Create the run with its tags in one transaction, so that it can always be found again."""
        started = self._started
        self._note = tag.compose_note(started.hypothesis, ())
        tags = {tag.RUN_ID: started.run_id} | self._parent_tags()
        if self._note is not None:
            tags[tag.NOTE] = self._note
        name = cut(started.name, _LONGEST_NAME) or started.run_id[:8]
        run = self._client.create_run(self._experiment, _milliseconds(started.time), tags, run_name=name)
        return str(run.info.run_id)

    def _continue(self) -> str | None:
        """Return the run that an earlier writer left, running again."""
        found = self._mlflow.reader.find(self._started.run_id)
        if found is None or found == self._started.run_id:
            return None
        self._client.update_run(found, status="RUNNING")
        self._written = self._mlflow.written(found)
        self._kept = set(self._client.get_run(found).data.params)  # MLflow would refuse other values
        return found

    def _is_written(self, point: Metric) -> bool:
        """Tell whether an earlier writer put this point where it would be put again."""
        if not self._written or self._written[identity(point)] <= 0:
            return False
        self._written[identity(point)] -= 1
        return True

    def _parent_tags(self) -> dict[str, str]:
        """Return MLflow's tag for the parent, or ours as long as MLflow does not know the parent."""
        parent = self._started.parent_id
        if parent is None:
            return {}
        found = self._mlflow.reader.find(parent)
        self._is_nested = found is not None
        return {tag.PARENT_RUN: found} if found else {tag.PARENT_ID: parent}

    def _describe(self, notes: Sequence[str]) -> None:
        note = tag.compose_note(self._started.hypothesis, notes)
        if note not in {None, self._note}:
            self._set_tags({tag.NOTE: note or ""})
        self._note = note

    def _set_tags(self, tags: Mapping[str, str]) -> None:
        pairs = (RunTag(key, text) for key, text in tags.items())
        for batch in batches(pairs, TAGS, is_server=self._is_server):
            self._client.log_batch(self._id, tags=batch, synchronous=True)

    def _keep(self, file: Path, path: str) -> None:
        folder, _, name = path.rpartition("/")
        with _named(file, name) as named:
            self._client.log_artifact(self._id, str(named), folder or None)


@contextmanager
def _named(file: Path, name: str) -> Iterator[Path]:
    """Give a file the name that it is to have, for MLflow keeps the name."""
    if file.name == name:
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="taximeter-") as folder:
        link = Path(folder, name)
        link.symlink_to(file.absolute())
        yield link


def _milliseconds(time: int) -> int:
    """Return a time in milliseconds; MLflow takes zero for none at all."""
    return max(time // 1000, 1)
