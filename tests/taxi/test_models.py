"""Models, their hyperparameters, and what is saved of them."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skops.io

from taximeter.errors import InputError
from taximeter.taxi.features import Encoder, frame
from taximeter.taxi.models import (
    MODELS,
    find_model,
    hyperparameters,
    make_pipeline,
    parse_settings,
    with_first_step,
)
from taximeter.taxi.training import Encoded, Fitted, fit
from taximeter.taxi.trips import Trips
from taximeter.values import Value

EPOCHS = {"sgd": 20, "gradient-boosting": 15}

# Small ensembles, to be quick.
SETTINGS: dict[str, dict[str, Value]] = {
    "random-forest": {"n_estimators": 5},
    "gradient-boosting": {"max_iter": EPOCHS["gradient-boosting"]},
}

# Types of scikit-learn that skops loads only when told to, because a forged file could crash the process.
TRUSTED = ["sklearn.tree._tree.Tree", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]


@pytest.fixture(scope="module")
def trips(make_trips: Callable[..., Trips]) -> Trips:
    """Return 400 trips whose duration follows from pair and miles, with zero, negative and absurd miles."""
    random = np.random.default_rng(1)
    pairs = random.integers(1, 6, (400, 2))
    miles = np.round(random.exponential(3, 400), 2)
    miles[::50], miles[1::80], miles[7] = 0.0, -2.5, 120_098.84
    made = make_trips([(*pair, mile) for pair, mile in zip(pairs.tolist(), miles.tolist(), strict=True)])
    made.duration[:] = np.clip(3 * pairs.sum(1) + np.minimum(miles, 20) + random.normal(0, 1, 400), 1, 60)
    return made


def _fit(model: str, trips: Trips, settings: dict[str, Value] | None = None) -> tuple[Fitted, Encoder, list[Any]]:
    encoder, made, epochs = Encoder(trips.take(slice(300))), find_model(model), []
    parts = {"train": trips.take(slice(300)), "validation": trips.take(slice(300, None))}
    roles = {role: Encoded(made.encode(encoder, part), part.duration) for role, part in parts.items()}
    fitted = fit(
        model, hyperparameters(model, settings or SETTINGS.get(model)), roles, lambda *told: epochs.append(told)
    )
    return fitted, encoder, epochs


def _rmse(model: str, trips: Trips) -> float:
    fitted, encoder, _ = _fit(model, trips)
    unseen = trips.take(slice(300, None))
    predicted = fitted.pipeline.predict(find_model(model).encode(encoder, unseen))
    return float(np.sqrt(np.mean((predicted - unseen.duration) ** 2)))


@pytest.mark.parametrize("model", [name for name in MODELS if name != "mean"])
def test_a_model_learns_more_than_the_mean(model: str, trips: Trips) -> None:
    """Each is at least a tenth better than the baseline, in spite of a trip of 120,098 miles."""
    assert _rmse(model, trips) < 0.9 * _rmse("mean", trips)


@pytest.mark.parametrize("model", MODELS)
def test_training_twice_gives_the_same_bits(model: str, trips: Trips) -> None:
    """Nothing is left to chance unless a random state is set."""
    predictions = [
        fitted.pipeline.predict(find_model(model).encode(encoder, trips))
        for fitted, encoder, _ in (_fit(model, trips), _fit(model, trips))
    ]
    np.testing.assert_array_equal(*predictions)


@pytest.mark.parametrize("model", MODELS)
def test_a_saved_model_predicts_what_the_trained_one_did(model: str, trips: Trips) -> None:
    """Without our code: from a data frame of text and miles, after skops, for unseen pairs and zero miles too."""
    fitted, encoder, _ = _fit(model, trips)
    data = skops.io.dumps(with_first_step(fitted.pipeline, model, encoder))
    assert set(skops.io.get_untrusted_types(data=data)) <= set(TRUSTED)
    loaded = skops.io.loads(data, trusted=TRUSTED)
    others = trips.take(np.arange(len(trips)))
    others.pickup_zone[:9] = 99
    np.testing.assert_allclose(
        loaded.predict(frame(others)),
        fitted.pipeline.predict(find_model(model).encode(encoder, others)),
        rtol=1e-12,
    )


@pytest.mark.parametrize("model", MODELS)
def test_each_epoch_is_scored_where_there_are_epochs(model: str, trips: Trips) -> None:
    """`sgd` and `gradient-boosting` tell one score of train and validation for each epoch, others none."""
    _, _, epochs = _fit(model, trips)
    assert [epoch for epoch, _ in epochs] == list(range(1, EPOCHS.get(model, 0) + 1))
    assert all(set(scores) == {"train/rmse", "validation/rmse"} for _, scores in epochs)
    if epochs:
        assert epochs[-1][1]["train/rmse"] < epochs[0][1]["train/rmse"]


def test_the_last_epoch_is_the_model(trips: Trips) -> None:
    """The last score is that of the final predictions."""
    for model in EPOCHS:
        assert _fit(model, trips)[2][-1][1]["validation/rmse"] == pytest.approx(_rmse(model, trips), rel=1e-12)


def test_trees_do_not_see_a_trip_in_its_own_pair(make_trips: Callable[..., Trips]) -> None:
    """Where every pair occurs once its mean duration says nothing, and a forest learns nothing but the mean."""
    trips = make_trips([(place, place, 1.0) for place in range(60)])
    trips.duration[:] = np.linspace(1, 60, 60)
    features = find_model("random-forest").encode(encoder := Encoder(trips), trips)
    roles = {"train": Encoded(features, trips.duration)}
    fitted = fit("random-forest", hyperparameters("random-forest"), roles, lambda *_: None)
    predicted = fitted.pipeline.predict(find_model("random-forest").encode(encoder, trips))
    assert np.ptp(predicted) < 10


def test_a_solver_that_did_not_converge_is_reported(trips: Trips) -> None:
    """Its warning is returned, not lost, and not shown to whoever trains in between."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted, _, _ = _fit("lasso", trips, {"alpha": 1e-9, "max_iter": 1, "tol": 1e-12})
    assert [text for text in fitted.warnings if "did not converge" in text]
    assert _fit("lasso", trips)[0].warnings == []


