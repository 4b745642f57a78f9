"""Makes a store grow: ``python -m taximeter.measure.growth_worker``.

Standard input has an `Order`, standard output gets a `Report`; what a vendor prints goes to standard error.
"""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from taximeter.errors import Unsupported
from taximeter.measure.child import answer_order, settle
from taximeter.measure.ways import Way, start, value_of

_AT_ONCE = 100


class Growth(StrEnum):
    """What there is more and more of."""

    POINTS = "points in a run"
    RUNS = "runs in a store"
    PARAMS = "params of a run"
    KEYS = "metrics of a run"


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """How many of what are to be written where; writing ends early after `seconds`."""

    way: Way
    tracker: str
    location: str
    growth: Growth
    size: int
    seconds: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How many were written, in how many seconds up to where the store holds them; or why not one was."""

    written: int = 0
    seconds: float = 0.0
    problem: str = ""


def main() -> None:
    """Carry out the order."""
    answer_order(Order, _carry_out)


def _carry_out(order: Order) -> Report:
    try:
        return _grow(order)
    except Unsupported as error:
        return Report(problem=str(error))


def _grow(order: Order) -> Report:
    began, written = perf_counter(), 0
    runs: list[Any] = []
    for added in _WRITERS[order.growth](order, runs):
        written += added
        if written >= order.size or perf_counter() - began > order.seconds:
            break
    for run in runs:
        run.finish()
    for run in runs:
        settle(run)
    return Report(written=written, seconds=perf_counter() - began)


def _start(order: Order, runs: list[Any]) -> Any:
    runs.append(start(order.way, order.tracker, order.location, Path.cwd()))
    return runs[-1]


def _points(order: Order, runs: list[Any]) -> Iterator[int]:
    run = _start(order, runs)
    for number in range(order.size):
        run.log_metrics({"loss": value_of(number)}, step=number)
        yield 1


def _runs(order: Order, runs: list[Any]) -> Iterator[int]:
    for number in range(order.size):
        run = _start(order, runs)
        run.log_params({"number": number})
        run.log_metrics({"loss": value_of(number)}, step=0)
        run.finish()
        if order.way == "vendor":
            runs.clear()
        yield 1


def _params(order: Order, runs: list[Any]) -> Iterator[int]:
    run = _start(order, runs)
    run.log_metrics({"loss": value_of(0)}, step=0)  # without a point some trackers list no run
    for batch in _batches(order.size):
        run.log_params({f"param_{number}": number for number in batch})
        yield len(batch)


def _keys(order: Order, runs: list[Any]) -> Iterator[int]:
    run = _start(order, runs)
    for batch in _batches(order.size):
        run.log_metrics({f"metric_{number}": value_of(number) for number in batch}, step=0)
        yield len(batch)


def _batches(size: int) -> Iterator[range]:
    """Yield the numbers below `size`, so many at once."""
    for first in range(0, size, _AT_ONCE):
        yield range(first, min(first + _AT_ONCE, size))


_WRITERS = {Growth.POINTS: _points, Growth.RUNS: _runs, Growth.PARAMS: _params, Growth.KEYS: _keys}

if __name__ == "__main__":
    main()
