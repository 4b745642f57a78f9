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
    """The samples of one row and their repetitions' numbers; `problem` says why there is none, or not all."""

    samples: list[Any]
    problem: str = ""
    repetitions: Sequence[int] = ()

    def estimate(self, value: Callable[[Any], float]) -> Estimate | None:
        """Return what the samples say of a value."""
        return estimate([value(sample) for sample in self.samples])

    def ratio(self, other: "Found", value: Callable[[Any], float]) -> Estimate | None:
        """Return how many times as much it is as the other, pair by pair."""
        return ratio(
            *(dict(zip(each.repetitions, map(value, each.samples), strict=True)) for each in (self, other))
        )


def find(measurement: Measurement[Any, Any] | None, way: str, is_wanted: Callable[[Any], bool]) -> Found:
    """Return the samples of the row of a way whose settings are wanted."""
    row = find_row(measurement, way, is_wanted)
    return Found([], NOT_MEASURED) if row is None else found_in(row)


def find_row(
    measurement: Measurement[Any, Any] | None, way: str, is_wanted: Callable[[Any], bool]
) -> Row[Any, Any] | None:
    """Return the first row of a way whose settings are wanted."""
    rows = measurement.rows if measurement else ()
    return next((row for row in rows if row.settings.way == way and is_wanted(row.settings)), None)


def found_in(row: Row[Any, Any]) -> Found:
    """Return the samples of a row."""
    return Found(row.samples, problem_of(row), row.repetitions)


def problem_of(row: Row[Any, Any]) -> str:
    """Return why a row has no samples, or how many are missing and why; nothing where it has all of them."""
    reasons = "; ".join(dict.fromkeys(row.problems))
    if not row.samples:
        return reasons or NOT_MEASURED
    return f"{failures_of(row)}: {reasons}" if reasons else ""


def failures_of(row: Row[Any, Any]) -> str:
    """Return how many repetitions of a row gave no sample, in words; nothing where all did."""
    failed = len(row.problems)
    return f"{failed} of {counted(failed + len(row.samples), 'trial')} gave nothing" if failed else ""


def spread(found: Estimate, unit: str = "") -> str:
    """Return an estimate in full: its median, how many samples it is of, and their spread."""
    unit = f" {unit}" if unit else ""
    words = "range" if found.spread == "range" else f"{found.spread} within"
    ends = "" if found.low is None or found.high is None else f", {words} {found.low:.6g} to {found.high:.6g}"
    return f"{found.median!r}{unit}, median of {counted(found.n, 'sample')}{ends}"


def medians(found: Sequence[Estimate | None]) -> str:
    """Return in a sentence what the figures of a table are, and what their spread is."""
    spreads = sorted({each.spread for each in found if each and each.n > 1}, reverse=True)
    names = ["range" if each == "range" else f"interval of {each}" for each in spreads]
    return f"Medians; on the page, hover for the {' or the '.join(names)}." if names else "One sample each."


def estimates(found: Sequence[Estimate | None], problems: Sequence[str], unit: str = "") -> list[Cell]:
    """Return the cells of a column of medians; one without, or of too few samples, has the reason with it."""
    middles = [each.median if each else None for each in found]
    is_whole = all(middle is None or middle.is_integer() for middle in middles)
    numbers = column([int(each) if each is not None and is_whole else each for each in middles])
    return [
        _cell(number, each, problem, unit) for number, each, problem in zip(numbers, found, problems, strict=True)
    ]


def _cell(number: Number, found: Estimate | None, problem: str, unit: str) -> Cell:
    if found is None:
        return Cell(text="–", problem=problem or NOT_MEASURED, kind="number")
    return Cell(text=number.text, exact=number.exact, hint=spread(found, unit), problem=problem, kind="number")
