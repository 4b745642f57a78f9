"""Reading months: every schema that the TLC has used, and files that are none."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from taximeter.errors import InputError
from taximeter.taxi.months import Month
from taximeter.taxi.trips import MISSING, Trips, concat_trips, kept, read_table, read_trips

MakeTable = Callable[..., pa.Table]
WriteMonth = Callable[..., Path]


def _read(path: Path) -> Trips:
    return read_trips(Month(path.stem, str(path)))


def _assert_equal(one: Trips, other: Trips) -> None:
    for name in Trips.__slots__:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


def _cast(table: pa.Table, types: dict[str, pa.DataType]) -> pa.Table:
    for name, kind in types.items():
        place = table.column_names.index(name)
        values = pa.nulls(len(table)) if pa.types.is_null(kind) else table.column(name).cast(kind)
        table = table.set_column(place, name, values)
    return table


@pytest.mark.parametrize(
    "types",
    [
        {"PULocationID": pa.int64(), "DOLocationID": pa.int64()},
        {"PULocationID": pa.float64(), "DOLocationID": pa.float64()},
        {"PULocationID": pa.int16(), "DOLocationID": pa.uint16()},
        {"lpep_pickup_datetime": pa.timestamp("ns"), "lpep_dropoff_datetime": pa.timestamp("ns")},
        {"lpep_pickup_datetime": pa.timestamp("s"), "lpep_dropoff_datetime": pa.timestamp("ms")},
        {"lpep_pickup_datetime": pa.timestamp("us", "UTC"), "lpep_dropoff_datetime": pa.timestamp("us", "UTC")},
        {"store_and_fwd_flag": pa.string()},
        {"ehail_fee": pa.null()},
        {"trip_distance": pa.float32()},
    ],
    ids=lambda types: " ".join(f"{name}={kind}" for name, kind in types.items()),
)
def test_a_column_may_have_any_type_that_the_tlc_has_used(
    types: dict[str, pa.DataType], month_table: MakeTable, write_month: WriteMonth
) -> None:
    """Ids, times and distances are the same trips whatever the width of their types."""
    plain = _read(write_month(month_table(), "plain.parquet"))
    _assert_equal(_read(write_month(_cast(month_table(), types), "cast.parquet")), plain)


@pytest.mark.parametrize("compression", ["snappy", "gzip", "zstd"])
def test_a_file_may_be_compressed_in_any_way(
    compression: str, month_table: MakeTable, write_month: WriteMonth
) -> None:
    """The codec changes nothing."""
    plain = _read(write_month(month_table(), "plain.parquet", compression="none"))
    _assert_equal(_read(write_month(month_table(), "packed.parquet", compression=compression)), plain)


def test_a_yellow_month_reads_like_a_green_one(month_table: MakeTable, write_month: WriteMonth) -> None:
    """The prefix of the time columns is all that differs."""
    green = _read(write_month(month_table(), "green.parquet"))
    _assert_equal(_read(write_month(month_table(prefix="tpep"), "yellow.parquet")), green)


def test_capitals_of_a_needed_column_do_not_matter(month_table: MakeTable, write_month: WriteMonth) -> None:
    """`pulocationid` is `PULocationID`."""
    table = month_table()
    lower = table.rename_columns([name.lower() for name in table.column_names])
    _assert_equal(_read(write_month(lower, "lower.parquet")), _read(write_month(table, "plain.parquet")))


def test_a_null_zone_or_time_is_missing_not_zero(month_table: MakeTable, write_month: WriteMonth) -> None:
    """Nulls keep their rows: zones and times become `MISSING`, and a duration without a time NaN."""
    table = month_table(
        rows=3,
        PULocationID=pa.array([None, 75, 76], pa.int32()),
        DOLocationID=pa.array([1.0, float("nan"), 3.0], pa.float64()),
        lpep_pickup_datetime=pa.array([0, 0, None], pa.timestamp("us")),
        trip_distance=pa.array([None, 2, 3], pa.int64()),
    )
    trips = _read(write_month(table))
    assert trips.pickup_zone.tolist() == [MISSING, 75, 76]
    assert trips.dropoff_zone.tolist() == [1, MISSING, 3]
    assert np.isnan(trips.duration).tolist() == [False, False, True]
    assert np.isnan(trips.distance).tolist() == [True, False, False]


def test_a_column_without_any_value_is_all_missing(month_table: MakeTable, write_month: WriteMonth) -> None:
    """A null-typed id column is read, as one that holds nothing."""
    trips = _read(write_month(month_table(rows=2, PULocationID=pa.nulls(2))))
    assert trips.pickup_zone.tolist() == [MISSING, MISSING]


def test_a_duration_is_what_pandas_says(month_table: MakeTable, write_month: WriteMonth) -> None:
    """Minutes have the very bits of pandas' `total_seconds() / 60`."""
    table = month_table(rows=500, lpep_dropoff_datetime=None)
    seconds = np.random.default_rng(0).integers(-100, 5_000_000_000, 500)
    dropoffs = pc.add(table["lpep_pickup_datetime"].cast(pa.int64()), pa.array(seconds)).cast(pa.timestamp("us"))
    table = table.append_column("lpep_dropoff_datetime", dropoffs)
    frame = table.to_pandas()
    expected = (frame.lpep_dropoff_datetime - frame.lpep_pickup_datetime).dt.total_seconds() / 60
    np.testing.assert_array_equal(_read(write_month(table)).duration, expected.to_numpy())


