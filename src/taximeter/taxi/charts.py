"""What the charts of an experiment show, small enough for a report, and the same as figures."""

import msgspec
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

MAX_POINTS = 2_000

_BINS = 60


class Chart(msgspec.Struct, frozen=True):
    """Predictions of one role, in minutes.

    Attributes:
        trips: how many were predicted.
        actual: of at most `MAX_POINTS` trips, evenly spaced among all.
        predicted: of the same trips.
        residual_edges: the edges of the bins of predicted minus actual, over all trips.
        residual_counts: one less than the edges.
    """

    trips: int
    actual: list[float]
    predicted: list[float]
    residual_edges: list[float]
    residual_counts: list[int]


def make_chart(actual: npt.NDArray[np.float64], predicted: npt.NDArray[np.float64]) -> Chart:
    """Thin predictions out without chance, so that the same run draws the same chart."""
    places = evenly_spaced(len(actual), MAX_POINTS)
    counts, edges = np.histogram(predicted - actual, bins=_BINS)
    return Chart(
        trips=len(actual),
        actual=actual[places].tolist(),
        predicted=predicted[places].tolist(),
        residual_edges=edges.tolist(),
        residual_counts=counts.tolist(),
    )


def evenly_spaced(length: int, most: int) -> npt.NDArray[np.int64]:
    """Return at most `most` places of a column, the first and the last among them."""
    return np.unique(np.linspace(0, length - 1, min(length, most)).round().astype(np.int64))


def predicted_vs_actual(chart: Chart, title: str) -> Figure:
    """Draw predictions against the truth, with the line where both are equal."""
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    axes.scatter(chart.actual, chart.predicted, s=6, alpha=0.4, linewidths=0)
    longest = max(*chart.actual, *chart.predicted)
    axes.plot([0, longest], [0, longest], color="black", linewidth=1, label="prediction = truth")
    axes.set(xlabel="actual duration, minutes", ylabel="predicted duration, minutes", title=title)
    axes.legend()
    return figure


def residuals(chart: Chart, title: str) -> Figure:
    """Draw how often a prediction is how many minutes too long or too short."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.stairs(chart.residual_counts, chart.residual_edges, fill=True)
    axes.axvline(0, color="black", linewidth=1)
    axes.set(xlabel="predicted minus actual, minutes", ylabel="trips", title=title)
    return figure
