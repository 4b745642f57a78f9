"""What the charts have in common: their frame, their axes, and the form in which a page holds them."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from markupsafe import Markup

from taximeter.report.drawing import AnyMark, Drawing, Label, Line, to_svg
from taximeter.report.numbers import number
from taximeter.report.tables import Sheet, csv_link
from taximeter.report.text import visible

ALWAYS: Final = ""
"""The way of a chart that is the same on every way."""

ROW: Final = 28.0
AXIS: Final = 44.0
NAMES: Final = 118.0
_LONGEST_LABEL = 28
_DECADE = 10


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A chart.

    Attributes:
        id: unique on the page.
        title: its finding, by way; one for all where it has the key `ALWAYS` alone.
        note: how many, and where.
        alternative: what it shows, for those who cannot see it.
        panels: what is drawn, by way.
        sheet: its rows.
        is_wide: whether it has a row of its own.
        legend: tones, and what they mean.
    """

    id: str
    title: dict[str, str]
    note: str
    alternative: str
    panels: dict[str, list[Drawing]]
    sheet: Sheet
    is_wide: bool = False
    legend: Sequence[tuple[str, str]] = ()

    @property
    def csv(self) -> str:
        """Its rows as a link that holds them."""
        return csv_link(self.sheet)

    def svg(self, way: str, panel: Drawing) -> Markup:
        """Return a panel as it stands in the page."""
        words = f"{panel.title or self.title[way]}. {self.alternative}"
        return Markup(to_svg(panel, words))  # noqa: S704 - escaped where it is drawn


class Scale(NamedTuple):
    """Where numbers lie between the two ends of an axis, as a share of it."""

    low: float
    high: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """Return the share at a value; what lies beyond an end stands at the end."""
        low, high, at = self.low, self.high, value
        if self.is_log:
            low, high, at = (
                math.log10(low),
                math.log10(high),
                math.log10(max(value, low and 10 ** math.log10(low))),
            )
        return min(1.0, max(0.0, (at - low) / (high - low)))

    @property
    def ticks(self) -> list[float]:
        """A few round numbers on it."""
        if self.is_log:
            first, last = round(math.log10(self.low)), round(math.log10(self.high))
            step = max(1, (last - first) // 7)
            return [10.0**power for power in range(first, last + 1, step)]
        return _round_steps(self.low, self.high)


def decades(values: Sequence[float]) -> Scale:
    """Return a logarithmic scale of whole decades that holds these numbers."""
    known = [value for value in values if value > 0 and math.isfinite(value)] or [1.0]
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    return Scale(10.0**low, 10.0 ** max(high, low + 1), is_log=True)


def from_zero(values: Sequence[float | None]) -> Scale:
    """Return a linear scale from zero past the largest of these numbers."""
    largest = max((value for value in values if value is not None and math.isfinite(value)), default=0.0)
    return Scale(0.0, 1.12 * largest or 1.0)


def x_axis(scale: Scale, height: float, unit: str, *, top: float = 0.0) -> list[AnyMark]:
    """Return the rules and the numbers below a plot of this height."""
    marks: list[AnyMark] = []
    for place, tick in enumerate(scale.ticks):
        at, words, is_minor = scale(tick), short(tick), place % 2 == 1
        marks.append(Line(tone="line", x=(at, at), y=(top, height)))
        marks.append(Label(tone="muted", x=at, y=height + 16, text=words, anchor="middle", is_minor=is_minor))
    return [*marks, Label(tone="muted", x=0.5, y=height + 36, text=unit, anchor="middle")]


def y_axis(scale: Scale, height: float, top: float = 0.0) -> list[AnyMark]:
    """Return the rules across a plot and the numbers beside it."""
    marks: list[AnyMark] = []
    for tick in scale.ticks:
        y = height - scale(tick) * (height - top)
        marks.append(Line(tone="line", x=(0.0, 1.0), y=(y, y)))
        marks.append(Label(tone="muted", x=0.0, y=y + 4, text=short(tick), anchor="end", move=-6))
    return marks


def name_at(row: int, name: str) -> Label:
    """Return a row's name at its left."""
    return Label(
        tone="ink", x=0.0, y=middle(row) + 4, text=label(name), anchor="end", move=-10, row=row, title=name
    )


def middle(row: int) -> float:
    """Return the height of a row's middle."""
    return ROW * (row + 0.5)


def label(text: str) -> str:
    """Return text that is short enough to stand beside a plot."""
    shown = visible(text)
    return shown if len(shown) <= _LONGEST_LABEL else f"{shown[:_LONGEST_LABEL]}…"


def short(value: float) -> str:
    """Return a tick's number."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}".replace("-", "−")
    return f"{value:g}".replace("-", "−")


def with_unit(value: float | None, unit: str) -> str:
    """Return a number of three digits and its unit."""
    return "not measured" if value is None else f"{number(value).text} {unit}"


def _round_steps(low: float, high: float) -> list[float]:
    rough = (high - low) / 6
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 5, _DECADE) if rough <= power * nice)
    first = math.ceil(low / step)
    return [round(step * place, 12) for place in range(first, math.floor(high / step) + 1)]
