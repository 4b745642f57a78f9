"""The course's numbers on the real months, measured once with the course's own code.

They need the TLC's files: set TAXIMETER_DATA to their folder.

LinearRegression and Ridge stop an iterative solver early, so OpenBLAS's choice of instructions shows from the
sixth digit on; the course's code ran with AVX-512. Training therefore runs in a process where OpenBLAS is told so.
A processor without AVX-512 cannot reproduce those two models' later digits.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from taximeter.errors import InputError
from taximeter.taxi import experiment as core
from taximeter.taxi.describe import describe
from taximeter.taxi.experiment import Experiment, Result
from taximeter.taxi.months import find_months

# Model, hyperparameters, RMSE on train 2025-01, validation 2025-02 and test 2025-03.
MODELS: dict[str, tuple[str, dict[str, Any], float, float, float]] = {
    "Lasso(0.1)": ("lasso", {}, 8.50524180470706, 8.992581538715234, 9.67335452754976),
    "Lasso(0.01)": ("lasso", {"alpha": 0.01}, 7.5432475081965285, 8.028312781334757, 8.736229603327736),
    "Lasso(0.001)": ("lasso", {"alpha": 0.001}, 6.008335036111789, 6.620710124135902, 7.32250718785624),
    "LinearRegression()": ("linear", {}, 4.568875493350406, 6.09887666573155, 6.6972731071704095),
    "Ridge(1.0)": ("ridge", {}, 4.774410291495811, 6.091770979937754, 6.723050819490292),
    "Ridge(0.1)": ("ridge", {"alpha": 0.1}, 4.501670017951225, 6.0772815937396825, 6.682621902826508),
}
BASELINE = {"validation": 9.106279198035066, "test": 9.780574470139697}

# RMSE on 2025-02 where trips of 100 miles and more are left out of both months.
BELOW_100 = {
    "Lasso(0.1)": 6.637274,
    "Lasso(0.01)": 6.393913,
    "LinearRegression()": 5.750762,
    "Ridge(1.0)": 5.592951,
}

FACTS: dict[str, dict[str, Any]] = {
    "green_tripdata_2023-01.parquet": {
        "sha256": "9f0e03dd7f8f94ecc15949cdbfd2a4e1fc9ebb41a11882215158c9fc95012e31",
        "rows": (68_211, 65_946),
        "compression": "GZIP",
        "types": {"PULocationID": "int64", "ehail_fee": "null", "RatecodeID": "double"},
        "odd": {"outside_month": 4, "duration_zero": 61, "duration_below_1": 1_645, "duration_above_60": 620},
        "nulls": {"ehail_fee": 68_211, "trip_type": 4_334},
        "greatest": 120_098.84,
        "pickups": ("2009-01-01 20:21:27", "2023-02-01 03:10:05"),
        "negative_totals": 179,
    },
    "green_tripdata_2025-02.parquet": {
        "sha256": "b3ffe16a96ba0c68c8a8f8b10f049294ae6eb8d21f2e13b3fdbd452fa2e3498e",
        "rows": (46_621, 44_218),
        "compression": "ZSTD",
        "types": {"PULocationID": "int32", "ehail_fee": "double", "RatecodeID": "int64"},
        "odd": {
            "outside_month": 19,
            "duration_negative": 210,
            "duration_below_1": 1_757,
            "distance_above_100": 19,
        },
        "nulls": {"trip_type": 2_527, "cbd_congestion_fee": 1_988},
        "greatest": 111_597.19,
        "pickups": ("2025-01-31 22:34:50", "2025-03-01 23:29:24"),
        "negative_totals": 165,
    },
}


Trained = Callable[..., Result]

TRAINER = """
import sys
import msgspec, taximeter
from taximeter.taxi.experiment import Experiment, prepare, train
experiment = msgspec.json.decode(sys.stdin.buffer.read(), type=Experiment)
with taximeter.start_run() as run:
    result = train(prepare(experiment), run)
sys.stdout.buffer.write(msgspec.json.encode(result))
"""
HAS_AVX512 = "avx512vl" in Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else False
INSTRUCTIONS = {"OPENBLAS_CORETYPE": "SkylakeX"} if HAS_AVX512 else {}
ITERATIVE = {"LinearRegression()", "Ridge(1.0)", "Ridge(0.1)"}


def tolerance(name: str) -> float:
    """Return how far, relatively, a model's numbers may be from the course's on this processor."""
    return 1e-9 if HAS_AVX512 or name not in ITERATIVE else 1e-4


def train_apart(experiment: Experiment, home: Path) -> Result:
    """Train in a process of its own, with the instructions that the course's numbers were computed with."""
    environment = os.environ | INSTRUCTIONS | {"TAXIMETER_HOME": str(home)}
    command, settings = [sys.executable, "-c", TRAINER], msgspec.json.encode(experiment)
    done = subprocess.run(command, input=settings, env=environment, stdout=subprocess.PIPE, check=True)
    return msgspec.json.decode(done.stdout, type=Result)


def train(settings: Experiment, log: Any) -> Result:
    """Prepare and train at once."""
    return core.train(core.prepare(settings), log)


