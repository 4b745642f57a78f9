"""Counts of trips that are odd: too short, too long, too far, outside their month, or without what they need."""

import msgspec
import numpy as np
import numpy.typing as npt

from taximeter.taxi.trips import MAX_MINUTES, MIN_MINUTES, MISSING, Trips, kept

EXTREME_MILES = 100


class Odd(msgspec.Struct, frozen=True, kw_only=True):
    """Counts of odd trips among all of a month; one trip may be counted several times.

    `outside_month` is None where the month is not known.
    `above_max_distance` counts what the experiment's own limit took out of the trips of 1 to 60 minutes.
    """

    outside_month: int | None
    without_time: int
    without_zone: int
    without_distance: int
    duration_negative: int
    duration_zero: int
    duration_below_1: int
    duration_above_60: int
    distance_negative: int
    distance_zero: int
    distance_above_100: int
    above_max_distance: int


class Range(msgspec.Struct, frozen=True):
    """Least, greatest and mean value and standard deviation; None where there is no value."""

    least: float | None
    greatest: float | None
    mean: float | None
    deviation: float | None


def count_odd(trips: Trips, period: str | None, max_distance: float | None) -> Odd:
    """Count the odd trips of a month; `period` is ``YYYY-MM`` or None, `max_distance` in miles or None."""
    duration, distance = trips.duration, trips.distance
    return Odd(
        outside_month=_outside(trips.pickup, period),
        without_time=_count(np.isnan(duration)),
        without_zone=_count((trips.pickup_zone == MISSING) | (trips.dropoff_zone == MISSING)),
        without_distance=_count(~np.isfinite(distance)),
        duration_negative=_count(duration < 0),
        duration_zero=_count(duration == 0),
        duration_below_1=_count(duration < MIN_MINUTES),
        duration_above_60=_count(duration > MAX_MINUTES),
        distance_negative=_count(distance < 0),
        distance_zero=_count(distance == 0),
        distance_above_100=_count(distance > EXTREME_MILES),
        above_max_distance=_count(kept(trips)) - _count(kept(trips, max_distance)),
    )


def _count(mask: npt.NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(mask))


def _outside(pickup: npt.NDArray[np.int64], period: str | None) -> int | None:
    if period is None:
        return None
    first = np.datetime64(period, "M")
    start, end = (month.astype("datetime64[us]").astype(np.int64) for month in (first, first + 1))
    return _count((pickup != MISSING) & ((pickup < start) | (pickup >= end)))


def range_of(values: npt.NDArray[np.float64]) -> Range:
    """Return the range of the values that are numbers."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return Range(None, None, None, None)
    return Range(float(finite.min()), float(finite.max()), float(finite.mean()), float(finite.std()))
