"""TensorBoard: a folder of event files per run, written and read with TensorBoard's own protos."""

import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Tracker
from taximeter.ui import BrowserUI

if TYPE_CHECKING:
    from taximeter.plain import PlainRun
    from taximeter_tensorboard.reader import Logdir
    from taximeter_tensorboard.store import Folders

_FOLDERS_LOOKED_AT = 2_000
_LEVELS_LOOKED_AT = 4


class TensorboardTracker(Tracker):
    """A logdir; each run is a folder in it, named as TensorBoard shows it."""

    name = "tensorboard"
    vendor = "tensorboard"
    features = frozenset(Feature) - {Feature.ARTIFACTS, Feature.MODELS}
    gaps: ClassVar = {
        Feature.ARTIFACTS: Gap(
            "not theirs", "an event file holds no files; they lie beside it, and the UI only lists them"
        ),
        Feature.MODELS: Gap("not theirs", "it draws a model's graph, but keeps no model"),
    }
    issues: ClassVar = {25: "https://github.com/tensorflow/tensorboard/pull/4475"}
    ui = BrowserUI(
        command="tensorboard --logdir {location}",
        serve="tensorboard --logdir {location} --host 127.0.0.1 --port {port}",
        page='/?smoothing=0&pinnedCards=[{{"plugin":"scalars","tag":"{metric}"}}]#timeseries',
        shows=("{run}", "{metric}"),
        clicks=("button:has-text('Settings')",),
        caption="TensorBoard's time series: one metric pinned, and below it the others.",
        height=1100,
    )

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the logdir that most examples use."""
        return str(folder / "runs")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is an event file, or a folder with one not far below."""
        if path.is_file():
            return is_event_file(path.name)
        level = [path]
        looked_at = 0
        for _ in range(_LEVELS_LOOKED_AT):
            below: list[Path] = []
            for folder in level:
                looked_at += 1
                if looked_at > _FOLDERS_LOOKED_AT:
                    return False
                if _has_event_file(folder, below):
                    return True
            level = below
        return False

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run's event file; an older one is removed when the new one is complete."""
        from taximeter_tensorboard.writer import TensorboardWriter  # noqa: PLC0415 - the vendor is met here only

        return TensorboardWriter(self._folders.claim(started), started)

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a run with TensorBoard's own summary interface."""
        from taximeter_tensorboard.plain import TensorboardPlainRun  # noqa: PLC0415 - the vendor is met here only

        return TensorboardPlainRun(self.location, experiment, name)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every folder with event files, oldest first."""
        yield from self._reader.list_runs()

    def read_native(self, run_id: str) -> RunRecord:
        """Read the scalars, hparams, texts and images of the run, and the files that lie beside."""
        return self._reader.read_native(run_id)

    def read_last(self, run_id: str, key: str) -> tuple[float, int]:
        """Read a metric's last point: its step is an int64, and a record's float64 holds a scalar of any kind."""
        point = self.read_native(run_id).metrics[key][-1]
        return point.value, point.step

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record from the run's event file."""
        return self._reader.read_exact(run_id)

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open a file beside the event file, or an image or text inside it."""
        return self._reader.open_artifact(run_id, path)

    def files(self) -> Iterator[Path]:
        """Yield the logdir."""
        if (logdir := Path(self.location)).exists():
            yield logdir

    @cached_property
    def _folders(self) -> "Folders":
        from taximeter_tensorboard.store import Folders  # noqa: PLC0415 - the vendor is met here only

        return Folders(Path(self.location))

    @cached_property
    def _reader(self) -> "Logdir":
        from taximeter_tensorboard.reader import Logdir  # noqa: PLC0415 - the vendor is met here only

        return Logdir(Path(self.location))


def is_event_file(name: str) -> bool:
    """Tell whether TensorBoard would read summaries from a file of this name."""
    return "tfevents" in name and not name.endswith(".profile-empty")


def _has_event_file(folder: Path, below: list[Path]) -> bool:
    """Look for an event file in `folder`, and add its folders to `below`."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    below.append(Path(entry))
                elif is_event_file(entry.name):
                    return True
    except OSError:  # it is gone, or not ours to look into
        return False
    return False
