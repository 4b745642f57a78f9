"""Trackio: a folder with a database for each project, written with Trackio's own storage and read without it."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Tracker
from taximeter.ui import BrowserUI
from taximeter_trackio.isolation import OFFLINE, isolate

if TYPE_CHECKING:
    from taximeter.plain import PlainRun
    from taximeter_trackio.store import Store


class TrackioTracker(Tracker):
    """The folder that ``TRACKIO_DIR`` names; an experiment is a project, a database in it."""

    name = "trackio"
    vendor = "trackio"
    features = frozenset(Feature) - {Feature.TAGS, Feature.SOURCE, Feature.ENVIRONMENT}
    gaps: ClassVar = {
        Feature.TAGS: Gap("not theirs", "Trackio's runs have a config and a group, but no tags"),
        Feature.SOURCE: Gap("not theirs", "Trackio notes no commit, diff or command of a run"),
        Feature.ENVIRONMENT: Gap("not theirs", "Trackio samples the machine's load, but describes no machine"),
    }
    ui = BrowserUI(
        command="TRACKIO_DIR={location} trackio show",
        serve="TRACKIO_DIR={location} GRADIO_SERVER_PORT={port} trackio show --host 127.0.0.1",
        page="/?project={experiment}&metric_filter={scores}&plots_per_row=4",
        shows=("{name}",),
        caption="The model's scores in Trackio: a bar for each, which has one point.",
        height=1300,
        environment=OFFLINE,
    )

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return a folder for Trackio alone, as the one in its users' cache is."""
        return str(folder / "trackio")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is a project's database, or a folder that holds one."""
        from taximeter_trackio.database import is_project  # noqa: PLC0415 - what a listing of trackers does not need

        files = sorted(path.glob("*.db")) if path.is_dir() else [path]
        return any(map(is_project, files))

    @classmethod
    def location_at(cls, path: Path) -> str:
        """Return the folder: a project's media and artifacts lie beside its database."""
        return str(path if path.is_dir() else path.parent)

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run; what an earlier attempt left of it is deleted first."""
        isolate(self.location)
        from taximeter_trackio.writer import TrackioWriter  # noqa: PLC0415 - the vendor is met here only

        return TrackioWriter(Path(self.location).absolute(), started)

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a run with Trackio's own interface."""
        isolate(self.location)
        from taximeter_trackio.plain import TrackioPlainRun  # noqa: PLC0415 - the vendor is met here only

        return TrackioPlainRun(experiment, name)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run of every project, oldest first."""
        yield from self._store.summaries()

    def read_native(self, run_id: str) -> RunRecord:
        """Read the tables that Trackio's dashboard shows."""
        return self._store.native(run_id)

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read a metric's last point as its JSON has it."""
        return self._store.last(run_id, key)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record among the run's artifacts."""
        return self._store.exact(run_id)

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open a file of the run's artifacts or media."""
        return self._store.open_file(run_id, path)

    def files(self) -> Iterator[Path]:
        """Yield the databases and the folders that Trackio keeps beside them."""
        yield from self._store.files()

    @cached_property
    def _store(self) -> "Store":
        from taximeter_trackio.store import Store  # noqa: PLC0415 - what a listing of trackers does not need

        return Store(Path(self.location).absolute())
