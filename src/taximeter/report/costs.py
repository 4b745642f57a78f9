"""What a call costs, as it was measured on both ways, in a chart."""

from collections.abc import Collection, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from taximeter.measure.kind import Measurement
from taximeter.measure.statistics import estimate
from taximeter.report.figures import Figure, Plot, beside, decades, hover, log_axis, rows_chart
from taximeter.report.numbers import number
from taximeter.report.samples import TONES, WAYS, Found, find, spread
from taximeter.report.tables import Sheet
from taximeter.report.text import counted, listed, ranged

SCALAR: Final = "one scalar"
_ENDS: Final = 130
_DOT: Final = 12
_ALIKE: Final = 1.5


def first_point(sample: Any) -> float:
    """Return the seconds until the first point can be logged."""
    return float(sample.imported + sample.started)


def scalar_found(measurement: Measurement[Any, Any] | None, way: str) -> Found:
    """Return the samples of logging one scalar a call."""
    return workload_found(measurement, way, SCALAR)


def workload_found(measurement: Measurement[Any, Any] | None, way: str, name: str) -> Found:
    """Return the samples of a workload, with no other tracker attached."""
    return find(measurement, way, lambda settings: settings.workload == name and not settings.attached)


def calls_figure(measurements: Sequence[Measurement[Any, Any]], where: str, mute: Collection[str] = ()) -> Figure:
    """Return the chart of a call: its p50 as a dot, and a line up to its p99.

    Args:
        measurements: of costs.
        where: the machine and the day.
        mute: trackers that keep no metrics, whose calls are compared with no other's.
    """
    found = {way: {each.tracker: scalar_found(each, way) for each in measurements} for way in WAYS}
    values = [
        value
        for by_name in found.values()
        for each in by_name.values()
        for sample in each.samples
        for value in (sample.p50, sample.p99)
    ]
    rule = _one_write(measurements)
    scale = decades([*values, rule[0]] if rule else values)
    order = sorted(found["vendor"], key=lambda name: _p50(found["vendor"][name]))
    return Figure(
        id="calls",
        title={way: _title({name: each for name, each in found[way].items() if name not in mute}) for way in WAYS},
        note=_note(found, rule, where, mute),
        alternative="For each tracker the median call as a dot and a line up to the slowest hundredth.",
        plots={way: [_plot(order, found[way], scale, rule, way)] for way in WAYS},
        sheet=Sheet(
            head=["tracker", "way", "sample", "p50, µs", "p99, µs", "longest, µs"],
            rows=[
                (name, way, repetition + 1, sample.p50, sample.p99, sample.longest)
                for way, by_name in found.items()
                for name, each in by_name.items()
                for repetition, sample in zip(each.repetitions, each.samples, strict=True)
            ],
        ),
        is_wide=True,
    )


def _p50(found: Found) -> float:
    middle_of = found.estimate(lambda sample: sample.p50)
    return middle_of.median if middle_of else float("inf")


def _title(found: dict[str, Found]) -> str:
    known = {name: _p50(each) for name, each in found.items() if each.samples}
    if not known:
        return "No call was measured on this way"
    least, most = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    if len(known) == 1:
        return f"A call to {least} takes {number(known[least]).text} µs"
    if known[most] <= _ALIKE * known[least]:
        ends = dict.fromkeys(number(known[name]).text for name in (least, most))
        return f"A call takes {' to '.join(ends)} µs with each of {counted(len(known), 'tracker')}"
    times = number(known[most] / known[least]).text
    return f"A call to {most} takes {times} times as long as one to {least} ({number(known[least]).text} µs)"


def _note(
    found: dict[str, dict[str, Found]], rule: tuple[float, str] | None, where: str, mute: Collection[str]
) -> str:
    samples = [each for by_name in found.values() for row in by_name.values() for each in row.samples]
    runs = [len(row.samples) for by_name in found.values() for row in by_name.values() if row.samples]
    made = f"{ranged(runs, 'process')} of {ranged((sample.calls for sample in samples), 'call')}"
    source = f"; the rule is one write to the operating system: {rule[1]}" if rule else ""
    left_out = [name for name in found["vendor"] if name in mute]
    mutes = (
        f"; the titles leave out {listed(left_out)}, where no metric is kept point by point" if left_out else ""
    )
    return f"n = {made} for each dot, medians of their p50 and p99{source}{mutes}; {where}"


def _one_write(measurements: Sequence[Measurement[Any, Any]]) -> tuple[float, str] | None:
    """Return the microseconds of one write to the operating system, and where they are from."""
    found = estimate([sample.write for each in measurements for row in each.rows for sample in row.samples])
    if found is None:
        return None
    return (
        found.median,
        f"a hundred bytes appended to a file, measured in {counted(found.n, 'process')}, these among them",
    )


def _plot(
    names: Sequence[str], found: dict[str, Found], scale: list[int], rule: tuple[float, str] | None, way: str
) -> Plot:
    calls = [trace for row, name in enumerate(names) for trace in _call(row, name, found[name], scale, TONES[way])]
    rules = [_rule(*rule, len(names))] if rule else []
    axis = log_axis("microseconds a call, logarithmic", scale)
    return Plot(rows_chart(names, [*rules, *calls], axis, right=_ENDS, below=0.8))


def _rule(x: float, words: str, rows: int) -> go.Scatter:
    """Return a line down through all rows, named at its lower end."""
    return go.Scatter(
        meta="muted",
        x=[x, x],
        y=[-0.5, rows],
        mode="lines+text",
        line={"dash": "dash", "width": 1},
        text=["", f"  one write, {number(x).text} µs"],
        hovertext=hover(words),
    )


def _call(row: int, name: str, found: Found, scale: list[int], tone: str) -> list[go.Scatter]:
    p50, p99 = found.estimate(lambda sample: sample.p50), found.estimate(lambda sample: sample.p99)
    if p50 is None or p99 is None:
        return [beside(10.0 ** scale[0], row, name, found.problem, tone="muted")]
    line = go.Scatter(
        name=name,
        meta=tone,
        x=[p50.median, p99.median],
        y=[row, row],
        mode="lines+markers",
        line={"width": 2},
        marker={"size": [_DOT, 0], "opacity": 1},
        hovertext=[
            hover("; ".join(filter(None, (f"{name}: {part} {spread(each, 'µs')}", found.problem))))
            for part, each in (("p50", p50), ("p99", p99))
        ],
    )
    words = f"{number(p50.median).text} – {number(p99.median).text} µs"
    return [line, beside(max(p50.median, p99.median), row, name, words)]
