"""Trackers with one fault each, which the suite must find; all but the fault is that of `lines`."""

import math
import re
import socket
import struct
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import iniconfig  # the vendor of `VendorAtImport`, for whom this line is the fault
import msgspec
from taximeter_lines import LinesTracker, LinesWriter

from taximeter.events import Event, Finished, MetricsLogged, ParamsLogged, Started
from taximeter.record import Dataset, RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter

_LONGEST_TEXT = 6000


class Broken(LinesTracker):
    """What the faulty trackers have in common."""

    def __init_subclass__(cls) -> None:
        """Name the tracker as its class, and let its writer know it."""
        cls.name = re.sub("(?<!^)(?=[A-Z])", "-", cls.__name__).lower()
        cls.writer = type("Writer", (cls.writer,), {"tracker": cls})


class Inexact(Broken):
    """Reads the exact record from its own lines."""

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Add the lines up."""
        return self.read_native(run_id)


class _Rows(LinesWriter):
    """Changes the rows before it writes them."""

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        super().log_metrics([row for row in self.changed(rows) if row.values])

    def changed(self, rows: Sequence[MetricsLogged]) -> Sequence[MetricsLogged]:
        return [msgspec.structs.replace(row, values=self.values(row.values)) for row in rows]

    def values(self, values: dict[str, Any]) -> dict[str, Any]:
        return values


class _NewSteps(_Rows):
    _last = -(2**63) - 1

    def changed(self, rows: Sequence[MetricsLogged]) -> Sequence[MetricsLogged]:
        kept = []
        for row in rows:
            if row.step > self._last:
                self._last = row.step
                kept.append(row)
        return kept


class DropsSteps(Inexact):
    """A step that does not go on is dropped."""

    writer = _NewSteps


class _Float32(_Rows):
    def values(self, values: dict[str, Any]) -> dict[str, Any]:
        return {key: _float32(value) for key, value in values.items()}


def _float32(value: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


class RoundsToFloat32(Inexact):
    """Half of a float is lost."""

    writer = _Float32


class _ByStep(_Rows):
    def changed(self, rows: Sequence[MetricsLogged]) -> Sequence[MetricsLogged]:
        return sorted(rows, key=lambda row: row.step)


class ReordersPoints(Inexact):
    """Points are sorted by step."""

    writer = _ByStep


class _NoNan(_Rows):
    def values(self, values: dict[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in values.items() if not math.isnan(value)}


class LosesNan(Inexact):
    """A point without a value is no point."""

    writer = _NoNan


class _NoSign(_Rows):
    def values(self, values: dict[str, Any]) -> dict[str, Any]:
        return {key: value + 0.0 for key, value in values.items()}


class LosesTheSignOfZero(Inexact):
    """Zero is zero."""

    writer = _NoSign


class _CleanKeys(_Rows):
    def values(self, values: dict[str, Any]) -> dict[str, Any]:
        return {key.replace("/", "_"): value for key, value in values.items()}


class MergesKeys(Inexact):
    """Two keys become one."""

    writer = _CleanKeys


class _Milliseconds(_Rows):
    def changed(self, rows: Sequence[MetricsLogged]) -> Sequence[MetricsLogged]:
        return [msgspec.structs.replace(row, time=row.time // 1000 * 1000) for row in rows]


class CutsTimes(Inexact):
    """Times are in milliseconds."""

    writer = _Milliseconds


class _ShortTexts(LinesWriter):
    def log_params(self, params: Mapping[str, Any]) -> None:
        cut = {name: value[:_LONGEST_TEXT] if isinstance(value, str) else value for name, value in params.items()}
        self.append(ParamsLogged(cut))


class CutsTexts(Inexact):
    """A long param loses its end."""

    writer = _ShortTexts


class _Texts(LinesWriter):
    def log_params(self, params: Mapping[str, Any]) -> None:
        self.append(ParamsLogged({name: str(value) for name, value in params.items()}))


class TurnsParamsIntoTexts(Inexact):
    """A param loses its type."""

    writer = _Texts


class ClaimsFigures(Broken):
    """A feature is declared whose method is not written."""

    features = LinesTracker.features | {Feature.FIGURES}
    gaps: ClassVar = {Feature.TABLES: Gap("not theirs", "a line of text shows none")}


class _Deaf(LinesWriter):
    def log_dataset(self, dataset: Dataset) -> None:
        pass


class ClaimsDatasets(Broken):
    """A feature is declared whose method does nothing; our record hides it."""

    writer = _Deaf


class HidesNotes(Broken):
    """A feature works that is not declared."""

    features = LinesTracker.features - {Feature.NOTES}
    gaps: ClassVar = LinesTracker.gaps | {Feature.NOTES: Gap("not yet ours", "nobody has written it")}


class _Polite(LinesWriter):
    def log_figure(self, path: str, file: Path, media_type: str) -> None:
        pass


class SwallowsFigures(Broken):
    """What is not supported is dropped without a word."""

    writer = _Polite


class GivesNoReason(Broken):
    """A gap is nobody's."""

    gaps: ClassVar = dict.fromkeys((Feature.FIGURES, Feature.TABLES), Gap("somebody's", ""))


