"""Scores, latency and charts."""

import numpy as np
import pandas as pd
import pytest

from taximeter.errors import InputError
from taximeter.taxi.charts import MAX_POINTS, evenly_spaced, make_chart, predicted_vs_actual, residuals
from taximeter.taxi.metrics import measure_latency, scores


def test_scores_are_what_they_are_called() -> None:
    """Root mean squared error, mean absolute error, and the share of variance explained."""
    found = scores(np.array([1.0, 2.0, 6.0]), np.array([1.0, 4.0, 5.0]))
    assert found == pytest.approx({"rmse": (5 / 3) ** 0.5, "mae": 1.0, "r2": 1 - 5 / 14})


def test_r2_of_a_single_trip_is_nan() -> None:
    """One trip has no variance to explain, and no warning is given."""
    found = scores(np.array([3.0]), np.array([4.0]))
    assert found["rmse"] == 1.0
    assert np.isnan(found["r2"])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_predictions_that_are_no_numbers_are_refused(bad: float) -> None:
    """Divergence is told in a sentence."""
    with pytest.raises(InputError, match="training diverged"):
        scores(np.array([1.0, 2.0]), np.array([1.0, bad]))


class _Counting:
    """Counts the rows of each prediction."""

    def __init__(self) -> None:
        self.rows: list[int] = []

    def predict(self, features: pd.DataFrame) -> None:
        self.rows.append(len(features))


def test_latency_is_of_one_trip_and_of_all() -> None:
    """Single trips are predicted many times, all trips once."""
    model = _Counting()
    latency = measure_latency(model, pd.DataFrame({"trip_distance": range(50)}))
    assert model.rows == [1] * 20 + [50]
    assert 0 < latency.one_trip_median_seconds <= latency.one_trip_max_seconds
    assert latency.trips_per_second > 0


@pytest.mark.parametrize(("length", "most"), [(1, 5), (5, 5), (6, 5), (10_001, 2_000)])
def test_thinning_keeps_both_ends(length: int, most: int) -> None:
    """Places are in order, without repetition, and as many as asked for where there are as many."""
    places = evenly_spaced(length, most)
    assert len(places) == min(length, most)
    assert (places[0], places[-1]) == (0, length - 1)
    assert (np.diff(places) > 0).all()


def test_a_chart_is_small_and_counts_everything() -> None:
    """Points are thinned out, residuals are binned over all trips."""
    actual = np.linspace(1, 60, 5_000)
    chart = make_chart(actual, actual + np.sin(actual))
    assert len(chart.actual) == len(chart.predicted) == MAX_POINTS
    assert sum(chart.residual_counts) == chart.trips == 5_000
    assert len(chart.residual_edges) == len(chart.residual_counts) + 1
    assert chart.residual_edges[0] >= -1


def test_figures_need_no_display() -> None:
    """Both draw the chart's points and bins, without the global state of pyplot."""
    chart = make_chart(np.array([1.0, 20.0, 60.0]), np.array([5.0, 20.0, 50.0]))
    scatter = predicted_vs_actual(chart, "a title").axes[0]
    assert scatter.collections[0].get_offsets().tolist() == [[1, 5], [20, 20], [60, 50]]  # type: ignore[union-attr]
    assert (scatter.get_title(), scatter.get_xlabel()) == ("a title", "actual duration, minutes")
    bars = residuals(chart, "a title").axes[0]
    values, edges, _ = bars.patches[0].get_data()  # type: ignore[attr-defined]
    assert (values.sum(), edges[0], edges[-1]) == (3, -10, 4)
