"""Reads a row as a run, by the names of its columns: our own, or what people call theirs."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

import msgspec

from taximeter.record import Environment, RunRecord, Series, Source, Status
from taximeter_csv import BASE_COLUMNS, LEFT_OUT
from taximeter_csv.cells import BETWEEN_NOTES, cell_text, cell_time, cell_value
from taximeter_csv.runfolder import RunFolder

_KINDS = ("param", "metric", "tag", "source", "environment")
_FIELDS = frozenset({*BASE_COLUMNS, "parent_id", LEFT_OUT})
_STATUSES: dict[str, Status] = {status: status for status in ("running", "finished", "failed", "killed")}
_METRIC_WORDS = {"acc", "accuracy", "ap", "auc", "bleu", "error", "f1", "iou", "loss", "mae", "map", "mape", "mse"}
_METRIC_WORDS |= {"perplexity", "precision", "r2", "recall", "rmse", "rouge", "score"}
_THEIRS = {
    "name": {"experimentid", "id", "run", "runname", "trial"},
    "notes": {"comment", "comments", "note", "remark", "remarks"},
    "started": {"date", "datetime", "start", "starttime", "time", "timestamp"},
}
_BLANK: dict[Any, Any] = {str: "", int: 0, tuple[str, ...]: ()}
_T = TypeVar("_T", Source, Environment)


class Row(msgspec.Struct, frozen=True):
    """One row of a table."""

    cells: dict[str, str]
    """Those that are not empty, by column."""
    number: int
    """The number that a spreadsheet program shows at its left; the header is 1."""
    ours: bool
    """The table has our columns."""

    @property
    def run_id(self) -> str:
        """The run's id, or the row's number where it has none."""
        return cell_text(self.cells.get("run_id", "")) or str(self.number)


def is_ours(header: Iterable[str]) -> bool:
    """Tell whether a table has all the columns that ours begin with; the user may have moved them."""
    return set(BASE_COLUMNS) <= set(header)


def row_record(row: Row, table: str, written: int, folder: RunFolder | None) -> RunRecord:
    """Return the run that a row tells of.

    Args:
        row: its cells, in columns of ours or anybody's.
        table: the table's name: the experiment, where the row names none.
        written: when the table was, in microseconds: the start, where the row has none.
        folder: the run's folder, if it has one.
    """
    parts = _parts(row)
    fields = parts["field"]
    started = cell_time(fields.get("started", ""))
    started = written if started is None else started
    return RunRecord(
        run_id=row.run_id,
        experiment=cell_text(fields.get("experiment", "" if row.ours else table)),
        name=cell_text(fields.get("name", "" if row.ours else f"row {row.number}")),
        status=_STATUSES.get(fields.get("status", ""), "finished"),
        started=started,
        ended=cell_time(fields.get("ended", "")),
        parent_id=cell_text(fields["parent_id"]) if "parent_id" in fields else None,
        hypothesis=cell_text(fields["hypothesis"]) if "hypothesis" in fields else None,
        notes=tuple(cell_text(fields["notes"]).split(BETWEEN_NOTES)) if "notes" in fields else (),
        params={name: cell_value(cell) for name, cell in parts["param"].items()},
        metrics=(folder.read_points() if folder else {}) or _last_values(parts["metric"], started),
        tags={name: cell_text(cell) for name, cell in parts["tag"].items()},
        artifacts=folder.read_artifacts() if folder else {},
        datasets=folder.read_datasets() if folder else (),
        source=_struct(Source, parts["source"], {}),
        environment=_struct(Environment, parts["environment"], _distributions(folder)),
    )


def _parts(row: Row) -> dict[str, dict[str, str]]:
    """Return the cells by what they tell of, then by name."""
    parts: dict[str, dict[str, str]] = {kind: {} for kind in ("field", *_KINDS)}
    for column, cell in row.cells.items():
        kind, name = _meaning(column, cell, ours=row.ours)
        parts[kind].setdefault(name, cell)
    return parts


def _meaning(column: str, cell: str, *, ours: bool) -> tuple[str, str]:
    """Return what a column is, and its name; what somebody added to our table is a tag."""
    kind, dot, name = column.partition(".")
    if dot and kind in _KINDS:
        return kind, name
    if column in _FIELDS:
        return "field", column
    if ours:
        return "tag", column
    plain = re.sub("[^a-z]", "", column.lower())
    for field, names in _THEIRS.items():
        if plain in names or plain == field:
            return "field", field
    if plain in {"experiment", "hypothesis", "status"}:
        return "field", plain
    is_metric = _METRIC_WORDS.intersection(re.findall("[a-z]+[0-9]*", column.lower()))
    return ("metric" if is_metric and _number(cell) is not None else "param"), column


def _last_values(cells: Mapping[str, str], time: int) -> dict[str, Series]:
    """Return one point for each metric that a row has a number for."""
    numbers = {name: _number(cell) for name, cell in cells.items()}
    return {name: Series([number], [0], [time]) for name, number in numbers.items() if number is not None}


def _number(cell: str) -> float | None:
    value = cell_value(cell)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _distributions(folder: RunFolder | None) -> dict[str, Any]:
    return {"distributions": folder.read_distributions()} if folder else {}


def _struct(kind: type[_T], cells: Mapping[str, str], others: Mapping[str, Any]) -> _T | None:
    """Return the source or environment that the columns describe, if there are any."""
    if not cells:
        return None
    fields = dict(others)
    for field in msgspec.structs.fields(kind):
        if field.name in fields:
            continue
        if field.required:
            fields[field.name] = _BLANK[field.type]
        if cell := cells.get(field.name):
            with suppress(msgspec.MsgspecError):  # a cell that was cut, or changed by hand, tells nothing
                fields[field.name] = _field(cell_text(cell), field.type)
    return kind(**fields)


def _field(text: str, kind: Any) -> Any:
    """Return a cell as its field's type asks for: text as it is, all else from JSON."""
    return text if kind in {str, str | None} else msgspec.json.decode(text, type=kind)
