"""A run as SwanLab's documentation has its users write it, in its mode offline."""

# mypy: disable-error-code="import-untyped"

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, Self

import swanlab

from taximeter.errors import Unsupported
from taximeter.plain import PlainRun
from taximeter.record import Status
from taximeter_swanlab import SwanLabTracker

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
            raise Unsupported("swanlab takes no time of a point: it notes when the call was made.")
        swanlab.log(metrics, step=step)

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Raise: tags are an argument of `swanlab.init`."""
        _at_the_start(f"tags ({', '.join(tags)})")

    def add_note(self, text: str) -> None:
        """Raise: the description is an argument of `swanlab.init`."""
        _at_the_start(f"the description ({text[:40]!r})")

    def log_artifact(self, file: Path, name: str) -> None:
        """Save the file, under the path that it has."""
        if not file.as_posix().endswith(f"/{name}"):
            raise Unsupported(f"swanlab saves {file} under a part of its path only, not as {name!r}.")
        swanlab.save(str(file), base_path=file.as_posix().removesuffix(f"/{name}"), policy="now")

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
        raise Unsupported(f"swanlab has one run at a time in a process, so {name!r} can only follow this one.")

    def finish(self, status: Status = "finished") -> None:
        """Finish the run in a state of SwanLab's."""
        if status not in _STATES:
            swanlab.finish()
            raise Unsupported(f"swanlab has no way to end a run as {status!r}; it has ended as a success.")
        swanlab.finish(state=_STATES[status], error="it failed" if status == "failed" else None)


def _at_the_start(what: str) -> NoReturn:
    raise Unsupported(f"swanlab takes {what} when a run begins, and has no call for a run that has begun.")
