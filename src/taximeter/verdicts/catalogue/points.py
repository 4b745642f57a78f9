"""Facts about several points: their steps, times, order and number."""

from collections.abc import Sequence
from time import sleep
from typing import Any, Final

from taximeter.diff import ABSENT
from taximeter.errors import Unsupported
from taximeter.verdicts import undo
from taximeter.verdicts.bench import Bench
from taximeter.verdicts.facts import Fact, Theme
from taximeter.verdicts.found import Found

MANY: Final = 10_001
"""One more than the readers of several trackers return unless they are asked for more."""

_TIME = 1_750_000_000_123_457
_HUGE = 2**53 + 1
_PAUSE_SECONDS = 0.3
_NEAR = 100_000
_IN_TIME = "within 0.1 s of its call"


def _steps(number: int, name: str, steps: Sequence[Any], sentence: str) -> Fact:
    """Return the fact that points, of which the last is the odd one, have their steps."""

    def write(bench: Bench) -> None:
        for place, step in enumerate(steps):
            bench.run.log_metrics({"loss": float(place)}, step=step)

    def read(found: Found) -> Any:
        points = [[point.value, point.step] for point in found.series("loss")]
        return sorted(points) if any(value == len(steps) - 1 for value, _ in points) else ABSENT

    written = [[float(place), step] for place, step in enumerate(steps)]
    return Fact(number, Theme.STEPS, name, sentence, written, write, read)


def _times(number: int, name: str, times: Sequence[int], sentence: str) -> Fact:
    """Return the fact that points have the times that they were given."""

    def write(bench: Bench) -> None:
        for step, time in enumerate(times):
            bench.run.log_metrics({"loss": 0.5}, step=step, time=time)

    def read(found: Found) -> Any:
        return list(found.series("loss").times) or ABSENT

    return Fact(number, Theme.TIMES, name, sentence, list(times), write, read)


def _float_step(bench: Bench) -> None:
    bench.run.log_metrics({"loss": 0.5}, step=1.5)


def _read_float_step(found: Found) -> Any:
    last = found.last("loss", (0.5, 1))
    return last[1] if isinstance(last, list) else last


def _no_step(bench: Bench) -> None:
    for value in (0.5, 0.25, 0.125):
        bench.run.log_metrics({"loss": value})


def _read_counted(found: Found) -> Any:
    return [[point.step, point.value] for point in found.series("loss")] or ABSENT


def _own_clock(bench: Bench) -> None:
    for step in range(2):
        with bench.timed(str(step)):
            bench.run.log_metrics({"loss": 0.5}, step=step)
        sleep(_PAUSE_SECONDS)


def _read_own_clock(found: Found) -> Any:
    """Say of each point how far its time is from the call that logged it."""
    calls = zip(found.series("loss"), found.notes.values(), strict=False)
    return [_distance(point.time, *call) for point, call in calls] or ABSENT


def _distance(time: int, began: int, ended: int) -> str:
    away = max(began - time, time - ended, 0)
    return _IN_TIME if away < _NEAR else f"{away / 1e6:.1f} s from its call"


def _order(bench: Bench) -> None:
    for value in (3.0, 1.0, 2.0):
        bench.run.log_metrics({"loss": value}, step=0)


def _identical(bench: Bench) -> None:
    """Log a point twice, with the same time where the vendor's call takes one."""
    for _ in range(2):
        try:
            bench.run.log_metrics({"loss": 0.5}, step=1, time=_TIME)
        except Unsupported:
            bench.run.log_metrics({"loss": 0.5}, step=1)


def _many(bench: Bench) -> None:
    bench.run.log_points("loss", [(float(step), step) for step in range(MANY)])


def _read_many(found: Found) -> Any:
    """Return how many points have their value and step, and how many there are where that is another number."""
    points = list(found.series("loss"))
    right = len({point.step for point in points if point.value == point.step})
    return (right if len(points) == right else [right, len(points)]) if points else ABSENT


FACTS: Final = (
    _steps(45, "repeated step", (0, 1, 1), "A point at the step of the last one is there, and the last one too."),
    _steps(46, "backward step", (0, 2, 1), "A point whose step is lower than the last one is there."),
    _steps(47, "negative step", (-5,), "A point at step -5 is there."),
    _steps(48, "huge step", (_HUGE,), "A step that float64 cannot hold keeps all digits."),
    Fact(
        49,
        Theme.STEPS,
        "float step",
        "A point at step 1.5 is at step 1.5.",
        1.5,
        _float_step,
        _read_float_step,
        undo.to_number,
    ),
    Fact(
        50,
        Theme.STEPS,
        "no step",
        "Three points without a step are counted from 0.",
        [[0, 0.5], [1, 0.25], [2, 0.125]],
        _no_step,
        _read_counted,
    ),
    _times(51, "microseconds", (_TIME,), "A point's time comes back to the microsecond."),
    _times(
        52, "backward time", (_TIME, _TIME - 10_000_000), "A point that is older than the last one keeps its time."
    ),
    Fact(
        53,
        Theme.TIMES,
        "time of each point",
        "Of two points, logged 0.3 s apart, each has the time of its own call.",
        [_IN_TIME, _IN_TIME],
        _own_clock,
        _read_own_clock,
    ),
    Fact(
        54,
        Theme.POINTS,
        "order",
        "Points of one step come back in the order in which they were logged.",
        [3.0, 1.0, 2.0],
        _order,
        lambda found: found.values("loss"),
    ),
    Fact(
        55,
        Theme.POINTS,
        "identical points",
        "Two points that are equal in key, value, step and time are two points.",
        [0.5, 0.5],
        _identical,
        lambda found: found.values("loss"),
    ),
    Fact(
        56,
        Theme.POINTS,
        "10,001 points",
        "All of 10,001 points of one metric come back, each with its value and step.",
        MANY,
        _many,
        _read_many,
    ),
)
