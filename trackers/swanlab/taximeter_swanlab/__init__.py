"""SwanLab, offline: runs in the folders that ``swanlab sync`` uploads."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.record_log import Problem
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Tracker
from taximeter_swanlab.store import holds_run

if TYPE_CHECKING:
    from taximeter.plain import PlainRun


class SwanLabTracker(Tracker):
    """The folder that ``swanlab.init(log_dir=...)`` names, ``swanlog`` by default.

    One can also read a single run's folder, or its ``.swanlab`` file.
    """

    name = "swanlab"
    vendor = "swanlab"
    features = frozenset(Feature) - {Feature.DATASETS, Feature.MODELS, Feature.LIVE}
    gaps: ClassVar = {
        Feature.DATASETS: Gap("not theirs", "SwanLab's runs have files and media, but no datasets"),
        Feature.MODELS: Gap("not theirs", "SwanLab keeps a model's files as files, and knows no models"),
        Feature.LIVE: Gap(
            "never", "SwanLab shows runs once they are uploaded; the dashboard for runs kept here is given up"
        ),
    }

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the folder that SwanLab makes by default."""
        return str(folder / "swanlog")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether there is a SwanLab run at `path`."""
        return holds_run(path)

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run; what an earlier attempt left of it is deleted first."""
        from taximeter_swanlab.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate(self.location)
        from taximeter_swanlab.writer import SwanLabWriter  # noqa: PLC0415 - and only after that

        return SwanLabWriter(Path(self.location).absolute(), started)

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a run in SwanLab's mode offline."""
        from taximeter_swanlab.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate(self.location)
        from taximeter_swanlab.plain import SwanLabPlainRun  # noqa: PLC0415 - and only after that

        return SwanLabPlainRun(self.location, experiment, name)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first."""
        from taximeter_swanlab.reader import summaries  # noqa: PLC0415 - what a listing of trackers does not need

        return iter(summaries(self.location))

    def read_native(self, run_id: str) -> RunRecord:
        """Read the run's log and the files that SwanLab keeps; damage in the log is passed over and logged."""
        from taximeter_swanlab.reader import find_run, read_native  # noqa: PLC0415 - as above

        return read_native(find_run(self.location, run_id))

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read a metric's last point as its record has it."""
        from taximeter_swanlab.reader import find_run, last_point  # noqa: PLC0415 - as above

        return last_point(find_run(self.location, run_id), key)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record among the run's files."""
        from taximeter_swanlab.reader import find_run, read_exact  # noqa: PLC0415 - as above

        return read_exact(find_run(self.location, run_id))

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open one of the run's files or media."""
        from taximeter_swanlab.reader import find_run, open_artifact  # noqa: PLC0415 - as above

        return open_artifact(find_run(self.location, run_id), path)

    def problems(self, run_id: str) -> list[Problem]:
        """Return the places in the run's log that cannot be read, a torn end among them."""
        from taximeter_swanlab.reader import find_run, problems_in  # noqa: PLC0415 - as above

        return problems_in(find_run(self.location, run_id))

    def files(self) -> Iterator[Path]:
        """Yield the folder itself: SwanLab has it to itself."""
        yield Path(self.location)
