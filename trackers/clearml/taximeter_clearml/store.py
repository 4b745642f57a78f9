"""A folder of sessions: which runs it holds, and where their files lie."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

from taximeter.errors import InputError
from taximeter.record import RunRecord
from taximeter.tracker import RECORD_PATH, RunSummary
from taximeter_clearml.files import SessionFiles, session_at
from taximeter_clearml.names import vendor_id_for
from taximeter_clearml.native import artifacts_of, record_of, samples_of, summary_of
from taximeter_clearml.points import last_in

_OFFLINE = "offline"


class _Known:
    """A session that was asked for, as long as its task stays as it is."""

    def __init__(self, files: SessionFiles) -> None:
        self.files = files
        self.state = files.state()
        self.artifacts = artifacts_of(files)

    @cached_property
    def samples(self) -> dict[str, str]:
        """The debug samples; to find them, all events are read."""
        return samples_of(self.files)


class Store:
    """The sessions at a place: a cache folder of ClearML's, the folder ``offline`` in it, or one session."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._known: dict[str, _Known] = {}

    def summaries(self) -> Iterator[RunSummary]:
        """Yield every session, oldest first."""
        found = map(summary_of, sessions_in(self._place))
        yield from sorted(found, key=lambda summary: (summary.started, summary.vendor_id))

    def native(self, run_id: str) -> RunRecord:
        """Return what a session's files say."""
        return record_of(self._session(run_id).files)

    def last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Return the value and step of a metric's last point, as its event has them.

        Raises:
            InputError: the session has no such metric.
        """
        files = self._session(run_id).files
        found = last_in(files.events(), files.vendor_id, key)
        if found is None:
            raise InputError(f"the ClearML run {run_id!r} has no metric {key!r}.")
        return found

    def exact(self, run_id: str) -> RunRecord | None:
        """Return the exact record, if the session has one."""
        known = self._session(run_id)
        if RECORD_PATH not in known.artifacts:
            return None
        with known.files.whole(), known.files.open(known.artifacts[RECORD_PATH]) as lines:
            return RunRecord.from_lines(lines)

    def open_file(self, run_id: str, path: str) -> BinaryIO:
        """Open a file that a session keeps.

        Raises:
            FileNotFoundError: there is none.
        """
        known = self._session(run_id)
        name = known.artifacts.get(path) or known.samples.get(path)
        if name is None:
            raise FileNotFoundError(f"{known.files.path} has no artifact {path!r}")
        return known.files.open(name)

    def files(self) -> Iterator[Path]:
        """Yield the folder of the sessions, or the session."""
        folder = self._place / _OFFLINE
        yield folder if folder.is_dir() else self._place

    def _session(self, run_id: str) -> _Known:
        known = self._known.get(run_id)
        if known is None or known.state != known.files.state():
            files = self._find(run_id)
            files.check()
            known = _Known(files)
            self._known = {run_id: known}  # it holds an open file: of the last run only
        return known

    def _find(self, run_id: str) -> SessionFiles:
        """Return the session with our id of the run, or ClearML's.

        Raises:
            InputError: there is none.
        """
        for files in sessions_in(self._place, {run_id, vendor_id_for(run_id)}):
            return files
        for files in sessions_in(self._place):
            if run_id in {files.vendor_id, summary_of(files).run_id}:
                return files
        raise InputError(f"{self._place} has no ClearML run {run_id!r}.")


def sessions_in(place: Path, names: set[str] | None = None) -> Iterator[SessionFiles]:
    """Yield the sessions at a place, each once: its folder, which ClearML may still write to, before its zip file.

    Args:
        place: see `Store`.
        names: if given, those of the folders that are wanted.
    """
    own = session_at(place)
    if own:
        yield from [own] if names is None or place.name.removesuffix(".zip") in names else []
        return
    for folder in (place, place / _OFFLINE):
        yielded: set[str] = set()
        for entry in _entries(folder):
            stem = entry.name.removesuffix(".zip")
            wanted = stem not in yielded and (names is None or stem in names)
            if wanted and not entry.name.startswith(".") and (files := session_at(entry)):
                yielded.add(stem)
                yield files


def looks_like_store(path: Path) -> bool:
    """Tell whether `path` is a session or holds one."""
    return next(sessions_in(path), None) is not None


def _entries(folder: Path) -> list[Path]:
    """Return what lies in a folder, a session's folder before its zip file."""
    return sorted(folder.iterdir()) if folder.is_dir() else []
