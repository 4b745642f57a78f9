"""A run as Comet's documentation has its users write it, offline."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import comet_ml
import comet_ml.integration.sklearn

from taximeter.plain import PlainRun
from taximeter.record import Dataset, Status
from taximeter_comet import CometTracker

_TABLES = {".json", ".csv", ".md", ".html"}


class CometPlainRun(PlainRun):
    """A run of ``comet_ml.start(online=False)``, with everything that Comet logs by itself."""

    tracker = CometTracker

    def __init__(self, folder: Path, experiment: str, name: str) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)  # Comet makes only the last folder
        config = comet_ml.ExperimentConfig(offline_directory=str(folder), name=name)
        self._experiment = comet_ml.start(online=False, project_name=experiment, experiment_config=config)
        self.id = self._experiment.get_key()

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log all in one call, which nests the names of mappings."""
        self._experiment.log_parameters(dict(params))

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Log all in one call, at the time of the call."""
        if time is not None:
            self._refuse("no time of a point", "not theirs: it is that of the call")
        self._experiment.log_metrics(dict(metrics), step=step)

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags, which are bare words; what has a name and a value is no tag in Comet."""
        if any(value != "" for value in tags.values()):
            self._refuse("no values of tags", "not theirs: its tags are bare words")
        self._experiment.add_tags(list(tags))

    def add_note(self, text: str) -> None:
        """Log a text."""
        self._experiment.log_text(text)

    def log_artifact(self, file: Path, name: str) -> None:
        """Log an asset."""
        self._experiment.log_asset(str(file), file_name=name)

    def log_figure(self, figure: Any, name: str) -> None:
        """Log a figure, which Comet draws as SVG."""
        self._experiment.log_figure(figure_name=name, figure=figure)

    def log_table(self, table: Any, name: str) -> None:
        """Log a table, as CSV unless its name says otherwise."""
        named = name if Path(name).suffix in _TABLES else f"{name}.csv"
        self._experiment.log_table(named, tabular_data=table)

    def log_text(self, text: str, name: str) -> None:
        """Log a text, which has no name in Comet but may have metadata."""
        self._experiment.log_text(text, metadata={"name": name})

    def log_dataset(self, dataset: Dataset) -> None:
        """Log what Comet says of a dataset."""
        self._experiment.log_dataset_info(dataset.name, version=dataset.sha256, path=dataset.source)

    def log_model(self, model: Any, name: str) -> None:
        """Log a model with Comet's integration, which keeps it with joblib."""
        comet_ml.integration.sklearn.log_model(self._experiment, name, model)

    def finish(self, status: Status = "finished") -> None:
        """End the run; a failed one as when its script raises, which Comet sees in ``sys.excepthook``."""
        if status == "failed":
            sys.excepthook(RuntimeError, RuntimeError("the run failed"), None)
        self._experiment.end()
        if status not in {"finished", "failed"}:
            self._refuse(f"no status {status}", "not theirs: a run ends well or with an error")
