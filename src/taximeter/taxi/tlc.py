"""What the TLC publishes: file names, and columns whose types and capitals change over the years."""

import os
import re
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from taximeter.errors import InputError

COLOURS = {"green": "lpep", "yellow": "tpep"}

SAMPLE_MARK = {b"taximeter": b"synthetic sample"}
"""Parquet metadata of the synthetic sample, so that a written sample is never taken for the real thing."""

_KNOWN = (
    "VendorID",
    "lpep_pickup_datetime",
    "lpep_dropoff_datetime",
    "tpep_pickup_datetime",
    "tpep_dropoff_datetime",
    "store_and_fwd_flag",
    "RatecodeID",
    "PULocationID",
    "DOLocationID",
    "passenger_count",
    "trip_distance",
    "fare_amount",
    "extra",
    "mta_tax",
    "tip_amount",
    "tolls_amount",
    "ehail_fee",
    "improvement_surcharge",
    "total_amount",
    "payment_type",
    "trip_type",
    "congestion_surcharge",
    "Airport_fee",
    "cbd_congestion_fee",
)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_SPELLING = {name.lower(): name for name in _KNOWN}


class TripColumns(NamedTuple):
    """The spelling that one file uses for the columns the model needs."""

    colour: str
    pickup: str
    dropoff: str
    pickup_zone: str
    dropoff_zone: str
    distance: str


def is_month(name: str) -> bool:
    """Say whether `name` is a month such as ``2025-01``."""
    return _MONTH.fullmatch(name) is not None


def file_name(month: str, colour: str) -> str:
    """Return the name under which the TLC publishes a month.

    Raises:
        InputError: the month or the colour is none.
    """
    if colour not in COLOURS:
        raise InputError(f"the colour {colour!r} is unknown: give {' or '.join(COLOURS)}.")
    if not is_month(month):
        raise InputError(f"{month!r} is no month: write it as 2025-01.")
    return f"{colour}_tripdata_{month}.parquet"


def open_parquet(path: str | os.PathLike[str], source: str) -> pq.ParquetFile:
    """Open a parquet file; `source` is what the message calls it.

    Raises:
        InputError: it is missing, unreadable or not parquet.
    """
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{source} is no readable parquet file: fetch it again or give another.") from error


def trip_columns(schema: pa.Schema, source: str) -> TripColumns:
    """Find the needed columns, whatever their capitals.

    Args:
        schema: the Arrow schema of a month.
        source: the file's name, for the message.

    Raises:
        InputError: a needed column is missing.
    """
    spelling = {name.lower(): name for name in schema.names}
    colour = _colour(spelling, source)
    prefix = COLOURS[colour]
    times = (f"{prefix}_pickup_datetime", f"{prefix}_dropoff_datetime")
    needed = (*times, "PULocationID", "DOLocationID", "trip_distance")
    missing = [name for name in needed if name.lower() not in spelling]
    if missing:
        raise _not_a_month(source, " and ".join(missing))
    return TripColumns(colour, *(spelling[name.lower()] for name in needed))


def with_standard_names(table: pa.Table) -> pa.Table:
    """Rename columns that differ from today's TLC names by capitals only, such as `airport_fee`."""
    taken = set(table.column_names)
    names = []
    for name in table.column_names:
        standard = _SPELLING.get(name.lower(), name)
        names.append(name if standard in taken else standard)
    return table.rename_columns(names)


def column_types(schema: pa.Schema) -> dict[str, str]:
    """Return each column's Arrow type as text, in the file's order."""
    return {field.name: str(field.type) for field in schema}


def _colour(spelling: dict[str, str], source: str) -> str:
    for colour, prefix in COLOURS.items():
        if f"{prefix}_pickup_datetime" in spelling or f"{prefix}_dropoff_datetime" in spelling:
            return colour
    raise _not_a_month(source, "lpep_pickup_datetime (green) or tpep_pickup_datetime (yellow)")


def _not_a_month(source: str, missing: str) -> InputError:
    return InputError(f"{source} lacks {missing}: give a green or yellow trip file as the TLC publishes it.")
