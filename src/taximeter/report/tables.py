"""Tables: what a page, a Markdown file and a spreadsheet show alike."""

import csv
import io
from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

import msgspec

from taximeter.report.numbers import Number, column

Kind = Literal["text", "code", "number"]

_LONG = 30
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Rows below a head, for a spreadsheet."""

    head: Sequence[str]
    rows: Sequence[Sequence[object]]

    @property
    def csv(self) -> str:
        """The rows as CSV; no cell of text is a formula to a spreadsheet."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(_harmless, self.head))
        writer.writerows([_harmless(value) for value in row] for row in self.rows)
        return file.getvalue()


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """What a cell shows.

    Attributes:
        text: as it is read.
        exact: on hover and in the CSV, where it differs.
        hint: on hover in place of `exact`.
        problem: why it has no value, or one of fewer samples than were tried.
        kind: how it is set.
        verdict: the name of a verdict's glyph before the text.
        link: an address that the text leads to.
    """

    text: str
    exact: str = ""
    hint: str = ""
    problem: str = ""
    kind: Kind = "text"
    verdict: str = ""
    link: str = ""

    @property
    def title(self) -> str:
        """All that is shown on hover."""
        return "; ".join(filter(None, (self.hint or self.exact, self.problem)))

    @property
    def raw(self) -> str:
        """The value for a spreadsheet."""
        if self.kind == "number":
            return self.exact
        return self.exact or self.text


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table; the first cell of each row is its head.

    Attributes:
        id: unique on the page.
        caption: what it says.
        columns: titles, each with its unit.
        rows: as long as `columns`.
        heads: how many cells at the beginning of a row name it.
        note: a line below it.
    """

    id: str
    caption: str
    columns: list[str]
    rows: list[list[Cell]]
    heads: int = 1
    note: str = ""

    @property
    def sheet(self) -> Sheet:
        """The rows for a spreadsheet."""
        return Sheet(head=self.columns, rows=[[cell.raw for cell in row] for row in self.rows])

    @property
    def csv(self) -> str:
        """The rows as a link that holds them."""
        return csv_link(self.sheet)

    @property
    def is_long(self) -> bool:
        """Whether it is better read in a frame of its own."""
        return len(self.rows) > _LONG

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers."""
        return [any(row[place].kind == "number" for row in self.rows) for place in range(len(self.columns))]


def text(value: str, verdict: str = "") -> Cell:
    """Return a cell of words."""
    return Cell(text=value, verdict=verdict)


def code(value: str, exact: str = "") -> Cell:
    """Return a cell of what a program wrote."""
    return Cell(text=value, exact=exact, kind="code")


def figure(value: Number) -> Cell:
    """Return a cell of one number."""
    return Cell(text=value.text, exact=value.exact, kind="number")


def figures(values: Sequence[float | None]) -> list[Cell]:
    """Return the cells of a column of numbers."""
    return [figure(each) for each in column(values)]


def mixed_figures(values: Sequence[float | None]) -> list[Cell]:
    """Return the cells of a column of numbers that have several units."""
    return [figure(each) for each in column(values, mixed=True)]


def csv_link(sheet: Sheet) -> str:
    """Return a link that holds rows as CSV."""
    return f"data:text/csv;charset=utf-8,{quote(sheet.csv, errors='backslashreplace')}"


def _harmless(value: object) -> object:
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value
