"""Medians of few samples, with the interval that the spread leaves them, and ratios pair by pair."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import bootstrap

_CONFIDENCE = 0.95
_RESAMPLES = 2_000
_FEWEST = 3


class Estimate(NamedTuple):
    """A median of `n` samples, and the bootstrap interval of 95% where there are enough of them for one."""

    median: float
    low: float | None
    high: float | None
    n: int


def estimate(samples: Sequence[float]) -> Estimate | None:
    """Return the median of some samples, the same for the same samples; None where there is none."""
    if not samples:
        return None
    median = float(np.median(samples))
    if len(samples) < _FEWEST or min(samples) == max(samples):
        same = median if min(samples) == max(samples) and len(samples) >= _FEWEST else None
        return Estimate(median, same, same, len(samples))
    found = bootstrap(
        (samples,), np.median, confidence_level=_CONFIDENCE, n_resamples=_RESAMPLES, method="percentile", rng=0
    ).confidence_interval
    return Estimate(median, float(found.low), float(found.high), len(samples))


def ratio(left: Sequence[float], right: Sequence[float]) -> Estimate | None:
    """Return the ratio left to right of samples that were taken pair by pair."""
    return estimate([mine / theirs for mine, theirs in zip(left, right, strict=False) if theirs])
