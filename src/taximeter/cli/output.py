"""How results are printed: tables for people, JSON for machines, and no control characters from any store."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console()
stderr = Console(stderr=True)

_BETWEEN = 3
"""Cells between two columns."""


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show which stage is at work, on standard error; one line a stage where it is no terminal."""
    if not stderr.is_terminal:
        yield lambda stage: stderr.print(f"taximeter: {stage}", style="dim", highlight=False)
        return
    with stderr.status("starting") as status:
        yield lambda stage: status.update(f"{stage} …")


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, right: Iterable[str] = ()
) -> None:
    """Print rows under their columns; those named in `right` hold numbers."""
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        is_number = column in set(right)
        whole = is_number or place == 0
        table.add_column(column, justify="right" if is_number else "left", no_wrap=whole, overflow="fold")
    for row in rows:
        table.add_row(*map(plain, row))
    console.print(table)


def print_matrix(title: str, corner: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print a mark for each row and column, in several tables where the terminal is too narrow for one.

    Args:
        title: above the first.
        corner: what the rows are.
        columns: their names.
        rows: each its name and its marks; none where it is a heading.
    """
    names = [plain(row[0]) for row in rows]
    room = console.width - max(name.cell_len for name in [Text(corner), *names]) - _BETWEEN
    for start, end in _parts([len(column) + _BETWEEN for column in columns], room):
        table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
        table.add_column(corner, no_wrap=True)
        for column in columns[start:end]:
            table.add_column(plain(column), justify="center", no_wrap=True)
        for name, row in zip(names, rows, strict=True):
            table.add_row(name, *map(plain, row[1 + start : 1 + end]))
        console.print(table)
        title = ""


def _parts(widths: Sequence[int], room: int) -> Iterator[tuple[int, int]]:
    """Yield the first and the end of neighbours that fit into the room; one that does not stands alone."""
    start, used = 0, 0
    for place, width in enumerate(widths):
        if used + width > room and place > start:
            yield start, place
            start, used = place, 0
        used += width
    yield start, len(widths)


def plain(value: Any) -> Text:
    """Return a value as text that can do nothing to the terminal."""
    if isinstance(value, Text):
        return value
    text = "" if value is None else str(value)
    return Text("".join(char if char.isprintable() else repr(char)[1:-1] for char in text))


def short_number(value: float | None, digits: int = 3) -> str:
    """Return a number with so many significant digits."""
    return "" if value is None else f"{value:.{digits}g}"


def moment(microseconds: int | None) -> str:
    """Return a time for people, in UTC; a time that no calendar holds as it is."""
    if microseconds is None:
        return ""
    try:
        return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{microseconds} µs"


def size(number: int | None) -> str:
    """Return a number of bytes for people."""
    if number is None:
        return ""
    amount = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":  # noqa: PLR2004 - the next unit
            return f"{amount:.3g} {unit}"
        amount /= 1000
    raise AssertionError
