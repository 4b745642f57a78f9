"""How time and bytes grow with what a store holds: writing, listing, reading one run and reading all."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Final

import msgspec

from taximeter.errors import TrackerError
from taximeter.journal.home import Destination
from taximeter.measure.child import ask, python_of
from taximeter.measure.growth_worker import Growth, Order, Report
from taximeter.measure.kind import Depth, Kind, Settings, Times
from taximeter.measure.ways import LOGGED, Way, readable
from taximeter.plugins import load
from taximeter.store.client import Store

WRITE_SECONDS: Final = 10.0
"""Writing ends after so long, with what has been written."""
READ_SECONDS: Final = 5.0
"""Reading all runs ends after so long, and counts for those that were read."""
_SIZES = {
    Growth.POINTS: (1_000, 10_000, 100_000, 1_000_000),
    Growth.RUNS: (10, 100, 1_000, 10_000),
    Growth.PARAMS: (100, 1_000, 10_000),
    Growth.KEYS: (10, 100, 1_000),
}
_QUICK = {Growth.POINTS: (1_000, 10_000)}
_WAYS: dict[Depth, tuple[Way, ...]] = {Depth.FULL: LOGGED, Depth.QUICK: ("interface",)}


class GrowthSettings(Settings, frozen=True, kw_only=True):
    """One row: how many of what are written, and for how long at most, with the vendor's API or the interface."""

    way: Way
    growth: Growth
    size: int
    seconds: float = WRITE_SECONDS


class GrowthSample(msgspec.Struct, frozen=True, kw_only=True):
    """One store that was written and read.

    Attributes:
        written: how many were written before the time was up.
        write: seconds until the store held them.
        size: bytes of the store.
        list_all: seconds of listing all runs, by a reader that has started and has done so once.
        read_one: seconds of reading the last run natively.
        read_all: seconds of reading `runs_read` runs natively.
        runs_read: all of them, unless the time was up.
    """

    written: int
    write: float
    size: int
    list_all: float
    read_one: float
    read_all: float
    runs_read: int


def _plan(trackers: Sequence[str], depth: Depth) -> list[GrowthSettings]:
    sizes = _QUICK if depth == Depth.QUICK else _SIZES
    can_be_read = readable(trackers)
    return [
        GrowthSettings(tracker=tracker, way=way, growth=growth, size=size)
        for growth, steps in sizes.items()
        for size in steps
        for tracker in can_be_read
        for way in _WAYS[depth]
    ]


def measure_growth(settings: GrowthSettings, folder: Path) -> GrowthSample:
    """Write a store, and read it.

    Raises:
        TrackerError: it could not be written or read.
    """
    kind = load(settings.tracker)
    store = Destination(settings.tracker, kind.location_in(folder), str(folder))
    report = _write(settings, store, folder)
    if report.problem:
        raise TrackerError(report.problem)
    with Store(store) as opened:
        if not opened.runs():
            raise TrackerError("the store lists no run afterwards")
        began = perf_counter()
        runs = opened.runs()
        listed = perf_counter()
        opened.read(runs[-1].vendor_id, native=True)
        read_one = perf_counter()
        count = 0
        for count, run in enumerate(runs, start=1):  # noqa: B007 - counted to here when the time is up
            opened.read(run.vendor_id, native=True)
            if perf_counter() - read_one > READ_SECONDS:
                break
        return GrowthSample(
            written=report.written,
            write=report.seconds,
            size=opened.size(),
            list_all=listed - began,
            read_one=read_one - listed,
            read_all=perf_counter() - read_one,
            runs_read=count,
        )


def _write(settings: GrowthSettings, store: Destination, folder: Path) -> Report:
    order = Order(
        way=settings.way,
        tracker=settings.tracker,
        location=store.location,
        growth=settings.growth,
        size=settings.size,
        seconds=settings.seconds,
    )
    python = python_of(settings.way, settings.tracker)
    return ask("taximeter.measure.growth_worker", order, Report, python=python, folder=folder)


GROWTH: Final = Kind(
    name="growth",
    sentence="how time and bytes grow with what a store holds",
    settings=GrowthSettings,
    sample=GrowthSample,
    plan=_plan,
    measure=measure_growth,
    repetitions=Times(1, 1),
    seconds=lambda settings: 5.0 + min(settings.size / 1_000, settings.seconds) / 2,
)
