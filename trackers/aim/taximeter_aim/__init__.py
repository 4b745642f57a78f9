"""Aim: a repository with a RocksDB database for each run, written with Aim and read without it."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Standing, Tracker
from taximeter.ui import BrowserUI

if TYPE_CHECKING:
    from taximeter.plain import PlainRun
    from taximeter_aim.store import Store


class AimTracker(Tracker):
    """The folder that ``aim init`` makes a repository in: ``.aim`` below it."""

    name = "aim"
    vendor = "aim"
    standing = Standing("dormant", "The last release is of May 2025; published vulnerabilities are unanswered")
    features = frozenset(Feature) - {Feature.TABLES, Feature.DATASETS, Feature.MODELS, Feature.CHILD_RUNS}
    gaps: ClassVar = {
        Feature.TABLES: Gap("not theirs", "Aim shows numbers, texts, images, figures and audio, but no tables"),
        Feature.DATASETS: Gap("not theirs", "Aim only knows how to describe datasets of some other vendors"),
        Feature.MODELS: Gap("not theirs", "Aim keeps a model's files as artifacts like any other"),
        Feature.CHILD_RUNS: Gap("not theirs", "Aim's runs stand side by side in an experiment"),
    }
    ui = BrowserUI(
        command="aim up --repo {location}",
        serve="aim up --repo {location} --host 127.0.0.1 --port {port} --yes",
        page="/runs/{run}/metrics",
        shows=("{name}", "{metric}"),
        clicks=("button:has-text('Skip')",),
        caption="The metrics of the run's page in Aim, a chart for each.",
        height=1100,
    )

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the folder itself: Aim makes its own below."""
        return str(folder)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is a repository's folder, or the ``.aim`` in it."""
        from taximeter_aim.layout import aim_folder  # noqa: PLC0415 - what a listing of trackers does not need

        return aim_folder(path) is not None

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run; what an earlier attempt left of it is deleted first."""
        from taximeter_aim.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate()
        from taximeter_aim.writer import AimWriter  # noqa: PLC0415 - and only after that

        return AimWriter(Path(self.location).absolute(), started)

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a run as Aim's documentation does."""
        from taximeter_aim.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate()
        from taximeter_aim.plain import AimPlainRun  # noqa: PLC0415 - and only after that

        return AimPlainRun(self.location, experiment, name)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first."""
        yield from self._store.summaries()

    def read_native(self, run_id: str) -> RunRecord:
        """Read the databases that Aim's UI shows."""
        return self._store.native(run_id)

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read a metric's last point, by its step, as Aim's database has it."""
        return self._store.last(run_id, key)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record among the run's artifacts."""
        return self._store.exact(run_id)

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open one of the run's artifacts, or media that it logged."""
        return self._store.open_file(run_id, path)

    def files(self) -> Iterator[Path]:
        """Yield the repository, which holds everything."""
        yield from self._store.files()

    @cached_property
    def _store(self) -> "Store":
        from taximeter_aim.store import Store  # noqa: PLC0415 - what a listing of trackers does not need

        return Store(Path(self.location).absolute())
