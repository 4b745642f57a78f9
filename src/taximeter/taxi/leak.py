"""Finds trips that play two roles, such as one file saved under the names of two months.

Trips are compared by what the model sees of them (times, zones, distance), so a file is recognised after it was
written again with other types, compression, or order of columns and rows.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from taximeter.errors import InputError
from taximeter.taxi.trips import Trips

SHARED_LIMIT = 0.01
"""Above this share of equal trips two months are a leak; the TLC's months share none at all."""

_Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What identifies the trips of one month in one role.

    Attributes:
        label: what messages call it, such as ``train 2025-01 (green_tripdata_2025-01.parquet)``.
        file_sha256: of the file's bytes; None for trips without a file.
        hashes: (n,) uint64, one for each trip used, sorted.
    """

    label: str
    file_sha256: str | None
    hashes: _Hashes

    @property
    def rows_sha256(self) -> str:
        """The sha256 of the trips, whatever their order."""
        return hashlib.sha256(self.hashes.astype("<u8").tobytes()).hexdigest()


def trip_hashes(trips: Trips) -> _Hashes:
    """Return a sorted (n,) uint64 array, one hash for each trip, the same on every machine."""
    numbers = (trips.pickup, trips.dropoff, trips.pickup_zone, trips.dropoff_zone)
    distance = np.where(np.isnan(trips.distance), np.nan, trips.distance + 0.0)  # one NaN, one zero
    hashes = np.zeros(len(trips), np.uint64)
    for column in (*numbers, distance):
        hashes = _mix((hashes + np.uint64(0x9E3779B97F4A7C15)) ^ column.view(np.uint64))
    return np.sort(hashes)


def check_leaks(fingerprints: Sequence[Fingerprint], *, allow: bool = False) -> list[str]:
    """Compare every month with every other.

    Returns:
        One sentence for each leak; always empty unless `allow`.

    Raises:
        InputError: two months hold the same file, the same trips, or share many of them.
    """
    leaks = list(_leaks(fingerprints))
    if leaks and not allow:
        raise InputError(f"{'; '.join(leaks)}: give different months, or go on with --allow-leak.")
    return leaks


def _leaks(fingerprints: Sequence[Fingerprint]) -> Iterable[str]:
    for one, other in combinations(fingerprints, 2):
        shared = int(np.isin(other.hashes, one.hashes).sum())
        fewest = min(len(one.hashes), len(other.hashes))
        if one.file_sha256 is not None and one.file_sha256 == other.file_sha256:
            yield f"{one.label} and {other.label} are the same file"
        elif np.array_equal(one.hashes, other.hashes):
            yield f"{one.label} and {other.label} hold the same {fewest:,} trips"
        elif shared > SHARED_LIMIT * fewest:
            yield f"{one.label} and {other.label} share {shared:,} trips"


def _mix(numbers: _Hashes) -> _Hashes:
    """Scatter 64 bits over 64 bits (the finaliser of splitmix64)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))