@pytest.fixture(scope="module")
def trained(real_data: str, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Return a function that trains a model of `MODELS`, each once."""
    home = tmp_path_factory.mktemp("journals")

    @cache
    def train_once(name: str, max_distance: float | None = None) -> Result:
        model, settings, *_ = MODELS[name]
        experiment = Experiment(
            model=model, hyperparameters=settings, test=("2025-03",), data=real_data, max_distance=max_distance
        )
        return train_apart(experiment, home)

    return train_once


def test_the_courses_model_gives_the_courses_number(real_data: str, recorder: Any) -> None:
    """Lasso(0.1) trained on 2025-01 has an RMSE of 8.992581538715234 minutes on 2025-02, to the last bit."""
    assert train(Experiment(data=real_data), recorder).metrics["validation"]["rmse"] == 8.992581538715234


@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_its_numbers(name: str, trained: Trained) -> None:
    """RMSE on train, validation and test agree to 1e-9."""
    metrics = trained(name).metrics
    found = [metrics[role]["rmse"] for role in ("train", "validation", "test")]
    assert found == pytest.approx(MODELS[name][2:], rel=tolerance(name))


def test_the_baseline_gives_its_numbers(trained: Trained) -> None:
    """The mean of the training durations is the yardstick."""
    result = trained("Ridge(1.0)")
    assert {role: result.baseline[role]["rmse"] for role in BASELINE} == pytest.approx(BASELINE, rel=1e-9)


def test_the_courses_other_scores_agree(trained: Trained) -> None:
    """MAE and R2 of Lasso(0.1) on validation and test."""
    metrics = trained("Lasso(0.1)").metrics
    assert (metrics["validation"]["mae"], metrics["validation"]["r2"]) == pytest.approx(
        (6.385854677785431, 0.023514774783853887), rel=1e-9
    )
    assert (metrics["test"]["mae"], metrics["test"]["r2"]) == pytest.approx(
        (6.719533649573236, 0.008945179253018631), rel=1e-9
    )


def test_rows_and_matrix_are_the_courses(trained: Trained) -> None:
    """Rows read and kept, columns and their names, stored values, and rows with an unseen pair."""
    result = trained("Ridge(1.0)")
    assert {role: (report.rows, report.kept, report.unseen) for role, report in result.data.items()} == {
        "train": (48_326, 46_307, 0),
        "validation": (46_621, 44_218, 2_282),
        "test": (51_539, 48_336, 2_975),
    }
    assert result.features.count == 4_159
    assert result.features.stored == {"train": 92_614, "validation": 86_154, "test": 93_697}
    assert result.features.sha256 == "fae23a515579088ebf99e6d023a7ba69e273f2e53a4a0d8942561d02fe54d10f"
    assert result.kind == "NYC TLC"


@pytest.mark.parametrize("name", BELOW_100)
def test_a_limit_of_100_miles_gives_the_other_numbers(name: str, trained: Trained) -> None:
    """Twenty absurd distances are worth more than two minutes of error."""
    result = trained(name, max_distance=100)
    assert result.metrics["validation"]["rmse"] == pytest.approx(BELOW_100[name], abs=1e-6, rel=tolerance(name))
    assert [result.data[role].kept for role in ("train", "validation")] == [46_287, 44_201]
    assert result.features.count == 4_154


def test_the_leak_of_a_published_notebook_is_found(real_data: str, tmp_path: Path, recorder: Any) -> None:
    """2025-02 saved under both names gives 8.987930241390227, and is refused."""
    february = Path(real_data, "green_tripdata_2025-02.parquet")
    (tmp_path / "green_tripdata_2025-01.parquet").write_bytes(february.read_bytes())
    copy = str(tmp_path / "green_tripdata_2025-01.parquet")
    settings = Experiment(train=(copy,), validation=(str(february),))
    with pytest.raises(InputError, match="are the same file"):
        train(settings, recorder)
    leaked = train(msgspec.structs.replace(settings, allow_leak=True), recorder)
    assert leaked.metrics["validation"]["rmse"] == pytest.approx(8.987930241390227, rel=1e-9)
    assert len(leaked.leaks) == 1


def test_real_months_share_no_trips(trained: Trained) -> None:
    """The check lets every pair of honest months pass."""
    assert trained("Ridge(1.0)").leaks == []


@pytest.mark.parametrize("file", FACTS)
def test_a_real_month_is_described(file: str, real_data: str) -> None:
    """Old and new schemas are counted as they were by hand."""
    facts = FACTS[file]
    description = describe(find_months([str(Path(real_data, file))])[0])
    report = description.report
    assert report.file_sha256 == facts["sha256"]
    assert (report.rows, report.kept) == facts["rows"]
    assert description.compression == facts["compression"]
    assert facts["types"].items() <= report.columns.items()
    assert {name: getattr(report.odd, name) for name in facts["odd"]} == facts["odd"]
    assert facts["nulls"].items() <= description.nulls.items()
    assert report.miles.greatest == facts["greatest"]
    assert (report.first_pickup, report.last_pickup) == facts["pickups"]
    assert (description.negative_totals, description.duplicate_rows) == (facts["negative_totals"], 0)


def test_a_model_may_learn_from_one_schema_and_be_tested_on_another(real_data: str, recorder: Any) -> None:
    """2023 has other types than 2025, and 2025 a column more."""
    result = train(
        Experiment(model="ridge", train=("2023-01", "2025-01"), validation=("2025-02",), data=real_data), recorder
    )
    assert result.data["train"].kept == 65_946 + 46_307
    assert result.metrics["validation"]["rmse"] < result.baseline["validation"]["rmse"]
