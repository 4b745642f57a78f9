"""Writes one run as Neptune's own users would: as fields, and files that fields refer to."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from taximeter.artifact_files import keep_artifact
from taximeter.errors import TrackerError
from taximeter.events import MetricsLogged, Started
from taximeter.record import Dataset, Environment, Model, RunRecord, Source
from taximeter.tracker import RECORD_PATH, RunWriter
from taximeter.values import Value, pack
from taximeter_neptune.names import (
    ARTIFACTS,
    DATASETS,
    ENVIRONMENT,
    METRICS,
    MODELS,
    NOTES,
    OURS,
    PARAMS,
    SOURCE,
    SYS,
    Paths,
    leaves,
    tag_for,
)
from taximeter_neptune.session import Row, Session


class NeptuneWriter(RunWriter):
    """A run that is being written; each method leaves nothing behind in this process."""

    def __init__(self, session: Session, started: Started) -> None:
        self._session = session
        self._paths = Paths(lambda path, rest: session.assign({path: rest}))
        self._tags: dict[str, str] = {}
        self._notes = self._datasets = self._models = 0
        self._time = started.time
        ours: dict[str, Value] = {"run_id": started.run_id}  # first, so that every beginning of the run tells it
        ours |= {"experiment": started.experiment, "started": started.time, "status": "running"}
        about = {f"{OURS}/{name}": value for name, value in ours.items()} | {f"{SYS}/name": started.name}
        if started.hypothesis is not None:
            about[f"{SYS}/description"] = started.hypothesis
        try:
            session.assign(about)
            if started.parent_id is not None:
                session.set_group(started.parent_id)
        except BaseException:
            with suppress(TrackerError):
                session.close()  # nobody else will: there is no writer
            raise

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Set fields in the namespace ``parameters``; a nested param is a namespace of its own."""
        found = (leaf for name, value in params.items() for leaf in leaves(name, value))
        self._session.assign({self._paths.shorten(PARAMS, below): value for below, value in found})

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Append to series in the namespace ``metrics``."""
        place = self._paths.place
        self._time = rows[-1].time
        self._session.log(
            [
                Row({place(METRICS, key): value for key, value in row.values.items()}, row.step, row.time)
                for row in rows
            ]
        )

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set Neptune's tags, which are bare text: ``name=text``."""
        gone = [tag_for(name, self._tags[name]) for name in tags if name in self._tags]
        self._tags |= tags
        self._session.change_tags([tag_for(name, text) for name, text in tags.items()], gone)

    def add_note(self, text: str) -> None:
        """Append to the series of texts ``notes``."""
        self._session.log_text(NOTES, text, self._notes, self._time)
        self._notes += 1

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:
        """Keep a copy in the run's folder: of a file elsewhere, Neptune would note the path alone."""
        kept = keep_artifact(file, self._session.files / ARTIFACTS, path)
        self._session.attach(self._paths.place(ARTIFACTS, path), kept, media_type)

    def log_figure(self, path: str, file: Path, media_type: str) -> None:
        """Do nothing more: a figure is a file to Neptune, shown by its type."""

    def log_table(self, path: str, file: Path, media_type: str) -> None:
        """Do nothing more: so is a table."""

    def log_text(self, path: str, file: Path, media_type: str) -> None:
        """Do nothing more: so is a text."""

    def log_dataset(self, dataset: Dataset) -> None:
        """Set fields that describe the data, which stay where they are."""
        self._datasets += 1
        about: dict[str, Any] = msgspec.structs.asdict(dataset)
        about |= {"columns": _json({**dataset.columns}), "statistics": _json(dataset.statistics)}
        self._describe(f"{DATASETS}/{self._datasets}", about)

    def log_model(self, path: str, folder: Path, model: Model) -> None:  # noqa: ARG002 - its files are kept already
        """Set fields that describe a model, whose files are artifacts."""
        self._models += 1
        about = {"path": path, "flavour": model.flavour, "signature": _json(model.signature)}
        self._describe(f"{MODELS}/{self._models}", about | {"input_example": model.input_example})

    def capture_source(self, source: Source) -> None:
        """Set the fields that Neptune's clients set themselves, and keep the diff as they do."""
        about = {"entrypoint": source.entry_point, "argv": _json(list(source.argv)), "branch": source.branch}
        self._describe(SOURCE, about | {"commit/commit_id": source.commit})
        if source.diff is not None:
            self._attach_text(f"{SOURCE}/diff", source.diff, "diff.patch")

    def capture_environment(self, environment: Environment) -> None:
        """Describe the machine, and list the distributions as Neptune does."""
        about = {name: getattr(environment, name) for name in ("python", "os", "cpu", "cores", "memory")}
        if environment.lock_file:
            lock_file = environment.lock_file
            about |= {"lock_file/path": lock_file.path, "lock_file/sha256": lock_file.sha256}
        self._describe(ENVIRONMENT, about | {"gpus": _json(list(environment.gpus))})
        lines = "".join(f"{name}=={version}\n" for name, version in environment.distributions.items())
        self._attach_text(f"{SOURCE}/requirements", lines, "requirements.txt")

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Set the status and the end, keep the exact record as a file, and close the run."""
        self._describe(OURS, {"status": record.status, "ended": record.ended})
        if record.status in {"failed", "killed"}:
            self._session.mark_failed()
        kept = keep_artifact(record_file, self._session.files, RECORD_PATH)
        self._session.attach(f"{OURS}/record", kept, "application/jsonl")
        self._session.close()

    def close(self) -> None:
        """Close the vendor's run."""
        self._session.close()

    def _describe(self, namespace: str, about: Mapping[str, Value]) -> None:
        self._session.assign({f"{namespace}/{name}": value for name, value in about.items() if value is not None})

    def _attach_text(self, path: str, text: str, name: str) -> None:
        file = self._session.files / name
        file.write_bytes(text.encode())
        self._session.attach(path, file, "text/plain")


def _json(value: Value) -> str:
    return json.dumps(pack(value))
