"""Neptune: the offline runs of its two clients, each written with the client and read without a service."""

from abc import abstractmethod
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Standing, Tracker

if TYPE_CHECKING:
    from taximeter.plain import PlainRun
    from taximeter_neptune.store import Layout, Store


class _FieldTracker(Tracker):
    """What both clients' stores have in common: runs whose fields and files lie in folders."""

    standing = Standing(
        "legacy",
        "Neptune's service closed on 2026-03-05 and its hosted data was deleted; what is left lies in local files",
    )
    features = frozenset(Feature) - {Feature.LIVE}
    gaps: ClassVar = {Feature.LIVE: Gap("not theirs", "Neptune's UI was its service, which has closed")}

    @classmethod
    @abstractmethod
    def layout(cls) -> "Layout":
        """Return where the client keeps its runs, and in which form."""

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the folder that either client makes."""
        return str(folder / ".neptune")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether the client has kept a run at `path`."""
        layout = cls.layout()
        return any(layout.holds_run(Path(folder)) for folder in layout.candidates(path))

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first."""
        return self.store.summaries()

    def read_native(self, run_id: str) -> RunRecord:
        """Read the fields that the client was given."""
        return self.store.native(run_id)

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read a metric's last point as its operation has it."""
        return self.store.last(run_id, key)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record among the run's files."""
        return self.store.exact(run_id)

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open a file that lies in the run's folder."""
        return self.store.open_file(run_id, path)

    def files(self) -> Iterator[Path]:
        """Yield the folders of the client's runs."""
        layout = self.layout()
        return filter(layout.holds_run, map(Path, layout.candidates(Path(self.location))))

    @cached_property
    def store(self) -> "Store":
        """The runs at the location."""
        from taximeter_neptune.store import Store  # noqa: PLC0415 - what a listing of trackers does not need

        return Store(Path(self.location).absolute(), self.layout())


class NeptuneTracker(_FieldTracker):
    """The folder that ``NEPTUNE_DATA_DIRECTORY`` names, as version 1 of the client fills it."""

    name = "neptune"
    vendor = "neptune"
    spared_imports = ("rfc3987_syntax",)  # a second, for a check of addresses that jsonschema can do without

    @classmethod
    def layout(cls) -> "Layout":
        """Return a folder below ``offline`` or ``async`` for each run."""
        from taximeter_neptune.v1.layout import V1Layout  # noqa: PLC0415 - what a listing of trackers does not need

        return V1Layout()

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run; what an earlier attempt left of it is deleted first."""
        from taximeter_neptune.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate(NEPTUNE_DATA_DIRECTORY=str(Path(self.location).absolute()))
        from taximeter_neptune.v1.writer import V1Writer  # noqa: PLC0415 - and only after that

        self.store.forget(started.run_id)
        return V1Writer(started)

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a run with the client alone."""
        from taximeter_neptune.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate(NEPTUNE_DATA_DIRECTORY=str(Path(self.location).absolute()))
        from taximeter_neptune.v1.plain import V1PlainRun  # noqa: PLC0415 - and only after that

        return V1PlainRun(experiment, name)


class NeptuneScaleTracker(_FieldTracker):
    """The folder that ``NEPTUNE_LOG_DIRECTORY`` names, as the client `neptune-scale` fills it."""

    name = "neptune-scale"
    vendor = "neptune-scale"

    @classmethod
    def layout(cls) -> "Layout":
        """Return a folder with a database for each run."""
        from taximeter_neptune.scale.layout import ScaleLayout  # noqa: PLC0415 - what a listing does not need

        return ScaleLayout()

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is a run's database, or holds some."""
        return super().recognises(cls._folder(path))

    @classmethod
    def location_at(cls, path: Path) -> str:
        """Return the folder: a run's files lie beside its database."""
        return str(cls._folder(path))

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run; what an earlier attempt left of it is deleted first."""
        from taximeter_neptune.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate(NEPTUNE_LOG_FAILURE_ACTION="raise", NEPTUNE_LOGGER_LEVEL="error")
        from taximeter_neptune.scale.writer import ScaleWriter  # noqa: PLC0415 - and only after that

        self.store.forget(started.run_id)
        return ScaleWriter(Path(self.location).absolute(), started)

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a run with the client alone."""
        from taximeter_neptune.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        isolate()
        from taximeter_neptune.scale.plain import ScalePlainRun  # noqa: PLC0415 - and only after that

        return ScalePlainRun(self.location, experiment, name)

    @staticmethod
    def _folder(path: Path) -> Path:
        return path.parent if path.is_file() else path
