"""What a month holds: where it comes from, its columns, and how many of its trips are odd."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taximeter.errors import InputError
from taximeter.taxi.leak import Fingerprint, trip_hashes
from taximeter.taxi.months import Month
from taximeter.taxi.quirks import Odd, Range, count_odd, range_of
from taximeter.taxi.tlc import SAMPLE_MARK, column_types, open_parquet, trip_columns
from taximeter.taxi.trips import (
    MAX_MINUTES,
    MIN_MINUTES,
    MISSING,
    Trips,
    kept,
    read_schema,
    read_table,
    read_trips,
)

SYNTHETIC = "synthetic sample"
TLC = "NYC TLC"
LOCAL = "local file"


class MonthReport(msgspec.Struct, frozen=True, kw_only=True):
    """One month in one role.

    Attributes:
        name: as it was given.
        source: the file's name.
        kind: `SYNTHETIC`, `TLC` for a file named as the TLC names it, or `LOCAL`.
        colour: ``green`` or ``yellow``, by its columns.
        period: the calendar month by its name, None where it does not tell.
        file_sha256: of the file; None for the sample.
        rows_sha256: of the trips kept, as the model sees them, whatever their order.
        rows: trips in the file.
        kept: trips that the model may see.
        columns: each column's Arrow type.
        odd: counts of odd trips.
        minutes: the durations of the trips kept.
        miles: the distances of all trips.
        first_pickup: ISO time, local time of New York.
        last_pickup: as `first_pickup`.
    """

    name: str
    source: str
    kind: str
    colour: str
    period: str | None
    file_sha256: str | None
    rows_sha256: str
    rows: int
    kept: int
    columns: dict[str, str]
    odd: Odd
    minutes: Range
    miles: Range
    first_pickup: str | None
    last_pickup: str | None


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a file.

    Attributes:
        report: what an experiment reports too.
        bytes: the file's size; None for the sample.
        compression: the codec, such as ``ZSTD``; None for the sample.
        nulls: columns that hold nulls, with their number.
        duplicate_rows: rows that equal an earlier one in every column.
        negative_totals: rows whose `total_amount` is below zero, such as refunds.
    """

    report: MonthReport
    bytes: int | None
    compression: str | None
    nulls: dict[str, int]
    duplicate_rows: int
    negative_totals: int


def load_month(month: Month, max_distance: float | None = None) -> tuple[MonthReport, Trips, Fingerprint]:
    """Read a month, report on it, and return the trips that the model may see.

    Raises:
        InputError: it cannot be read, or no trip is left.
    """
    report, trips, fingerprint = _load(month, max_distance)
    if not report.kept:
        limit = "" if max_distance is None else f" and goes at most {max_distance} miles"
        raise InputError(
            f"none of the {report.rows:,} trips of {month.source} lasts {MIN_MINUTES} to {MAX_MINUTES} "
            f"minutes{limit}: give another month."
        )
    return report, trips, fingerprint


def describe(month: Month) -> Description:
    """Read every column of a month and describe it.

    Raises:
        InputError: it cannot be read.
    """
    report, _, _ = _load(month)
    table = read_table([month])
    file = None if month.path is None else open_parquet(month.path, month.source)
    return Description(
        report=report,
        bytes=None if month.path is None else Path(month.path).stat().st_size,
        compression=None if file is None else file.metadata.row_group(0).column(0).compression,
        nulls={
            name: column.null_count
            for name, column in zip(report.columns, table.columns, strict=True)
            if column.null_count
        },
        duplicate_rows=_duplicates(table),
        negative_totals=_negative_totals(table),
    )


def _load(month: Month, max_distance: float | None = None) -> tuple[MonthReport, Trips, Fingerprint]:
    everything = read_trips(month)
    trips = everything.take(kept(everything, max_distance))
    fingerprint = Fingerprint(f"{month.name} ({month.source})", _file_sha256(month), trip_hashes(trips))
    return _report(month, everything, trips, fingerprint, max_distance), trips, fingerprint


def _report(
    month: Month, everything: Trips, trips: Trips, fingerprint: Fingerprint, max_distance: float | None
) -> MonthReport:
    schema = read_schema(month)
    times = everything.pickup[everything.pickup != MISSING]
    return MonthReport(
        name=month.name,
        source=month.source,
        kind=_kind(month, schema),
        colour=trip_columns(schema, month.source).colour,
        period=month.period,
        file_sha256=fingerprint.file_sha256,
        rows_sha256=fingerprint.rows_sha256,
        rows=len(everything),
        kept=len(trips),
        columns=column_types(schema),
        odd=count_odd(everything, month.period, max_distance),
        minutes=range_of(trips.duration),
        miles=range_of(everything.distance),
        first_pickup=_iso(times.min()) if len(times) else None,
        last_pickup=_iso(times.max()) if len(times) else None,
    )


def _kind(month: Month, schema: pa.Schema) -> str:
    marks = schema.metadata or {}
    if month.path is None or SAMPLE_MARK.items() <= marks.items():
        return SYNTHETIC
    return TLC if month.has_tlc_name else LOCAL


def _iso(microseconds: np.int64) -> str:
    return str(microseconds.astype("datetime64[us]").astype("datetime64[s]")).replace("T", " ")


def _file_sha256(month: Month) -> str | None:
    if month.path is None:
        return None
    with Path(month.path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _duplicates(table: pa.Table) -> int:
    names = [field.name for field in table.schema if not pa.types.is_null(field.type)]
    return int(table.num_rows - table.select(names).group_by(names).aggregate([]).num_rows)


def _negative_totals(table: pa.Table) -> int:
    if "total_amount" not in table.column_names:
        return 0
    return int(pc.sum(pc.less(table["total_amount"], 0)).as_py() or 0)


def as_statistics(report: MonthReport) -> dict[str, Any]:
    """Return what a tracker's record of the dataset says beyond its columns."""
    names = ("kind", "colour", "kept", "rows_sha256", "first_pickup", "last_pickup", "odd", "minutes", "miles")
    statistics: dict[str, Any] = msgspec.to_builtins({name: getattr(report, name) for name in names})
    return statistics
