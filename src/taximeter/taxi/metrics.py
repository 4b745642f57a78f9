"""Numbers about predictions: how far off they are, and how long one takes."""

import time
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from taximeter.errors import InputError

_CALLS = 20


class Latency(msgspec.Struct, frozen=True):
    """How fast the saved pipeline predicts, from the features as text and miles on."""

    one_trip_median_seconds: float
    one_trip_max_seconds: float
    trips_per_second: float


def scores(actual: npt.NDArray[np.float64], predicted: npt.NDArray[np.float64]) -> dict[str, float]:
    """Return `rmse` and `mae` in minutes, and `r2`, which is NaN for a single trip.

    Raises:
        InputError: a prediction is no finite number, because training diverged.
    """
    if not np.isfinite(predicted).all():
        raise InputError("the model predicts values that are no numbers: training diverged, try a smaller step.")
    return {
        "rmse": float(root_mean_squared_error(actual, predicted)),
        "mae": float(mean_absolute_error(actual, predicted)),
        "r2": float(r2_score(actual, predicted)) if len(actual) > 1 else float("nan"),
    }


def measure_latency(pipeline: Any, features: pd.DataFrame) -> Latency:
    """Time predictions of one trip, `_CALLS` times, and of all trips at once.

    Args:
        pipeline: the saved model.
        features: what `taximeter.taxi.features.frame` returns.
    """
    one = features.iloc[:1]
    calls = [_seconds(pipeline, one) for _ in range(_CALLS)]
    return Latency(float(np.median(calls)), max(calls), len(features) / _seconds(pipeline, features))


def _seconds(pipeline: Any, features: pd.DataFrame) -> float:
    start = time.perf_counter()
    pipeline.predict(features)
    return time.perf_counter() - start
