"""Trips as arrays: read from any TLC schema, and kept as the course keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from taximeter.errors import InputError
from taximeter.taxi.months import Month
from taximeter.taxi.sample import sample_table
from taximeter.taxi.tlc import open_parquet, trip_columns, with_standard_names

MIN_MINUTES = 1
MAX_MINUTES = 60

MISSING = np.iinfo(np.int64).min
"""Stands for a null time or zone in the integer arrays."""

_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Trips:
    """Equally long columns of n trips.

    Attributes:
        pickup: (n,) int64, microseconds since 1970, local time of New York; `MISSING` for null.
        dropoff: like `pickup`.
        pickup_zone: (n,) int64, taxi zone; `MISSING` for null.
        dropoff_zone: like `pickup_zone`.
        distance: (n,) float64, miles as the meter gave them; NaN for null.
        duration: (n,) float64, minutes; NaN where a time is missing.
    """

    pickup: npt.NDArray[np.int64]
    dropoff: npt.NDArray[np.int64]
    pickup_zone: npt.NDArray[np.int64]
    dropoff_zone: npt.NDArray[np.int64]
    distance: npt.NDArray[np.float64]
    duration: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.pickup)

    def take(self, which: Any) -> "Trips":
        """Return the trips that a mask, a slice or indices select."""
        return Trips(*(getattr(self, field.name)[which] for field in fields(self)))


def concat_trips(parts: Sequence[Trips]) -> Trips:
    """Return the trips of all parts, one after the other."""
    return Trips(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Trips)))


def read_table(months: Sequence[Month]) -> pa.Table:
    """Read whole months into one table that keeps every column of any of them.

    Columns that differ by capitals are one, types are widened, and a column that a month lacks is null there.

    Args:
        months: at least one.

    Raises:
        InputError: a file is no parquet file, or the months cannot be one table.
    """
    tables = [with_standard_names(_read(month, None)) for month in months]
    try:
        table = pa.concat_tables(tables, promote_options="permissive").combine_chunks()
    except pa.ArrowException as error:
        names = ", ".join(month.source for month in months)
        raise InputError(f"{names} do not fit into one table ({error}): read them one by one.") from error
    return table.replace_schema_metadata(None)


def read_trips(month: Month) -> Trips:
    """Read the five columns that the model needs.

    Raises:
        InputError: the file is no parquet file, lacks a column, holds a wrong type, or has no rows.
    """
    names = trip_columns(read_schema(month), month.source)
    table = _read(month, list(names[1:]))
    if not table.num_rows:
        raise InputError(f"{month.source} has no rows: give a month with trips.")
    pickup = _times(table, names.pickup, month)
    dropoff = _times(table, names.dropoff, month)
    return Trips(
        pickup=pickup,
        dropoff=dropoff,
        pickup_zone=_zones(table, names.pickup_zone, month),
        dropoff_zone=_zones(table, names.dropoff_zone, month),
        distance=_distances(table, names.distance, month),
        duration=minutes(pickup, dropoff),
    )


def read_schema(month: Month) -> pa.Schema:
    """Return a month's Arrow schema without reading its rows."""
    if month.path is None:
        return sample_table(month.name).schema
    return open_parquet(month.path, month.source).schema_arrow


def minutes(pickup: npt.NDArray[np.int64], dropoff: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return durations in minutes; the two divisions round as pandas' `total_seconds() / 60` does."""
    duration = (dropoff - pickup) / _MICROSECONDS / 60
    duration[(pickup == MISSING) | (dropoff == MISSING)] = np.nan
    return duration


def kept(trips: Trips, max_distance: float | None = None) -> npt.NDArray[np.bool_]:
    """Say which trips the model may see.

    Args:
        trips: n trips.
        max_distance: miles, included; None keeps every distance that is a number.

    Returns:
        (n,) mask: the duration is 1 to 60 minutes, both included, and the distance fits.
    """
    lasts = (trips.duration >= MIN_MINUTES) & (trips.duration <= MAX_MINUTES) & np.isfinite(trips.distance)
    return lasts if max_distance is None else lasts & (trips.distance <= max_distance)


def _read(month: Month, columns: list[str] | None) -> pa.Table:
    if month.path is None:
        table = sample_table(month.name)
        return table if columns is None else table.select(columns)
    file = open_parquet(month.path, month.source)
    try:
        return file.read(columns=columns)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{month.source} is damaged ({error}): fetch it again.") from error


def _times(table: pa.Table, name: str, month: Month) -> npt.NDArray[np.int64]:
    column = table.column(name)
    if not (pa.types.is_timestamp(column.type) or pa.types.is_null(column.type)):
        raise _wrong_type(month, name, column.type, "timestamps")
    zone = getattr(column.type, "tz", None)
    return _int64(column.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64()))


def _zones(table: pa.Table, name: str, month: Month) -> npt.NDArray[np.int64]:
    column = table.column(name)
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), None, column)
    elif not (pa.types.is_integer(column.type) or pa.types.is_null(column.type)):
        raise _wrong_type(month, name, column.type, "whole numbers")
    try:
        return _int64(column.cast(pa.int64()))
    except pa.ArrowException as error:
        raise InputError(f"{month.source}: {name} holds an id that is no whole number ({error}).") from error


def _distances(table: pa.Table, name: str, month: Month) -> npt.NDArray[np.float64]:
    column = table.column(name)
    kinds = (pa.types.is_floating, pa.types.is_integer, pa.types.is_null)
    if not any(is_kind(column.type) for is_kind in kinds):
        raise _wrong_type(month, name, column.type, "numbers")
    distances: npt.NDArray[np.float64] = column.cast(pa.float64()).fill_null(np.nan).to_numpy()
    return distances


def _int64(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    array: npt.NDArray[np.int64] = column.fill_null(MISSING).to_numpy()
    return array


def _wrong_type(month: Month, name: str, found: pa.DataType, wanted: str) -> InputError:
    return InputError(
        f"{month.source}: {name} holds {found} where {wanted} belong: give the file as the TLC publishes it."
    )
