"""What logging costs, as it was measured on both ways: a chart of the calls, and tables of the rest."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from taximeter.measure.kind import Measurement
from taximeter.measure.statistics import Estimate, estimate
from taximeter.measure.workloads import WORKLOADS
from taximeter.report.figures import Figure, Plot, beside, decades, hover, log_axis, rows_chart
from taximeter.report.numbers import number
from taximeter.report.samples import ADAPTER, TONES, WAYS, Found, estimates, find, spread
from taximeter.report.tables import Cell, Sheet, Table, figure, text
from taximeter.report.text import counted, ranged

SCALAR: Final = "one scalar"
_ENDS: Final = 130
_DOT: Final = 12
_ALIKE: Final = 1.5

_COLUMNS: Final[tuple[tuple[str, str, Callable[[Any], float]], ...]] = (
    ("a call, p50, µs", "µs", lambda sample: sample.p50),
    ("p99, µs", "µs", lambda sample: sample.p99),
    ("longest, µs", "µs", lambda sample: sample.longest),
    ("a point until it is stored, µs", "µs", lambda sample: 1e6 * sample.complete / sample.calls),
    ("until the first point, s", "s", lambda sample: sample.imported + sample.started),
    ("finish, s", "s", lambda sample: sample.finished),
    ("bytes a point", "bytes", lambda sample: sample.size / sample.calls),
    ("memory, MB", "MB", lambda sample: sample.memory_all / 1e6),
    ("processes", "", lambda sample: sample.processes),
)


def scalar_found(measurement: Measurement[Any, Any] | None, way: str) -> Found:
    """Return the samples of logging one scalar a call, with no other tracker attached."""
    return find(measurement, way, lambda settings: settings.workload == SCALAR and not settings.attached)


def calls_figure(measurements: Sequence[Measurement[Any, Any]], where: str) -> Figure:
    """Return the chart of a call: its p50 as a dot, and a line up to its p99."""
    found = {way: {each.tracker: scalar_found(each, way) for each in measurements} for way in WAYS}
    values = [
        value
        for by_name in found.values()
        for each in by_name.values()
        for sample in each.samples
        for value in (sample.p50, sample.p99)
    ]
    rule = _one_write(measurements, found["interface"])
    scale = decades([*values, rule[0]] if rule else values)
    order = sorted(found["vendor"], key=lambda name: _p50(found["vendor"][name]))
    return Figure(
        id="calls",
        title={way: _title(found[way]) for way in WAYS},
        note=_note(found, rule, where),
        alternative="For each tracker the median call as a dot and a line up to the slowest hundredth.",
        plots={way: [_plot(order, found[way], scale, rule, way)] for way in WAYS},
        sheet=Sheet(
            head=["tracker", "way", "sample", "p50, µs", "p99, µs", "longest, µs"],
            rows=[
                (name, way, place, sample.p50, sample.p99, sample.longest)
                for way, by_name in found.items()
                for name, each in by_name.items()
                for place, sample in enumerate(each.samples, 1)
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
    if least == most:
        return f"A call to {least} takes {number(known[least]).text} µs"
    if known[most] <= _ALIKE * known[least]:
        ends = dict.fromkeys(number(known[name]).text for name in (least, most))
        return f"A call takes {' to '.join(ends)} µs, whatever the tracker"
    times = number(known[most] / known[least]).text
    return f"A call to {most} takes {times} times as long as one to {least} ({number(known[least]).text} µs)"


def _note(found: dict[str, dict[str, Found]], rule: tuple[float, str] | None, where: str) -> str:
    samples = [each for by_name in found.values() for row in by_name.values() for each in row.samples]
    runs = [len(row.samples) for by_name in found.values() for row in by_name.values() if row.samples]
    made = f"{ranged(runs, 'process')} of {ranged((sample.calls for sample in samples), 'call')}"
    source = f"; the rule is one write to the operating system: {rule[1]}" if rule else ""
    return f"n = {made} for each dot, medians of their p50 and p99{source}; {where}"


def _one_write(
    measurements: Sequence[Measurement[Any, Any]], interface: dict[str, Found]
) -> tuple[float, str] | None:
    """Return the microseconds of one write to the operating system, and where they are from."""
    writes = [
        sample.write
        for measurement in measurements
        for row in measurement.rows
        for sample in row.samples
        if sample.write is not None
    ]
    if found := estimate(writes):
        words = f"a hundred bytes appended to a file, measured in the same {counted(found.n, 'process')}"
        return found.median, words
    through = estimate([sample.p50 for each in interface.values() for sample in each.samples])
    if through is None:
        return None
    return through.median, "no bare write was measured, so it is the median call through taximeter, which has one"


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
        hovertext=[hover(f"{name}: {part} {spread(each, 'µs')}") for part, each in (("p50", p50), ("p99", p99))],
    )
    words = f"{number(p50.median).text} – {number(p99.median).text} µs"
    return [line, beside(max(p50.median, p99.median), row, name, words)]


def costs_tables(measurements: Sequence[Measurement[Any, Any]]) -> list[Table]:
    """Return one row for each tracker with all that one scalar a call costs, a table for each way."""
    return [
        _costs(measurements, way, f"cost-{way}", f"One value of one metric a call, {words}")
        for way, words in (WAYS | ADAPTER).items()
        if way in WAYS or _is_measured(measurements, way)
    ]


def releases_tables(measurements: Sequence[Measurement[Any, Any]]) -> list[Table]:
    """Return the same for several releases of the same vendors, each in an environment of its own."""
    return [
        _costs(measurements, way, f"releases-{way}", f"One value of one metric a call by release, {words}")
        for way, words in WAYS.items()
        if measurements
    ]


def _is_measured(measurements: Sequence[Measurement[Any, Any]], way: str) -> bool:
    return any(row.settings.way == way for each in measurements for row in each.rows)


def _costs(measurements: Sequence[Measurement[Any, Any]], way: str, name: str, caption: str) -> Table:
    found = [scalar_found(each, way) for each in measurements]
    problems = [each.problem for each in found]
    columns = [estimates([each.estimate(value) for each in found], problems, unit) for _, unit, value in _COLUMNS]
    titles = [title for title, _, _ in _COLUMNS]
    if way == "interface":
        titles.append("stored, × the vendor's time")
        columns.append(estimates(_times(measurements, found), problems))
    return Table(
        id=name,
        caption=caption,
        columns=["tracker", "version", *titles],
        rows=[
            [text(each.tracker), text(each.version or "–"), *(cells[row] for cells in columns)]
            for row, each in enumerate(measurements)
        ],
        note="Medians; hover for the interval. A point is stored when the vendor's finish has returned, and "
        "through taximeter when the courier has read it back. Memory and processes are of all that was started.",
    )


def _times(measurements: Sequence[Measurement[Any, Any]], found: Sequence[Found]) -> list[Estimate | None]:
    return [
        mine.ratio(scalar_found(each, "vendor"), lambda sample: sample.complete)
        for each, mine in zip(measurements, found, strict=True)
    ]


def workloads_tables(measurements: Sequence[Measurement[Any, Any]]) -> list[Table]:
    """Return the median call of every workload, a table for each way."""
    return [
        _workloads(measurements, way, words)
        for way, words in (WAYS | ADAPTER).items()
        if way in WAYS or _is_measured(measurements, way)
    ]


def _workloads(measurements: Sequence[Measurement[Any, Any]], way: str, words: str) -> Table:
    names = [
        name
        for name in WORKLOADS
        if any(row.settings.workload == name for each in measurements for row in each.rows)
    ]
    columns = [_workload(measurements, way, name) for name in names]
    attached = _attached(measurements) if way == "interface" else []
    return Table(
        id=f"workloads-{way}",
        caption=f"A call of each sort, {words}: p50",
        columns=["tracker", *(f"{name}, ms" for name in names)],
        rows=[
            *([text(each.tracker), *(cells[row] for cells in columns)] for row, each in enumerate(measurements)),
            *([text(name), *([value] + [text("–")] * (len(names) - 1))] for name, value in attached),
        ],
        note="; ".join(f"{name}: {WORKLOADS[name].sentence}" for name in names) + ".",
    )


def _workload(measurements: Sequence[Measurement[Any, Any]], way: str, name: str) -> list[Cell]:
    found = [
        find(each, way, lambda settings: settings.workload == name and not settings.attached)
        for each in measurements
    ]
    values = [each.estimate(lambda sample: sample.p50 / 1000) for each in found]
    return estimates(values, [each.problem for each in found], "ms")


def _attached(measurements: Sequence[Measurement[Any, Any]]) -> list[tuple[str, Cell]]:
    """Return what a scalar costs while several trackers have the run."""
    rows = [(each.tracker, row) for each in measurements for row in each.rows if row.settings.attached]
    return [
        (
            f"{tracker} and {counted(len(row.settings.attached), 'other')} at once",
            figure(number(found.median)) if found else text("–"),
        )
        for tracker, row in rows
        for found in [estimate([sample.p50 / 1000 for sample in row.samples])]
    ]
