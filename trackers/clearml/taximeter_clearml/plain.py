"""A run as ClearML's documentation has its users write it."""

import io
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import joblib
from clearml import OutputModel, Task

from taximeter.plain import PlainRun
from taximeter.record import Dataset, Status
from taximeter_clearml import ClearMLTracker


class PlainClearMLRun(PlainRun):
    """The task of a process: `Task.init`, then its methods and those of its logger."""

    tracker = ClearMLTracker

    def __init__(self, experiment: str, name: str) -> None:
        # its monitor of GPUs warns in the middle of a run where there are none
        task: Any = Task.init(project_name=experiment, task_name=name, auto_resource_monitoring=False)
        self._task = task
        self._logger: Any = self._task.get_logger()
        self.id = str(self._task.id)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Connect a dictionary."""
        self._task.connect(dict(params))

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Report scalars, or single values where there is no step."""
        if time is not None:
            self._refuse("no time of a point", "not theirs: it is that of the call")
        for key, value in metrics.items():
            if step is None:
                self._logger.report_single_value(name=key, value=value)
            else:
                self._logger.report_scalar(title=key, series=key, value=value, iteration=step)

    def finish(self, status: Status = "finished") -> None:
        """Mark the task as its end was, and close it."""
        if status == "failed":
            self._task.mark_failed()
        elif status == "killed":
            self._task.mark_stopped()
        self._task.close()

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags, which are bare words."""
        if any(value != "" for value in tags.values()):
            self._refuse("no values of tags", "not theirs: its tags are bare words")
        self._task.add_tags(list(tags))

    def add_note(self, text: str) -> None:
        """Set the comment."""
        self._task.set_comment(text)

    def log_artifact(self, file: Path, name: str) -> None:
        """Upload an artifact."""
        self._task.upload_artifact(name=name, artifact_object=file)

    def log_figure(self, figure: Any, name: str) -> None:
        """Report a figure as a plot."""
        self._logger.report_matplotlib_figure(title=name, series=name, figure=figure, iteration=0)

    def log_table(self, table: Any, name: str) -> None:
        """Report a table as a plot."""
        self._logger.report_table(title=name, series=name, iteration=0, table_plot=table)

    def log_text(self, text: str, name: str) -> None:
        """Report a text file as a debug sample."""
        self._logger.report_media(
            title=name, series=name, iteration=0, stream=io.StringIO(text), file_extension=".txt"
        )

    def log_dataset(self, dataset: Dataset) -> None:  # noqa: ARG002 - as its base has it
        """Refuse."""
        self._refuse("no datasets of a task", "not theirs: offline a dataset is a session of its own")

    def log_model(self, model: Any, name: str) -> None:
        """Save an estimator with joblib, and register the file as the task's output model."""
        output = OutputModel(task=self._task, name=name, framework="ScikitLearn")
        with TemporaryDirectory() as folder:
            file = Path(folder, "model.joblib")
            joblib.dump(model, file)
            output.update_weights(weights_filename=str(file))
