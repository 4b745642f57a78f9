"""What logging costs: time, memory, processes and bytes, on each of the three ways."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from taximeter.errors import TrackerError
from taximeter.files import bytes_below
from taximeter.measure.child import ask, python_of
from taximeter.measure.kind import Depth, Kind, Settings, Times
from taximeter.measure.watch import Peaks, Watch
from taximeter.measure.ways import WAYS, Way
from taximeter.measure.worker import Order, Report
from taximeter.measure.workloads import WORKLOADS
from taximeter.plugins import load, tracker_name

LOOP_SECONDS: Final = 20.0
"""A loop of calls ends after so long, with the calls it has made."""
_FIRST_FOUR = 4
_IMPORT = "from time import perf_counter; began = perf_counter(); import taximeter; print(perf_counter() - began)"


class CostSettings(Settings, frozen=True, kw_only=True):
    """One row: which calls are made, and for how long at most.

    `attached` trackers have the run besides, which only the interface can do.
    """

    way: Way
    workload: str
    calls: int
    attached: tuple[str, ...] = ()
    seconds: float = LOOP_SECONDS


class CostSample(msgspec.Struct, frozen=True, kw_only=True):
    """One process that started a run, made its calls and ended it.

    Attributes:
        imported: seconds of imports while the run started, with taximeter's own where it is what is called.
        started: seconds until the run could be logged to, without them.
        calls: how many calls were made.
        p50: microseconds, as `p99` and `longest`, of a call.
        p99: see `p50`.
        longest: see `p50`.
        loop: seconds of all calls.
        finished: seconds until the run was ended.
        complete: seconds from the first call until the store holds the run.
        size: bytes of the store afterwards.
        memory: peak bytes of the process.
        memory_all: peak bytes of it and all that it started.
        threads: the most of all of them together, as `processes` and `files`.
        processes: see `threads`.
        files: see `threads`.
        write: microseconds of appending a hundred bytes to a file in the same process, the least that a call takes
            which reaches the operating system.
    """

    imported: float
    started: float
    calls: int
    p50: float
    p99: float
    longest: float
    loop: float
    finished: float
    complete: float
    size: int
    memory: int
    memory_all: int
    threads: int
    processes: int
    files: int
    write: float


def _plan(trackers: Sequence[str], depth: Depth) -> list[CostSettings]:
    rows = [
        CostSettings(tracker=tracker, way=way, workload=workload.name, calls=workload.calls.at(depth))
        for workload in WORKLOADS.values()
        for tracker in trackers
        for way in WAYS
        if depth == Depth.FULL or (workload.name == "one scalar" and way != "adapter")
    ]
    scalar = WORKLOADS["one scalar"]
    plain = [tracker for tracker in trackers if tracker_name(tracker) == tracker]
    several = [] if depth == Depth.QUICK else [tuple(plain[1:_FIRST_FOUR]), tuple(plain[1:])]
    return rows + [
        CostSettings(
            tracker=plain[0], way="interface", workload=scalar.name, calls=scalar.calls.full, attached=attached
        )
        for attached in dict.fromkeys(several)
        if attached
    ]


def measure_cost(settings: CostSettings, folder: Path) -> CostSample:
    """Take one sample.

    Raises:
        TrackerError: the calls could not be made; the message says why.
    """
    tracker = load(settings.tracker)(load(settings.tracker).location_in(folder))
    order = Order(
        way=settings.way,
        tracker=settings.tracker,
        location=tracker.location,
        attached=settings.attached,
        workload=settings.workload,
        calls=settings.calls,
        seconds=settings.seconds,
    )
    watch = Watch()
    report = ask(
        "taximeter.measure.worker",
        order,
        Report,
        python=python_of(settings.way, settings.tracker),
        folder=folder,
        watch=watch.on,
    )
    if report.problem:
        raise TrackerError(report.problem)
    is_ours = settings.way != "vendor" or tracker.vendor is None
    ours = _import_seconds() if is_ours else 0.0
    return _sample(report, watch.peaks, sum(map(bytes_below, tracker.files())), ours)


def _import_seconds() -> float:
    """Return the seconds that taximeter's own import takes: whoever logs has met it before the clock runs."""
    done = subprocess.run([sys.executable, "-c", _IMPORT], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _sample(report: Report, peaks: Peaks, size: int, ours: float) -> CostSample:
    microseconds = np.asarray(report.calls) / 1000
    return CostSample(
        imported=report.imported + ours,
        started=report.started,
        calls=len(report.calls),
        p50=float(np.percentile(microseconds, 50)),
        p99=float(np.percentile(microseconds, 99)),
        longest=float(microseconds.max()),
        loop=float(microseconds.sum() / 1e6),
        finished=report.finished,
        complete=report.complete,
        size=size,
        write=report.write,
        **msgspec.structs.asdict(peaks),
    )


COST: Final = Kind(
    name="cost",
    sentence="what a call, a run and a store cost in time, memory, processes and bytes",
    settings=CostSettings,
    sample=CostSample,
    plan=_plan,
    measure=measure_cost,
    repetitions=Times(5, 1),
    seconds=lambda _: 1.5,
)
