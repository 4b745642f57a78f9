"""Numbers as a report shows them: at most three significant digits, and the exact value beside them."""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from taximeter.values import unpack

_DIGITS = 3
_FIGURE_SPACE = "\u2007"
_POINT_SPACE = "\u2008"
_LEAST = 1e-4
_MOST = 1e12
_EXTRA_DECIMALS = 2


class Number(NamedTuple):
    """A number for people, and the same number exactly; both are empty where there is none."""

    text: str
    exact: str


NOTHING = Number("–", "")


def as_number(value: Any) -> float | None:
    """Return a number of a results file, which may be tagged, or None where it is no number."""
    value = unpack(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def number(value: float | None) -> Number:
    """Return one number with three significant digits."""
    return NOTHING if value is None else Number(_rounded(value, _decimals(value)), repr(value))


def whole(value: int | None) -> Number:
    """Return a count with every digit, because a rounded count could hide that one is missing."""
    return NOTHING if value is None else Number(f"{value:,}", str(value))


def column(values: Sequence[float | None], *, mixed: bool = False) -> list[Number]:
    """Return the numbers of a column, padded so that their decimal points stand below each other.

    A small number gets at most two decimals more than the largest needs, or ``<0.01`` where they do not show it;
    in a column of mixed units it gets all that it needs.
    """
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    cap = _decimals(max(sizes, default=0.0)) + _EXTRA_DECIMALS
    numbers = [number(value) if mixed else _capped(value, cap) for value in values]
    longest = max((_after_point(each.text) for each in numbers), default=0)
    return [each._replace(text=_padded(each.text, longest)) for each in numbers]


def share(part: float, of: float) -> str:
    """Return a share as whole per cent, which is 100 or 0 only where it is all or none."""
    if not of:
        return "–"
    percent = 100 * part / of
    if part != of and percent > 99:  # noqa: PLR2004 - per cent
        return ">99 %"
    if part and percent < 1:
        return "<1 %"
    return f"{percent:.0f} %"


def unit_of_bytes(sizes: Iterable[int | None]) -> tuple[str, int]:
    """Return the unit in which the largest size reads best, and how many bytes it is."""
    largest = max((size for size in sizes if size is not None), default=0)
    units = [("GB", 10**9), ("MB", 10**6), ("kB", 10**3)]
    return next((unit for unit in units if largest >= unit[1]), ("bytes", 1))


def _capped(value: float | None, cap: int) -> Number:
    if value is None or not math.isfinite(value):
        return number(value)
    decimals = min(_decimals(value), cap)
    text = _rounded(value, decimals)
    if value and not float(f"{value:.{decimals}f}"):
        text = f"{'>−' if value < 0 else '<'}{10.0**-decimals:.{decimals}f}"
    return Number(text, repr(value))


def _decimals(value: float) -> int:
    """Return how many decimals give three significant digits."""
    if isinstance(value, int) or not value or not math.isfinite(value):
        return 0
    return max(0, _DIGITS - 1 - math.floor(math.log10(abs(value))))


def _rounded(value: float, decimals: int) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value and not _LEAST <= abs(value) < _MOST:
        return f"{value:.{_DIGITS}g}".replace("-", "−")
    coarse = float(f"{value:.{_DIGITS}g}")
    return f"{coarse:,.{decimals}f}".replace("-", "−")


def _after_point(text: str) -> int:
    return len(text.partition(".")[2])


def _padded(text: str, longest: int) -> str:
    missing = longest - _after_point(text)
    point = _POINT_SPACE if longest and "." not in text else ""
    return text + point + _FIGURE_SPACE * missing
