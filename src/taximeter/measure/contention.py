"""What happens when several processes write to one store at once, and when that store is new."""

import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from taximeter.courier.launch import await_receipts
from taximeter.errors import TaximeterError, TrackerError
from taximeter.journal.home import Destination, Home
from taximeter.measure.child import PATIENCE_SECONDS, python_of, start
from taximeter.measure.contention_worker import Order, Report, RunReport, read_begun
from taximeter.measure.held import Held, Reading, count_held, read_run
from taximeter.measure.kind import Depth, Kind, Settings, Times
from taximeter.measure.offspring import SETTLE_SECONDS, see_out, session_of
from taximeter.measure.ways import LOGGED, Way, readable
from taximeter.plugins import load
from taximeter.redact import redact
from taximeter.store.client import Store
from taximeter.tracker import RunSummary

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
        runs_found: runs that the store lists afterwards, without one that was there before.
        missing: runs that did not die and are not listed.
        strange: runs that it lists more than once, or that nobody wrote.
        found: acknowledged points that are there with their value, in the run that they were logged to; read
            exactly through the interface, and natively else.
        altered: those that are there with another value.
        doubled: further points with a step that is there already.
        invented: points of these runs that were never logged.
        seconds: of an average run that did not die, from its start to its end.
        reasons: what runs died of, and why some cannot be read, each once.
    """

    begun: int
    died: int
    acknowledged: int
    runs_found: int
    missing: int
    strange: int
    found: int
    altered: int
    doubled: int
    invented: int
    seconds: float | None
    reasons: list[str]


class _Stored(NamedTuple):
    """What a store holds: its list of runs, and each of them by both its ids, for a writer knows one of them."""

    listed: list[RunSummary]
    readings: dict[str, Reading]


def _plan(trackers: Sequence[str], depth: Depth) -> list[ContentionSettings]:
    writers = [2] if depth == Depth.QUICK else [1, 2, 4, 8]
    stores = [True] if depth == Depth.QUICK else [True, False]
    can_be_read = readable(trackers)
    return [
        ContentionSettings(tracker=tracker, way=way, writers=number, fresh=fresh, runs=_RUNS.at(depth))
        for number in writers
        for fresh in stores
        for tracker in can_be_read
        for way in LOGGED
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
    before = _Stored([], {})
    if not settings.fresh:
        (seed,) = _write(settings, store, folder, writers=1, runs=1)
        if seed.problem:
            raise TrackerError(seed.problem)
        before = _read_all(settings, store)
    reports = _write(settings, store, folder, writers=settings.writers, runs=settings.runs)
    if unsupported := next((report for report in reports if report.is_unsupported), None):
        raise TrackerError(unsupported.problem)
    try:
        return _sample(reports, before, _read_all(settings, store))
    except TaximeterError as error:
        return _sample(reports, before, before, f"the store cannot be read afterwards: {error}")


def _sample(reports: list[RunReport], before: _Stored, after: _Stored, problem: str = "") -> ContentionSample:
    readings = [after.readings.get(report.run_id, Reading(None)) for report in reports]
    held = [_held(*pair) for pair in zip(reports, readings, strict=True)]
    done = [report for report in reports if not report.problem]
    known = {report.run_id for report in reports}
    new = [run for run in after.listed if run.run_id not in before.readings]
    listed = Counter(run.vendor_id if run.vendor_id in known else run.run_id for run in new)
    reasons = [problem, *(each.problem for each in reports), *(each.problem for each in readings)]
    return ContentionSample(
        begun=len(reports),
        died=len(reports) - len(done),
        acknowledged=sum(report.acknowledged for report in reports),
        runs_found=len(new),
        missing=sum(report.run_id not in listed for report in done),
        strange=sum(count - (run_id in known) for run_id, count in listed.items()),
        found=sum(each.found for each in held),
        altered=sum(each.altered for each in held),
        doubled=sum(each.doubled for each in held),
        invented=sum(each.invented for each in held),
        seconds=sum(report.seconds for report in done) / len(done) if done else None,
        reasons=sorted({redact(reason)[:_LONGEST] for reason in reasons if reason}),
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
        reports = [
            report for each in zip(processes, places, strict=True) for report in _reports(*each, order, store)
        ]
    see_out(left for process in processes for left in session_of(process.pid))
    return reports


def _reports(process: subprocess.Popen[bytes], place: Path, order: Order, store: Destination) -> list[RunReport]:
    """Return a writer's reports; of one that died or hung they say so."""
    try:
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
        reports = msgspec.json.decode(output, type=Report).runs
    except subprocess.TimeoutExpired:
        process.kill()
        reports = read_begun(place, order.runs, f"it was not done after {PATIENCE_SECONDS:g} seconds")
    except msgspec.MsgspecError:
        reports = read_begun(place, order.runs, "its process died")
    if order.way == "interface":
        for report in reports:
            if report.problem and report.run_id:  # what a run was acknowledged is delivered, whatever it died of
                await_receipts(Home(place / ".taximeter"), report.run_id, [store], timeout=SETTLE_SECONDS)
    return reports


def _read_all(settings: ContentionSettings, store: Destination) -> _Stored:
    """Read all runs of the store.

    Raises:
        TaximeterError: it cannot even list them.
    """
    with Store(store) as opened:
        listed = opened.runs()
        readings = [read_run(opened, run.vendor_id, native=settings.way == "vendor") for run in listed]
    ids = [(id_, each) for run, each in zip(listed, readings, strict=True) for id_ in (run.vendor_id, run.run_id)]
    return _Stored(listed, dict(ids))


def _held(report: RunReport, reading: Reading) -> Held:
    """Return what is there of a run."""
    acknowledged = report.acknowledged
    return count_held(reading.record, range(acknowledged), range(acknowledged, _POINTS))


CONTENTION: Final = Kind(
    name="contention",
    sentence="what the store holds after several processes wrote to it at once",
    settings=ContentionSettings,
    sample=ContentionSample,
    plan=_plan,
    measure=measure_contention,
    repetitions=Times(3, 1),
    seconds=lambda settings: 1.5 + 0.65 * settings.writers,
)
