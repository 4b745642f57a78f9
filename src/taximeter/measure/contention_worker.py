"""Writes several runs while others write too: ``python -m taximeter.measure.contention_worker``.

Standard input has an `Order`, standard output gets a `Report`; what a vendor prints goes to standard error.
In the current folder `BEGUN` has the id of each run that was begun, a line each, and `PROGRESS` how many of its
points were acknowledged, so that the runs of a writer that dies are known too.
"""

import mmap
import struct
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import msgspec

from taximeter.errors import TrackerError, Unsupported
from taximeter.measure.child import answer_order, settle
from taximeter.measure.ways import Way, start, value_of

BEGUN: Final = "begun"
PROGRESS: Final = "progress"
_COUNT = struct.Struct("=q")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs are to be written where, and how many points each has."""

    way: Way
    tracker: str
    location: str
    runs: int
    points: int


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one run.

    Attributes:
        run_id: the vendor's or ours; empty where it could not start.
        acknowledged: points whose call returned.
        seconds: from its start to its end.
        problem: what it died of.
        is_unsupported: whether one writer could not have written it either.
    """

    run_id: str = ""
    acknowledged: int = 0
    seconds: float = 0.0
    problem: str = ""
    is_unsupported: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each run."""

    runs: list[RunReport]


def read_begun(folder: Path, runs: int, problem: str) -> list[RunReport]:
    """Return what is known of the runs of a writer that died of a problem, in so many runs."""
    begun, progress = folder / BEGUN, folder / PROGRESS
    ids = begun.read_text().splitlines() if begun.exists() else []
    counts = [count for (count,) in _COUNT.iter_unpack(progress.read_bytes())] if progress.exists() else []
    known = [
        RunReport(run_id=run_id, acknowledged=count, problem=problem)
        for run_id, count in zip(ids, counts, strict=False)
    ]
    return known + [RunReport(problem=problem)] * (runs - len(known))


def main() -> None:
    """Carry out the order."""
    answer_order(Order, _carry_out)


def _carry_out(order: Order) -> Report:
    with Path(PROGRESS).open("w+b") as file:
        size = order.runs * _COUNT.size
        file.write(bytes(size))
        file.flush()
        progress = memoryview(mmap.mmap(file.fileno(), size)).cast("q")
    started: list[Any] = []
    reports = [_write(order, started, progress) for _ in range(order.runs)]
    return Report(runs=[*map(_settled, reports, started)])


def _write(order: Order, started: list[Any], progress: memoryview) -> RunReport:
    began, acknowledged, problem, is_unsupported = perf_counter(), 0, "", False
    run, place = None, sum(run is not None for run in started)
    try:
        run = start(order.way, order.tracker, order.location, Path.cwd())
        with Path(BEGUN).open("a") as begun:
            begun.write(f"{run.id}\n")
        for number in range(order.points):
            run.log_metrics({"loss": value_of(number)}, step=number)
            acknowledged += 1
            progress[place] = acknowledged
        run.finish()
    except Unsupported as error:
        problem, is_unsupported = str(error), True
    except Exception as error:  # noqa: BLE001 - whatever the vendor raises is what the run dies of
        problem = f"{type(error).__name__}: {error}"
    started.append(run)
    return RunReport(
        run_id=run.id if run else "",
        acknowledged=acknowledged,
        seconds=perf_counter() - began,
        problem=problem,
        is_unsupported=is_unsupported,
    )


def _settled(report: RunReport, run: Any) -> RunReport:
    """Return a run's report with what its stores say."""
    if report.problem:
        return report
    try:
        settle(run)
    except TrackerError as error:
        return msgspec.structs.replace(report, problem=str(error))
    return report


if __name__ == "__main__":
    main()
