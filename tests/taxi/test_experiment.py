"""A whole experiment on the synthetic sample: what it logs, returns and refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from taximeter.errors import InputError
from taximeter.record import Dataset
from taximeter.run import Run
from taximeter.taxi import experiment as core
from taximeter.taxi.experiment import Experiment, Log, OnStage, Result
from taximeter.taxi.sample import write_sample

MONTHS = {"train": ["2025-01"], "validation": ["2025-02"], "test": ["2025-03"]}


def train(settings: Experiment, log: Log, on_stage: OnStage | None = None) -> Result:
    """Prepare and train at once."""
    return core.train(core.prepare(settings, on_stage), log, on_stage)


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    """Return an experiment in which all three months have a role."""
    return Experiment(test=("2025-03",), data="sample")


@pytest.fixture
def result(experiment: Experiment, recorder: Any) -> Result:
    """Return what the experiment found; the recorder has what it logged."""
    return train(experiment, recorder)


def _metrics(recorder: Any) -> dict[str, float]:
    """Return the metrics that were logged without a step."""
    return {
        name: value
        for called, args, kwargs in recorder.calls
        if called == "log_metrics" and not kwargs
        for name, value in args[0].items()
    }


def test_params_hold_every_setting(result: Result, recorder: Any) -> None:
    """The model, each of its hyperparameters, the features, the months and the filters are logged once."""
    (params,) = recorder.arguments("log_params")[0]
    assert params == result.params
    expected = {
        "model": "lasso",
        "alpha": 0.1,
        "random_state": 0,
        "features": ["PU_DO", "trip_distance"],
        "target": "duration",
        **MONTHS,
        "colour": "green",
        "min_minutes": 1,
        "max_minutes": 60,
        "max_distance": None,
    }
    assert expected.items() <= params.items()
    assert {"max_iter", "tol", "selection"} < set(params)


def test_settings_and_data_are_logged_before_training(recorder: Any, experiment: Experiment) -> None:
    """What a run was about is known even if training dies."""
    logged: list[str] = []

    def note(stage: str) -> None:
        if stage == "fit":
            logged.extend(name for name, _, _ in recorder.calls)

    train(experiment, recorder, note)
    assert logged == ["log_params", "set_tags", "log_dataset", "log_dataset", "log_dataset"]


def test_stages_are_told_in_order(recorder: Any, experiment: Experiment) -> None:
    """Each stage is told once, and its seconds are returned and logged."""
    stages: list[str] = []
    result = train(experiment, recorder, stages.append)
    assert stages == ["read", "encode", "fit", "evaluate", "latency", "log"]
    assert list(result.seconds) == stages[:-1]
    assert all(seconds > 0 for seconds in result.seconds.values())
    assert _metrics(recorder)["seconds/fit"] == result.seconds["fit"]


def test_each_month_is_logged_as_a_dataset(result: Result, recorder: Any) -> None:
    """A dataset has its role, a content hash, the columns' types and the counts of odd trips."""
    datasets: list[Dataset] = [dataset for (dataset,) in recorder.arguments("log_dataset")]
    assert [(dataset.name, dataset.role) for dataset in datasets] == [
        ("green 2025-01", "train"),
        ("green 2025-02", "validation"),
        ("green 2025-03", "test"),
    ]
    report = result.data["validation"].months[0]
    assert (datasets[1].sha256, datasets[1].rows) == (report.rows_sha256, 6_000)
    assert datasets[1].source == "synthetic sample 2025-02"
    assert datasets[1].columns["cbd_congestion_fee"] == "double"
    assert datasets[1].statistics["odd"]["duration_negative"] == report.odd.duration_negative > 0
    json.dumps([msgspec.to_builtins(dataset) for dataset in datasets])


def test_the_kind_of_data_is_always_said(result: Result, recorder: Any) -> None:
    """Nobody takes the sample for the real thing."""
    assert result.kind == "synthetic sample"
    assert recorder.arguments("set_tags") == [({"data": "synthetic sample", "colour": "green", "model": "lasso"},)]


def test_the_model_and_the_baseline_are_scored_on_every_role(result: Result, recorder: Any) -> None:
    """Both have three scores for each role, and the model is better than the mean."""
    points = _metrics(recorder)
    for role in MONTHS:
        assert result.metrics[role]["rmse"] < result.baseline[role]["rmse"]
        for name in ("rmse", "mae", "r2"):
            assert points[f"{role}/{name}"] == result.metrics[role][name]
            assert points[f"baseline/{role}/{name}"] == result.baseline[role][name]
    assert result.baseline["train"]["r2"] == pytest.approx(0, abs=1e-12)


def test_the_baseline_is_the_model_called_mean(recorder: Any, experiment: Experiment) -> None:
    """Training the mean gives the baseline of every other model."""
    result = train(msgspec.structs.replace(experiment, model="mean"), recorder)
    for role in MONTHS:
        assert result.metrics[role] == pytest.approx(result.baseline[role], rel=1e-12, abs=1e-12)


