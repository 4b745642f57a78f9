"""What logging costs, as it was measured on both ways: a chart of the calls, and tables of the rest."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from taximeter.measure.kind import Measurement
from taximeter.measure.statistics import estimate
from taximeter.measure.workloads import WORKLOADS
from taximeter.report.figures import Figure, Plot, beside, decades, hover, log_axis, rows_chart
from taximeter.report.numbers import number
from taximeter.report.samples import ADAPTER, TONES, WAYS, Found, estimates, find, found_in, medians, spread
from taximeter.report.tables import Cell, Sheet, Table, text
from taximeter.report.text import capital, counted, listed, ranged

SCALAR: Final = "one scalar"
_ENDS: Final = 130
_DOT: Final = 12
_ALIKE: Final = 1.5


def first_point(sample: Any) -> float:
    """Return the seconds until the first point can be logged."""
    return float(sample.imported + sample.started)


_COLUMNS: Final[tuple[tuple[str, str, Callable[[Any], float]], ...]] = (
    ("a call, p50, µs", "µs", lambda sample: sample.p50),
    ("p99, µs", "µs", lambda sample: sample.p99),
    ("longest, µs", "µs", lambda sample: sample.longest),
    ("a call until it is stored, µs", "µs", lambda sample: 1e6 * sample.complete / sample.calls),
    ("until the first point, s", "s", first_point),
    ("finish, s", "s", lambda sample: sample.finished),
    ("bytes a call", "bytes", lambda sample: sample.size / sample.calls),
    ("memory, MB", "MB", lambda sample: sample.memory_all / 1e6),
    ("processes", "", lambda sample: sample.processes),
)


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
    rule = _one_write(measurements, found["interface"])
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
        words = f"a hundred bytes appended to a file, measured in {counted(found.n, 'process')}, these among them"
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
        hovertext=[
            hover("; ".join(filter(None, (f"{name}: {part} {spread(each, 'µs')}", found.problem))))
            for part, each in (("p50", p50), ("p99", p99))
        ],
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
    known = [[each.estimate(value) for each in found] for _, _, value in _COLUMNS]
    columns = [estimates(each, problems, unit) for each, (_, unit, _) in zip(known, _COLUMNS, strict=True)]
    titles = [title for title, _, _ in _COLUMNS]
    if way == "interface":
        titles.append("from start to stored, × the vendor's time")
        columns.append(_times(found, [scalar_found(each, "vendor") for each in measurements]))
    return Table(
        id=name,
        caption=caption,
        columns=["tracker", "version", *titles],
        rows=[
            [text(each.tracker), text(each.version or "–"), *(cells[row] for cells in columns)]
            for row, each in enumerate(measurements)
        ],
        note=f"{medians([one for each in known for one in each])} A call is stored when the vendor's finish has "
        "returned, and through taximeter when the courier has read it back: the time from the first call until "
        "then, and the bytes of the whole store, are shared out among the calls. "
        "Memory and processes are of all that was started. "
        "Times the vendor's time counts from the start of the run, with the vendor's import on both ways.",
    )


def _times(mine: Sequence[Found], theirs: Sequence[Found]) -> list[Cell]:
    """Return how many times the vendor's time it takes a call from the run's start until it is stored.

    The time is shared out among the calls, of which both may have made fewer than they were to.
    """
    pairs = list(zip(mine, theirs, strict=True))
    ratios = [ours.ratio(other, _whole_time) for ours, other in pairs]
    vendors = [f"{WAYS['vendor']}: {other.problem}" if other.problem else "" for _, other in pairs]
    problems = [
        "; ".join(filter(None, both)) for both in zip((each.problem for each in mine), vendors, strict=True)
    ]
    return estimates(ratios, problems)


def _whole_time(sample: Any) -> float:
    return (first_point(sample) + float(sample.complete)) / int(sample.calls)


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
    found = [[workload_found(each, way, name) for each in measurements] for name in names]
    known = [[each.estimate(_milliseconds) for each in column] for column in found]
    columns = [
        estimates(middles, [each.problem for each in column], "ms")
        for middles, column in zip(known, found, strict=True)
    ]
    return Table(
        id=f"workloads-{way}",
        caption=f"A call of each sort, {words}: p50",
        columns=["tracker", *(f"{name}, ms" for name in names)],
        rows=[
            *([text(each.tracker), *(cells[row] for cells in columns)] for row, each in enumerate(measurements)),
            *(_attached(measurements, names) if way == "interface" else ()),
        ],
        note=f"{medians([one for each in known for one in each])} "
        f"{capital('; '.join(f'{name}: {WORKLOADS[name].sentence}' for name in names))}.",
    )


def _milliseconds(sample: Any) -> float:
    return float(sample.p50 / 1000)


def _attached(measurements: Sequence[Measurement[Any, Any]], names: Sequence[str]) -> list[list[Cell]]:
    """Return a row for each time that several trackers have the run, which is measured with one workload."""
    rows = [(each.tracker, row) for each in measurements for row in each.rows if row.settings.attached]
    found = [found_in(row) for _, row in rows]
    cells = estimates([each.estimate(_milliseconds) for each in found], [each.problem for each in found], "ms")
    gap = Cell(text="–", problem="with several trackers at once it was not measured", kind="number")
    return [
        [
            text(f"{tracker} and {counted(len(row.settings.attached), 'other')} at once"),
            *(cell if name == row.settings.workload else gap for name in names),
        ]
        for (tracker, row), cell in zip(rows, cells, strict=True)
    ]
