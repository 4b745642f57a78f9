"""A run with TensorBoard's own summary interface, the part that needs neither TensorFlow nor PyTorch.

That is `tensorboard.summary.Writer`, which writes scalars, and the hparams plugin's `hparams_pb`.
Its images and texts are written with TensorFlow only.
"""

import time as clock
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from tensorboard.compat.proto.event_pb2 import Event  # type: ignore[import-untyped]
from tensorboard.plugins.hparams.summary_v2 import hparams_pb  # type: ignore[import-untyped]
from tensorboard.summary import Writer  # type: ignore[import-untyped]
from tensorboard.summary.writer.event_file_writer import EventFileWriter  # type: ignore[import-untyped]

from taximeter.plain import PlainRun
from taximeter.record import Status
from taximeter.tracker import Feature
from taximeter_tensorboard import TensorboardTracker

_MICROSECONDS = 1e6
_NEEDS_TENSORFLOW = "not yet ours: TensorBoard's own interface writes them with TensorFlow only"


class TensorboardPlainRun(PlainRun):
    """A folder below the logdir, named as its users name one: the experiment's, and in it the run's."""

    tracker = TensorboardTracker

    def __init__(self, logdir: str, experiment: str, name: str) -> None:
        self.id = f"{experiment}/{name}"
        self._folder = str(Path(logdir, experiment, name))
        self._writer = Writer(self._folder)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Write the hparams of the run."""
        writer = EventFileWriter(self._folder, filename_suffix=".hparams")
        writer.add_event(Event(wall_time=clock.time(), summary=hparams_pb(dict(params))))
        writer.close()

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Write a scalar for each key, which needs a step."""
        wall_time = None if time is None else time / _MICROSECONDS
        for key, value in metrics.items():
            self._writer.add_scalar(key, value, step, wall_time=wall_time)

    def finish(self, status: Status = "finished") -> None:
        """Close the event file, which does not say how the run ended."""
        self._writer.close()
        if status != "finished":
            self._refuse(f"no status {status}", "not yet ours: its summary of a session's end needs TensorFlow")

    def log_figure(self, figure: Any, name: str) -> None:  # noqa: ARG002 - there is no call for it
        """Refuse."""
        self._refuse(f"no {Feature.FIGURES}", _NEEDS_TENSORFLOW)

    def log_text(self, text: str, name: str) -> None:  # noqa: ARG002 - as above
        """Refuse."""
        self._refuse(f"no {Feature.TEXTS}", _NEEDS_TENSORFLOW)

    def log_table(self, table: Any, name: str) -> None:  # noqa: ARG002 - as above
        """Refuse."""
        self._refuse(f"no {Feature.TABLES}", "not theirs: a text may hold a table in Markdown")

    def set_tags(self, tags: Mapping[str, Any]) -> None:  # noqa: ARG002 - as above
        """Refuse."""
        self._refuse(f"no {Feature.TAGS}", "not theirs: an event file names no tags of a run")

    def add_note(self, text: str) -> None:  # noqa: ARG002 - as above
        """Refuse."""
        self._refuse(f"no {Feature.NOTES}", "not theirs: an event file has no description of a run")

    def log_dataset(self, dataset: Any) -> None:  # noqa: ARG002 - as above
        """Refuse."""
        self._refuse(f"no {Feature.DATASETS}", "not theirs: no plugin shows any")

    def start_child(self, name: str) -> NoReturn:  # noqa: ARG002 - as above
        """Refuse."""
        self._refuse(f"no {Feature.CHILD_RUNS}", "not theirs: a folder in a run's folder is a run of its own")