def test_without_a_test_month_nothing_is_said_of_test(recorder: Any) -> None:
    """The role is absent, not empty."""
    result = train(Experiment(data="sample"), recorder)
    assert list(result.metrics) == ["train", "validation"]
    assert list(result.charts) == ["validation"]
    assert not [name for name in _metrics(recorder) if "test" in name]
    assert "test" not in result.params


def test_rows_and_features_are_counted(result: Result) -> None:
    """Reports say how many trips were read, kept, and had a pair that training did not."""
    for report in result.data.values():
        assert report.rows == 6_000
        assert 5_000 < report.kept < 6_000
    assert result.data["train"].unseen == 0
    assert result.data["validation"].unseen > 0
    kept, unseen = result.data["test"].kept, result.data["test"].unseen
    assert result.features.stored["test"] == 2 * kept - unseen


def test_files_are_logged_and_can_be_used(result: Result, recorder: Any) -> None:
    """Two figures, a table of predictions, the coefficients, the features' names and the model."""
    figures = {name: figure for figure, name in recorder.arguments("log_figure")}
    assert set(figures) == {"predicted_vs_actual.png", "residuals.png"}
    tables = {name: table for table, name in recorder.arguments("log_table")}
    assert set(tables) == {"predictions.csv", "coefficients.csv"}
    predictions = tables["predictions.csv"]
    np.testing.assert_allclose(predictions["residual"], predictions["predicted"] - predictions["duration"])
    assert len(predictions) == 200
    ((text, name),) = recorder.arguments("log_text")
    assert (name, len(text.split("\n"))) == ("feature_names.txt", result.features.count)


def test_the_logged_model_predicts_its_example(result: Result, recorder: Any) -> None:
    """The example is what the model takes, and the model gives the logged predictions."""
    ((called, (model, name), kwargs),) = [call for call in recorder.calls if call[0] == "log_model"]
    assert (called, name) == ("log_model", "model")
    example: pd.DataFrame = kwargs["input_example"]
    assert list(example.columns) == ["PU_DO", "trip_distance"]
    predictions = {name: table for table, name in recorder.arguments("log_table")}["predictions.csv"]
    assert model.predict(example)[0] == pytest.approx(predictions["predicted"].iloc[0], rel=1e-12)
    np.testing.assert_allclose(model.predict(predictions[["PU_DO", "trip_distance"]]), predictions["predicted"])
    assert result.latency.one_trip_median_seconds > 0


def test_coefficients_are_the_largest_first(result: Result, recorder: Any) -> None:
    """The table has every coefficient that is not zero, the result the first twenty."""
    table = {name: table for table, name in recorder.arguments("log_table")}["coefficients.csv"]
    assert (table["coefficient"] != 0).all()
    assert table["coefficient"].abs().is_monotonic_decreasing
    assert result.coefficients == dict(table.head(20).itertuples(index=False, name=None))


def test_epochs_are_logged_as_they_end(recorder: Any, experiment: Experiment) -> None:
    """`sgd` has one point an epoch under keys of its own, and the same history in the result."""
    settings = msgspec.structs.replace(experiment, model="sgd", hyperparameters={"epochs": 4})
    result = train(settings, recorder)
    points = [
        (kwargs["step"], args[0]) for name, args, kwargs in recorder.calls if name == "log_metrics" and kwargs
    ]
    assert [step for step, _ in points] == [1, 2, 3, 4]
    assert [values["epoch/train/rmse"] for _, values in points] == result.history["train/rmse"]
    assert [values["epoch/validation/rmse"] for _, values in points] == result.history["validation/rmse"]
    assert result.history["validation/rmse"][-1] == pytest.approx(result.metrics["validation"]["rmse"], rel=1e-12)


def test_a_warning_becomes_a_note(recorder: Any, experiment: Experiment) -> None:
    """A solver that stopped early is told in the run and in the result."""
    settings = msgspec.structs.replace(experiment, hyperparameters={"alpha": 1e-9, "max_iter": 1, "tol": 1e-12})
    result = train(settings, recorder)
    assert len(result.warnings) == 1
    assert recorder.arguments("add_note") == [(f"warning: {result.warnings[0]}",)]


@pytest.mark.parametrize(("model", "settings"), [("lasso", {}), ("gradient-boosting", {"max_iter": 5})])
def test_a_result_is_plain_json(
    model: str, settings: dict[str, Any], recorder: Any, experiment: Experiment
) -> None:
    """It comes back from JSON equal, and is small."""
    result = train(msgspec.structs.replace(experiment, model=model, hyperparameters=settings), recorder)
    data = msgspec.json.encode(result)
    assert msgspec.json.decode(data, type=Result) == result
    assert len(data) < 200_000


def test_training_twice_finds_the_same(experiment: Experiment, recorder: Any) -> None:
    """Only times differ."""
    results = [msgspec.to_builtins(train(experiment, recorder)) for _ in range(2)]
    for found in results:
        del found["seconds"], found["latency"]
    assert results[0] == results[1]


