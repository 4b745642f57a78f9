"""The synthetic sample: three green months with the TLC's 2025 schema, so that everything runs offline.

Only uniform numbers are drawn (their stream is the same for every numpy release) and every value is rounded
to what the TLC publishes (cents, hundredths of a mile, whole seconds), so the rows are the same everywhere.
"""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.special import ndtri

from taximeter.errors import InputError
from taximeter.taxi.tlc import SAMPLE_MARK, file_name

SAMPLE_MONTHS = ("2025-01", "2025-02", "2025-03")
SAMPLE_ROWS = 6_000

_Floats = npt.NDArray[np.float64]
_Ints = npt.NDArray[np.int64]

# The zones where green cabs pick up and drop off most, the busiest first.
_PICKUP_ZONES = (74, 75, 43, 95, 166, 97, 41, 82, 65, 130, 244, 7, 42, 129, 66, 134, 260, 33, 92, 83, 24)
_DROPOFF_ZONES = (75, 236, 74, 238, 41, 166, 263, 42, 239, 151, 138, 237, 95, 43, 129, 262, 141, 142)
_ZONES = tuple(sorted({*_PICKUP_ZONES, *_DROPOFF_ZONES, *range(3, 264, 13)}))

_BLOCK_WITHOUT_METER = 0.04
_DAY = 86_400

_TYPES = (
    ("VendorID", pa.int32()),
    ("lpep_pickup_datetime", pa.timestamp("us")),
    ("lpep_dropoff_datetime", pa.timestamp("us")),
    ("store_and_fwd_flag", pa.large_string()),
    ("RatecodeID", pa.int64()),
    ("PULocationID", pa.int32()),
    ("DOLocationID", pa.int32()),
    ("passenger_count", pa.int64()),
    ("trip_distance", pa.float64()),
    ("fare_amount", pa.float64()),
    ("extra", pa.float64()),
    ("mta_tax", pa.float64()),
    ("tip_amount", pa.float64()),
    ("tolls_amount", pa.float64()),
    ("ehail_fee", pa.float64()),
    ("improvement_surcharge", pa.float64()),
    ("total_amount", pa.float64()),
    ("payment_type", pa.int64()),
    ("trip_type", pa.int64()),
    ("congestion_surcharge", pa.float64()),
    ("cbd_congestion_fee", pa.float64()),
)
_NULL_IN_BLOCK = (
    "store_and_fwd_flag",
    "RatecodeID",
    "passenger_count",
    "payment_type",
    "trip_type",
    "congestion_surcharge",
    "cbd_congestion_fee",
)


@cache
def sample_table(month: str) -> pa.Table:
    """Generate one month of `SAMPLE_ROWS` trips.

    Raises:
        InputError: the sample has no such month.
    """
    if month not in SAMPLE_MONTHS:
        raise InputError(f"the synthetic sample has no month {month!r}: it has {', '.join(SAMPLE_MONTHS)}.")
    draw = np.random.Generator(np.random.PCG64(int(month.replace("-", "")))).random((20, SAMPLE_ROWS))
    columns = _trips(month, draw[:12]) | _money(draw[12:])
    due = sum(columns[name] for name in ("fare_amount", "extra", "mta_tax", "tip_amount", "tolls_amount"))
    columns["total_amount"] = np.round(due + columns["improvement_surcharge"], 2)
    columns["ehail_fee"] = np.full(SAMPLE_ROWS, np.nan)
    return _as_table(columns)


def write_sample(folder: str | Path) -> list[Path]:
    """Write the three months as parquet files that say in their metadata that they are synthetic.

    Returns:
        The files' paths, in the order of the months.

    Raises:
        InputError: they cannot be written there.
    """
    paths = [Path(folder) / file_name(month, "green") for month in SAMPLE_MONTHS]
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for month, path in zip(SAMPLE_MONTHS, paths, strict=True):
            pq.write_table(sample_table(month), path, compression="zstd")
    except OSError as error:
        raise InputError(
            f"the sample cannot be written to {str(folder)!r}: {error}; name another folder."
        ) from error
    return paths


def _trips(month: str, draw: _Floats) -> dict[str, _Ints | _Floats]:
    pickup_zone, dropoff_zone = _popular(_PICKUP_ZONES, draw[0]), _popular(_DROPOFF_ZONES, draw[1])
    miles = _miles(pickup_zone, dropoff_zone, draw[2])
    seconds = _seconds(miles, draw[3], draw[4])
    pickup = _pickup_seconds(month, draw[5], draw[6])
    return {
        "lpep_pickup_datetime": pickup * 1_000_000,
        "lpep_dropoff_datetime": (pickup + seconds) * 1_000_000,
        "PULocationID": pickup_zone,
        "DOLocationID": dropoff_zone,
        "trip_distance": _as_metered(miles, draw[7], draw[8]),
        "fare_amount": np.round(3 + 0.7 * np.minimum(np.abs(seconds) / 60, 90) + 1.5 * miles, 2),
        "VendorID": 1 + _some(draw[9], 0.87),
        "passenger_count": 1 + (draw[10] ** 6 * 6).astype(np.int64),
    }