def test_trips_of_one_to_sixty_minutes_are_kept(make_trips: Callable[..., Trips]) -> None:
    """Both ends are included, and a trip without duration or distance is not kept."""
    trips = make_trips([(1, 2, 3.0)] * 8)
    trips.duration[:] = [0.99, 1, 60, 60.01, -5, np.nan, 30, 30]
    trips.distance[6:] = [np.nan, np.inf]
    assert kept(trips).tolist() == [False, True, True, False, False, False, False, False]


def test_the_greatest_distance_is_included(make_trips: Callable[..., Trips]) -> None:
    """`max_distance` takes out what is longer, and nothing without it."""
    trips = make_trips([(1, 2, miles) for miles in (-1, 0, 9.99, 10, 10.01, 1e5)])
    assert kept(trips, 10).tolist() == [True, True, True, True, False, False]
    assert kept(trips).all()


def test_parts_are_joined_in_order(make_trips: Callable[..., Trips]) -> None:
    """Concatenation appends every column."""
    one, other = make_trips([(1, 2, 3)]), make_trips([(4, None, 6), (7, 8, 9)])
    assert concat_trips([one, other]).dropoff_zone.tolist() == [2, MISSING, 8]
    assert concat_trips([one, other]).take([2, 0]).distance.tolist() == [9, 3]


@pytest.mark.parametrize("newest_first", [False, True])
def test_months_in_one_table_keep_every_column(
    newest_first: bool,  # noqa: FBT001 - a parameter of the test
    month_table: MakeTable,
    write_month: WriteMonth,
) -> None:
    """A column that one month lacks is null there, types are widened, and capitals make no second column."""
    rows = 2
    old = month_table(
        rows, prefix="tpep", VendorID=pa.array([1, 2], pa.int64()), ehail_fee=None, airport_fee=pa.nulls(rows)
    )
    new = month_table(
        rows,
        prefix="tpep",
        ehail_fee=None,
        store_and_fwd_flag=pa.array(["Y", None], pa.string()),
        tpep_pickup_datetime=pa.array([1, 2], pa.timestamp("ns")),
        Airport_fee=pa.array([1.25, 0.0]),
        cbd_congestion_fee=pa.array([0.75, None]),
    )
    paths = [write_month(old, "old.parquet"), write_month(new, "new.parquet")]
    months = [Month(path.stem, str(path)) for path in paths]
    table = read_table(months[::-1] if newest_first else months)
    types = {field.name: str(field.type) for field in table.schema}
    assert set(types) == {*old.column_names, "Airport_fee", "cbd_congestion_fee"} - {"airport_fee"}
    assert (types["VendorID"], types["Airport_fee"]) == ("int64", "double")
    assert types["tpep_pickup_datetime"] == "timestamp[ns]"
    fees = table["cbd_congestion_fee"].to_pylist()
    assert fees == ([0.75, None, None, None] if newest_first else [None, None, 0.75, None])


