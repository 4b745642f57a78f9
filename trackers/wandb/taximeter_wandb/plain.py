"""A run with W&B's own interface, as its quickstart writes it, offline."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import joblib
import msgspec
import wandb

from taximeter.plain import PlainRun
from taximeter.record import Dataset, Status
from taximeter_wandb import WandbTracker

_EXIT_CODES = {"finished": 0, "failed": 1}


class WandbPlainRun(PlainRun):
    """A run in offline mode with W&B's default settings; what W&B says is not silenced."""

    tracker = WandbTracker

    def __init__(self, location: str, experiment: str, name: str) -> None:
        os.environ.pop("WANDB_SILENT", None)
        Path(location).mkdir(parents=True, exist_ok=True)
        self._run = wandb.init(project=experiment, name=name, dir=location, mode="offline")
        self.id = self._run.id

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Update the config."""
        self._run.config.update(dict(params))  # type: ignore[no-untyped-call]

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Log a row of the history."""
        if time is not None:
            self._refuse("no time of a point", "not theirs: a row's time is that of the call")
        self._run.log(dict(metrics), step=step)

    def finish(self, status: Status = "finished") -> None:
        """End the run with an exit code, which tells only success from failure."""
        self._run.finish(exit_code=_EXIT_CODES.get(status, 1))
        if status not in _EXIT_CODES:
            self._refuse(f"no status {status}", "not theirs: an exit code tells only success from failure")

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags, which are bare words."""
        if any(value != "" for value in tags.values()):
            self._refuse("no values of tags", "not theirs: its tags are bare words")
        self._run.tags = (*(self._run.tags or ()), *tags)

    def add_note(self, text: str) -> None:
        """Set the notes."""
        self._run.notes = text

    def log_artifact(self, file: Path, name: str) -> None:
        """Log an artifact with one file.

        Raises:
            StoredElsewhere: always, when that is done: W&B keeps the bytes in its own data folder.
        """
        artifact = wandb.Artifact("files", type="file")
        artifact.add_file(str(file), name)
        self._run.log_artifact(artifact)
        self._store_elsewhere(
            "no artifacts offline", "not yet ours: until `wandb sync` they lie outside the run, and are not read"
        )

    def log_figure(self, figure: Any, name: str) -> None:
        """Log an image."""
        self._run.log({name: wandb.Image(figure)})

    def log_table(self, table: Any, name: str) -> None:
        """Log a table."""
        self._run.log({name: wandb.Table(dataframe=table)})

    def log_text(self, text: str, name: str) -> None:  # noqa: ARG002 - there is no call for it
        """Refuse: W&B shows text in tables and pages only."""
        self._refuse("no texts", "not theirs: it shows text in tables and pages only")

    def log_dataset(self, dataset: Dataset) -> None:
        """Log an artifact of the type dataset, which describes it."""
        about: dict[str, Any] = msgspec.to_builtins(dataset)
        self._run.log_artifact(wandb.Artifact(dataset.name, type="dataset", metadata=about))

    def log_model(self, model: Any, name: str) -> None:
        """Log a file with the model."""
        with TemporaryDirectory(prefix="taximeter-") as folder:
            file = Path(folder, "model.joblib")
            joblib.dump(model, file)
            self._run.log_model(str(file), name)

    def start_child(self, name: str) -> NoReturn:  # noqa: ARG002 - there is no call for it
        """Refuse: W&B groups runs, but none is below another."""
        self._refuse("no run below another", "not theirs: it groups runs")
