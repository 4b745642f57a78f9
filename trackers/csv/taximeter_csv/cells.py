"""Cells: text that no spreadsheet program runs as a formula, numbers that stay numbers, and the way back."""

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from taximeter.excel import CELL_LIMIT, fitted
from taximeter.values import Value, pack

BETWEEN_NOTES = "\n---\n"

_FULL_WIDTH = (
    "\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
)
_RISKY = tuple("=+-@\t\r\n'" + _FULL_WIDTH)
_INT = re.compile(r"0|-?[1-9][0-9]*")
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|nan|-?inf", re.IGNORECASE)
_INT_DIGITS = 4_000
_INT_BITS = 13_000
_INT64_BITS = 63
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_BOOLS = {"true": True, "false": False}


def text_cell(text: str) -> str:
    """Return text as a cell; one that a spreadsheet program would run gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_RISKY) else text


def cell_text(cell: str) -> str:
    """Return the text that `text_cell` was given; a cell that somebody typed is its own text."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_RISKY) else cell


def value_cell(value: Value) -> str:
    """Return a param or a metric's value as a cell: numbers with all their digits, nested values as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value) if value.bit_length() < _INT_BITS else hex(value)
    if isinstance(value, float):
        return repr(value)
    return json_cell(value if isinstance(value, str) else pack(value))


def json_cell(tree: Any) -> str:
    """Return text as itself, and anything else as JSON."""
    return text_cell(tree if isinstance(tree, str) else msgspec.json.encode(tree).decode())


def cell_value(cell: str) -> Value:
    """Return what a cell's form says: bool, int, float or text; digits that are no plain number stay text."""
    if cell.lower() in _BOOLS:
        return _BOOLS[cell.lower()]
    if _INT.fullmatch(cell) and len(cell) < _INT_DIGITS:
        return int(cell)
    if _FLOAT.fullmatch(cell) and not re.match("[+-]?0[0-9]", cell):
        return float(cell)
    return cell_text(cell)


def time_cell(time: int) -> str:
    """Return microseconds since 1970 as ISO 8601 in UTC, or as they are where no calendar reaches."""
    try:
        return (
            f"{(_EPOCH + timedelta(microseconds=time)).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
        )
    except OverflowError:
        return str(time)


def cell_time(cell: str) -> int | None:
    """Return the microseconds since 1970 that a cell names, taken as UTC unless it says otherwise."""
    try:
        if _INT.fullmatch(cell):
            return cell_int64(cell)
        time = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def cell_int64(cell: str) -> int:
    """Return a step, or a time that no calendar has.

    Raises:
        ValueError: it is no integer of 64 bits.
    """
    number = int(cell)
    if number.bit_length() > _INT64_BITS and number != -(1 << _INT64_BITS):
        raise ValueError(f"{cell} has more than 64 bits")
    return number


def fitted_name(name: str) -> str:
    """Return a column's name that Excel keeps whole; a longer one is cut, and told apart by a digest."""
    cut = fitted(name, "the record")
    return cut if cut == name else f"{name[: CELL_LIMIT // 4]}…{sha256(name.encode()).hexdigest()[:16]}"
