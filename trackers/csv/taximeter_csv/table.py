"""The table of all runs: rows are added and changed under a lock, and what others wrote in it stays."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from filelock import FileLock

from taximeter.excel import COLUMN_LIMIT, fitted
from taximeter_csv import LEFT_OUT
from taximeter_csv.cells import fitted_name
from taximeter_csv.sheet import delimiter_of, read_rows, write_rows

_LOCK_SECONDS = 300
_LOCK_POLL = 0.005


class Table:
    """A table in a file.

    Args:
        file: need not exist; its folder is made.
        columns: those it begins with; the first one tells runs apart.
    """

    def __init__(self, file: Path, columns: Sequence[str]) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        self._file = file.resolve()
        self._columns = columns
        lock_file = self._file.with_name(f".{self._file.name}.lock")
        self._lock = FileLock(lock_file, timeout=_LOCK_SECONDS, poll_interval=_LOCK_POLL)

    def update(self, run_id: str, cells: Mapping[str, str], place: str) -> None:
        """Set cells of a run's row, by column; new columns are added at the end, and nothing else changes.

        Args:
            run_id: what the first column holds, as a cell.
            cells: those to set.
            place: where all of what Excel would cut can be found.
        """
        fitting = {fitted_name(column): fitted(cell, place) for column, cell in cells.items()}
        with self._lock:
            header, rows, delimiter = self._read()
            _add_columns(header, rows, [*self._columns, *fitting], fitting, place)
            row = _row_of(rows, header.index(self._columns[0]), run_id)
            row += [""] * (len(header) - len(row))
            for number, column in enumerate(header):
                row[number] = fitting.pop(column, row[number])
            write_rows(self._file, [header, *(_padded(row, len(header)) for row in rows if row)], delimiter)

    def _read(self) -> tuple[list[str], list[list[str]], str]:
        if not self._file.exists():
            return list(self._columns), [], ","
        header, *rows = list(read_rows(self._file)) or [list(self._columns)]
        return header, rows, delimiter_of(self._file)


def _add_columns(
    header: list[str], rows: Iterable[list[str]], wanted: Iterable[str], cells: dict[str, str], place: str
) -> None:
    """Add the columns that are missing; those beyond Excel's last are named in `LEFT_OUT`, and their cells go."""
    known = set(header)
    missing = [column for column in dict.fromkeys(wanted) if column not in known]
    if not missing:
        return
    header += [""] * (max(map(len, rows), default=0) - len(header))  # a cell without a header stays without
    room = max(COLUMN_LIMIT - len(header) - 1, 0)
    header += missing[:room]
    if left_out := missing[room:]:
        if LEFT_OUT not in known:
            header.append(LEFT_OUT)
        for column in left_out:
            cells.pop(column, None)
        cells[LEFT_OUT] = fitted(f"{len(left_out)} values, which are in {place}: {', '.join(left_out)}", place)


def _row_of(rows: list[list[str]], column: int, run_id: str) -> list[str]:
    """Return the row of a run, which is added if it is missing."""
    for row in rows:
        if len(row) > column and row[column] == run_id:
            return row
    rows.append([""] * column + [run_id])
    return rows[-1]


def _padded(row: list[str], width: int) -> list[str]:
    return row + [""] * (width - len(row))
