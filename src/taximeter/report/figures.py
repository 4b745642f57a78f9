"""What the charts have in common: the form in which a page holds them, their frame, and their words."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any, Final, NamedTuple

import msgspec
import plotly.graph_objects as go

from taximeter.report.numbers import number
from taximeter.report.tables import Sheet, csv_link
from taximeter.report.text import visible

ALWAYS: Final = ""
"""The way of a chart that is the same on every way."""

ROW: Final = 28
AXIS: Final = 48
BAR: Final = 0.57
"""The height of a bar, as a part of its row's."""

_LONGEST_LABEL = 28
_LONGEST_WORDS = 33
_LONGEST_LINE = 60
_MOST_ROWS = 150
_MOST_TICKS = 5
_ROOM = 0.04


class Plot(NamedTuple):
    """A part of a chart with a title of its own, if it has one.

    Its traces name no colour but, as `meta`, a tone of the page; those of one `name` are emphasised together.
    """

    figure: go.Figure
    title: str = ""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A chart.

    Attributes:
        id: unique on the page.
        title: its finding, by way; one for all where it has the key `ALWAYS` alone.
        note: how many, and where.
        alternative: what it shows, for those who cannot see it.
        plots: what is drawn, by way.
        sheet: its rows.
        is_wide: whether it has a row of its own.
        legend: tones, and what they mean.
    """

    id: str
    title: dict[str, str]
    note: str
    alternative: str
    plots: dict[str, list[Plot]]
    sheet: Sheet
    is_wide: bool = False
    legend: Sequence[tuple[str, str]] = ()

    @property
    def csv(self) -> str:
        """Its rows as a link that holds them."""
        return csv_link(self.sheet)

    @property
    def is_short(self) -> bool:
        """Whether a person would read its rows."""
        return len(self.sheet.rows) <= _MOST_ROWS

    def plot_id(self, way: str, place: int) -> str:
        """Return the id of a part of it on the page."""
        return f"plot-{self.id}-{way or 'always'}-{place}"


def framed(traces: Iterable[Any], *, height: float, margin: tuple[int, int, int, int], **axes: Any) -> go.Figure:
    """Return traces in a frame; the page adds what all charts look like.

    Args:
        traces: of Plotly.
        height: of all of it in pixels.
        margin: left, right, above and below, in pixels.
        axes: settings by the axis's name.
    """
    layout = {"template": {}, "height": height, "margin": dict(zip("lrtb", margin, strict=True)), **axes}
    return go.Figure(list(traces), layout)


def rows_chart(
    names: Sequence[str],
    traces: Iterable[Any],
    axis: dict[str, Any],
    *,
    right: int,
    row: int = ROW,
    below: float = 0.0,
) -> go.Figure:
    """Return a chart in which each name has a row; a row's number is its y.

    Args:
        names: of the rows, from above.
        traces: of Plotly.
        axis: settings of the one below.
        right: pixels for the words at the ends of the rows.
        row: the height of one in pixels.
        below: so many rows are left empty.
    """
    count = len(names)
    down = {
        "tickvals": list(range(count)),
        "ticktext": [label(name) for name in names],
        "range": [count + below - 0.5, -0.5],
        "showgrid": False,
        "automargin": True,
    }
    height = row * (count + below) + AXIS
    return framed(traces, height=height, margin=(8, right, 0, AXIS), xaxis=axis, yaxis=down)


def beside(x: float, row: int, name: str, words: str, *, hint: str = "", tone: str = "ink") -> go.Scatter:
    """Return words to the right of a place in a row; the hint is shown on hover."""
    return go.Scatter(
        name=name,
        meta=tone,
        x=[x],
        y=[row],
        mode="text",
        text=f"  {label(words, _LONGEST_WORDS)}",
        hovertext=hover(hint or words),
    )


def bar(size: float, row: int, name: str, tone: str, words: str) -> go.Bar:
    """Return a piece of a row's bar; pieces of one row stand behind each other."""
    return go.Bar(name=name, meta=tone, x=[size], y=[row], width=BAR, orientation="h", hovertext=hover(words))


def axis_of(title: str, values: Sequence[float | None]) -> dict[str, Any]:
    """Return a linear axis from zero past the largest of these numbers."""
    largest = max((value for value in values if value is not None and math.isfinite(value)), default=0.0)
    return {"title": {"text": title}, "range": [0, 1.12 * largest or 1]}


def decades(values: Iterable[float]) -> list[int]:
    """Return the powers of ten between which these numbers lie, as the range of a logarithmic axis."""
    known = [value for value in values if value > 0 and math.isfinite(value)] or [1.0]
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    return [low, max(high, low + 1)]


def log_axis(title: str, powers: Sequence[int]) -> dict[str, Any]:
    """Return a logarithmic axis between two powers of ten, with room for dots at its ends."""
    low, high = powers
    ticks = [10.0**power for power in range(low, high + 1, max(1, (high - low) // 6))]
    every = 1 if len(ticks) <= _MOST_TICKS else 2  # a phone has no room for more numbers
    return {
        "title": {"text": title},
        "type": "log",
        "range": [low - _ROOM, high + _ROOM],
        "tickvals": ticks,
        "ticktext": [short(tick) if place % every == 0 else "" for place, tick in enumerate(ticks)],
    }


def label(text: str, longest: int = _LONGEST_LABEL) -> str:
    """Return text that is short enough to stand in a plot, and stays text there."""
    shown = visible(text)
    return _escaped(shown if len(shown) <= longest else f"{shown[:longest]}…")


def hover(text: str) -> str:
    """Return text in lines that are short enough to stand beside the pointer, and stays text there."""
    return "<br>".join(map(_escaped, textwrap.wrap(visible(text), _LONGEST_LINE)))


def _escaped(text: str) -> str:
    return escape(text, quote=False)


def short(value: float) -> str:
    """Return a tick's number."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}".replace("-", "−")
    return f"{value:g}".replace("-", "−")


def with_unit(value: float | None, unit: str) -> str:
    """Return a number of three digits and its unit."""
    return "not measured" if value is None else f"{number(value).text} {unit}"
