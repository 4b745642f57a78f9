"""The synthetic sample: always the same, and as odd as the real months."""

import hashlib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from taximeter.errors import InputError
from taximeter.taxi.describe import SYNTHETIC, describe
from taximeter.taxi.months import Month, find_months
from taximeter.taxi.sample import SAMPLE_MONTHS, SAMPLE_ROWS, sample_table, write_sample

# As in green_tripdata_2025-01.parquet.
_SCHEMA_2025 = {
    "VendorID": "int32",
    "lpep_pickup_datetime": "timestamp[us]",
    "lpep_dropoff_datetime": "timestamp[us]",
    "store_and_fwd_flag": "large_string",
    "RatecodeID": "int64",
    "PULocationID": "int32",
    "DOLocationID": "int32",
    "passenger_count": "int64",
    "trip_distance": "double",
    "fare_amount": "double",
    "extra": "double",
    "mta_tax": "double",
    "tip_amount": "double",
    "tolls_amount": "double",
    "ehail_fee": "double",
    "improvement_surcharge": "double",
    "total_amount": "double",
    "payment_type": "int64",
    "trip_type": "int64",
    "congestion_surcharge": "double",
    "cbd_congestion_fee": "double",
}


@pytest.mark.parametrize(
    ("month", "sha256"),
    [
        ("2025-01", "da752cad66c966053c0b075ade35fce30ad3bd256aa4e2cb89295e9efb215186"),
        ("2025-02", "44eeba9a76dd5e7d894fd38ca6c39c1c477ef263c90dcf341ac0409e822eed83"),
        ("2025-03", "79adf80e2ce5d3edc769fe966c745e44b89d4e905d50317c8ef75177dada0fa7"),
    ],
)
def test_the_rows_are_the_same_on_every_machine(month: str, sha256: str) -> None:
    """Every cell of every row is pinned."""
    cells = repr(sample_table(month).to_pydict())
    assert hashlib.sha256(cells.encode()).hexdigest() == sha256


@pytest.mark.parametrize("month", SAMPLE_MONTHS)
def test_the_schema_is_that_of_2025(month: str) -> None:
    """Columns, their order and their types are those of the real months."""
    table = sample_table(month)
    assert {field.name: str(field.type) for field in table.schema} == _SCHEMA_2025
    assert table.num_rows == SAMPLE_ROWS


@pytest.mark.parametrize("month", SAMPLE_MONTHS)
def test_the_sample_is_as_odd_as_the_real_months(month: str) -> None:
    """It has negative, zero and endless durations, absurd distances, other months' trips and a block of nulls."""
    description = describe(Month(month))
    report, odd = description.report, description.report.odd
    assert odd.outside_month is not None
    counts = (odd.outside_month, odd.duration_negative, odd.duration_zero, odd.duration_above_60)
    assert all(count > 0 for count in counts)
    assert odd.distance_above_100 > 0
    assert report.miles.greatest is not None
    assert report.miles.greatest > 10_000
    assert 0.9 < report.kept / report.rows < 0.99
    assert description.nulls["RatecodeID"] == 240
    assert description.nulls["ehail_fee"] == SAMPLE_ROWS


def test_distance_and_zones_say_something_of_the_duration() -> None:
    """A model can learn from the sample: longer trips take longer."""
    frame = sample_table("2025-01").to_pandas()
    minutes = (frame.lpep_dropoff_datetime - frame.lpep_pickup_datetime).dt.total_seconds() / 60
    usual = (minutes > 1) & (minutes < 60) & (frame.trip_distance < 50) & (frame.trip_distance > 0)
    assert np.corrcoef(minutes[usual], frame.trip_distance[usual])[0, 1] > 0.5


def test_a_written_sample_still_says_that_it_is_synthetic(tmp_path: Path) -> None:
    """A file with the TLC's name is not taken for the TLC's when its metadata say otherwise."""
    paths = write_sample(tmp_path)
    assert [path.name for path in paths] == [f"green_tripdata_{month}.parquet" for month in SAMPLE_MONTHS]
    month = find_months(["2025-02"], data=str(tmp_path))[0]
    assert describe(month).report.kind == SYNTHETIC
    assert pq.read_table(paths[1]).equals(sample_table("2025-02"))


def test_other_months_are_refused() -> None:
    """The message lists the months that there are."""
    with pytest.raises(InputError, match="no month '2024-01': it has 2025-01, 2025-02, 2025-03"):
        sample_table("2024-01")
