"""A run as Neptune's documentation writes it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from taximeter.errors import Unsupported
from taximeter.plain import PlainRun
from taximeter.record import Dataset, Status
from taximeter_neptune import NeptuneTracker
from taximeter_neptune.v1.vendor import File, init_run

_MICROSECONDS = 1_000_000


class V1PlainRun(PlainRun):
    """One offline run; the client reads from the environment where it is to lie."""

    tracker = NeptuneTracker

    def __init__(self, experiment: str, name: str, group: str | None = None) -> None:
        self._experiment = experiment
        self._run = init_run(mode="offline", project=f"taximeter/{experiment}", name=name)
        self.id = self._run.get_url().removeprefix("offline/")
        if group is not None:
            self._run["sys/group_tags"].add(group)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Assign a dictionary."""
        self._run["parameters"] = dict(params)

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Append to a series each."""
        timestamp = None if time is None else time / _MICROSECONDS
        for key, value in metrics.items():
            self._run[key].append(value, step=step, timestamp=timestamp)

    def log_points(self, key: str, points: Sequence[tuple[float, int]]) -> None:
        """Extend a series, in one call."""
        self._run[key].extend([value for value, _ in points], steps=[step for _, step in points])

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags."""
        if any(value != "" for value in tags.values()):
            raise Unsupported("Neptune's tags are names without values (not theirs).")
        self._run["sys/tags"].add(list(tags))

    def add_note(self, text: str) -> None:
        """Assign the description."""
        self._run["sys/description"] = text

    def log_artifact(self, file: Path, name: str) -> None:
        """Upload a file.

        Raises:
            StoredElsewhere: always, when that is done: the file stays where it is.
        """
        self._run[name].upload(str(file))
        self._store_elsewhere("no artifacts offline", "not theirs: the run has only the path of the file")

    def log_figure(self, figure: Any, name: str) -> None:
        """Upload a figure."""
        self._run[name].upload(figure)

    def log_table(self, table: Any, name: str) -> None:
        """Upload a data frame, which Neptune shows as HTML."""
        self._run[name].upload(File.as_html(table))

    def log_text(self, text: str, name: str) -> None:
        """Upload a text."""
        self._run[name].upload(File.from_content(text))

    def log_dataset(self, dataset: Dataset) -> None:
        """Track a dataset's files as an artifact of Neptune's."""
        self._run[f"datasets/{dataset.role}/{dataset.name}"].track_files(dataset.source)

    def log_model(self, model: Any, name: str) -> None:
        """Upload a pickle."""
        self._run[name].upload(File.as_pickle(model))

    def start_child(self, name: str) -> Self:
        """Start a run in a group that is called after this one."""
        return type(self)(self._experiment, name, self.id)

    def finish(self, status: Status = "finished") -> None:
        """Stop the run."""
        if status == "failed":
            self._run["sys/failed"] = True
        self._run.stop()
        if status not in {"finished", "failed"}:
            raise Unsupported(f"Neptune cannot say that a run is {status} (not theirs); it has been stopped.")
