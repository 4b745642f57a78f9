"""A run as Aim's documentation writes it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aim import Image, Run, Text  # type: ignore[attr-defined]

from taximeter.plain import PlainRun
from taximeter.record import Status
from taximeter_aim import AimTracker


class AimPlainRun(PlainRun):
    """One `aim.Run` with its defaults: it measures the machine and copies the terminal too."""

    tracker = AimTracker

    def __init__(self, location: str, experiment: str, name: str) -> None:
        self._run = Run(repo=location, experiment=experiment)
        self._run.name = name
        self._run.set_artifacts_uri(f"{Path(location).absolute().as_uri()}/artifacts")
        self.id = self._run.hash

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Set each param."""
        for name, value in params.items():
            self._run[name] = value

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Track the values at once."""
        if time is not None:
            self._refuse("no time of a point", "not theirs: it is that of the call")
        self._run.track(dict(metrics), step=step)

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Add tags, which are bare words."""
        if any(value != "" for value in tags.values()):
            self._refuse("no values of tags", "not theirs: its tags are bare words")
        for name in tags:
            self._run.add_tag(name)

    def add_note(self, text: str) -> None:
        """Set the description."""
        self._run.description = text

    def log_artifact(self, file: Path, name: str) -> None:
        """Log the file."""
        self._run.log_artifact(str(file), name=name)

    def log_figure(self, figure: Any, name: str) -> None:
        """Track an image of the figure, as Aim advises for Matplotlib."""
        self._run.track(Image(figure), name=name)

    def log_text(self, text: str, name: str) -> None:
        """Track a text."""
        self._run.track(Text(text), name=name)

    def finish(self, status: Status = "finished") -> None:
        """Close the run; only its good end can be reported."""
        if status == "finished":
            self._run.report_successful_finish()
        self._run.close()
        if status != "finished":
            self._refuse(f"no status {status}", "not theirs: it can only be told that a run ended well")
