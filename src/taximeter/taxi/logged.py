"""What an experiment logs: settings and data as it starts, then numbers, charts, tables and the model."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from sklearn.pipeline import Pipeline

from taximeter.record import Dataset
from taximeter.taxi.charts import Chart, evenly_spaced, predicted_vs_actual, residuals
from taximeter.taxi.describe import MonthReport, as_statistics
from taximeter.taxi.features import frame
from taximeter.taxi.roles import Roles
from taximeter.taxi.trips import Trips

_TABLE_ROWS = 200
_EXAMPLE_ROWS = 5


class Log(Protocol):
    """The part of a run that an experiment logs to; `taximeter.run.Run` has it."""

    def log_params(self, params: Mapping[str, Any], /) -> None:
        """Log settings."""

    def log_metrics(self, metrics: Mapping[str, float], /, *, step: int | None = None) -> None:
        """Log one point for each metric."""

    def set_tags(self, tags: Mapping[str, str], /) -> None:
        """Set tags."""

    def add_note(self, text: str, /) -> None:
        """Add a note."""

    def log_figure(self, figure: Figure, name: str, /) -> None:
        """Keep a figure."""

    def log_table(self, table: pd.DataFrame, name: str, /) -> None:
        """Keep a table."""

    def log_text(self, text: str, name: str, /) -> None:
        """Keep a text."""

    def log_dataset(self, dataset: Dataset, /) -> None:
        """Note that the run used a dataset."""

    def log_model(self, model: Any, name: str, /, *, input_example: Any = None) -> None:
        """Keep a model."""


def log_setup(log: Log, params: Mapping[str, Any], tags: Mapping[str, str], roles: Roles) -> None:
    """Log what is known before training: settings, tags, and every month in its role."""
    log.log_params(params)
    log.set_tags(tags)
    for role, report in roles.reports.items():
        for month in report.months:
            log.log_dataset(_dataset(role, month))
    for leak in roles.leaks:
        log.add_note(f"leak: {leak}")


def log_predictions(log: Log, chart: Chart, title: str, trips: Trips, predicted: npt.NDArray[np.float64]) -> None:
    """Log the two charts of a role, and a table of some of its trips.

    Args:
        log: the run.
        chart: what the charts show.
        title: above both.
        trips: n trips.
        predicted: (n,) their predicted durations in minutes.
    """
    log.log_figure(predicted_vs_actual(chart, title), "predicted_vs_actual.png")
    log.log_figure(residuals(chart, title), "residuals.png")
    places = evenly_spaced(len(trips), _TABLE_ROWS)
    some, guesses = trips.take(places), predicted[places]
    table = frame(some).assign(duration=some.duration, predicted=guesses, residual=guesses - some.duration)
    log.log_table(table, "predictions.csv")


def log_trained(log: Log, saved: Pipeline, feature_names: list[str], example: Trips) -> None:
    """Log the features' names, a linear model's coefficients, and the model itself."""
    log.log_text("\n".join(feature_names), "feature_names.txt")
    weights = coefficients(saved, feature_names)
    if weights is not None:
        log.log_table(weights, "coefficients.csv")
    log.log_model(saved, "model", input_example=frame(example.take(slice(_EXAMPLE_ROWS))))


def coefficients(pipeline: Pipeline, feature_names: list[str]) -> pd.DataFrame | None:
    """Return a linear model's coefficients other than zero, the largest first; None for other models.

    Returns:
        Columns `feature` and `coefficient`, in minutes for a pair and minutes a mile (`sgd`: minutes from the
        least to the greatest quantile) for the distance.
    """
    weights = getattr(pipeline[-1], "coef_", None)
    if weights is None:
        return None
    largest = np.argsort(-np.abs(weights), kind="stable")[: np.count_nonzero(weights)]
    names = [feature_names[place] for place in largest]
    return pd.DataFrame({"feature": names, "coefficient": weights[largest]})


def _dataset(role: Any, month: MonthReport) -> Dataset:
    return Dataset(
        name=f"{month.colour} {month.name}",
        role=role,
        source=month.source,
        sha256=month.file_sha256 or month.rows_sha256,
        rows=month.rows,
        columns=month.columns,
        statistics=as_statistics(month),
    )
