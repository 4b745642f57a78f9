"""A run as SwanLab's documentation has its users write it, in its mode offline."""

# mypy: disable-error-code="import-untyped"

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import swanlab

from taximeter.plain import PlainRun
from taximeter.record import Status
from taximeter_swanlab import SwanLabTracker

_AT_THE_START = "not theirs: `swanlab.init` takes it, and no other call does"
_STATES = {"finished": "success", "failed": "crashed", "killed": "aborted"}


class SwanLabPlainRun(PlainRun):
    """The run of this process: SwanLab has one at a time."""

    tracker = SwanLabTracker

    def __init__(self, location: str, experiment: str, name: str) -> None:
        self._run = swanlab.init(project=experiment, name=name, log_dir=location, mode="offline")
        self.id = self._run.id

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Update the config."""
        swanlab.config.update(params)

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Log a row."""
        if time is not None:
            self._refuse("no time of a point", "not theirs: it is that of the call")
        swanlab.log(metrics, step=step)

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Raise: tags are an argument of `swanlab.init`."""
        self._refuse(f"no tags such as {', '.join(tags)} for a run that has begun", _AT_THE_START)

    def add_note(self, text: str) -> None:
        """Raise: the description is an argument of `swanlab.init`."""
        self._refuse(f"no description such as {text[:40]!r} for a run that has begun", _AT_THE_START)

    def log_artifact(self, file: Path, name: str) -> None:
        """Save the file, which keeps the path that it has in a folder.

        Raises:
            StoredElsewhere: always, when that is done: the file stays where it is.
        """
        folder = file.parent / "saved"
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
        swanlab.save(str(copy), base_path=str(folder), policy="now")
        self._store_elsewhere(
            "no artifacts offline", "not theirs: until `swanlab sync` the run has only a link to the file"
        )

    def log_figure(self, figure: Any, name: str) -> None:
        """Log an image."""
        swanlab.log({name: swanlab.Image(figure)})

    def log_table(self, table: Any, name: str) -> None:
        """Log a table."""
        swanlab.log({name: swanlab.echarts.Table().add(list(table.columns), table.to_numpy().tolist())})

    def log_text(self, text: str, name: str) -> None:
        """Log a text."""
        swanlab.log({name: swanlab.Text(text)})

    def start_child(self, name: str) -> Self:
        """Raise: SwanLab begins no run while another is open."""
        self._refuse(f"no run such as {name!r} below another", "not theirs: it has one run at a time in a process")

    def finish(self, status: Status = "finished") -> None:
        """Finish the run in a state of SwanLab's."""
        if status not in _STATES:
            swanlab.finish()
            self._refuse(f"no status {status}", "not theirs: the run has ended as a success")
        swanlab.finish(state=_STATES[status], error="it failed" if status == "failed" else None)
