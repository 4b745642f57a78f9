"""Weights & Biases, offline: runs in the folders that ``wandb sync`` uploads and ``wandb leet`` shows."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.record_log import Problem
from taximeter.tracker import Feature, RunSummary, RunWriter, Tracker
from taximeter.ui import TerminalUI
from taximeter_wandb.store import chosen_folders, find_run, looks_like_store, store_folders

if TYPE_CHECKING:
    from taximeter.plain import PlainRun


class WandbTracker(Tracker):
    """A folder with ``wandb/`` in it, as ``wandb.init(dir=...)`` makes one in offline mode.

    One can also read a ``wandb`` folder itself, a single run's folder, or its ``.wandb`` file.
    """

    name = "wandb"
    vendor = "wandb"
    features = frozenset(Feature)
    issues: ClassVar = {46: "https://github.com/wandb/wandb/issues/9449"}
    ui = TerminalUI(
        command="wandb leet {location}/wandb",
        show="wandb leet run {location}/wandb/*-{run}",
        shows=("{name}", "{run}"),
        keys="/{scores}\r",
        caption="W&B's terminal UI: the run's config and summary, and charts of the model's scores.",
        columns=180,
        lines=52,
        environment={"WANDB_MODE": "offline", "WANDB_ERROR_REPORTING": "false"},
    )

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the folder itself: W&B makes its own below."""
        return str(folder)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether there is a W&B run at `path`."""
        return looks_like_store(path)

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run in a new folder; folders of earlier attempts go when it is whole."""
        from taximeter_wandb.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate()
        from taximeter_wandb.writer import WandbWriter  # noqa: PLC0415 - and only after that

        return WandbWriter(self.location, started)

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a run with W&B's own interface, offline."""
        from taximeter_wandb.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate()
        from taximeter_wandb.plain import WandbPlainRun  # noqa: PLC0415 - and only after that

        return WandbPlainRun(self.location, experiment, name)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first, each once."""
        from taximeter_wandb.reader import summarise  # noqa: PLC0415 - the vendor is met here only

        runs = (run for run in chosen_folders(self.location).values() if run.has_begun)
        return iter(sorted(map(summarise, runs), key=lambda summary: (summary.started, summary.vendor_id)))

    def read_native(self, run_id: str) -> RunRecord:
        """Read the run's log and the files that W&B keeps; damage in the log is passed over and logged."""
        from taximeter_wandb.reader import read_native  # noqa: PLC0415 - the vendor is met here only

        return read_native(find_run(self.location, run_id))

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read a metric's last point as its JSON has it."""
        from taximeter_wandb.reader import last_point  # noqa: PLC0415 - the vendor is met here only

        return last_point(find_run(self.location, run_id), key)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record among the run's files."""
        from taximeter_wandb.reader import read_exact  # noqa: PLC0415 - the vendor is met here only

        return read_exact(find_run(self.location, run_id))

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open one of the run's files."""
        from taximeter_wandb.reader import open_artifact  # noqa: PLC0415 - the vendor is met here only

        return open_artifact(find_run(self.location, run_id), path)

    def problems(self, run_id: str) -> list[Problem]:
        """Return the places in the run's log that cannot be read, a torn end among them."""
        from taximeter_wandb.reader import problems_in  # noqa: PLC0415 - the vendor is met here only

        return problems_in(find_run(self.location, run_id))

    def files(self) -> Iterator[Path]:
        """Yield the folders in which W&B keeps runs, or the location that is such a folder itself."""
        folders = list(store_folders(self.location))
        return iter(folders or [Path(self.location)])
