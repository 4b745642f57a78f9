"""ClearML, offline: sessions that ``Task.import_offline_session`` sends to a server, read without one."""

from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from taximeter.errors import InputError
from taximeter.events import Started
from taximeter.plain import PlainRun
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Tracker

if TYPE_CHECKING:
    from taximeter_clearml.store import Store


class ClearMLTracker(Tracker):
    """The folder that ``CLEARML_CACHE_DIR`` names; ClearML keeps offline sessions in ``offline`` below it.

    One can also read that folder, one session's folder, or its zip file.
    """

    name = "clearml"
    vendor = "clearml"
    spared_imports = ("rfc3987_syntax", "azure", "hydra", "pandas", "pyarrow")  # a second that no start needs
    features = frozenset(Feature) - {Feature.CHILD_RUNS, Feature.LIVE}
    gaps: ClassVar = {
        Feature.CHILD_RUNS: Gap(
            "not theirs",
            "an imported run gets a new id, and a server refuses a session whose parent it does not have",
        ),
        Feature.LIVE: Gap(
            "not theirs", "ClearML's UI is its server's, which shows a session after it was imported"
        ),
    }

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return a folder for ClearML alone, as the cache in its users' home is."""
        return str(folder / "clearml")

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is a session, or a folder of sessions."""
        from taximeter_clearml.store import looks_like_store  # noqa: PLC0415 - what a listing of trackers does not need

        return looks_like_store(path)

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run; what an earlier attempt left of it is deleted first."""
        from taximeter_clearml.isolation import isolate  # noqa: PLC0415 - the vendor is met here only

        folder = isolate(self._cache_folder())
        from taximeter_clearml.writer import ClearMLWriter  # noqa: PLC0415 - and only after that

        return ClearMLWriter(folder, started)

    def start_plain(self, experiment: str, name: str) -> PlainRun:
        """Start a task as ClearML's documentation does, with its defaults."""
        self.import_for_plain()
        from taximeter_clearml.plain import PlainClearMLRun  # noqa: PLC0415 - the vendor is met here only

        return PlainClearMLRun(experiment, name)

    def import_for_plain(self) -> int:
        """Import ClearML, whose notices to users are printed in the first run of a process only."""
        from taximeter_clearml.isolation import (  # noqa: PLC0415 - the vendor is met here only
            isolate,
            shut_off_updates,
        )

        isolate(self._cache_folder())
        shut_off_updates()
        import_module("taximeter_clearml.plain")  # and only after that
        return 1

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every session, oldest first."""
        yield from self._store.summaries()

    def read_native(self, run_id: str) -> RunRecord:
        """Read what a server would import."""
        return self._store.native(run_id)

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read a metric's last point as its event has it."""
        return self._store.last(run_id, key)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record among the session's artifacts."""
        return self._store.exact(run_id)

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open a file that the session keeps."""
        return self._store.open_file(run_id, path)

    def files(self) -> Iterator[Path]:
        """Yield the folder of the sessions, or the location that is such a folder or a session itself."""
        yield from self._store.files()

    def _cache_folder(self) -> Path:
        """Return where sessions are written below.

        Raises:
            InputError: the location is a session itself.
        """
        folder = Path(self.location).absolute()
        if folder.is_file():
            raise InputError(f"{folder} is one session, to read; give the folder that CLEARML_CACHE_DIR names.")
        return folder

    @cached_property
    def _store(self) -> "Store":
        from taximeter_clearml.store import Store  # noqa: PLC0415 - what a listing of trackers does not need

        return Store(Path(self.location).absolute())
