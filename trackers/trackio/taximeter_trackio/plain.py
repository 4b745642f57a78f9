"""A run with Trackio's own interface, as its quickstart writes it, on this machine."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import joblib
import msgspec
import trackio

from taximeter.plain import PlainRun
from taximeter.record import Dataset, Status
from taximeter_trackio import TrackioTracker


class TrackioPlainRun(PlainRun):
    """The current run of this process."""

    tracker = TrackioTracker

    def __init__(self, experiment: str, name: str) -> None:
        self._run = trackio.init(project=experiment, name=name)
        self.id = str(self._run.id)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Update the config, which Trackio writes with the first row."""
        self._run.config.update(dict(params))

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Log a row."""
        if time is not None:
            self._refuse("no time of a point", "not theirs: a row's time is when Trackio writes it")
        trackio.log(dict(metrics), step=step)

    def finish(self, status: Status = "finished") -> None:
        """End the run."""
        trackio.finish()  # type: ignore[no-untyped-call]
        if status != "finished":
            self._refuse(f"no status {status}", "not theirs: it does not say how a run ended")

    def add_note(self, text: str) -> None:
        """Log a Markdown report."""
        trackio.log({"note": trackio.Markdown(text)})

    def log_artifact(self, file: Path, name: str) -> None:
        """Log an artifact with one file: its name is the first folder's, or, where there is none, the file's."""
        first, _, rest = name.partition("/")
        artifact = trackio.Artifact(first, type="file")
        artifact.add_file(file, name=rest or first)
        trackio.log_artifact(artifact)

    def log_figure(self, figure: Any, name: str) -> None:
        """Log a figure, which is saved first: Trackio takes images as files."""
        with TemporaryDirectory(prefix="taximeter-") as folder:
            file = Path(folder, "figure.png")
            figure.savefig(file)
            trackio.log({name: trackio.Image(file)})

    def log_table(self, table: Any, name: str) -> None:
        """Log a table."""
        trackio.log({name: trackio.Table(dataframe=table)})

    def log_text(self, text: str, name: str) -> None:
        """Log a Markdown report."""
        trackio.log({name: trackio.Markdown(text)})

    def log_dataset(self, dataset: Dataset) -> None:
        """Log an artifact of the type dataset, which describes it."""
        with TemporaryDirectory(prefix="taximeter-") as folder:
            card = Path(folder, "dataset.json")
            card.write_bytes(msgspec.json.encode(dataset))
            artifact = trackio.Artifact(dataset.name, type="dataset", metadata=msgspec.to_builtins(dataset))
            artifact.add_file(card)
            trackio.log_artifact(artifact)

    def log_model(self, model: Any, name: str) -> None:
        """Log a file with the model as an artifact of the type model."""
        with TemporaryDirectory(prefix="taximeter-") as folder:
            file = Path(folder, "model.joblib")
            joblib.dump(model, file)
            trackio.log_artifact(file, name=name, type="model")

    def start_child(self, name: str) -> NoReturn:  # noqa: ARG002 - there is no call for it
        """Refuse: Trackio groups runs, but none is below another."""
        self._refuse("no run below another", "not theirs: it groups runs")
