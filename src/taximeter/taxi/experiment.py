"""One experiment: its settings, its training, and what it logs and returns."""

import hashlib
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from taximeter.errors import InputError
from taximeter.taxi.charts import make_chart
from taximeter.taxi.features import DISTANCE, PAIR, UNSEEN, Encoder, frame
from taximeter.taxi.logged import Log, coefficients, log_predictions, log_setup, log_trained
from taximeter.taxi.metrics import Latency, measure_latency, scores
from taximeter.taxi.models import find_model, hyperparameters, with_first_step
from taximeter.taxi.result import Features, Result, final_points
from taximeter.taxi.roles import TEST, TRAIN, VALIDATION, Roles, load_roles
from taximeter.taxi.settings import Experiment
from taximeter.taxi.training import Encoded, fit
from taximeter.taxi.trips import MAX_MINUTES, MIN_MINUTES, Trips
from taximeter.values import Value

__all__ = ["Experiment", "Log", "OnStage", "Prepared", "Result", "prepare", "train"]

OnStage: TypeAlias = Callable[[str], None]
"""Receives the name of each stage as it begins: read, encode, fit, evaluate, latency, log."""

_LATENCY_TRIPS = 10_000
_TOP_COEFFICIENTS = 20


@dataclass(frozen=True, slots=True)
class Prepared:
    """An experiment whose settings and data have been checked, ready to train.

    Attributes:
        experiment: the settings.
        hyperparameters: every one, those by default included.
        roles: the trips of each role, in memory.
        seconds: what reading took.
    """

    experiment: Experiment
    hyperparameters: dict[str, Value]
    roles: Roles
    seconds: dict[str, float]


def prepare(experiment: Experiment, on_stage: OnStage | None = None) -> Prepared:
    """Check the settings and read the trips, before any run begins.

    Args:
        experiment: the settings.
        on_stage: called as the stage begins.

    Raises:
        InputError: a setting, a month or a hyperparameter cannot be used, or the same trips play two roles.
    """
    clock = _Clock(on_stage)
    chosen = _checked(experiment)
    with clock.stage("read"):
        roles = _load(experiment)
    return Prepared(experiment, chosen, roles, clock.seconds)


def train(prepared: Prepared, log: Log, on_stage: OnStage | None = None) -> Result:
    """Train one model, log everything, and return what a report needs.

    Args:
        prepared: the settings and the trips.
        log: receives params, tags and datasets before training, points while training, and the rest after it.
        on_stage: called as each stage begins.

    Raises:
        InputError: the estimator cannot learn from these trips with these hyperparameters.
    """
    clock = _Clock(on_stage, prepared.seconds)
    experiment, roles = prepared.experiment, prepared.roles
    params = _params(experiment, roles, prepared.hyperparameters)
    log_setup(log, params, _tags(experiment, roles), roles)
    trained = _train(experiment, roles, prepared.hyperparameters, log, clock)
    result = _result(experiment, roles, params, trained, clock)
    with clock.stage("log"):
        _log_outcome(log, result, roles, trained)
    return result


@dataclass(frozen=True, slots=True)
class _Trained:
    encoder: Encoder
    encoded: dict[str, Encoded]
    predicted: dict[str, npt.NDArray[np.float64]]
    metrics: dict[str, dict[str, float]]
    baseline: dict[str, dict[str, float]]
    history: dict[str, list[float]]
    saved: Pipeline
    latency: Latency
    warnings: list[str]


class _Clock:
    """Measures stages, each in seconds."""

    def __init__(self, on_stage: OnStage | None, seconds: Mapping[str, float] | None = None) -> None:
        self.seconds: dict[str, float] = dict(seconds or {})
        self._on_stage = on_stage or (lambda _name: None)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._on_stage(name)
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def _checked(experiment: Experiment) -> dict[str, Value]:
    limit = experiment.max_distance
    if limit is not None and not (limit > 0 and math.isfinite(limit)):
        raise InputError(f"the greatest distance must be a number of miles above 0, not {limit!r}.")
    return hyperparameters(experiment.model, experiment.hyperparameters)


def _load(experiment: Experiment) -> Roles:
    named = {TRAIN: experiment.train, VALIDATION: experiment.validation, TEST: experiment.test}
    return load_roles(
        named,
        data=experiment.data,
        colour=experiment.colour,
        max_distance=experiment.max_distance,
        allow_leak=experiment.allow_leak,
    )


