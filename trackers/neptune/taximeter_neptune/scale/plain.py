"""A run as Neptune's documentation writes it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from neptune_scale import Run  # type: ignore[import-untyped]
from neptune_scale.types import File  # type: ignore[import-untyped]

from taximeter.errors import Unsupported
from taximeter.plain import PlainRun
from taximeter.record import Dataset, Status
from taximeter_neptune import NeptuneScaleTracker

_MICROSECONDS = 1_000_000


class ScalePlainRun(PlainRun):
    """One offline run."""

    tracker = NeptuneScaleTracker

    def __init__(self, location: str, experiment: str, name: str, group: str | None = None) -> None:
        self._place = (location, experiment)
        self.id = uuid4().hex
        self._run = Run(
            mode="offline",
            project=f"taximeter/{experiment}",
            run_id=self.id,
            experiment_name=name,
            log_directory=location,
        )
        if group is not None:
            self._run.add_tags([group], group_tags=True)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log configs."""
        self._run.log_configs(params)

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Log metrics."""
        timestamp = None if time is None else datetime.fromtimestamp(time / _MICROSECONDS, UTC)
        self._run.log_metrics(dict(metrics), step=step, timestamp=timestamp)

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags."""
        if any(value != "" for value in tags.values()):
            raise Unsupported("Neptune's tags are names without values (not theirs).")
        self._run.add_tags(list(tags))

    def add_note(self, text: str) -> None:
        """Log the description."""
        self._run.log_configs({"sys/description": text})

    def log_artifact(self, file: Path, name: str) -> None:
        """Assign a file.

        Raises:
            StoredElsewhere: always, when that is done: the file stays where it is.
        """
        self._run.assign_files({name: file})
        self._store_elsewhere("no artifacts offline", "not theirs: the run has only the path of the file")

    def log_text(self, text: str, name: str) -> None:
        """Assign a file of text."""
        self._run.assign_files({name: File(text.encode(), mime_type="text/plain")})

    def log_figure(self, figure: Any, name: str) -> None:  # noqa: ARG002 - not theirs
        """Refuse it: the client takes no figures."""
        raise Unsupported(f"Neptune Scale takes files, and no figure such as {name!r} (not theirs).")

    def log_table(self, table: Any, name: str) -> None:  # noqa: ARG002 - not theirs
        """Refuse it: the client takes no tables."""
        raise Unsupported(f"Neptune Scale takes files, and no table such as {name!r} (not theirs).")

    def log_dataset(self, dataset: Dataset) -> None:
        """Refuse it: the client knows no datasets."""
        raise Unsupported(f"Neptune Scale has no datasets such as {dataset.name!r} (not theirs).")

    def log_model(self, model: Any, name: str) -> None:  # noqa: ARG002 - not theirs
        """Refuse it: the client knows no models."""
        raise Unsupported(f"Neptune Scale takes files, and no model such as {name!r} (not theirs).")

    def start_child(self, name: str) -> Self:
        """Start a run in a group that is called after this one."""
        return type(self)(*self._place, name, self.id)

    def finish(self, status: Status = "finished") -> None:
        """Close the run."""
        self._run.close()
        if status != "finished":
            raise Unsupported(f"Neptune Scale cannot say that a run is {status} (not theirs); it has been closed.")
