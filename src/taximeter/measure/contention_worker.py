"""Writes several runs while others write too: ``python -m taximeter.measure.contention_worker``.

Standard input has an `Order`, standard output gets a `Report`; what a vendor prints goes to standard error.
"""

from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from taximeter.errors import TrackerError, Unsupported
from taximeter.measure.child import answer_order, settle
from taximeter.measure.ways import Way, start, value_of


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """How many runs are to be written where, and how many points each has."""

    way: Way
    tracker: str
    location: str
    runs: int
    points: int


class RunReport(msgspec.Struct, frozen=True):
    """One run: the points whose call returned, its seconds from start to end, and what it died of.

    `is_unsupported` says that it could not have been written by one writer either.
    """

    acknowledged: int = 0
    seconds: float = 0.0
    problem: str = ""
    is_unsupported: bool = False


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each run."""

    runs: list[RunReport]


def main() -> None:
    """Carry out the order."""
    answer_order(Order, _carry_out)


def _carry_out(order: Order) -> Report:
    started: list[Any] = []
    reports = [_write(order, started) for _ in range(order.runs)]
    return Report(runs=[*map(_settled, reports, started)])


def _write(order: Order, started: list[Any]) -> RunReport:
    began, acknowledged, problem, is_unsupported = perf_counter(), 0, "", False
    run = None
    try:
        run = start(order.way, order.tracker, order.location, Path.cwd())
        for number in range(order.points):
            run.log_metrics({"loss": value_of(number)}, step=number)
            acknowledged += 1
        run.finish()
    except Unsupported as error:
        problem, is_unsupported = str(error), True
    except Exception as error:  # noqa: BLE001 - whatever the vendor raises is what the run dies of
        problem = f"{type(error).__name__}: {error}"
    started.append(run)
    return RunReport(acknowledged, perf_counter() - began, problem, is_unsupported)


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