def _params(experiment: Experiment, roles: Roles, chosen: Mapping[str, Value]) -> dict[str, Any]:
    months = {role: [month.name for month in report.months] for role, report in roles.reports.items()}
    return {
        "model": experiment.model,
        **chosen,
        "features": [PAIR, DISTANCE],
        "target": "duration",
        **months,
        "colour": roles.colour,
        "min_minutes": MIN_MINUTES,
        "max_minutes": MAX_MINUTES,
        "max_distance": experiment.max_distance,
    }


def _tags(experiment: Experiment, roles: Roles) -> dict[str, str]:
    tags = {"data": roles.kind, "colour": roles.colour, "model": experiment.model}
    return tags | ({"leak": "; ".join(roles.leaks)} if roles.leaks else {})


def _train(experiment: Experiment, roles: Roles, chosen: Mapping[str, Value], log: Log, clock: _Clock) -> _Trained:
    model = find_model(experiment.model)
    with clock.stage("encode"):
        encoder = Encoder(roles.trips[TRAIN])
        encoded = {
            role: Encoded(model.encode(encoder, trips), trips.duration) for role, trips in roles.trips.items()
        }
    history: dict[str, list[float]] = {}
    with clock.stage("fit"):
        fitted = fit(experiment.model, chosen, encoded, _history_writer(log, history))
    with clock.stage("evaluate"):
        predicted = {role: fitted.pipeline.predict(part.features) for role, part in encoded.items()}
        metrics = {role: scores(part.minutes, predicted[role]) for role, part in encoded.items()}
        baseline = {role: _baseline(encoded, role) for role in encoded}
    saved = with_first_step(fitted.pipeline, experiment.model, encoder)
    with clock.stage("latency"):
        latency = measure_latency(saved, frame(roles.trips[VALIDATION].take(slice(_LATENCY_TRIPS))))
    return _Trained(encoder, encoded, predicted, metrics, baseline, history, saved, latency, fitted.warnings)


def _history_writer(log: Log, history: dict[str, list[float]]) -> Callable[[int, dict[str, float]], None]:
    def write(epoch: int, values: dict[str, float]) -> None:
        for name, value in values.items():
            history.setdefault(name, []).append(value)
        log.log_metrics({f"epoch/{name}": value for name, value in values.items()}, step=epoch)

    return write


def _baseline(encoded: Mapping[str, Encoded], role: str) -> dict[str, float]:
    minutes = encoded[role].minutes
    return scores(minutes, np.full(len(minutes), encoded[TRAIN].minutes.mean()))


def _result(
    experiment: Experiment, roles: Roles, params: dict[str, Any], trained: _Trained, clock: _Clock
) -> Result:
    unseen = {role: _unseen(trained.encoder, trips) for role, trips in roles.trips.items()}
    names = trained.encoder.feature_names
    largest = coefficients(trained.saved, names)
    return Result(
        experiment=experiment,
        kind=roles.kind,
        colour=roles.colour,
        params=params,
        data={
            role: msgspec.structs.replace(report, unseen=unseen[role]) for role, report in roles.reports.items()
        },
        features=Features(
            count=len(names),
            sha256=hashlib.sha256("\n".join(names).encode()).hexdigest(),
            stored={role: 2 * len(trips) - unseen[role] for role, trips in roles.trips.items()},
        ),
        metrics=trained.metrics,
        baseline=trained.baseline,
        history=trained.history,
        seconds=dict(clock.seconds),
        latency=trained.latency,
        charts={
            role: make_chart(trained.encoded[role].minutes, trained.predicted[role])
            for role in (VALIDATION, TEST)
            if role in trained.encoded
        },
        coefficients=(
            {} if largest is None else dict(largest.head(_TOP_COEFFICIENTS).itertuples(index=False, name=None))
        ),
        leaks=roles.leaks,
        warnings=trained.warnings,
    )


def _unseen(encoder: Encoder, trips: Trips) -> int:
    return int(np.count_nonzero(encoder.codes(trips) == UNSEEN))


def _log_outcome(log: Log, result: Result, roles: Roles, trained: _Trained) -> None:
    for warning in result.warnings:
        log.add_note(f"warning: {warning}")
    log.log_metrics(final_points(result))
    trips = roles.trips[VALIDATION]
    title = f"{result.experiment.model}, validation, {result.kind}"
    log_predictions(log, result.charts[VALIDATION], title, trips, trained.predicted[VALIDATION])
    log_trained(log, trained.saved, trained.encoder.feature_names, trips)