def test_months_that_do_not_fit_together_are_named(month_table: MakeTable, write_month: WriteMonth) -> None:
    """A column of numbers and one of text under one name have no common type."""
    one = write_month(month_table(2), "one.parquet")
    other = write_month(month_table(2, VendorID=pa.array(["a", "b"])), "other.parquet")
    with pytest.raises(InputError, match=r"one\.parquet, other\.parquet do not fit"):
        read_table([Month("one", str(one)), Month("other", str(other))])


@pytest.mark.parametrize(
    "missing",
    ["lpep_dropoff_datetime", "PULocationID", "DOLocationID", "trip_distance"],
)
def test_a_missing_column_is_named(missing: str, month_table: MakeTable, write_month: WriteMonth) -> None:
    """The message says which file lacks which column."""
    path = write_month(month_table(**{missing: None}))
    with pytest.raises(InputError, match=f"2025-01.parquet lacks {missing}:"):
        _read(path)


def test_a_file_of_another_kind_of_trips_is_refused(write_month: WriteMonth) -> None:
    """Without the times of either colour, both spellings are named."""
    path = write_month(pa.table({"pickup_datetime": [1]}), "fhv_tripdata_2025-01.parquet")
    with pytest.raises(
        InputError, match=r"lacks lpep_pickup_datetime \(green\) or tpep_pickup_datetime \(yellow\)"
    ):
        _read(path)


@pytest.mark.parametrize(
    ("column", "values", "problem"),
    [
        ("PULocationID", pa.array(["74", "75"]), "PULocationID holds string where whole numbers belong"),
        ("DOLocationID", pa.array([1.5, 2.0]), "DOLocationID holds an id that is no whole number"),
        ("DOLocationID", pa.array([2**63, 1], pa.uint64()), "DOLocationID holds an id that is no whole number"),
        ("lpep_pickup_datetime", pa.array(["2025-01-01", "x"]), "holds string where timestamps belong"),
        ("trip_distance", pa.array([True, False]), "trip_distance holds bool where numbers belong"),
    ],
)
def test_a_wrong_type_is_named(
    column: str, values: pa.Array, problem: str, month_table: MakeTable, write_month: WriteMonth
) -> None:
    """The message says what the column holds, and what belongs there."""
    path = write_month(month_table(rows=2, **{column: values}))
    with pytest.raises(InputError, match=problem):
        _read(path)


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path) -> None:
    """The message names the file and the way out."""
    path = tmp_path / "green_tripdata_2025-01.parquet"
    path.write_text("<html>not found</html>")
    with pytest.raises(InputError, match=r"2025-01\.parquet is no readable parquet file: fetch it again"):
        _read(path)


def test_a_file_with_damaged_pages_is_refused(month_table: MakeTable, write_month: WriteMonth) -> None:
    """A footer that opens does not make the rows readable."""
    path = write_month(month_table(rows=2_000), compression="gzip")
    content = bytearray(path.read_bytes())
    content[8 : len(content) // 2] = bytes(len(content) // 2 - 8)
    path.write_bytes(content)
    with pytest.raises(InputError, match="is damaged"):
        _read(path)


def test_a_month_without_rows_is_refused(month_table: MakeTable, write_month: WriteMonth) -> None:
    """Zero rows are not an experiment."""
    with pytest.raises(InputError, match=r"green_tripdata_2025-01\.parquet has no rows"):
        _read(write_month(month_table(rows=0)))
