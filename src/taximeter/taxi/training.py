"""Fits a model, and tells after every epoch how it does."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import SGDRegressor
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline

from taximeter.errors import InputError
from taximeter.taxi.metrics import scores
from taximeter.taxi.models import EPOCHS, Model, find_model, make_pipeline
from taximeter.values import Value

OnEpoch: TypeAlias = Callable[[int, dict[str, float]], None]
"""Receives the epoch, from 1 on, and its scores, such as ``validation/rmse``."""


_FOLDS = 5


class Encoded(NamedTuple):
    """The trips of a role as a model takes them: n rows of features, and n durations in minutes."""

    features: Any
    minutes: npt.NDArray[np.float64]


class Fitted(NamedTuple):
    """A trained pipeline, from the encoded matrix on, and what scikit-learn warned of."""

    pipeline: Pipeline
    warnings: list[str]


def fit(model: str, chosen: Mapping[str, Value], roles: Mapping[str, Encoded], on_epoch: OnEpoch) -> Fitted:
    """Train on the role `train`.

    Args:
        model: the model's name.
        chosen: every hyperparameter, as `taximeter.taxi.models.hyperparameters` returns them.
        roles: at least `train`; each role among `train` and `validation` is scored every epoch.
        on_epoch: called after each epoch of `sgd`, and, once it is fitted, for each iteration of
            `gradient-boosting`.

    Raises:
        InputError: the estimator cannot learn from these trips with these hyperparameters.
    """
    pipeline = make_pipeline(model, chosen, len(roles["train"].minutes))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        warnings.simplefilter("always", RuntimeWarning)
        try:
            _fit(pipeline, find_model(model), chosen, roles, on_epoch)
        except ValueError as error:
            raise InputError(f"{model} cannot be trained with these hyperparameters: {error}") from error
    return Fitted(pipeline, sorted({str(warning.message) for warning in caught}))


def _fit(
    pipeline: Pipeline, model: Model, chosen: Mapping[str, Value], roles: Mapping[str, Encoded], on_epoch: OnEpoch
) -> None:
    before, estimator = pipeline[:-1], pipeline[-1]
    before.fit(*roles["train"])
    start = (_cross_fitted if model.cross_fit else _transformed)(before, roles["train"])
    if isinstance(estimator, SGDRegressor):
        _fit_by_epochs(pipeline, start, cast("int", chosen[EPOCHS]), roles, on_epoch)
        return
    estimator.fit(start, roles["train"].minutes)
    if isinstance(estimator, HistGradientBoostingRegressor):
        _score_iterations(pipeline, roles, on_epoch)


def _fit_by_epochs(
    pipeline: Pipeline, start: Any, epochs: int, roles: Mapping[str, Encoded], on_epoch: OnEpoch
) -> None:
    minutes, estimator = roles["train"].minutes, pipeline[-1].set_params(max_iter=1, tol=None)
    prepared = {role: pipeline[:-1].transform(roles[role].features) for role in _scored(roles)}
    for epoch in range(1, epochs + 1):
        if epoch == 1:  # scikit-learn moves the intercept slowly for sparse data, so it starts at the mean
            estimator.fit(start, minutes, intercept_init=[minutes.mean()])
        else:
            estimator.partial_fit(start, minutes)
        on_epoch(epoch, _rmse({role: estimator.predict(prepared[role]) for role in prepared}, roles))


def _score_iterations(pipeline: Pipeline, roles: Mapping[str, Encoded], on_epoch: OnEpoch) -> None:
    prepared = [pipeline[:-1].transform(roles[role].features) for role in _scored(roles)]
    staged = zip(*(pipeline[-1].staged_predict(features) for features in prepared), strict=True)
    for iteration, predicted in enumerate(staged, start=1):
        on_epoch(iteration, _rmse(dict(zip(_scored(roles), predicted, strict=True)), roles))


def _transformed(before: Pipeline, train: Encoded) -> Any:
    return before.transform(train.features)


def _cross_fitted(before: Pipeline, train: Encoded) -> Any:
    """Return each fold as the step sees it after learning from the other folds."""
    features = np.empty_like(train.features)
    for others, fold in KFold(_FOLDS, shuffle=True, random_state=0).split(features):
        fitted = clone(before).fit(train.features[others], train.minutes[others])
        features[fold] = fitted.transform(train.features[fold])
    return features


def _scored(roles: Mapping[str, Encoded]) -> list[str]:
    return [role for role in ("train", "validation") if role in roles]


def _rmse(predicted: Mapping[str, Any], roles: Mapping[str, Encoded]) -> dict[str, float]:
    return {f"{role}/rmse": scores(roles[role].minutes, predicted[role])["rmse"] for role in predicted}
