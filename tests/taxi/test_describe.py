"""A month is described with its oddities, none of them left out in silence."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from taximeter.errors import InputError
from taximeter.taxi.describe import LOCAL, SYNTHETIC, TLC, as_statistics, describe, load_month
from taximeter.taxi.months import Month

MakeTable = Callable[..., pa.Table]
WriteMonth = Callable[..., Path]

SECOND = 1_000_000
JANUARY = 1_735_689_600 * SECOND  # 2025-01-01 00:00:00


def _times(seconds: list[int | None]) -> pa.Array:
    return pa.array([None if one is None else JANUARY + one * SECOND for one in seconds], pa.timestamp("us"))


@pytest.fixture
def odd_month(month_table: MakeTable) -> pa.Table:
    """Return eight trips, most of them odd."""
    return month_table(
        rows=8,
        lpep_pickup_datetime=_times([-1, 0, 100, 100, 100, 100, None, 31 * 86_400]),
        lpep_dropoff_datetime=_times([599, 600, 100, 90, 130, 3_701, 700, 31 * 86_400 + 600]),
        PULocationID=pa.array([74, None, 74, 74, 74, 74, 74, 74], pa.int32()),
        trip_distance=pa.array([100, 100.5, 0, -1, None, 2, 3, 250.0]),
        total_amount=pa.array([1, -1, 0, None, 5, 5, 5, -2.5]),
    )


def test_every_oddity_is_counted(odd_month: pa.Table, write_month: WriteMonth) -> None:
    """Counts are over all trips, kept or not."""
    description = describe(Month("2025-01", str(write_month(odd_month))))
    odd = description.report.odd
    assert odd.outside_month == 2
    assert (odd.without_time, odd.without_zone, odd.without_distance) == (1, 1, 1)
    assert (odd.duration_negative, odd.duration_zero, odd.duration_below_1, odd.duration_above_60) == (1, 1, 3, 1)
    assert (odd.distance_negative, odd.distance_zero, odd.distance_above_100) == (1, 1, 2)
    assert (description.report.rows, description.report.kept, description.negative_totals) == (8, 3, 2)


def test_trips_outside_the_month_are_kept(odd_month: pa.Table, write_month: WriteMonth) -> None:
    """They are counted, as the course keeps them; only the limit on request takes trips out."""
    month = Month("2025-01", str(write_month(odd_month)))
    report, trips, _ = load_month(month)
    assert trips.distance.tolist() == [100, 100.5, 250]
    assert report.odd.above_max_distance == 0
    report, trips, _ = load_month(month, max_distance=100)
    assert trips.distance.tolist() == [100]
    assert report.odd.above_max_distance == 2
    assert report.miles.greatest == 250


def test_a_month_without_a_name_has_no_outside(odd_month: pa.Table, write_month: WriteMonth) -> None:
    """Where the file's name tells no month, nothing is said about it."""
    report = describe(Month("mine", str(write_month(odd_month, "mine.parquet")))).report
    assert (report.period, report.odd.outside_month, report.kind) == (None, None, LOCAL)


def test_a_description_covers_the_file(month_table: MakeTable, write_month: WriteMonth) -> None:
    """Size, codec, types, nulls, duplicates and the span of pickups."""
    table = pa.concat_tables([month_table(rows=3), month_table(rows=2)])
    path = write_month(table, compression="gzip")
    description = describe(Month("2025-01", str(path)))
    assert description.bytes == path.stat().st_size
    assert description.compression == "GZIP"
    assert description.nulls == {"ehail_fee": 5}
    assert description.duplicate_rows == 2
    assert description.negative_totals == 0
    assert description.report.columns == {field.name: str(field.type) for field in table.schema}
    assert (description.report.first_pickup, description.report.last_pickup) == (
        "2025-01-05 08:00:00",
        "2025-01-05 08:14:00",
    )
    assert (description.report.kind, description.report.colour) == (TLC, "green")


def test_a_column_without_values_does_not_disturb(month_table: MakeTable, write_month: WriteMonth) -> None:
    """A null-typed column is described like any other."""
    table = month_table(rows=4, ehail_fee=pa.nulls(4))
    description = describe(Month("2025-01", str(write_month(table))))
    assert (description.nulls, description.duplicate_rows) == ({"ehail_fee": 4}, 0)


def test_the_sample_is_described_without_a_file() -> None:
    """It has no size, codec or file hash, and says that it is synthetic."""
    description = describe(Month("2025-01"))
    assert (description.bytes, description.compression, description.report.file_sha256) == (None, None, None)
    assert description.report.kind == SYNTHETIC


def test_a_month_of_which_nothing_is_kept_is_described_but_not_trained_on(
    month_table: MakeTable, write_month: WriteMonth
) -> None:
    """Training needs a trip, a description does not."""
    table = month_table(rows=2, lpep_pickup_datetime=_times([0, None]), lpep_dropoff_datetime=_times([30, None]))
    month = Month("2025-01", str(write_month(table)))
    report = describe(month).report
    assert (report.kept, report.minutes.mean) == (0, None)
    with pytest.raises(
        InputError, match=r"none of the 2 trips of green_.* lasts 1 to 60 minutes: give another month"
    ):
        load_month(month)


def test_a_limit_that_leaves_nothing_is_named(month_table: MakeTable, write_month: WriteMonth) -> None:
    """The message has the limit, which is what the user can change."""
    month = Month("2025-01", str(write_month(month_table())))
    with pytest.raises(InputError, match=r"none of the 12 trips .* and goes at most 0\.5 miles"):
        load_month(month, max_distance=0.5)


def test_statistics_are_plain_values(month_table: MakeTable, write_month: WriteMonth) -> None:
    """A tracker gets numbers, texts and mappings of them."""
    report, trips, fingerprint = load_month(Month("2025-01", str(write_month(month_table()))))
    statistics = as_statistics(report)
    assert statistics["kept"] == len(trips) == 12
    assert statistics["rows_sha256"] == fingerprint.rows_sha256
    assert statistics["odd"]["duration_negative"] == 0
    assert statistics["minutes"]["mean"] == pytest.approx(trips.duration.mean())
