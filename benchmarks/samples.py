"""What is measured: each sample a few named numbers, from processes of its own, in an empty folder."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from time import sleep
from typing import Any, Final, NamedTuple

from taximeter.environments import python_for
from taximeter.errors import TrackerError, Unsupported
from taximeter.journal.home import DEFAULT_HOME, Destination, Home
from taximeter.measure.child import ask, last_words, python_of
from taximeter.measure.contention import ContentionSettings, measure_contention
from taximeter.measure.crash import CrashSettings, measure_crash
from taximeter.measure.crash_training import Death
from taximeter.measure.faults import measure_fault
from taximeter.measure.faults_stage import FaultSample, FaultSettings
from taximeter.measure.faults_training import Outcome
from taximeter.measure.faults_worker import Fault
from taximeter.measure.held import points_of
from taximeter.measure.ways import Way
from taximeter.measure.worker import Order, Report
from taximeter.plugins import load
from taximeter.store.client import Store

Numbers = dict[str, float]

POINTS: Final = 10_000
MANY_POINTS: Final = 1_000_000
WRITERS: Final = 8
_DAMAGES = {Fault.TORN, Fault.FLIPPED}
_LOOK_SECONDS = 0.02
_LOOP_SECONDS = 20.0
"""A vendor's loop of calls is cut after so long; the rest would have taken at least as long a call."""


class Sampler(NamedTuple):
    """One thing to measure; `subject` is a tracker, or what stands in its place: a fault of `tracker`, say."""

    title: str
    subject: str
    take: Callable[[Path], Numbers]
    tracker: str = ""


def sample_training(trackers: Sequence[str], points: int) -> Callable[[Path], Numbers]:
    """Return what measures a training: its start, its calls, the growth of its memory."""

    def take(folder: Path) -> Numbers:
        script = str(Path(__file__).with_name("trainer.py"))
        command = [sys.executable, "-P", script, json.dumps([*trackers]), str(points)]
        with (folder / "said").open("wb") as said:
            done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=said, check=False)
        if done.returncode:
            raise TrackerError(last_words(folder))
        numbers: Numbers = json.loads(done.stdout)
        return numbers

    return take


def sample_store(tracker: str, *, served: bool = False) -> Callable[[Path], Numbers]:
    """Return what measures, on one store, how long many points take with the vendor's API and through ours.

    The vendor goes first, so that the store is there for both, in the folder that is current for both.
    One that does not keep the points has nothing to compare with.
    """

    def take(folder: Path) -> Numbers:
        kind: Any = load(tracker)
        usual = nullcontext(kind.location_in(folder))
        with kind.serve(folder, python_for(tracker)) if served else usual as location:
            vendor = log_points("vendor", tracker, location, POINTS, folder)
            kept = _count_points(Destination(tracker, location, str(folder)))
            if kept < len(vendor.calls):
                raise Unsupported(f"by itself it keeps {kept:,} of {len(vendor.calls):,} points")
            one = log_points("interface", tracker, location, 1, folder)
            _wait_for_couriers(folder)
            many = log_points("interface", tracker, location, POINTS, folder)
        calls = sorted(vendor.calls)
        cut = sum(calls) / 1e9 * (POINTS / len(calls) - 1)
        return {
            "vendor": vendor.complete + cut,
            "one": one.complete,
            "many": many.complete,
            "p50": calls[len(calls) // 2] / 1000,
            "p99": calls[len(calls) * 99 // 100] / 1000,
        }

    return take


def log_points(way: Way, tracker: str, location: str, points: int, folder: Path) -> Report:
    """Log points in a process of its own.

    Raises:
        Unsupported: the vendor's API cannot log them, so there is nothing to compare with.
        TrackerError: ours cannot.
    """
    order = Order(
        way=way,
        tracker=tracker,
        location=location,
        attached=(),
        workload="one scalar",
        calls=points,
        seconds=_LOOP_SECONDS,
    )
    report = ask("taximeter.measure.worker", order, Report, python=python_of(way, tracker), folder=folder)
    if report.problem and way == "vendor":
        raise Unsupported(report.problem)
    if report.problem:
        raise TrackerError(report.problem)
    return report


def _count_points(store: Destination) -> int:
    with Store(store) as opened:
        return sum(len(points_of(opened.read(run.vendor_id, native=True))) for run in opened.runs())


def _wait_for_couriers(folder: Path) -> None:
    """Wait until the couriers have ended that linger for another run."""
    while any(outbox.has_courier() for outbox in Home(folder / DEFAULT_HOME).outboxes()):
        sleep(_LOOK_SECONDS)


def sample_kill(tracker: str) -> Callable[[Path], Numbers]:
    """Return what kills a training, and counts 1 where the exact record is not what was acknowledged."""
    settings = CrashSettings(tracker=tracker, way="interface", death=Death.KILL)

    def take(folder: Path) -> Numbers:
        sample = measure_crash(settings, folder)
        return {"acknowledged": sample.acknowledged, "wrong": not sample.exact}

    return take


def sample_writers(tracker: str) -> Callable[[Path], Numbers]:
    """Return what lets several processes write to a fresh store, and counts what died, is missing or too much."""
    settings = ContentionSettings(tracker=tracker, way="interface", writers=WRITERS, fresh=True, runs=1)

    def take(folder: Path) -> Numbers:
        sample = measure_contention(settings, folder)
        missing = abs(sample.begun - sample.runs_found) + abs(sample.acknowledged - sample.found)
        return {"acknowledged": sample.acknowledged, "wrong": sample.died + missing + (sample.doubled or 0)}

    return take


def sample_fault(tracker: str, fault: Fault) -> Callable[[Path], Numbers]:
    """Return what lets one thing go wrong with a training, and counts what stopped it, went unsaid or is lost.

    An exception tells what a call or `finish` refuses, and training goes on; a point must never be refused.
    A store that was damaged after its run was safe in it stays damaged, and the journal is gone by then.
    """
    settings = FaultSettings(tracker=tracker, way="interface", fault=fault)

    def take(folder: Path) -> Numbers:
        sample = measure_fault(settings, folder)
        lost = _lost(sample)
        return {
            "stopped": sample.training in {Outcome.HUNG, Outcome.DIED} or sample.refused > 0,
            "raised": sample.training == Outcome.RAISED,
            "unsaid": lost > 0 and not sample.said,
            "lost": lost,
            "stays": fault in _DAMAGES,
        }

    return take


def _lost(sample: FaultSample) -> int:
    """Return how many points, and artifacts, are not in the exact record as they were acknowledged."""
    points = sample.acknowledged - (sample.recovered or 0)
    is_refused = "exception" in sample.said
    artifact = sample.artifact == "half" or (sample.artifact == "absent" and not is_refused)
    return max(points, not sample.exact) + artifact
