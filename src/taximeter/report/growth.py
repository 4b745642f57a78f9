"""How stores grow: small charts on one scale with the slope at their ends, and a table of all slopes."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import plotly.graph_objects as go

from taximeter.measure.growth import WRITE_SECONDS
from taximeter.measure.kind import Measurement
from taximeter.measure.statistics import estimate
from taximeter.report.figures import Figure, Plot, decades, framed, hover, label, log_axis, short
from taximeter.report.numbers import Number, column
from taximeter.report.samples import NOT_MEASURED, TONES, WAYS, problem_of
from taximeter.report.tables import Cell, Sheet, Table, text
from taximeter.report.text import counted, ranged

_HEIGHT: Final = 160
_APART: Final = 3
"""Two sizes tell how something grows if one is so many times the other; where time was up they may be nearer."""
_LINEAR: Final = 1.1
"""A power up to which a value grows in proportion, but for the weather."""


class _Measure(NamedTuple):
    """What grows: its name, its value in a sample; of a single one its title, its scale, whether it is shared."""

    name: str
    value: Callable[[Any], float]
    each: str
    scale: float
    is_shared: bool = False

    def of_one(self, size: float, value: float) -> float:
        """Return what stands for a value in a table of single ones."""
        return self.scale * value / (size if self.is_shared else 1)


_MEASURES: Final = (
    _Measure("write", lambda sample: sample.write, "write one, µs", 1e6, is_shared=True),
    _Measure("bytes", lambda sample: sample.size, "bytes of one", 1, is_shared=True),
    _Measure("list all runs", lambda sample: sample.list_all, "list all runs, ms", 1e3),
    _Measure("read one", lambda sample: sample.read_one, "read the last run, ms", 1e3),
    _Measure(
        "read all, a run",
        lambda sample: sample.read_all / max(sample.runs_read, 1),
        "read all runs, ms a run",
        1e3,
    ),
)


class Curve(NamedTuple):
    """Sizes and values of one tracker on one way, why others are missing, and how many stores each value is of."""

    points: list[tuple[float, float]]
    problem: str = ""
    stores: tuple[int, ...] = ()

    @property
    def end(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """The largest size with its value, after the next one of a third of it or less."""
        largest = self.points[-1][0] if self.points else 0.0
        below = [point for point in self.points if point[0] * _APART <= largest]
        return (below[-1], self.points[-1]) if below else None

    @property
    def slope(self) -> float | None:
        """The power of the size with which the value grows at its end; 1 is linear.

        Among small sizes the start of a process, which does not grow, hides what does.
        """
        if self.end is None:
            return None
        (less, before), (more, after) = self.end
        return math.log(after / before, more / less)


def growth_figures(measurements: Sequence[Measurement[Any, Any]], where: str) -> list[Figure]:
    """Return, for each sort of growth that was measured, small charts of the seconds of writing."""
    return [_figure(measurements, growth, where) for growth in _growths(measurements)]


def curve(
    measurement: Measurement[Any, Any] | None, way: str, growth: str, value: Callable[[Any], float] | None = None
) -> Curve:
    """Return how a value grows, that of writing if none is given."""
    of = value or _MEASURES[0].value
    rows = [
        row
        for row in (measurement.rows if measurement else ())
        if row.settings.way == way and row.settings.growth == growth
    ]
    found, problems = [], []
    for row in sorted(rows, key=lambda row: row.settings.size):
        if row.problems:
            problems.append(f"{row.settings.size:,} {growth}: {problem_of(row)}")
        if row.samples and row.samples[0].written:
            middle = estimate([of(sample) for sample in row.samples])
            found.append((row.samples[0].written, middle))
            if row.samples[0].written < row.settings.size:
                break  # time was up: larger sizes would tell the same again
    known = sorted((float(size), each) for size, each in found if each and each.median > 0)
    points = [(size, each.median) for size, each in known]
    problem = "; ".join(problems) or ("" if points else NOT_MEASURED)
    return Curve(points, problem, tuple(each.n for _, each in known))


def _growths(measurements: Sequence[Measurement[Any, Any]]) -> list[str]:
    return list(dict.fromkeys(str(row.settings.growth) for each in measurements for row in each.rows))


def _figure(measurements: Sequence[Measurement[Any, Any]], growth: str, where: str) -> Figure:
    slopes = {each.tracker: curve(each, "vendor", growth).slope for each in measurements}
    steepest = sorted(
        measurements, key=lambda each: (slopes[each.tracker] is None, -(slopes[each.tracker] or 0.0))
    )
    curves = {way: {each.tracker: curve(each, way, growth) for each in steepest} for way in WAYS}
    points = [point for by_name in curves.values() for each in by_name.values() for point in each.points]
    gaps = any(each.points and each.problem for by_name in curves.values() for each in by_name.values())
    told = "; gaps are sizes that failed, for the reasons in the table" if gaps else ""
    stores = [count for by_name in curves.values() for each in by_name.values() for count in each.stores]
    across, upwards = decades([x for x, _ in points]), decades([y for _, y in points])
    name = growth.replace(" ", "-")
    return Figure(
        id=f"growth-{name}",
        title={way: _title(curves[way], growth) for way in WAYS},
        note=f"n = {ranged(stores, 'store')} a dot; seconds upwards, {growth} to the right, both logarithmic and "
        f"the same for all; in the order of the slopes {WAYS['vendor']}, the steepest first{told}; {where}",
        alternative=f"Seconds of writing by how many {growth} there are.",
        plots={
            way: [_plot(tracker, each, (across, upwards), way, growth) for tracker, each in by_name.items()]
            if any(each.points for each in by_name.values())
            else []
            for way, by_name in curves.items()
        },
        sheet=Sheet(
            head=["tracker", "way", growth, "write, s"],
            rows=[
                (tracker, way, size, seconds)
                for way, by_name in curves.items()
                for tracker, each in by_name.items()
                for size, seconds in each.points
            ],
        ),
        is_wide=True,
    )


def _title(curves: dict[str, Curve], growth: str) -> str:
    known = {name: each.slope for name, each in curves.items() if each.slope is not None}
    if not known:
        return f"How writing grows with the {growth} was not measured on this way"
    worst = max(known, key=known.__getitem__)
    if known[worst] <= _LINEAR:
        which = "" if len(known) == len(curves) else " of which two sizes were measured"
        return f"Writing grows about as the {growth} do, or slower, with {counted(len(known), 'tracker')}{which}"
    sizes = " to ".join(f"{size:,.0f}" for size, _ in curves[worst].end or ())
    return f"With {worst}, writing grows as the {growth} to the power of {_two(known[worst])}, from {sizes}"


def _plot(tracker: str, each: Curve, scales: tuple[list[int], list[int]], way: str, growth: str) -> Plot:
    across, upwards = scales
    ends = [10.0**power for power in across]
    gaps = ", gaps" if each.problem else ""
    words = each.problem if each.slope is None else f"slope {_two(each.slope)}{gaps}"
    line = go.Scatter(
        meta=TONES[way],
        x=[size for size, _ in each.points],
        y=[seconds for _, seconds in each.points],
        mode="lines+markers",
        hovertext=[hover(f"{tracker}: {size:,.0f} {growth} in {seconds!r} s") for size, seconds in each.points],
    )
    figure = framed(
        [line],
        height=_HEIGHT,
        margin=(46, 18, 8, 40),
        xaxis=log_axis(label(words), across) | {"tickvals": ends, "ticktext": [short(end) for end in ends]},
        yaxis=log_axis("", upwards),
    )
    return Plot(figure, tracker)


def growth_tables(measurements: Sequence[Measurement[Any, Any]]) -> dict[str, Table]:
    """Return every slope, by way."""
    return {way: _table(measurements, way) for way in WAYS}


def _table(measurements: Sequence[Measurement[Any, Any]], way: str) -> Table:
    rows = [
        [
            text(each.tracker),
            text(growth),
            *(_slope(curve(each, way, growth, measure.value)) for measure in _MEASURES),
        ]
        for growth in _growths(measurements)
        for each in measurements
    ]
    return Table(
        id=f"growth-{way}",
        caption=f"With which power of the size it grows, {WAYS[way]}",
        columns=["tracker", "grows by", *(measure.name for measure in _MEASURES)],
        rows=rows,
        heads=2,
        note="1 is linear, 0 does not grow, 2 is quadratic; up to the largest, from a size of a third or less.",
    )


def sizes_tables(measurements: Sequence[Measurement[Any, Any]]) -> list[Table]:
    """Return what the largest store of each tracker took, a table for each way."""
    return [_sizes(measurements, way) for way in WAYS]


def _sizes(measurements: Sequence[Measurement[Any, Any]], way: str) -> Table:
    known = [(growth, each) for growth in _growths(measurements) for each in measurements]
    written = [curve(each, way, growth) for growth, each in known]
    sizes = column([int(each.points[-1][0]) if each.points else None for each in written])
    columns = [
        [_cell(size, each.problem) for size, each in zip(sizes, written, strict=True)],
        *(
            _singles([curve(each, way, growth, measure.value) for growth, each in known], measure)
            for measure in _MEASURES
        ),
    ]
    return Table(
        id=f"sizes-{way}",
        caption=f"The largest store that was written, {WAYS[way]}",
        columns=["tracker", "of", "how many", *(measure.each for measure in _MEASURES)],
        rows=[
            [text(each.tracker), text(growth), *(cells[row] for cells in columns)]
            for row, (growth, each) in enumerate(known)
        ],
        heads=2,
        note=f"Writing ends after about {WRITE_SECONDS:g} seconds, however many there are then. "
        "The time of writing and the bytes of the store are shared out.",
    )


def _singles(curves: Sequence[Curve], measure: _Measure) -> list[Cell]:
    """Return the cells of a measure at the largest size of each curve."""
    values = [measure.of_one(*each.points[-1]) if each.points else None for each in curves]
    return [_cell(value, each.problem) for value, each in zip(column(values), curves, strict=True)]


def _cell(value: Number, problem: str) -> Cell:
    return Cell(text=value.text, exact=value.exact, problem=problem, kind="number")


def _slope(each: Curve) -> Cell:
    if each.slope is None:
        sizes = ", ".join(f"{size:,.0f}" for size, _ in each.points)
        few = f"no two sizes are far enough apart: {sizes}" if sizes else ""
        return Cell(text="–", problem="; ".join(filter(None, (few, each.problem))), kind="number")
    sizes = ", ".join(f"{size:,.0f}: {value:.4g}" for size, value in each.points)
    return Cell(text=_two(each.slope), exact=repr(each.slope), hint=sizes, problem=each.problem, kind="number")


def _two(slope: float) -> str:
    """Return a slope with two decimals, which is more than a few sizes can tell."""
    return f"{round(slope, 2) + 0.0:.2f}".replace("-", "−")
