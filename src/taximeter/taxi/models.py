"""The models that can be trained, and their hyperparameters.

Linear models see the course's sparse matrix.
`sgd` sees it with the miles replaced by their quantile, because one trip of 100,000 miles would make it diverge.
Trees see two dense columns, the mean duration of the pair (learnt with cross-fitting, so no trip sees its own) and
the miles: 16 bytes a trip instead of a dense matrix of thousands of columns.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec
from scipy.sparse import csr_matrix
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge, SGDRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import QuantileTransformer, TargetEncoder

from taximeter.errors import InputError
from taximeter.taxi.features import Encoder
from taximeter.taxi.trips import Trips
from taximeter.values import Value

EPOCHS = "epochs"

_QUANTILES = 1_000

_Step: TypeAlias = tuple[str, Any]


def _without_stored_zeros(encoder: Encoder, trips: Trips) -> csr_matrix:
    """Return the matrix as a saved pipeline makes it, so that the scaling meets the same zeros in both."""
    matrix = encoder.sparse(trips)
    matrix.eliminate_zeros()
    return matrix


def _as_they_are(_rows: int) -> _Step:
    return "as_they_are", "passthrough"


def _scaled(rows: int) -> _Step:
    quantiles = QuantileTransformer(
        n_quantiles=min(_QUANTILES, rows), subsample=None, ignore_implicit_zeros=True, random_state=0
    )
    columns = [("pair", "passthrough", slice(0, -1)), ("distance", quantiles, [-1])]
    return "scaled", ColumnTransformer(columns, sparse_threshold=1.0)


def _mean_durations(_rows: int) -> _Step:
    means = TargetEncoder(target_type="continuous")
    return "mean_durations", ColumnTransformer([("pair", means, [0]), ("distance", "passthrough", [1])])


class Model(msgspec.Struct, frozen=True):
    """How one model is made.

    Attributes:
        estimator: makes the estimator with our defaults.
        encode: turns trips into what the first step takes.
        first_step: makes the fitted step of the saved pipeline that does what `encode` does.
        middle_step: makes the step between the two, given the number of training trips.
        hidden: the estimator's own settings that are not offered.
        cross_fit: whether the estimator learns from a middle step that was fitted without the trip it is given.
    """

    estimator: Callable[[], Any]
    encode: Callable[[Encoder, Trips], Any] = Encoder.sparse
    first_step: Callable[[Encoder], ColumnTransformer] = Encoder.as_sparse_step
    middle_step: Callable[[int], _Step] = _as_they_are
    hidden: frozenset[str] = frozenset()
    cross_fit: bool = False


def _trees(estimator: Callable[[], Any]) -> Model:
    return Model(estimator, Encoder.dense, Encoder.as_dense_step, _mean_durations, cross_fit=True)


_FOR_MAX_ITER = frozenset({"max_iter", "tol", "early_stopping", "validation_fraction", "n_iter_no_change"})

MODELS: Final[dict[str, Model]] = {
    "lasso": Model(lambda: Lasso(alpha=0.1, random_state=0)),
    "ridge": Model(lambda: Ridge(random_state=0)),
    "linear": Model(LinearRegression),
    "elasticnet": Model(lambda: ElasticNet(alpha=0.1, random_state=0)),
    "sgd": Model(
        lambda: SGDRegressor(random_state=0), _without_stored_zeros, middle_step=_scaled, hidden=_FOR_MAX_ITER
    ),
    "random-forest": _trees(
        lambda: RandomForestRegressor(n_estimators=50, max_depth=12, min_samples_leaf=10, random_state=0)
    ),
    "gradient-boosting": _trees(lambda: HistGradientBoostingRegressor(early_stopping=False, random_state=0)),
    "mean": Model(DummyRegressor, hidden=frozenset({"strategy", "constant", "quantile"})),
}

_NEVER_OFFERED = {
    *("copy_X", "n_jobs", "verbose", "warm_start", "precompute"),  # about the computation, not the model
    *(
        "monotonic_cst",
        "interaction_cst",
        "categorical_features",
        "scoring",
        "oob_score",
    ),  # need more than a value
}
_OWN_DEFAULTS: Final[dict[str, dict[str, Value]]] = {"sgd": {EPOCHS: 20}}


def find_model(name: str) -> Model:
    """Return the model of a name.

    Raises:
        InputError: there is none; the message lists those there are.
    """
    if name not in MODELS:
        raise InputError(f"there is no model {name!r}: choose from {', '.join(MODELS)}.")
    return MODELS[name]


def parse_settings(texts: Sequence[str]) -> dict[str, Value]:
    """Turn ``alpha=0.01`` into a name and a value: None, a bool, an int, a float, or else text.

    Raises:
        InputError: a text has no ``=``, or a name comes twice.
    """
    settings: dict[str, Value] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise InputError(f"the hyperparameter {text!r} is incomplete: write it as alpha=0.01.")
        if name in settings:
            raise InputError(f"the hyperparameter {name} is given twice: give it once.")
        settings[name] = _typed(value)
    return settings


def hyperparameters(model: str, settings: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """Return every hyperparameter of a model: those given, and the defaults of the others.

    Raises:
        InputError: the model or a name is unknown, or the estimator refuses a value.
    """
    made = find_model(model).estimator()
    hidden = _NEVER_OFFERED | MODELS[model].hidden
    known = {name: value for name, value in made.get_params(deep=False).items() if name not in hidden}
    known |= _OWN_DEFAULTS.get(model, {})
    for name, value in (settings or {}).items():
        if name not in known:
            offer = ", ".join(sorted(known)) or "none"
            raise InputError(f"{model} has no hyperparameter {name!r}: it has {offer}.")
        _check_kind(model, name, value, known[name])
    chosen = known | dict(settings or {})
    _check_values(model, chosen)
    return chosen


def make_pipeline(model: str, chosen: Mapping[str, Value], rows: int) -> Pipeline:
    """Return the unfitted steps from the encoded matrix to the prediction.

    Args:
        model: its name.
        chosen: what `hyperparameters` returned.
        rows: the number of training trips.
    """
    estimator = MODELS[model].estimator()
    estimator.set_params(**_of_estimator(chosen))
    return Pipeline([MODELS[model].middle_step(rows), ("model", estimator)])


def with_first_step(pipeline: Pipeline, model: str, encoder: Encoder) -> Pipeline:
    """Return the trained pipeline as it is saved: it takes a `frame` of features, and needs no code of ours."""
    trained = [step for step in pipeline.steps if step[1] != "passthrough"]
    return Pipeline([("features", MODELS[model].first_step(encoder)), *trained])


def _typed(text: str) -> Value:
    words: dict[str, Value] = {"none": None, "null": None, "true": True, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _check_kind(model: str, name: str, value: Value, default: Value) -> None:
    # scikit-learn takes True for the number 1, which nobody means.
    if isinstance(value, bool) and not isinstance(default, bool):
        raise InputError(f"{name} of {model} is no yes or no: its default is {default!r}.")


def _check_values(model: str, chosen: Mapping[str, Value]) -> None:
    epochs = chosen.get(EPOCHS, 1)
    if not isinstance(epochs, int) or epochs < 1:
        raise InputError(f"{EPOCHS} of {model} must be a whole number from 1 on, not {epochs!r}.")
    estimator = MODELS[model].estimator().set_params(**_of_estimator(chosen))
    try:
        estimator._validate_params()  # noqa: SLF001 - scikit-learn has no public check that does not train
    except ValueError as error:
        raise InputError(f"{model}: {error}") from error


def _of_estimator(chosen: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in chosen.items() if name != EPOCHS}
