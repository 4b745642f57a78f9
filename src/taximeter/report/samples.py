"""The samples of measurements by tracker and way, and what a few of them say together."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from taximeter.measure.kind import Measurement, Row
from taximeter.measure.statistics import Estimate, estimate, ratio
from taximeter.report.numbers import Number, column
from taximeter.report.tables import Cell
from taximeter.report.text import counted

WAYS: Final = {"vendor": "as the vendor ships it", "interface": "through taximeter"}
"""The two ways that a page shows, and what it calls them."""

ADAPTER: Final = {"adapter": "with taximeter's adapter alone"}
"""The way between the two, which only tables show: neither a journal nor a process of its own."""

TONES: Final = {"vendor": "dark", "interface": "taxi"}
"""Yellow is taximeter's and nobody else's."""

NOT_MEASURED: Final = "not measured"


class Found(NamedTuple):
    """The samples of one row; without any, why there is none."""

    samples: list[Any]
    problem: str = ""

    def estimate(self, value: Callable[[Any], float]) -> Estimate | None:
        """Return what the samples say of a value."""
        return estimate([value(sample) for sample in self.samples])

    def ratio(self, other: "Found", value: Callable[[Any], float]) -> Estimate | None:
        """Return how many times as much it is as the other, pair by pair."""
        return ratio(list(map(value, self.samples)), list(map(value, other.samples)))


def find(measurement: Measurement[Any, Any] | None, way: str, is_wanted: Callable[[Any], bool]) -> Found:
    """Return the samples of the row of a way whose settings are wanted."""
    row = find_row(measurement, way, is_wanted)
    if row is None:
        return Found([], NOT_MEASURED)
    return Found(row.samples, "; ".join(row.problems) or NOT_MEASURED)


def find_row(
    measurement: Measurement[Any, Any] | None, way: str, is_wanted: Callable[[Any], bool]
) -> Row[Any, Any] | None:
    """Return the first row of a way whose settings are wanted."""
    rows = measurement.rows if measurement else ()
    return next((row for row in rows if row.settings.way == way and is_wanted(row.settings)), None)


def spread(found: Estimate, unit: str = "") -> str:
    """Return an estimate in full: its median, its interval and how many samples it is of."""
    unit = f" {unit}" if unit else ""
    interval = (
        "" if found.low is None or found.high is None else f", 95 % within {found.low:.6g} to {found.high:.6g}"
    )
    return f"{found.median!r}{unit}, median of {counted(found.n, 'sample')}{interval}"


def estimates(found: Sequence[Estimate | None], problems: Sequence[str], unit: str = "") -> list[Cell]:
    """Return the cells of a column of medians; one without has the reason in its place."""
    medians = [each.median if each else None for each in found]
    is_whole = all(median is None or median.is_integer() for median in medians)
    numbers = column([int(each) if each is not None and is_whole else each for each in medians])
    return [
        _cell(number, each, problem, unit) for number, each, problem in zip(numbers, found, problems, strict=True)
    ]


def _cell(number: Number, found: Estimate | None, problem: str, unit: str) -> Cell:
    if found is None:
        return Cell(text="–", exact="", hint=problem or NOT_MEASURED, kind="number")
    return Cell(text=number.text, exact=number.exact, hint=spread(found, unit), kind="number")
