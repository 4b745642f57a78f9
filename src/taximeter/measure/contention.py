"""What happens when several processes write to one store at once, and when that store is new."""

import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from taximeter.errors import TaximeterError, TrackerError
from taximeter.journal.home import Destination
from taximeter.measure.child import PATIENCE_SECONDS, python_of, start
from taximeter.measure.contention_worker import Order, Report, RunReport, read_begun
from taximeter.measure.held import Held, count_held
from taximeter.measure.kind import Depth, Kind, Settings, Times
from taximeter.measure.ways import Way, readable
from taximeter.plugins import load
from taximeter.record import RunRecord
from taximeter.redact import redact
from taximeter.store.client import Store

_RUNS = Times(5, 1)
_POINTS = 40
_LONGEST = 300


class ContentionSettings(Settings, frozen=True, kw_only=True):
    """One row: how many writers write how many runs each, and whether the store is there already.

    Through the interface each writer has a journal of its own, and so a courier of its own.
    """

    way: Way
    writers: int
    fresh: bool
    runs: int


class ContentionSample(msgspec.Struct, frozen=True, kw_only=True):
    """All writers at work once.

    Attributes:
        begun: runs of all writers.
        died: those that ended in an error, or whose writer died.
        acknowledged: points whose call had returned.
        runs_found: runs that the store holds afterwards, without one that was there before; read exactly through
            the interface, and natively else.
        found: acknowledged points that are there, in the run that they were logged to, with their value.
        altered: those that are there with another value.
        doubled: further points with a step that is there already.
        invented: points of these runs that were never logged.
        seconds: of an average run that did not die, from its start to its end.
        reasons: what runs died of, each once.
    """

    begun: int
    died: int
    acknowledged: int
    runs_found: int
    found: int
    altered: int = 0
    doubled: int
    invented: int = 0
    seconds: float | None
    reasons: list[str]


class _Stored(NamedTuple):
    """How many runs a store holds, and each of them by its ids: a writer knows the vendor's or ours."""

    runs: int
    records: dict[str, RunRecord]


def _plan(trackers: Sequence[str], depth: Depth) -> list[ContentionSettings]:
    writers = [2] if depth == Depth.QUICK else [1, 2, 4, 8]
    stores = [True] if depth == Depth.QUICK else [True, False]
    can_be_read = readable(trackers)
    return [
        ContentionSettings(tracker=tracker, way=way, writers=number, fresh=fresh, runs=_RUNS.at(depth))
        for number in writers
        for fresh in stores
        for tracker in can_be_read
        for way in ("vendor", "interface")
    ]


def measure_contention(settings: ContentionSettings, folder: Path) -> ContentionSample:
    """Let all writers write, and count what the store holds.

    Raises:
        TrackerError: the tracker cannot be written so at all, or its store cannot be read afterwards.
    """
    kind = load(settings.tracker)
    place = folder / "store"
    place.mkdir()
    store = Destination(settings.tracker, kind.location_in(place), str(place))
    before = 0
    if not settings.fresh:
        _write(settings, store, folder, writers=1, runs=1)
        before = _read_all(settings, store).runs
    reports = _write(settings, store, folder, writers=settings.writers, runs=settings.runs)
    if unsupported := next((report for report in reports if report.is_unsupported), None):
        raise TrackerError(unsupported.problem)
    after = _read_all(settings, store)
    held = [_held(report, after.records) for report in reports]
    done = [report.seconds for report in reports if not report.problem]
    return ContentionSample(
        begun=len(reports),
        died=sum(bool(report.problem) for report in reports),
        acknowledged=sum(report.acknowledged for report in reports),
        runs_found=after.runs - before,
        found=sum(each.found for each in held),
        altered=sum(each.altered for each in held),
        doubled=sum(each.doubled for each in held),
        invented=sum(each.invented for each in held),
        seconds=sum(done) / len(done) if done else None,
        reasons=sorted({redact(report.problem)[:_LONGEST] for report in reports if report.problem}),
    )


def _write(
    settings: ContentionSettings, store: Destination, folder: Path, *, writers: int, runs: int
) -> list[RunReport]:
    """Start the writers at once, and return what became of every run."""
    order = Order(way=settings.way, tracker=store.tracker, location=store.location, runs=runs, points=_POINTS)
    python = python_of(settings.way, settings.tracker)
    with ExitStack() as stack:
        places = [Path(tempfile.mkdtemp(prefix="writer-", dir=folder)) for _ in range(writers)]
        processes = [
            stack.enter_context(start("taximeter.measure.contention_worker", python, place)) for place in places
        ]
        for process in processes:
            if process.stdin:
                process.stdin.write(msgspec.json.encode(order) + b"\n")
                process.stdin.flush()
        return [report for each in zip(processes, places, strict=True) for report in _reports(*each, order)]


def _reports(process: subprocess.Popen[bytes], place: Path, order: Order) -> list[RunReport]:
    """Return a writer's reports; of one that died or hung they say so."""
    problem = "its process died"
    try:
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
        return msgspec.json.decode(output, type=Report).runs
    except subprocess.TimeoutExpired:
        process.kill()
        problem = f"it was not done after {PATIENCE_SECONDS:g} seconds"
    except msgspec.MsgspecError:
        pass
    return read_begun(place, order.runs, problem)


def _read_all(settings: ContentionSettings, store: Destination) -> _Stored:
    """Read all runs of the store.

    Raises:
        TrackerError: it cannot be read.
    """
    with Store(store) as opened:
        try:
            runs = opened.runs()
            read = [opened.read(run.vendor_id, native=settings.way == "vendor") for run in runs]
        except TaximeterError as error:
            raise TrackerError(f"the store cannot be read afterwards: {error}") from error
    ids = [(id_, record) for run, record in zip(runs, read, strict=True) for id_ in (run.vendor_id, run.run_id)]
    return _Stored(len(runs), dict(ids))


def _held(report: RunReport, records: dict[str, RunRecord]) -> Held:
    """Return what is there of a run."""
    acknowledged = range(report.acknowledged)
    return count_held(records.get(report.run_id), acknowledged, range(report.acknowledged, _POINTS))


CONTENTION: Final = Kind(
    name="contention",
    sentence="what the store holds after several processes wrote to it at once",
    settings=ContentionSettings,
    sample=ContentionSample,
    plan=_plan,
    measure=measure_contention,
    repetitions=Times(3, 1),
    seconds=lambda settings: 5.0 + settings.writers,
)
