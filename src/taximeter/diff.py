"""Where two records differ, exactly."""

from collections.abc import Iterator
from typing import Any

import msgspec

from taximeter.record import RunRecord, Series
from taximeter.values import float_to_text

ABSENT = "(absent)"
"""How a side that has no such fact is shown."""

_MISSING = object()


class Difference(msgspec.Struct, frozen=True):
    """One place where two records differ; the two sides as short text."""

    path: str
    left: str
    right: str

    def __str__(self) -> str:
        return f"{self.path}: {self.left} != {self.right}"


def diff(left: RunRecord, right: RunRecord) -> list[Difference]:
    """Return every place where the records differ; an empty list means they are equal bit for bit.

    A metric that differs is one difference: how many points differ, and the first that does.
    """
    found = list(_diff_trees("", left.head(), right.head()))
    for key in sorted(left.metrics.keys() | right.metrics.keys()):
        found += _diff_series(f"metrics[{key!r}]", left.metrics.get(key), right.metrics.get(key))
    return found


def _diff_trees(path: str, left: Any, right: Any) -> Iterator[Difference]:
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            inner = f"{path}[{key!r}]" if path else key
            yield from _diff_trees(inner, left.get(key, _MISSING), right.get(key, _MISSING))
    elif isinstance(left, list) and isinstance(right, list):
        for place in range(max(len(left), len(right))):
            sides = (side[place] if place < len(side) else _MISSING for side in (left, right))
            yield from _diff_trees(f"{path}[{place}]", *sides)
    elif type(left) is not type(right) or repr(left) != repr(right):
        yield Difference(path, _short(left), _short(right))


def _diff_series(path: str, left: Series | None, right: Series | None) -> Iterator[Difference]:
    if left is None or right is None:
        yield Difference(path, _count(left), _count(right))
    elif len(left) != len(right):
        yield Difference(f"{path}.points", str(len(left)), str(len(right)))
    elif left != right:
        yield from _diff_columns(path, left, right)


def _diff_columns(path: str, left: Series, right: Series) -> Iterator[Difference]:
    for column in ("values", "steps", "times"):
        mine, theirs = getattr(left, column), getattr(right, column)
        if mine.tobytes() == theirs.tobytes():
            continue
        pairs = enumerate(zip(map(_exact, mine), map(_exact, theirs), strict=True))
        places = [(place, pair) for place, pair in pairs if pair[0] != pair[1]]
        place, (first, second) = places[0]
        others = f" (and {len(places) - 1} more)" if len(places) > 1 else ""
        yield Difference(f"{path}[{place}].{column.removesuffix('s')}{others}", first, second)


def _exact(number: float) -> str:
    """Return text that differs wherever the bits differ."""
    return float_to_text(number) if number != number else repr(number)  # noqa: PLR0124 - NaN only


def _count(series: Series | None) -> str:
    return ABSENT if series is None else f"{len(series)} points"


def _short(value: Any) -> str:
    text = ABSENT if value is _MISSING else repr(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"  # noqa: PLR2004
