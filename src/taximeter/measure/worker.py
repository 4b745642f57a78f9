"""Makes measured calls in a process of its own: ``python -m taximeter.measure.worker``.

Standard input has an `Order`, standard output gets a `Report`; what a vendor prints goes to standard error.
"""

from pathlib import Path
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Any

import msgspec

from taximeter.errors import InputError, StoredElsewhere, Unsupported
from taximeter.measure.child import answer_order, settle
from taximeter.measure.ways import ImportClock, Way, start
from taximeter.measure.workloads import WORKLOADS, Call

_WRITES = 1_000
_WRITTEN = b"x" * 100


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be measured; the loop ends early after `seconds`."""

    way: Way
    tracker: str
    location: str
    attached: tuple[str, ...]
    workload: str
    calls: int
    seconds: float


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured, in seconds; each call in nanoseconds.

    `complete` is from before the first call until the store holds the run; `write` is the median of bare writes in
    microseconds; `problem` says why there is nothing.
    """

    imported: float = 0.0
    started: float = 0.0
    calls: list[int] = []
    finished: float = 0.0
    complete: float = 0.0
    write: float = 0.0
    problem: str = ""


def main() -> None:
    """Carry out the order."""
    answer_order(Order, _carry_out)


def _carry_out(order: Order) -> Report:
    workload = WORKLOADS[order.workload]
    folder = Path.cwd() / "files"
    folder.mkdir(exist_ok=True)
    call = workload.prepare(folder, order.calls)
    try:
        return _measure(order, call)
    except (InputError, Unsupported) as error:
        return Report(problem=str(error))
    except Exception as error:  # noqa: BLE001 - whatever the vendor raises is the reason, not what it says last
        return Report(problem=f"{type(error).__name__}: {error}")


def _measure(order: Order, call: Call) -> Report:
    clock, began = ImportClock(), perf_counter()
    with clock.running():
        run = start(order.way, order.tracker, order.location, Path.cwd(), order.attached)
    started, first = perf_counter() - began - clock.seconds, perf_counter()
    calls = _call(run, call, order)
    called = perf_counter()
    run.finish()
    finished = perf_counter()
    settle(run)
    return Report(
        imported=clock.seconds,
        started=started,
        calls=calls,
        finished=finished - called,
        complete=perf_counter() - first,
        write=_time_of_a_write(),
    )


def _time_of_a_write() -> float:
    """Return the median microseconds of handing a hundred bytes to the operating system."""
    times = []
    with Path("written").open("ab", buffering=0) as file:
        for _ in range(_WRITES):
            began = perf_counter_ns()
            file.write(_WRITTEN)
            times.append((perf_counter_ns() - began) / 1000)
    return median(times)


def _call(run: Any, call: Call, order: Order) -> list[int]:
    times = []
    deadline = perf_counter() + order.seconds
    for number in range(order.calls):
        began = perf_counter_ns()
        try:  # noqa: SIM105 - a context manager would be timed too
            call(run, number)
        except StoredElsewhere:
            pass
        times.append(perf_counter_ns() - began)
        if perf_counter() > deadline:
            break
    return times


if __name__ == "__main__":
    main()
