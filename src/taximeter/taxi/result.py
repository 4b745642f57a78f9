"""What an experiment found, in plain values that JSON holds."""

from typing import Any

import msgspec

from taximeter.taxi.charts import Chart
from taximeter.taxi.metrics import Latency
from taximeter.taxi.roles import RoleReport
from taximeter.taxi.settings import Experiment


class Features(msgspec.Struct, frozen=True):
    """The encoded matrix: `count` columns, `sha256` of their names joined by newlines, values stored by role."""

    count: int
    sha256: str
    stored: dict[str, int]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a report of the experiment needs, in plain values.

    Attributes:
        experiment: its settings.
        kind: where the trips come from, such as ``NYC TLC`` or ``synthetic sample``.
        colour: by the files' columns.
        params: everything that was logged as a param.
        data: what each role's months hold.
        features: the encoded matrix.
        metrics: role to `rmse` and `mae` in minutes and `r2`.
        baseline: the same of the mean duration of the training trips.
        history: such as ``validation/rmse``, one value for each epoch; empty for models without epochs.
        seconds: stage to its seconds; `fit` includes the scores after each epoch.
        latency: of the saved model.
        charts: validation, and test where given.
        coefficients: a linear model's largest, feature to value.
        leaks: those that were allowed.
        warnings: scikit-learn's, such as a solver that did not converge.
    """

    experiment: Experiment
    kind: str
    colour: str
    params: dict[str, Any]
    data: dict[str, RoleReport]
    features: Features
    metrics: dict[str, dict[str, float]]
    baseline: dict[str, dict[str, float]]
    history: dict[str, list[float]]
    seconds: dict[str, float]
    latency: Latency
    charts: dict[str, Chart]
    coefficients: dict[str, float]
    leaks: list[str]
    warnings: list[str]


def final_points(result: Result) -> dict[str, float]:
    """Return the final metrics by the keys under which they are logged."""
    points = {
        f"{role}/{name}": value for role, by_name in result.metrics.items() for name, value in by_name.items()
    }
    for role, by_name in result.baseline.items():
        points |= {f"baseline/{role}/{name}": value for name, value in by_name.items()}
    points |= {f"seconds/{stage}": seconds for stage, seconds in result.seconds.items()}
    points |= {f"latency/{name}": value for name, value in msgspec.structs.asdict(result.latency).items()}
    return points | {f"{role}/unseen_pairs": float(report.unseen) for role, report in result.data.items()}
