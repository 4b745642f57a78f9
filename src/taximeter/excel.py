"""What Excel keeps, and runs as a workbook for people: a sheet of runs and a sheet of their points.

Excel shows 15 digits of a number; the exact ones stay in the store.
"""

import math
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from taximeter.errors import InputError
from taximeter.record import RunRecord
from taximeter.values import Value, float_to_text, pack

CELL_LIMIT = 32_767
"""The characters, in UTF-16, that Excel keeps of a cell."""
COLUMN_LIMIT = 16_384
"""The columns of a sheet."""
ROW_LIMIT = 1_048_576
"""The rows of a sheet, its head among them."""

_ROOM_TO_SAY = 200
_EXACT = 2**53
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_DAY = datetime(1900, 3, 1)  # noqa: DTZ001 - Excel has no zones, and a wrong leap day before
_FIELDS = ("run_id", "experiment", "name", "status", "started", "ended", "parent_id", "hypothesis", "notes")
_TIMES = frozenset({"started", "ended", "time"})
_POINTS = ("run_id", "key", "step", "time", "value")


def fitted(text: str, place: str) -> str:
    """Return a text that a cell keeps whole; a longer one is cut, and says that the rest is in `place`."""
    if len(text) <= CELL_LIMIT // 2 or len(units := text.encode("utf-16-le")) <= 2 * CELL_LIMIT:
        return text
    kept = units[: 2 * (CELL_LIMIT - _ROOM_TO_SAY)].decode("utf-16-le", errors="ignore")
    return f"{kept}… (cut: {len(kept)} of {len(text)} characters; all are in {place})"


def write_workbook(records: Iterable[RunRecord], file: Path, place: str) -> int:
    """Write runs as a workbook, all of it or nothing; text stays text, whatever it looks like.

    Args:
        records: read one after the other; only one is held with its points.
        file: ends in ``.xlsx``; one that is there is replaced.
        place: where all of what Excel would cut can be found.

    Returns:
        The number of runs.

    Raises:
        InputError: the file has another ending or no folder, or the runs have more columns than a sheet.
    """
    if file.suffix.lower() != ".xlsx":
        raise InputError(f"{str(file)!r} must end in .xlsx, which is the only format here.")
    if not file.parent.is_dir():
        raise InputError(f"there is no folder {str(file.parent)!r}; make it first, or name another file.")
    partial = file.with_name(f".{file.stem}-{os.getpid()}.xlsx")
    try:
        with Workbook(partial, {"constant_memory": True, "remove_timezone": True}) as workbook:
            count = _Sheets(workbook, place).write(records)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return count


class _Sheets:
    def __init__(self, workbook: Workbook, place: str) -> None:
        self._workbook = workbook
        self._place = place
        self._bold = workbook.add_format({"bold": True})
        self._time = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})

    def write(self, records: Iterable[RunRecord]) -> int:
        runs, points, rows = self._sheet("runs"), self._points_sheets(), []
        sheet, place = next(points)
        for record in records:
            rows.append(_row(record))
            for row in _points(record):
                self._write_row(sheet, place, _POINTS, row)
                sheet, place = next(points)
        columns = dict.fromkeys(_FIELDS) | dict.fromkeys(column for row in rows for column in sorted(row))
        if len(columns) > COLUMN_LIMIT:
            raise InputError(f"the runs have {len(columns)} columns, and Excel's sheets {COLUMN_LIMIT}.")
        self._write_head(runs, columns)
        for number, row in enumerate(rows, start=1):
            self._write_row(runs, number, columns, row)
        return len(rows)

    def _points_sheets(self) -> Iterator[tuple[Worksheet, int]]:
        """Yield where the next point goes; a sheet that is full is followed by another."""
        number = 1
        while True:
            sheet = self._sheet("metrics" if number == 1 else f"metrics {number}")
            self._write_head(sheet, _POINTS)
            yield from ((sheet, place) for place in range(1, ROW_LIMIT))
            number += 1

    def _sheet(self, name: str) -> Worksheet:
        sheet = self._workbook.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        return sheet

    def _write_head(self, sheet: Worksheet, columns: Iterable[str]) -> None:
        for column, name in enumerate(columns):
            sheet.write_string(0, column, fitted(name, self._place), self._bold)

    def _write_row(self, sheet: Worksheet, number: int, columns: Iterable[str], row: dict[str, Value]) -> None:
        for column, name in enumerate(columns):
            if row.get(name) is not None:
                self._write_cell(sheet, number, column, row[name], is_time=name in _TIMES)

    def _write_cell(self, sheet: Worksheet, row: int, column: int, value: Value, *, is_time: bool) -> None:
        time = _calendar(value) if is_time else None
        if time:
            sheet.write_datetime(row, column, time, self._time)
        elif isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, int | float) and abs(value) <= _largest(value) and math.isfinite(value):
            sheet.write_number(row, column, value)
        else:
            sheet.write_string(row, column, fitted(_text(value), self._place))


def _row(record: RunRecord) -> dict[str, Value]:
    """Return a run as columns and their values."""
    row: dict[str, Any] = {field: getattr(record, field) for field in _FIELDS}
    row["notes"] = "\n".join(record.notes) or None
    row |= {f"param.{name}": value for name, value in record.params.items()}
    row |= {f"metric.{key}": series[-1].value for key, series in record.metrics.items() if len(series)}
    return row | {f"tag.{name}": text for name, text in record.tags.items()}


def _points(record: RunRecord) -> Iterator[dict[str, Value]]:
    for key, series in sorted(record.metrics.items()):
        for value, step, time in series:
            yield {"run_id": record.run_id, "key": key, "step": step, "time": time, "value": value}


def _largest(value: float) -> float:
    """Return how large a number may be as a number: an integer must not lose a digit."""
    return _EXACT if isinstance(value, int) else math.inf


def _calendar(microseconds: Any) -> datetime | None:
    """Return a time, in UTC, that Excel's calendar has."""
    try:
        time = (_EPOCH + timedelta(microseconds=microseconds)).replace(tzinfo=None)
    except OverflowError:
        return None
    return time if time >= _FIRST_DAY else None


def _text(value: Value) -> str:
    if isinstance(value, float):
        return float_to_text(value)
    return value if isinstance(value, str) else msgspec.json.encode(pack(value)).decode()