def _money(draw: _Floats) -> dict[str, _Ints | _Floats]:
    return {
        "store_and_fwd_flag": _some(draw[0], 0.003),
        "RatecodeID": np.where(_some(draw[1], 0.04), 5, 1),
        "extra": np.array([0.0, 1.0, 2.5])[(draw[2] * 3).astype(np.int64)],
        "mta_tax": np.where(_some(draw[3], 0.96), 0.5, 0.0),
        "tip_amount": np.round(np.maximum(draw[4] - 0.4, 0) * 10, 2),
        "tolls_amount": np.where(_some(draw[5], 0.02), 6.94, 0.0),
        "improvement_surcharge": np.ones(SAMPLE_ROWS),
        "payment_type": np.where(_some(draw[6], 0.7), 1, 2),
        "trip_type": np.where(_some(draw[1], 0.04), 2, 1),
        "congestion_surcharge": np.where(_some(draw[7], 0.3), 2.75, 0.0),
        "cbd_congestion_fee": np.where(_some(draw[7], 0.07), 0.75, 0.0),
    }


def _some(uniform: _Floats, share: float) -> npt.NDArray[np.bool_]:
    """Pick a share of the rows."""
    return uniform < share


def _popular(favourites: tuple[int, ...], uniform: _Floats) -> _Ints:
    """Pick zones: favourites 9 times of 10, the first of them most, and any zone otherwise."""
    ranked = np.clip((uniform / 0.9) ** 2.2 * len(favourites), 0, len(favourites) - 1)
    anywhere = np.clip((uniform - 0.9) * 10 * len(_ZONES), 0, len(_ZONES) - 1)
    return np.where(
        _some(uniform, 0.9),
        np.array(favourites)[ranked.astype(np.int64)],
        np.array(_ZONES)[anywhere.astype(np.int64)],
    )


def _miles(pickup_zone: _Ints, dropoff_zone: _Ints, uniform: _Floats) -> _Floats:
    """Return true distances: the zones lie on a made-up map of 6 by 12 miles, and a trip wanders a little."""
    east = np.abs(pickup_zone * 37 % 60 - dropoff_zone * 37 % 60) / 10
    north = np.abs(pickup_zone * 53 % 120 - dropoff_zone * 53 % 120) / 10
    miles: _Floats = (east + north) * (0.35 + 0.2 * uniform) + 0.3 + uniform
    return miles


def _seconds(miles: _Floats, noise: _Floats, rare: _Floats) -> _Ints:
    """Return durations: 4 in 1,000 run backwards, 3 in 100 are aborted, 1 in 100 forgot the meter."""
    usual = 120 + miles * 240 * np.exp(0.35 * ndtri(noise * 0.998 + 0.001))
    forgotten = 3_700 + noise * (_DAY - 3_700)
    choices = [_some(rare, 0.004), _some(rare, 0.034), _some(1 - rare, 0.01)]
    return np.select(choices, [-1 - noise * 60, noise * 59, forgotten], usual).astype(np.int64)


def _as_metered(miles: _Floats, rare: _Floats, size: _Floats) -> _Floats:
    """Return the meter's distance: 5 in 100 are zero, 1 in 1,000 absurd, as in the real months."""
    choices = [_some(rare, 0.05), _some(1 - rare, 0.001)]
    metered: _Floats = np.round(np.select(choices, [0.0, 2_000 + size**3 * 100_000], miles), 2)
    return metered


def _pickup_seconds(month: str, uniform: _Floats, rare: _Floats) -> _Ints:
    """Return times in order within the month, but for 1 in 1,000 that are up to five days early."""
    start = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    length = (start.replace(month=start.month + 1) - start).total_seconds()
    offset = np.where(_some(rare, 0.001), -rare * 1_000 * 5 * _DAY - 1, np.sort(uniform) * length)
    return int(start.timestamp()) + offset.astype(np.int64)


def _as_table(columns: dict[str, _Ints | _Floats]) -> pa.Table:
    metered = np.arange(SAMPLE_ROWS) < SAMPLE_ROWS * (1 - _BLOCK_WITHOUT_METER)
    arrays = []
    for name, kind in _TYPES:
        null = ~metered if name in _NULL_IN_BLOCK else np.full(SAMPLE_ROWS, name == "ehail_fee")
        values = np.where(columns[name], "Y", "N") if name == "store_and_fwd_flag" else columns[name]
        arrays.append(pa.array(values, mask=null).cast(kind))
    return pa.table(arrays, schema=pa.schema(_TYPES, metadata=SAMPLE_MARK))