def test_the_same_month_in_two_roles_is_refused(recorder: Any) -> None:
    """Nothing is logged of an experiment that would fool its author."""
    with pytest.raises(
        InputError, match=r"train 2025-01 .* and validation 2025-01 .* hold the same 5,\d{3} trips"
    ):
        train(Experiment(validation=("2025-01",), data="sample"), recorder)
    assert recorder.calls == []


def test_a_copy_under_another_months_name_is_refused(tmp_path: Path, recorder: Any) -> None:
    """A file saved under two names is found by its bytes."""
    january, february, _ = write_sample(tmp_path)
    february.write_bytes(january.read_bytes())
    with pytest.raises(InputError, match=r"train 2025-01 .* and validation 2025-02 .* are the same file"):
        train(Experiment(data=str(tmp_path)), recorder)


def test_a_month_twice_in_one_role_is_refused(recorder: Any) -> None:
    """Its trips would count twice."""
    with pytest.raises(InputError, match=r"train 2025-01 .* and train 2025-01 .* hold the same"):
        train(Experiment(train=("2025-01", "2025-01"), data="sample"), recorder)


def test_an_allowed_leak_marks_the_run(recorder: Any) -> None:
    """The tag and the note say which roles share their trips, and the result lists it."""
    result = train(Experiment(validation=("2025-01",), data="sample", allow_leak=True), recorder)
    (tags,) = recorder.arguments("set_tags")[0]
    assert result.leaks == [tags["leak"]]
    assert "hold the same" in tags["leak"]
    assert recorder.arguments("add_note") == [(f"leak: {tags['leak']}",)]
    assert result.metrics["train"] == result.metrics["validation"]


def test_a_role_may_have_several_months(recorder: Any) -> None:
    """Their trips are joined, and each month is reported."""
    result = train(Experiment(train=("2025-03", "2025-01"), data="sample"), recorder)
    months = result.data["train"].months
    assert [month.name for month in months] == ["2025-03", "2025-01"]
    assert result.data["train"].kept == sum(month.kept for month in months)
    assert result.params["train"] == ["2025-03", "2025-01"]


def test_a_limit_holds_in_every_role(recorder: Any, experiment: Experiment) -> None:
    """Longer trips leave train, validation and test alike, are counted, and the limit is a param."""
    free = train(experiment, recorder)
    limited = train(msgspec.structs.replace(experiment, max_distance=5.0), recorder)
    assert limited.params["max_distance"] == 5.0
    for role, report in limited.data.items():
        taken = report.months[0].odd.above_max_distance
        assert taken > 0
        assert report.kept == free.data[role].kept - taken


def test_paths_are_logged_without_their_folders(tmp_path: Path, recorder: Any) -> None:
    """A record does not tell where its author keeps files."""
    january, february, _ = write_sample(tmp_path / "private")
    result = train(Experiment(train=(str(january),), validation=(str(february),)), recorder)
    assert result.params["train"] == ["green_tripdata_2025-01"]
    assert result.kind == "synthetic sample"
    datasets = [dataset for (dataset,) in recorder.arguments("log_dataset")]
    assert [dataset.source for dataset in datasets] == [january.name, february.name]
    assert "private" not in repr(
        [args for name, args, _ in recorder.calls if name in {"log_params", "log_dataset"}]
    )


def test_kinds_of_data_are_told_apart(
    month_table: Callable[..., pa.Table], write_month: Callable[..., Path], recorder: Any
) -> None:
    """Files that mix kinds are named with all of them."""
    one = write_month(month_table(rows=20), "yellow_tripdata_2025-01.parquet")
    other = write_month(month_table(rows=9, prefix="tpep", trip_distance=pa.array([9.0] * 9)), "mine.parquet")
    settings = Experiment(train=(str(one),), validation=(str(other),), allow_leak=True)
    assert train(settings, recorder).kind == "NYC TLC and local file"


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"model": "svm"}, "there is no model 'svm'"),
        ({"hyperparameters": {"alhpa": 1}}, "lasso has no hyperparameter 'alhpa'"),
        ({"train": ()}, "the train months are missing"),
        ({"validation": ()}, "the validation months are missing"),
        ({"train": ("2025-05",)}, "the synthetic sample has no green 2025-05"),
        ({"max_distance": -1.0}, "the greatest distance must be a number of miles above 0, not -1.0"),
        ({"max_distance": float("nan")}, "the greatest distance must be"),
        ({"colour": "red"}, "the colour 'red' is unknown"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_first(
    settings: dict[str, Any], problem: str, recorder: Any, experiment: Experiment
) -> None:
    """The message names it, and nothing has been logged."""
    with pytest.raises(InputError, match=problem):
        train(msgspec.structs.replace(experiment, **settings), recorder)
    assert recorder.calls == []


def _as_log(run: Run) -> Log:
    return run  # mypy compares the signatures


def test_a_run_has_what_an_experiment_logs_to() -> None:
    """`taximeter.run.Run` and the protocol have the same methods."""
    methods = {name for name in vars(Log) if name.startswith(("log_", "set_", "add_"))}
    assert methods <= set(dir(Run))
