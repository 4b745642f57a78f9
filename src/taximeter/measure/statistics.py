"""Medians of few samples with the spread around them, and ratios pair by pair."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import binom

_CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """A median of `n` samples, and the lower and the upper end of its spread; one sample has none.

    Six samples are the fewest whose ends hold the true median with a confidence of 95 %; fewer have their range,
    from the lowest to the highest.
    """

    median: float
    low: float | None
    high: float | None
    n: int

    @property
    def spread(self) -> str:
        """What the ends are: ``95 %`` or ``range``."""
        return "95 %" if _rank(self.n) else "range"


def estimate(samples: Sequence[float]) -> Estimate | None:
    """Return the median of some samples and its spread; None where there is none."""
    if not samples:
        return None
    ordered, n = sorted(samples), len(samples)
    place = max(_rank(n), 1) - 1
    low, high = (None, None) if n == 1 else (float(ordered[place]), float(ordered[-1 - place]))
    return Estimate(float(np.median(ordered)), low, high, n)


def ratio(left: Mapping[int, float], right: Mapping[int, float]) -> Estimate | None:
    """Return the ratio left to right of samples that were taken pair by pair.

    Args:
        left: samples by the number of their repetition.
        right: likewise; a pair that lacks one of its samples is left out.
    """
    return estimate([left[number] / right[number] for number in left if right.get(number)])


def _rank(n: int) -> int:
    """Return which sample from below is the lower end of the interval; 0 where none is low enough.

    The median lies below the k-th of n samples if fewer than k fall below it, each with a chance of one half,
    whatever their distribution.
    """
    return int(binom.ppf((1 - _CONFIDENCE) / 2, n, 0.5))
