"""The points of a metric in a file of tab-separated values, as DVCLive writes it."""

import csv
import io
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from taximeter.record import Point, Series

ENDINGS = (".csv", ".tsv")
"""Of the files that DVCLive reads as points."""

_TIMESTAMP, _STEP = "timestamp", "step"
_INT64 = range(-(2**63), 2**63)
_DIGITS_SHOWN = 3


def append_points(file: Path, column: str, points: Iterable[Point]) -> None:
    """Add points at the end of a file, in one write; DVCLive itself opens the file for each, and takes no time.

    Args:
        file: made with its header where it does not exist; its folder exists.
        column: the header of the values.
        points: in the order in which they were logged.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator=os.linesep)
    with file.open("ab") as stream:
        if stream.tell() == 0:
            writer.writerow((_TIMESTAMP, _STEP, column))
        writer.writerows((_timestamp(time), step, value) for value, step, time in points)
        stream.write(text.getvalue().encode())


def read_points(file: Path, without_time: int) -> Series:
    """Return the points of a file; a last line that a crash cut off is left out, and so is what is no number.

    Args:
        file: written by any DVCLive.
        without_time: the time of points that have none, in microseconds.
    """
    series = Series()
    for number, (value, step, time) in enumerate(_rows(file)):
        with suppress(ValueError, OverflowError):
            series.append(
                float(value or ""),
                number if step is None else int64(step),
                without_time if time is None else _microseconds(time),
            )
    return series


def read_last(file: Path) -> tuple[float | None, float | None]:
    """Return the last value and step by their digits; None for what is not there."""
    value, step, _ = next(iter(deque(_rows(file), maxlen=1)), (None, None, None))
    return _number(value), _number(step)


def _rows(file: Path) -> Iterator[list[str | None]]:
    """Yield the value, the step and the time of each row as text."""
    text = file.read_bytes().decode(errors="replace")
    rows = csv.reader(io.StringIO(text[: text.rfind("\n") + 1], newline=""), delimiter=_delimiter(file))
    header = next(rows, [])
    places = {name: place for place, name in enumerate(header)}
    values = next((places[name] for name in reversed(header) if name not in {_TIMESTAMP, _STEP}), None)
    columns = (values, places.get(_STEP), places.get(_TIMESTAMP))
    for row in rows:
        yield [None if place is None or place >= len(row) else row[place] for place in columns]


def has_points(file: Path) -> bool:
    """Tell whether a file begins as DVCLive's do."""
    with file.open("rb") as stream:
        header = stream.readline(10_000).decode(errors="replace").rstrip().split(_delimiter(file))
    return _STEP in header[:2]


def summary_of(last: Mapping[str, float]) -> dict[str, Any]:
    """Return the last values as DVCLive nests them, by the parts of their names.

    A metric below the name of another one stands beside it, where DVCLive would fail.
    """
    tree: dict[str, Any] = {}
    for name, value in last.items():
        *folders, key = name.split("/")
        inner = tree
        if any("/".join(folders[:depth]) in last for depth in range(1, len(folders) + 1)):
            folders, key = [], name
        for folder in folders:
            inner = inner.setdefault(folder, {})
        inner[key] = value if value - value == 0 else str(value)
    return tree


def _timestamp(time: int) -> str:
    """Return microseconds as DVCLive's milliseconds, with decimals where they are not whole."""
    whole, rest = divmod(abs(time), 1_000)
    text = f"{whole}.{rest:0{_DIGITS_SHOWN}}".rstrip("0") if rest else str(whole)
    return f"-{text}" if time < 0 else text


def _number(text: str | None) -> float | None:
    """Return a number, an integer where its digits are one's."""
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)


def int64(number: Any) -> int:
    """Return a step; DVCLive takes any number, and one that is no integer loses its fraction.

    Raises:
        ValueError: it has no 64 bits, or is no number.
    """
    try:
        step = int(number)
    except (ValueError, OverflowError):
        step = int(float(number))
    if step not in _INT64:
        raise ValueError(f"{number} has more than 64 bits")
    return step


def _microseconds(text: str) -> int:
    if text.isdigit():
        return int(text) * 1_000
    try:
        return int(Decimal(text).scaleb(_DIGITS_SHOWN))
    except InvalidOperation as error:
        raise ValueError(text) from error


def _delimiter(file: Path) -> str:
    return "," if file.suffix == ".csv" else "\t"