class _LateWriter(LinesWriter):
    def __init__(self, run: Path, started: Started) -> None:
        self._late: list[Event] = []
        super().__init__(run, started)

    def append(self, event: Event) -> None:
        self._late.append(event)
        if isinstance(event, Started | Finished):
            for one in self._late:
                super().append(one)
            self._late = []


class WritesAtTheEnd(Broken):
    """A live view is declared, and nothing is seen before the run has ended."""

    writer = _LateWriter


class _Optimist(LinesWriter):
    def finish(self, record: RunRecord, record_file: Path) -> None:
        super().finish(msgspec.structs.replace(record, status="finished"), record_file)


class ForgetsTheStatus(Broken):
    """Every run has finished; our record hides it."""

    writer = _Optimist


class DoublesOnResume(Inexact):
    """What a dead courier wrote is there twice."""

    def open_run(self, started: Started) -> RunWriter:
        log = self._run(started.run_id) / "log"
        before = log.read_bytes().partition(b"\n")[2] if log.exists() else b""
        writer = super().open_run(started)
        with log.open("ab") as stream:
            stream.write(before)
        return writer


class LeaksAFile(Broken):
    """Something is left in the home folder."""

    def open_run(self, started: Started) -> RunWriter:
        Path("~/.lines").expanduser().touch()
        return super().open_run(started)


class LeavesTemporaryFiles(Broken):
    """Something is left in the folder for temporary files."""

    def open_run(self, started: Started) -> RunWriter:
        tempfile.mkdtemp()
        return super().open_run(started)


class ChangesOnReading(Broken):
    """The store remembers who has read it."""

    def read_native(self, run_id: str) -> RunRecord:
        with (self._found(run_id) / "readers").open("a") as readers:
            readers.write("another one\n")
        return super().read_native(run_id)


class MakesAStoreOnReading(Broken):
    """Looking for runs makes a folder for them."""

    def list_runs(self) -> Iterator[RunSummary]:
        Path(self.location).mkdir(exist_ok=True)
        yield from super().list_runs()


class VendorAtImport(Broken):
    """The vendor is imported with the tracker."""

    vendor = iniconfig.__name__


class AsksTheNetwork(Broken):
    """It looks for news, and swallows the error."""

    def open_run(self, started: Started) -> RunWriter:
        with suppress(OSError):
            socket.getaddrinfo("news.invalid", 443)
        return super().open_run(started)


class CannotBeMoved(Broken):
    """The store holds the path that it was made at."""

    def open_run(self, started: Started) -> RunWriter:
        writer = super().open_run(started)
        (self._run(started.run_id) / "place").write_text(str(self._run(started.run_id)))
        return writer

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        sha256 = self.read_native(run_id).artifacts[path].sha256
        return Path((self._found(run_id) / "place").read_text(), "artifacts", sha256).open("rb")


class FollowsPaths(Broken):
    """An artifact's path leads anywhere."""

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        artifact = self.read_native(run_id).artifacts.get(path)
        return (self._found(run_id) / "artifacts" / (artifact.sha256 if artifact else path)).open("rb")


class FollowsIds(Broken):
    """A run's id leads anywhere."""

    def _run(self, run_id: str) -> Path:
        return Path(self.location, run_id)


class RaisesItsOwnErrors(Broken):
    """A run that is not there is a file that is not there."""

    def _found(self, run_id: str) -> Path:
        return self._run(run_id).resolve(strict=True)


class KnowsEverything(Broken):
    """Every folder is its store."""

    @classmethod
    def recognises(cls, path: Path) -> bool:
        return path.is_dir()


class SharesAMemory(Inexact):
    """All its stores are one."""

    _seen: ClassVar[dict[str, RunRecord]] = {}

    def read_native(self, run_id: str) -> RunRecord:
        return self._seen.setdefault(run_id, super().read_native(run_id))


class StumblesOverOthers(Broken):
    """Two processes that make the store at once meet."""

    def open_run(self, started: Started) -> RunWriter:
        if not Path(self.location).exists():
            time.sleep(1)
            Path(self.location).mkdir(parents=True)
        return super().open_run(started)


class ListsBackwards(Broken):
    """The newest run comes first."""

    def list_runs(self) -> Iterator[RunSummary]:
        yield from reversed(list(super().list_runs()))


class ForgetsFiles(Broken):
    """Its size is nothing."""

    def files(self) -> Iterator[Path]:
        return iter(())
