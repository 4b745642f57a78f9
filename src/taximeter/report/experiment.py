"""The experiment's part of the results, as far as a report shows it.

It mirrors `taximeter.taxi.result.Result`, without the libraries that training needs.
"""

from typing import Any

import msgspec

from taximeter.errors import InputError
from taximeter.report.numbers import as_number
from taximeter.results import Results

SYNTHETIC = "synthetic sample"
TLC = "NYC TLC"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that a report names."""

    model: str
    max_distance: float | None = None


class Range(msgspec.Struct, frozen=True):
    """Least, greatest and mean value and standard deviation."""

    least: float | None
    greatest: float | None
    mean: float | None
    deviation: float | None


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """One month in one role; `odd` counts trips by what is odd about them."""

    name: str
    source: str
    kind: str
    colour: str
    file_sha256: str | None
    rows_sha256: str
    rows: int
    kept: int
    odd: dict[str, int | None]
    minutes: Range
    miles: Range
    first_pickup: str | None
    last_pickup: str | None


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """The months of one role; `unseen` trips have a pair of zones that training did not."""

    months: list[Month]
    rows: int
    kept: int
    unseen: int


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """Predictions of one role in minutes: a sample of trips, and the residuals of all of them, binned."""

    trips: int
    actual: list[float]
    predicted: list[float]
    residual_edges: list[float]
    residual_counts: list[int]


class Features(msgspec.Struct, frozen=True, kw_only=True):
    """The encoded matrix."""

    count: int
    sha256: str


class Experiment(msgspec.Struct, frozen=True, kw_only=True):
    """What the training returned; its metrics may be null or tagged where they are no finite numbers."""

    experiment: Settings
    kind: str
    colour: str
    params: dict[str, Any]
    data: dict[str, Role]
    features: Features
    metrics: dict[str, dict[str, Any]]
    baseline: dict[str, dict[str, Any]]
    history: dict[str, list[Any]]
    seconds: dict[str, Any]
    latency: dict[str, Any]
    charts: dict[str, Chart]
    coefficients: dict[str, Any]
    leaks: list[str]
    warnings: list[str]

    @property
    def model(self) -> str:
        """The model's name."""
        return self.experiment.model

    @property
    def is_synthetic(self) -> bool:
        """Whether any of the trips was made up."""
        return SYNTHETIC in self.kind

    def score(self, role: str, name: str) -> float | None:
        """Return a metric of the model, such as ``rmse``."""
        return as_number(self.metrics.get(role, {}).get(name))

    def mean_score(self, role: str, name: str) -> float | None:
        """Return the same metric of the mean duration of the training trips."""
        return as_number(self.baseline.get(role, {}).get(name))

    @property
    def training_mean(self) -> float | None:
        """The mean duration of the training trips, in minutes."""
        months = self.data["train"].months if "train" in self.data else []
        means = [(month.minutes.mean, month.kept) for month in months if month.minutes.mean is not None]
        trips = sum(kept for _, kept in means)
        return sum(mean * kept for mean, kept in means) / trips if trips else None


def read_experiment(results: Results) -> Experiment:
    """Return the experiment's part.

    Raises:
        InputError: it is not what a training returns.
    """
    try:
        return msgspec.convert(results.experiment, Experiment)
    except msgspec.ValidationError as error:
        raise InputError(
            f"the results of {results.name!r} hold no experiment that can be shown: {error}."
        ) from error
