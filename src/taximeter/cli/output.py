"""How results are printed: tables for people, JSON for machines, and no control characters from any store."""

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

console = Console()
stderr = Console(stderr=True)


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
