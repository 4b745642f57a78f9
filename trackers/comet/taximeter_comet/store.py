"""A folder of archives: which runs they hold, and where their files lie."""

from collections import deque
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from taximeter.errors import InputError
from taximeter.record import RunRecord
from taximeter.tracker import RunSummary
from taximeter_comet.archive import Archive, archives_in
from taximeter_comet.fold import Upload, metric_key
from taximeter_comet.lines import METRIC, OTHER, UPLOAD, decode, of_type
from taximeter_comet.messages import MetricMessage, OtherMessage, UploadMessage
from taximeter_comet.names import NAME, RUN_ID, STARTED, key_for
from taximeter_comet.native import (
    exact_file,
    experiment_of,
    files_of,
    name_of,
    record_of,
    run_id_of,
    started_of,
    status_of,
)


class _Files(NamedTuple):
    """Where a run's files lie, as long as its archives and the names in the folder stay as they are."""

    archives: list[Archive]
    states: list[object]
    record: Upload | None
    artifacts: dict[str, Upload]


class Store:
    """The archives in a folder.

    Args:
        place: the folder, or one archive in it.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._known: dict[str, _Files] = {}

    def summaries(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first."""
        archives = sorted(archives_in(self._place), key=lambda archive: archive.key)
        runs = (_chosen(list(run)) for _, run in groupby(archives, key=lambda archive: archive.key))
        yield from sorted(map(_summary, runs), key=lambda summary: (summary.started, summary.vendor_id))

    def native(self, run_id: str) -> RunRecord:
        """Return what the messages say of a run."""
        return record_of(self._find(run_id))

    def last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Return the value and step of a metric's last point, as they are in its message.

        Raises:
            InputError: the run has no such metric.
        """
        messages = (
            message
            for archive in self._find(run_id)
            for message in decode(of_type(archive.lines(), METRIC))
            if isinstance(message, MetricMessage) and metric_key(message) == key
        )
        for message in deque(messages, maxlen=1):
            return message.metric.metric_value, message.metric.step
        raise InputError(f"the Comet run {run_id!r} has no metric {key!r}.")

    def exact(self, run_id: str) -> RunRecord | None:
        """Return the exact record, if the run has one.

        Raises:
            InputError: it is damaged.
        """
        files = self._files_of(run_id)
        record = files.record
        if record is None and _must_have_record(files.archives[0]):
            raise InputError(f"the exact record of {run_id} is missing: {files.archives[0].path} is damaged.")
        if record is None:
            return None
        try:
            with record.open() as lines:
                return RunRecord.from_lines(lines)
        except FileNotFoundError as error:
            raise InputError(f"the exact record of {run_id} is damaged: {error}.") from error

    def open_file(self, run_id: str, path: str) -> BinaryIO:
        """Open a file that a run logged.

        Raises:
            FileNotFoundError: there is none.
        """
        upload = self._files_of(run_id).artifacts.get(path)
        if upload is None:
            raise FileNotFoundError(f"{self._place} has no artifact {path!r} of the run {run_id!r}")
        return upload.open()

    def files(self) -> Iterator[Path]:
        """Yield what in the folder is Comet's."""
        yield from (archive.path for archive in archives_in(self._place))

    def _find(self, run_id: str) -> list[Archive]:
        """Return the archives of the run with our id or Comet's.

        Raises:
            InputError: there are none, or nothing of them can be read.
        """
        keys = {run_id, key_for(run_id)}
        for beginning in (key_for(run_id), ""):  # an archive may have been given another name
            found = [archive for archive in archives_in(self._place, beginning) if archive.key in keys]
            if found:
                return _sound(_chosen(found))
        raise InputError(f"{self._place} has no Comet run {run_id!r}.")

    def _files_of(self, run_id: str) -> _Files:
        known = self._known.get(run_id)
        if known and known.states == self._states(known.archives):
            return known
        archives = self._find(run_id)
        known = _locate(archives, self._states(archives))
        self._known = {run_id: known}  # it holds open files: of the last run only
        return known

    def _states(self, archives: list[Archive]) -> list[object]:
        named = self._place.stat().st_mtime_ns if self._place.exists() else None
        return [named, *(archive.state() for archive in archives)]


def _chosen(archives: list[Archive]) -> list[Archive]:
    """Return the archives of a run that count, in their order.

    That is the one that we wrote; else all that are whole, for a run may go on in another; else a torn one.
    """
    whole = [archive for archive in archives if archive.is_whole]
    whole.sort(key=lambda archive: archive.meta.start_time)
    ours = [archive for archive in whole if archive.is_ours]
    return ours[-1:] or whole or sorted(archives, key=lambda archive: archive.path.is_dir())[-1:]


def _sound(archives: list[Archive]) -> list[Archive]:
    """Return archives that are whole, or torn.

    Raises:
        InputError: one holds something else.
    """
    for archive in archives:
        if archive.is_damaged:
            raise InputError(f"{archive.path} is damaged: it is no archive of Comet's, not even a part of one.")
    return archives


def _locate(archives: list[Archive], states: list[object]) -> _Files:
    uploads = [
        Upload(archive, message)
        for archive in archives
        for message in decode(of_type(archive.lines(), UPLOAD))
        if isinstance(message, UploadMessage)
    ]
    record = exact_file(uploads) if _must_have_record(archives[0]) else None
    return _Files(archives, states, record, files_of(uploads, ours=archives[0].is_ours))


def _must_have_record(archive: Archive) -> bool:
    """Tell whether we wrote it to its end, which is after the exact record."""
    return archive.is_ours and archive.is_whole


def _summary(archives: list[Archive]) -> RunSummary:
    others = _others(archives)
    return RunSummary(
        run_id_of(archives[0], others),
        archives[0].key,
        experiment_of(archives[0].meta),
        name_of(others),
        status_of(archives[-1]),
        started_of(archives[0].meta, others),
    )


def _others(archives: list[Archive]) -> dict[str, Any]:
    """Return other values of a run: of one that we wrote, which begins with them, only the first ones."""
    others: dict[str, Any] = {}
    for archive in archives:
        for message in decode(of_type(archive.lines(), OTHER)):
            if isinstance(message, OtherMessage):
                others[str(message.key)] = message.value
            if {RUN_ID, STARTED, NAME} <= others.keys():
                break
    return others
