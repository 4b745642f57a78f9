"""Comet, offline: a folder of archives for ``comet upload``, written with Comet's SDK and read without it."""

from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Tracker

if TYPE_CHECKING:
    from taximeter.plain import PlainRun
    from taximeter_comet.store import Store

_RUNS_IN_A_PROCESS = 7


class CometTracker(Tracker):
    """The folder that ``COMET_OFFLINE_DIRECTORY`` names; a run is an archive in it."""

    name = "comet"
    vendor = "comet-ml"
    spared_imports = ("rfc3987_syntax",)  # a second, for a check of addresses that jsonschema can do without
    features = frozenset(Feature) - {Feature.CHILD_RUNS, Feature.LIVE}
    gaps: ClassVar = {
        Feature.CHILD_RUNS: Gap("not theirs", "Comet's experiments lie side by side in their project"),
        Feature.LIVE: Gap(
            "not theirs", "Comet shows an offline run once it has been uploaded, which is after its end"
        ),
    }

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the folder that Comet makes in the working folder."""
        return str(folder / ".cometml-runs")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is one of Comet's archives, or a folder that holds one."""
        from taximeter_comet.archive import archives_in  # noqa: PLC0415 - what a listing of trackers does not need

        return next(archives_in(path), None) is not None

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run; what a torn attempt left goes now, and an earlier archive when the new one is whole."""
        from taximeter_comet.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate()
        from taximeter_comet.writer import CometWriter  # noqa: PLC0415 - and only after that

        return CometWriter(Path(self.location).absolute(), started)

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a run with ``comet_ml.start``."""
        self.import_for_plain()
        from taximeter_comet.plain import CometPlainRun  # noqa: PLC0415 - the vendor is met here only

        return CometPlainRun(Path(self.location), experiment, name)

    def import_for_plain(self) -> int:
        """Import Comet, which waits for two seconds as a run ends."""
        from taximeter_comet.isolation import isolate_plain  # noqa: PLC0415 - the vendor is met here only

        isolate_plain()
        import_module("taximeter_comet.plain")  # and only after that
        return _RUNS_IN_A_PROCESS

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first."""
        yield from self._store.summaries()

    def read_native(self, run_id: str) -> RunRecord:
        """Read the messages that ``comet upload`` would send."""
        return self._store.native(run_id)

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read a metric's last point as its message has it."""
        return self._store.last(run_id, key)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record among the run's assets."""
        return self._store.exact(run_id)

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open one of the run's assets."""
        return self._store.open_file(run_id, path)

    def files(self) -> Iterator[Path]:
        """Yield the archives, and the folders of runs that have no archive yet."""
        yield from self._store.files()

    @cached_property
    def _store(self) -> "Store":
        from taximeter_comet.store import Store  # noqa: PLC0415 - what a listing of trackers does not need

        return Store(Path(self.location).absolute())
