"""What happens when something goes wrong: does training go on, is it told, and is anything lost."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from taximeter.errors import TrackerError
from taximeter.measure.child import ask
from taximeter.measure.faults_causes import prefix_for
from taximeter.measure.faults_stage import AREA, SERVER_FAULTS, FaultSample, FaultSettings, Order, Report
from taximeter.measure.faults_worker import Fault
from taximeter.measure.kind import Depth, Kind, Times
from taximeter.measure.ways import LOGGED, readable

_QUICK = (Fault.FORK,)


def _plan(trackers: Sequence[str], depth: Depth) -> list[FaultSettings]:
    can_be_read = readable(trackers)
    return [
        FaultSettings(tracker=tracker, way=way, fault=fault)
        for fault in (_QUICK if depth == Depth.QUICK else Fault)
        for tracker in can_be_read
        for way in LOGGED
    ]


def measure_fault(settings: FaultSettings, folder: Path) -> FaultSample:
    """Let one thing go wrong with one training, and read what is left.

    Raises:
        TrackerError: the fault makes no sense for this tracker, or cannot be made here.
    """
    area = folder / AREA
    area.mkdir()
    prefix = prefix_for(settings.fault, area)
    order = Order(settings=settings, mounted=settings.fault == Fault.DISK_FULL and bool(prefix))
    report = ask("taximeter.measure.faults_stage", order, Report, folder=folder, prefix=prefix)
    if report.sample is None:
        raise TrackerError(report.problem)
    return report.sample


FAULTS: Final = Kind(
    name="faults",
    sentence="what goes on, what is told and what is lost when something goes wrong",
    settings=FaultSettings,
    sample=FaultSample,
    plan=_plan,
    measure=measure_fault,
    repetitions=Times(3, 1),
    seconds=lambda settings: 40.0 if settings.fault in SERVER_FAULTS else 8.0,
    is_timed=False,
    is_quick=False,
)
