"""DVCLive: a folder of runs, each a folder as DVCLive writes it and DVC shows it."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from taximeter.events import Started
from taximeter.plain import PlainRun
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Tracker
from taximeter.ui import TerminalUI
from taximeter_dvclive.isolation import OFFLINE, isolate

if TYPE_CHECKING:
    from taximeter_dvclive.runs import Runs


class DVCLiveTracker(Tracker):
    """A folder with a DVCLive folder for each run; to read, a single DVCLive folder will do too."""

    name = "dvclive"
    vendor = "dvclive"
    spared_imports = ("pandas",)  # a fifth of a second, for plots of data frames
    features = frozenset(
        {
            Feature.PARAMS,
            Feature.METRICS,
            Feature.ARTIFACTS,
            Feature.FIGURES,
            Feature.DATASETS,
            Feature.MODELS,
            Feature.LIVE,
            Feature.READ,
        }
    )
    gaps: ClassVar = {
        Feature.TAGS: Gap("not theirs", "DVC labels artifacts, but no runs"),
        Feature.NOTES: Gap("not theirs", "a DVC experiment has a commit message, a run's folder has nothing"),
        Feature.TABLES: Gap("not theirs", "DVC draws the rows of a file as a curve, but shows no table"),
        Feature.TEXTS: Gap("not theirs", "neither a report nor `dvc plots` shows a text"),
        Feature.SOURCE: Gap(
            "never",
            "it is the commit of a DVC experiment, which saves the user's whole work tree when a run ends",
        ),
        Feature.ENVIRONMENT: Gap("not theirs", "DVCLive samples the machine's load, but describes no machine"),
        Feature.CHILD_RUNS: Gap("not theirs", "DVCLive knows no run above or below another"),
    }
    ui = TerminalUI(
        command="dvc metrics show {location}/*/metrics.json",
        show="dvc metrics show --json {location}/{run}/metrics.json | python -m json.tool",
        shows=("{run}", "rmse"),
        caption="The last values of the run's metrics, as DVC shows them.",
        environment=OFFLINE,
    )

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the folder that DVCLive's users have; runs lie below."""
        return str(folder / "dvclive")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is a DVCLive folder, or one with a DVCLive folder directly below."""
        from taximeter_dvclive.store import looks_like_store  # noqa: PLC0415 - what a listing of trackers does not need

        return looks_like_store(path)

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run; what an earlier attempt left of it is removed first."""
        from taximeter_dvclive.store import begin_run  # noqa: PLC0415 - as above

        folder = begin_run(self._folder, started)
        isolate()
        from taximeter_dvclive.writer import DVCLiveWriter  # noqa: PLC0415 - the vendor is met here only

        return DVCLiveWriter(folder, started)

    def start_plain(self, experiment: str, name: str) -> PlainRun:  # noqa: ARG002 - DVCLive has no experiment's name
        """Start a run with `dvclive.Live` in a folder of this name."""
        isolate()
        from taximeter_dvclive.plain import DVCLivePlainRun  # noqa: PLC0415 - the vendor is met here only

        return DVCLivePlainRun(self._folder, name)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every DVCLive folder and every experiment, oldest first."""
        yield from self._runs.summaries()

    def read_native(self, run_id: str) -> RunRecord:
        """Read the params, the points and the other files that DVC shows."""
        return self._runs.native(run_id)

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read a metric's last point by the digits in its file."""
        return self._runs.last(run_id, key)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record in the run's folder."""
        return self._runs.find(run_id).read_record()

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open a file of the run's folder."""
        return self._runs.find(run_id).open_artifact(path)

    def files(self) -> Iterator[Path]:
        """Yield the folder."""
        if self._folder.exists():
            yield self._folder

    @property
    def _folder(self) -> Path:
        return Path(self.location).absolute()

    @cached_property
    def _runs(self) -> "Runs":
        from taximeter_dvclive.runs import Runs  # noqa: PLC0415 - what a listing of trackers does not need

        return Runs(self._folder)
