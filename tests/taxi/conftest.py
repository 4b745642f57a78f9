"""Trips, months and a run for the tests of the taxi core."""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from taximeter.taxi.trips import MISSING, Trips, minutes

REAL_DATA = os.environ.get("TAXIMETER_DATA")
"""Read before any test hides it."""

Row = tuple[int | None, int | None, float]


class Recorder:
    """A run that keeps what is logged to it, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        if not name.startswith(("log_", "set_", "add_")):
            raise AttributeError(name)
        return lambda *args, **kwargs: self.calls.append((name, args, kwargs))

    def arguments(self, name: str) -> list[tuple[Any, ...]]:
        """Return the positional arguments of every call of one method."""
        return [args for called, args, _ in self.calls if called == name]


@pytest.fixture(autouse=True)
def _in_an_empty_folder_without_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TAXIMETER_DATA", raising=False)
    empty = tmp_path / "working"
    empty.mkdir()
    monkeypatch.chdir(empty)


@pytest.fixture
def recorder() -> Recorder:
    """Return a run that keeps what is logged to it."""
    return Recorder()


@pytest.fixture(scope="session")
def real_data() -> str:
    """Return the folder of the real months, or skip."""
    if not REAL_DATA:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "set TAXIMETER_DATA to a folder with the TLC's green months 2025-01 to 2025-03 and 2023-01"
        )
    return REAL_DATA


@pytest.fixture(scope="session")
def make_trips() -> Callable[[Sequence[Row]], Trips]:
    """Return a function that makes trips of ten minutes from (pickup zone, dropoff zone, miles)."""

    def make(rows: Sequence[Row]) -> Trips:
        pickup = np.arange(len(rows), dtype=np.int64) * 60_000_000
        dropoff = pickup + 600_000_000
        pickup_zone, dropoff_zone = (
            np.array([MISSING if row[end] is None else row[end] for row in rows], np.int64) for end in (0, 1)
        )
        miles = np.array([row[2] for row in rows], np.float64)
        return Trips(pickup, dropoff, pickup_zone, dropoff_zone, miles, minutes(pickup, dropoff))

    return make


@pytest.fixture
def month_table() -> Callable[..., pa.Table]:
    """Return a function that makes a small green month; keywords replace columns, None removes one."""

    def make(rows: int = 12, *, prefix: str = "lpep", **replaced: pa.Array | None) -> pa.Table:
        start = datetime(2025, 1, 5, 8)  # noqa: DTZ001 - the TLC's times have no zone
        pickups = [start + timedelta(minutes=7 * place) for place in range(rows)]
        dropoffs = [pickup + timedelta(minutes=5 + place % 9) for place, pickup in enumerate(pickups)]
        columns = {
            "VendorID": pa.array([2] * rows, pa.int32()),
            f"{prefix}_pickup_datetime": pa.array(pickups, pa.timestamp("us")),
            f"{prefix}_dropoff_datetime": pa.array(dropoffs, pa.timestamp("us")),
            "store_and_fwd_flag": pa.array(["N"] * rows, pa.large_string()),
            "PULocationID": pa.array([74 + place % 3 for place in range(rows)], pa.int32()),
            "DOLocationID": pa.array([41 + place % 2 for place in range(rows)], pa.int32()),
            "trip_distance": pa.array([1.5 + place % 4 for place in range(rows)], pa.float64()),
            "ehail_fee": pa.array([None] * rows, pa.float64()),
        }
        columns |= replaced
        return pa.table({name: column for name, column in columns.items() if column is not None})

    return make


@pytest.fixture
def write_month(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a table under a file name, in a folder of its own."""

    def write(table: pa.Table, name: str = "green_tripdata_2025-01.parquet", **options: Any) -> Path:
        folder = tmp_path / "months"
        folder.mkdir(exist_ok=True)
        pq.write_table(table, folder / name, **options)
        return folder / name

    return write
