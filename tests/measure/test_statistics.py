"""Medians of few samples say how sure they are, and never surer than they can be."""

import pytest

from taximeter.measure.statistics import Estimate, estimate, ratio


def test_without_samples_there_is_no_estimate() -> None:
    """A gap stays a gap."""
    assert estimate([]) is None
    assert ratio({}, {0: 1.0}) is None


def test_one_sample_has_no_spread() -> None:
    """Nothing is known of it."""
    assert estimate([3.0]) == Estimate(3.0, None, None, 1)


@pytest.mark.parametrize("samples", [[5.0, 1.0], [2.0, 1.0, 5.0], [1.0, 3.0, 5.0, 2.0, 4.0]])
def test_fewer_than_six_samples_have_their_range(samples: list[float]) -> None:
    """It holds the true median less often than 95 % of the time: 1 - 2 / 2^5 is 94 %."""
    found = estimate(samples)
    assert found
    assert (found.low, found.high, found.spread) == (1.0, 5.0, "range")


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [
        (6, 1, 6),  # P(Bin(6, 1/2) < 1) = 0.016, P(Bin(6, 1/2) < 2) = 0.109
        (8, 1, 8),  # P(Bin(8, 1/2) < 2) = 0.035
        (9, 2, 8),  # P(Bin(9, 1/2) < 2) = 0.020
        (11, 2, 10),  # P(Bin(11, 1/2) < 2) = 0.006, P(Bin(11, 1/2) < 3) = 0.033
        (21, 6, 16),  # P(Bin(21, 1/2) < 6) = 0.013, P(Bin(21, 1/2) < 7) = 0.039
    ],
)
def test_six_samples_and_more_have_an_interval_whose_probability_is_known(n: int, low: int, high: int) -> None:
    """Of the values 1 to n, in any order; at most 2.5 % lie beyond each end."""
    ordered = [float(value) for value in range(1, n + 1)]
    shuffled = ordered[::2] + ordered[1::2][::-1]
    found = estimate(shuffled)
    assert found == Estimate((n + 1) / 2, low, high, n)
    assert found.spread == "95 %"


def test_equal_samples_have_a_spread_of_no_width() -> None:
    """However many they are."""
    assert estimate([2.0, 2.0, 2.0]) == Estimate(2.0, 2.0, 2.0, 3)
    assert estimate([2.0] * 9) == Estimate(2.0, 2.0, 2.0, 9)


def test_a_ratio_is_taken_pair_by_pair() -> None:
    """What slowed both samples of a pair cancels out."""
    found = ratio({0: 2.0, 1: 20.0, 2: 200.0}, {0: 1.0, 1: 10.0, 2: 100.0})
    assert found == Estimate(2.0, 2.0, 2.0, 3)


def test_a_pair_without_its_other_half_is_left_out() -> None:
    """Those after it do not slip; so is one that would be divided by nothing."""
    assert ratio({0: 2.0, 1: 20.0, 2: 7.0, 3: 200.0}, {0: 1.0, 2: 0.0, 3: 100.0}) == Estimate(2.0, 2.0, 2.0, 2)
