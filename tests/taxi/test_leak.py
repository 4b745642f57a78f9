"""Fingerprints find the same trips under other names."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from taximeter.errors import InputError
from taximeter.taxi.describe import load_month
from taximeter.taxi.leak import Fingerprint, check_leaks, trip_hashes
from taximeter.taxi.months import Month
from taximeter.taxi.trips import Trips

MakeTable = Callable[..., pa.Table]
WriteMonth = Callable[..., Path]
MakeTrips = Callable[..., Trips]


def _fingerprint(path: Path, role: str = "train") -> Fingerprint:
    fingerprint = load_month(Month(path.stem, str(path)))[2]
    return replace(fingerprint, label=f"{role} {fingerprint.label}")


def test_one_file_in_two_roles_is_named(month_table: MakeTable, write_month: WriteMonth) -> None:
    """The message says which months in which roles are the same file, and how to go on."""
    train = _fingerprint(write_month(month_table(), "jan.parquet"))
    test = _fingerprint(write_month(month_table(), "feb.parquet"), "test")
    sentence = r"^train jan \(jan\.parquet\) and test feb \(feb\.parquet\) are the same file: .* --allow-leak\.$"
    with pytest.raises(InputError, match=sentence):
        check_leaks([train, test])


def test_the_same_rows_in_another_file_are_found(month_table: MakeTable, write_month: WriteMonth) -> None:
    """Compression, types, and the order of columns and rows may all differ."""
    table = month_table(rows=20)
    other = table.select(table.column_names[::-1]).take(list(range(19, -1, -1)))
    zone = pa.array(other["PULocationID"].to_pylist(), pa.float64())
    other = other.set_column(other.column_names.index("PULocationID"), "PULocationID", zone)
    one = _fingerprint(write_month(table, "one.parquet", compression="gzip"))
    two = _fingerprint(write_month(other, "two.parquet", compression="zstd"), "validation")
    assert one.file_sha256 != two.file_sha256
    assert one.rows_sha256 == two.rows_sha256
    with pytest.raises(InputError, match=r"train one .* and validation two .* hold the same 20 trips"):
        check_leaks([one, two])


def test_a_few_shared_rows_are_a_leak(make_trips: MakeTrips) -> None:
    """More than 1 in 100 shared trips are a leak, 1 in 100 is not."""
    trips = make_trips([(1, 2, float(miles)) for miles in range(300)])
    train = Fingerprint("train", "a", trip_hashes(trips.take(slice(200))))
    for start, leaks in ((199, []), (198, ["train and validation share 2 trips"])):
        validation = Fingerprint("validation", "b", trip_hashes(trips.take(slice(start, start + 100))))
        assert check_leaks([train, validation], allow=True) == leaks


def test_an_allowed_leak_is_reported(month_table: MakeTable, write_month: WriteMonth) -> None:
    """With `allow` the sentences come back instead of an error."""
    path = write_month(month_table())
    leaks = check_leaks([_fingerprint(path), _fingerprint(path, "validation")], allow=True)
    assert len(leaks) == 1
    assert leaks[0].endswith("are the same file")


def test_different_months_are_no_leak(month_table: MakeTable, write_month: WriteMonth) -> None:
    """The same trips a second later are other trips."""
    later = month_table(lpep_pickup_datetime=pa.array([10**9 + place for place in range(12)], pa.timestamp("us")))
    later = later.set_column(
        later.column_names.index("lpep_dropoff_datetime"),
        "lpep_dropoff_datetime",
        pa.array([10**9 + 600_000_000 + place for place in range(12)], pa.timestamp("us")),
    )
    one, other = write_month(month_table(), "one.parquet"), write_month(later, "other.parquet")
    assert check_leaks([_fingerprint(one), _fingerprint(other, "validation")]) == []


@pytest.mark.parametrize("column", ["pickup", "dropoff", "pickup_zone", "dropoff_zone", "distance"])
def test_every_column_counts(column: str, make_trips: MakeTrips) -> None:
    """A change in one column of one trip changes the fingerprint."""
    rows: Sequence[tuple[int, int, float]] = [(1, 2, 3.0), (4, 5, 6.0)]
    changed = make_trips(rows)
    getattr(changed, column)[1] += 1
    one, other = (Fingerprint("", None, trip_hashes(trips)) for trips in (make_trips(rows), changed))
    assert one.rows_sha256 != other.rows_sha256


def test_swapped_zones_are_another_trip(make_trips: MakeTrips) -> None:
    """The way back is not the way there."""
    there, back = (trip_hashes(make_trips([pair])) for pair in ((74, 75, 1.0), (75, 74, 1.0)))
    assert there.tolist() != back.tolist()


def test_the_fingerprint_is_the_same_everywhere(make_trips: MakeTrips) -> None:
    """A stored sha256 can be compared with one made on another machine."""
    hashes = trip_hashes(make_trips([(74, 75, 1.5), (None, 42, 0.0)]))
    assert (
        Fingerprint("", None, hashes).rows_sha256
        == "f5012c673d28b00dd9348b99b73c631583ecf465cecb7ae5226888b21c3f59eb"
    )
    negative_zero = trip_hashes(make_trips([(74, 75, 1.5), (None, 42, -0.0)]))
    np.testing.assert_array_equal(hashes, negative_zero)
