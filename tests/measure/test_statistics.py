"""Medians of few samples say how sure they are, and the same samples say the same."""

import pytest

from taximeter.measure.statistics import Estimate, estimate, ratio


def test_without_samples_there_is_no_estimate() -> None:
    """A gap stays a gap."""
    assert estimate([]) is None
    assert ratio([], [1.0]) is None


@pytest.mark.parametrize("samples", [[3.0], [5.0, 1.0]])
def test_one_or_two_samples_have_no_interval(samples: list[float]) -> None:
    """Nothing is known of their spread."""
    assert estimate(samples) == Estimate(3.0, None, None, len(samples))


def test_equal_samples_have_an_interval_of_no_width() -> None:
    """The bootstrap is not asked."""
    assert estimate([2.0, 2.0, 2.0]) == Estimate(2.0, 2.0, 2.0, 3)


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [
        (5, 1, 5),  # P(median of a resample is the least value) = P(Bin(5, 1/5) > 2) = 0.058
        (11, 3, 9),  # P(it is one of the two least) = P(Bin(11, 2/11) > 5) = 0.007, of the three least 0.051
        (21, 7, 15),  # P(Bin(21, 6/21) > 10) = 0.018, P(Bin(21, 7/21) > 10) = 0.056
    ],
)
def test_the_interval_is_the_bootstraps_whose_probabilities_are_known(n: int, low: int, high: int) -> None:
    """Of the values 1 to n, in any order."""
    ordered = [float(value) for value in range(1, n + 1)]
    shuffled = ordered[::2] + ordered[1::2][::-1]
    assert estimate(shuffled) == Estimate((n + 1) / 2, low, high, n)


def test_the_same_samples_give_the_same_estimate() -> None:
    """Chance has a seed."""
    samples = [0.31, 0.27, 0.5, 0.29, 0.33, 1.7, 0.28]
    assert estimate(samples) == estimate(list(samples))


def test_a_ratio_is_taken_pair_by_pair() -> None:
    """What slowed both samples of a pair cancels out."""
    found = ratio([2.0, 20.0, 200.0], [1.0, 10.0, 100.0])
    assert found == Estimate(2.0, 2.0, 2.0, 3)


def test_a_pair_without_its_other_half_is_left_out() -> None:
    """So is one that would be divided by nothing."""
    assert ratio([2.0, 4.0, 6.0, 8.0], [1.0, 0.0, 3.0]) == Estimate(2.0, None, None, 2)