def test_divergence_is_an_input_error(trips: Trips) -> None:
    """Steps that are too large end in a sentence, not in NaN metrics."""
    with pytest.raises(InputError, match=r"sgd cannot be trained with these hyperparameters|training diverged"):
        _fit("sgd", trips, {"eta0": 1e300, "learning_rate": "constant"})


def test_what_the_estimator_refuses_in_training_is_an_input_error(make_trips: Callable[..., Trips]) -> None:
    """Three trips cannot be cut in five folds."""
    trips = make_trips([(1, 2, 1.0)] * 3)
    roles = {"train": Encoded(Encoder(trips).dense(trips), trips.duration)}
    with pytest.raises(
        InputError, match=r"random-forest cannot be trained with these hyperparameters: .*n_splits=5"
    ):
        fit("random-forest", hyperparameters("random-forest"), roles, lambda *_: None)


def test_an_unknown_model_lists_the_known() -> None:
    """The message has all names."""
    with pytest.raises(
        InputError, match="no model 'svm': choose from lasso, ridge, linear, elasticnet, sgd, random-"
    ):
        hyperparameters("svm")


def test_lasso_is_the_courses() -> None:
    """Alpha is 0.1 unless set, and every hyperparameter is told."""
    chosen = hyperparameters("lasso")
    assert (chosen["alpha"], chosen["random_state"]) == (0.1, 0)
    assert {"max_iter", "tol", "fit_intercept", "positive", "selection"} < set(chosen)
    assert hyperparameters("lasso", {"alpha": 1, "max_iter": 50}) == chosen | {"alpha": 1, "max_iter": 50}


@pytest.mark.parametrize("model", MODELS)
def test_every_default_is_accepted_by_its_estimator(model: str) -> None:
    """Setting each hyperparameter to its own default changes nothing, and the estimator has them all."""
    chosen = hyperparameters(model)
    assert hyperparameters(model, chosen) == chosen
    estimator = make_pipeline(model, chosen, rows=10)[-1]
    assert chosen.items() - {("epochs", 20)} <= estimator.get_params().items()


@pytest.mark.parametrize(
    ("model", "settings", "problem"),
    [
        (
            "lasso",
            {"alhpa": 1.0},
            "lasso has no hyperparameter 'alhpa': it has alpha, fit_intercept, max_iter, pos",
        ),
        ("lasso", {"n_jobs": 2}, "no hyperparameter 'n_jobs'"),
        ("sgd", {"max_iter": 5}, "sgd has no hyperparameter 'max_iter': it has alpha, average, epochs, epsilon"),
        ("mean", {"strategy": "median"}, "mean has no hyperparameter 'strategy': it has none"),
        (
            "lasso",
            {"alpha": -1.0},
            r"lasso: The 'alpha' parameter of Lasso must be a float in the range \[0.0, inf\)",
        ),
        ("lasso", {"alpha": float("nan")}, "'alpha' parameter of Lasso must be"),
        ("lasso", {"alpha": "strong"}, "'alpha' parameter of Lasso must be"),
        ("lasso", {"alpha": True}, "alpha of lasso is no yes or no: its default is 0.1"),
        ("lasso", {"fit_intercept": "maybe"}, "'fit_intercept' parameter of Lasso must be"),
        (
            "random-forest",
            {"n_estimators": 2.5},
            "'n_estimators' parameter of RandomForestRegressor must be an int",
        ),
        (
            "gradient-boosting",
            {"max_bins": 1_000},
            "'max_bins' parameter of HistGradientBoostingRegressor must be",
        ),
        ("sgd", {"epochs": 0}, "epochs of sgd must be a whole number from 1 on, not 0"),
        ("sgd", {"epochs": 1.5}, "epochs of sgd must be a whole number"),
        ("ridge", {"solver": "magic"}, "'solver' parameter of Ridge must be a str among"),
    ],
)
def test_a_wrong_hyperparameter_is_refused_before_training(
    model: str, settings: dict[str, Value], problem: str
) -> None:
    """The message says what is known, or what the estimator wants."""
    with pytest.raises(InputError, match=problem):
        hyperparameters(model, settings)


def test_settings_have_types() -> None:
    """Text becomes None, a bool, an int or a float where it looks like one."""
    texts = ["a=1", "b=0.5", "c=1e-3", "d=true", "e=False", "f=none", "g=sqrt", "h = -2 ", "i=a=b"]
    expected = [1, 0.5, 0.001, True, False, None, "sqrt", -2, "a=b"]
    settings = parse_settings(texts)
    assert list(settings) == list("abcdefghi")
    assert [repr(value) for value in settings.values()] == [repr(value) for value in expected]


@pytest.mark.parametrize("texts", [["alpha"], ["alpha="], ["=1"], ["alpha=1", "alpha=2"]])
def test_an_incomplete_setting_is_refused(texts: list[str]) -> None:
    """A name, an equals sign and a value are needed, once."""
    with pytest.raises(InputError, match=r"is incomplete: write it as alpha=0.01|alpha is given twice"):
        parse_settings(texts)
