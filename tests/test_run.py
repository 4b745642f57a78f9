"""The logging interface: what it takes, what it refuses, and what a run keeps of it."""

import math
import multiprocessing
import pickle
import subprocess
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import taximeter
from taximeter import Dataset, InputError, Run, TrackerError, capture, start_run
from taximeter.events import unfold
from taximeter.journal.folder import RunFolder


@pytest.fixture
def run() -> Run:
    """A run that goes to no store, so that its journal stays."""
    return start_run(experiment="taxi", name="first")


def test_metrics_come_back_bit_for_bit(run: Run) -> None:
    """Order, repeated and backward steps, NaN and infinities included."""
    values = [0.1, math.nan, math.inf, -math.inf, -0.0, 5e-324]
    with run:
        for value, step in zip(values, [3, 3, 1, 0, -5, 2**63 - 1], strict=True):
            run.log_metrics({"loss": value}, step=step, time=step % 7)
    series = run.record().metrics["loss"]
    assert list(map(repr, series.values)) == list(map(repr, values))
    assert list(series.steps) == [3, 3, 1, 0, -5, 2**63 - 1]
    assert list(series.times) == [3, 3, 1, 0, 2, (2**63 - 1) % 7]


def test_a_step_that_is_not_given_is_the_next_one(run: Run) -> None:
    """Each metric counts for itself."""
    with run:
        run.log_metrics({"a": 1.0})
        run.log_metrics({"a": 1.0, "b": 1.0})
        run.log_metrics({"b": 1.0}, step=7)
        run.log_metrics({"b": 1.0})
    metrics = run.record().metrics
    assert (list(metrics["a"].steps), list(metrics["b"].steps)) == ([0, 1], [0, 7, 2])


def test_a_time_may_be_a_datetime(run: Run) -> None:
    """Its microseconds are exact."""
    with run:
        run.log_metrics({"a": 1.0}, time=datetime(2025, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC))
    assert list(run.record().metrics["a"].times) == [1_738_367_999_999_999]


@pytest.mark.parametrize("value", [1, True, np.float32(0.5), np.int64(3), np.array(2.0)])
def test_numbers_of_other_types_become_float64(run: Run, value: float) -> None:
    """Numpy's and Python's numbers are the same to a record."""
    with run:
        run.log_metrics({"a": value}, step=np.int64(4))  # type: ignore[arg-type]
    assert list(run.record().metrics["a"]) == [(float(value), 4, run.record().metrics["a"][0].time)]


@pytest.mark.parametrize("value", ["1.0", None, 2**53 + 1, 10**400, [1.0], 1j, b"1"])
def test_a_metric_that_float64_cannot_hold_is_refused_by_name(run: Run, value: object) -> None:
    """The message names the metric, and the run goes on."""
    with run:
        with pytest.raises(InputError, match="'loss'"):
            run.log_metrics({"loss": value})  # type: ignore[dict-item]
        run.log_metrics({"loss": 1.0})
    assert len(run.record().metrics["loss"]) == 1


@pytest.mark.parametrize("step", [1.5, "1", 2**63, -(2**63) - 1, math.nan])
def test_a_step_beyond_int64_is_refused(run: Run, step: object) -> None:
    """So is one between two steps."""
    with run, pytest.raises(InputError, match="step"):
        run.log_metrics({"a": 1.0}, step=step)  # type: ignore[arg-type]


@pytest.mark.parametrize("time", [1.5, "now", 2**63, datetime(2025, 1, 1)])  # noqa: DTZ001 - the point of it
def test_a_time_that_is_not_certain_is_refused(run: Run, time: object) -> None:
    """Seconds as floats and times without a zone are guesses."""
    with run, pytest.raises(InputError, match="time"):
        run.log_metrics({"a": 1.0}, time=time)  # type: ignore[arg-type]


def test_params_may_come_late_but_not_change(run: Run) -> None:
    """The message names the param, the old value and the new one."""
    with run:
        run.log_params({"alpha": 0.1})
        run.log_params({"alpha": 0.1, "layers": [1, {"x": None}]})
        with pytest.raises(InputError, match=r"'alpha' is 0\.1 and cannot become 1"):
            run.log_params({"alpha": 1})
    assert run.record().params == {"alpha": 0.1, "layers": [1, {"x": None}]}


def test_nan_is_the_same_param_value_as_nan(run: Run) -> None:
    """Logging it again is no change."""
    with run:
        run.log_params({"x": math.nan})
        run.log_params({"x": math.nan})


def test_a_param_of_another_type_is_a_change(run: Run) -> None:
    """One is not one point zero, and not true."""
    with run:
        run.log_params({"x": 1})
        for other in (1.0, True, "1"):
            with pytest.raises(InputError, match="cannot become"):
                run.log_params({"x": other})


def test_an_exception_marks_the_run_failed_and_propagates(run: Run) -> None:
    """Its traceback is a note."""
    with pytest.raises(ZeroDivisionError), run:
        _ = 1 / 0
    record = run.record()
    assert record.status == "failed"
    assert "ZeroDivisionError: division by zero" in record.notes[0]


def test_secrets_in_a_traceback_are_redacted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A canary in the environment does not get into the journal."""
    monkeypatch.setenv("MY_API_KEY", "canary-0123456789")
    with pytest.raises(RuntimeError), run:
        raise RuntimeError("cannot log in with canary-0123456789")
    assert "canary-0123456789" not in run.record().notes[0]


def test_leaving_with_exit_code_zero_finishes_the_run(run: Run) -> None:
    """`sys.exit()` is no failure."""
    with pytest.raises(SystemExit), run:
        sys.exit(0)
    assert run.record().status == "finished"


def test_nothing_is_logged_after_the_end(run: Run) -> None:
    """What would be lost is refused."""
    run.finish()
    with pytest.raises(InputError, match="ended"):
        run.log_metrics({"a": 1.0})
    for log in (run.log_text, run.log_table, run.log_figure, run.log_model):
        with pytest.raises(InputError, match="ended"):
            log("late", "late")
    with pytest.raises(InputError, match="ended"):
        run.log_artifact(__file__)
    assert run.record().artifacts == {}
    assert list(Path(".taximeter/runs", run.id, "artifacts").iterdir()) == []


def test_a_run_that_cannot_begin_leaves_nothing_behind() -> None:
    """No journal, and no courier that waits for it."""
    with pytest.raises(InputError, match="epoch"):
        start_run(tags={"epoch": 3})  # type: ignore[dict-item]
    assert not Path(".taximeter").exists()


def test_threads_share_the_steps_that_are_not_given(run: Run) -> None:
    """Each point has a step of its own."""

    def log(_thread: int) -> None:
        for _ in range(200):
            run.log_metrics({"a": 1.0})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(log, range(8)))
    assert sorted(run.record().metrics["a"].steps) == list(range(1600))


def test_a_worker_lets_go_of_runs_that_have_ended() -> None:
    """It may live for thousands of them, and has so many open files only."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        for number in range(5):
            with start_run() as run:
                pool.submit(run.log_metrics, {"a": number}).result()
            assert len(run.record().metrics["a"]) == 1
        attached = pool.submit(eval, "len(__import__('taximeter.run').run._ATTACHED)").result()
    assert attached == 1


def test_figures_tables_texts_and_files_become_artifacts(run: Run, tmp_path: Path) -> None:
    """Each has a name, a type and its bytes."""
    folder = tmp_path / "weights"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.bin").write_bytes(b"\0\1")
    (folder / "deep" / "b.bin").write_bytes(b"\2")
    frame = pd.DataFrame({"zone": ["a", "=b"], "minutes": [0.1, math.nan]})
    figure = Figure()
    figure.subplots().plot([1, 2])
    with run:
        run.log_figure(figure, "plots/residuals")
        run.log_table(frame, "tables/trips.parquet")
        run.log_table(frame, "tables/trips")
        run.log_text("ünïcode\r\n", "notes")
        run.log_artifact(folder)
        run.log_artifact(folder / "a.bin", "renamed/c.bin")
    artifacts = run.record().artifacts
    assert {path: artifact.media_type for path, artifact in artifacts.items()} == {
        "plots/residuals.png": "image/png",
        "tables/trips.parquet": "application/vnd.apache.parquet",
        "tables/trips.csv": "text/csv",
        "notes.txt": "text/plain",
        "weights/a.bin": "application/octet-stream",
        "weights/deep/b.bin": "application/octet-stream",
        "renamed/c.bin": "application/octet-stream",
    }
    kept = Path(".taximeter/runs", run.id, "artifacts")
    assert (kept / artifacts["notes.txt"].sha256).read_bytes() == "ünïcode\r\n".encode()
    assert pd.read_parquet(kept / artifacts["tables/trips.parquet"].sha256).equals(frame)


@pytest.mark.parametrize("name", ["", "/abs", "../up", "a/../b", "a//b", "a\\b", ".", "taximeter/x", "nul\0"])
def test_an_artifact_cannot_leave_its_folder(run: Run, name: str) -> None:
    """A name that would is refused."""
    with run, pytest.raises(InputError):
        run.log_text("x", name)


@pytest.mark.parametrize(("first", "second"), [("a/b", "a/b/c"), ("a/b/c", "a/b"), ("a/b/c", "a")])
def test_an_artifact_cannot_be_a_file_and_a_folder(run: Run, first: str, second: str) -> None:
    """No store of files could hold both."""
    Path("file").write_text("x")
    with run:
        run.log_artifact("file", first)
        run.log_artifact("file", first)
        with pytest.raises(InputError, match="both a file and a folder"):
            run.log_artifact("file", second)


def test_an_artifact_that_does_not_exist_is_refused_by_name(run: Run) -> None:
    """The message names it."""
    with run, pytest.raises(InputError, match=r"missing\.bin"):
        run.log_artifact("missing.bin")


@pytest.mark.parametrize(
    ("table", "name"),
    [
        (pd.DataFrame({"a": [1, "x"]}), "mixed.parquet"),
        (pd.DataFrame({("a", "b"): [1]}), "tuples.json"),
        (pd.DataFrame({"a": [1]}), "table.xyz"),
        (5, "number"),
    ],
)
def test_a_table_that_cannot_be_written_is_refused(run: Run, table: Any, name: str) -> None:
    """Whatever the library says that should write it; the training has one error to expect."""
    with pytest.raises(InputError, match=r"table|frame"):
        run.log_table(table, name)
    run.finish()
    assert run.record().artifacts == {}


def test_a_signature_says_what_the_model_returns(run: Run) -> None:
    """A classifier's classes are no floats; dates of an example become text."""
    from sklearn.dummy import DummyClassifier  # noqa: PLC0415 - only this test needs it

    example = pd.DataFrame({"day": [pd.Timestamp("2025-01-01")], "miles": [0.5]})
    with run:
        run.log_model(DummyClassifier().fit([[0.0], [1.0]], [3, 3]), "model", input_example=example)
    assert run.record().models["model"].signature["outputs"] == ["int64"]


def test_a_model_is_kept_without_pickle(run: Run) -> None:
    """It is a folder with a skops file and an example of its input."""
    import skops.io  # noqa: PLC0415 - only this test needs it
    from sklearn.linear_model import Lasso  # noqa: PLC0415 - as above

    model = Lasso(alpha=0.1).fit([[0.0], [1.0]], [0.0, 1.0])
    with run:
        run.log_model(model, "model", input_example=pd.DataFrame({"distance": [0.5]}))
    record = run.record()
    assert record.models["model"].signature["inputs"] == {"distance": "float"}
    file = Path(".taximeter/runs", run.id, "artifacts", record.artifacts["model/model.skops"].sha256)
    assert skops.io.load(file).coef_.tolist() == model.coef_.tolist()


def test_a_child_run_knows_its_parent(run: Run) -> None:
    """It is a run of its own, in the same experiment."""
    with run, run.child(name="fold 1", tags={"fold": "1"}) as child:
        child.log_metrics({"a": 1.0})
    record = child.record()
    assert (record.parent_id, record.experiment, record.name) == (run.id, "taxi", "fold 1")
    assert record.tags == {"fold": "1"}


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_pool_of_processes_logs_to_one_run(run: Run, method: str) -> None:
    """Forked or spawned, every point is there."""
    context = multiprocessing.get_context(method)
    with run, ProcessPoolExecutor(2, mp_context=context) as pool:
        for task in [pool.submit(run.log_metrics, {f"task {number}": 0.1 * number}) for number in range(20)]:
            task.result()
    assert {key: series[0].value for key, series in run.record().metrics.items()} == {
        f"task {number}": 0.1 * number for number in range(20)
    }
    assert len(RunFolder(Path(".taximeter/runs", run.id)).segments()) <= 1 + 2


def test_a_pickled_run_is_the_same_run(run: Run) -> None:
    """Only the process that started it can end it."""
    again = pickle.loads(pickle.dumps(run))  # noqa: S301 - made here
    again.log_metrics({"a": 1.0})
    again.finish()
    assert run.record().status == "running"
    run.finish()


def test_the_code_and_the_machine_are_noted(run: Run, tmp_path: Path) -> None:
    """Git's state, the installed distributions, the lock file."""
    (tmp_path / "requirements.lock").write_text("six==1.16.0\n")
    subprocess.run(["git", "init", "-q", "-b", "trunk"], check=True)
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "add", "requirements.lock"], check=True)
    subprocess.run(["git", *identity, "commit", "-qm", "x"], check=True)
    (tmp_path / "requirements.lock").write_text("six==1.16.0\napi_key = 'canary123'\n")
    with start_run() as noted:
        pass
    record = noted.record()
    run.finish()
    assert record.source
    assert record.source.branch == "trunk"
    assert len(record.source.commit or "") == 40
    assert "+api_key" in (record.source.diff or "")
    assert "canary123" not in record.to_bytes().decode()
    assert record.environment
    assert record.environment.distributions["msgspec"]
    assert record.environment.lock_file
    assert record.environment.lock_file.path == "requirements.lock"


def test_the_commit_of_a_module_tells_whether_modules_were_changed(tmp_path: Path) -> None:
    """Or added; other files do not count, and a module that no repository keeps has none."""
    module = tmp_path / "package" / "module.py"
    module.parent.mkdir()
    module.touch()
    assert capture.commit_of(module) is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    commit = capture.commit_of(module)
    assert commit
    assert (len(commit), commit[-1] != "+") == (40, True)
    (tmp_path / "result.json").touch()
    assert capture.commit_of(module) == commit
    (tmp_path / "new.py").touch()
    assert capture.commit_of(module) == f"{commit}+"
    assert capture.commit_of(tmp_path / "new.py") is None
    (tmp_path / "new.py").unlink()
    module.write_text("x = 1\n")
    assert capture.commit_of(module) == f"{commit}+"


def test_the_environment_of_another_interpreter_is_what_it_has(tmp_path: Path) -> None:
    """One that does not answer is named."""
    other = tmp_path / "python"
    other.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    other.chmod(0o755)
    assert capture.environment_of(str(other)).python == capture.capture_environment().python
    with pytest.raises(TrackerError, match="nothing/python"):
        capture.environment_of("nothing/python")


def test_every_installed_distribution_is_noted() -> None:
    """By the name and version that the standard library finds."""
    found = {dist.metadata["Name"]: dist.version for dist in reversed(list(distributions()))}
    capture._distributions.cache_clear()
    assert capture.capture_environment().distributions == found


def test_a_distribution_in_an_archive_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as an application in one file brings."""
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("packed-1.5.dist-info/METADATA", "Name: packed\nVersion: 1.5\n\n")
    monkeypatch.syspath_prepend(str(tmp_path / "packed.zip"))
    capture._distributions.cache_clear()
    assert capture.capture_environment().distributions["packed"] == "1.5"
    capture._distributions.cache_clear()


def test_a_record_holds_what_its_events_say(run: Run) -> None:
    """Nothing is noted twice."""
    with run:
        run.log_params({"a": 1})
        run.set_tags({"b": "c"})
        run.add_note("d")
    kinds = [type(event).__name__ for event in unfold(run.record())]
    assert len(kinds) == len(set(kinds))


def test_importing_taximeter_imports_nothing_heavy() -> None:
    """Neither a vendor nor pandas, so that training starts at once."""
    script = "import sys, taximeter; print(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {"numpy", "pandas", "sklearn", "rich", "typer", "matplotlib", "pyarrow"} & set(output.split())


def test_a_start_does_without_the_slow_way_to_what_is_installed() -> None:
    """The import of ``importlib.metadata`` takes longer than all else that a run begins with."""
    script = "import sys, taximeter; taximeter.start_run().finish(); print('importlib.metadata' in sys.modules)"
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output == "False\n"


def test_every_public_name_exists() -> None:
    """What `__all__` promises is there."""
    assert all(hasattr(taximeter, name) for name in taximeter.__all__)


@pytest.mark.parametrize("field", [{"role": "val"}, {"rows": 3.5}, {"sha256": None}, {"columns": {"a": 1}}])
def test_a_dataset_that_could_not_be_read_back_is_refused(run: Run, field: dict[str, Any]) -> None:
    """Nothing is acknowledged that the journal cannot give back."""
    fields: dict[str, Any] = {
        "name": "d",
        "role": "train",
        "source": "s",
        "sha256": "0",
        "rows": 3,
        "columns": {},
    } | field
    with run, pytest.raises(InputError, match="cannot be logged"):
        run.log_dataset(Dataset(**fields))
    assert run.record().datasets == ()


def test_a_run_ends_with_a_status_that_exists(run: Run) -> None:
    """The message lists them."""
    with pytest.raises(InputError, match="finished, failed or killed"):
        run.finish("success")  # type: ignore[arg-type]
    run.finish("failed")
    assert run.record().status == "failed"


@pytest.mark.parametrize("value", [np.int64(2**53 + 1), Fraction(1, 3), Decimal("0.1")])
def test_a_number_that_would_be_rounded_is_refused(run: Run, value: Any) -> None:
    """Whatever its type."""
    with run, pytest.raises(InputError, match="float64"):
        run.log_metrics({"a": value})


def test_waiting_for_a_run_that_has_not_ended_is_refused(run: Run) -> None:
    """It would never return."""
    with pytest.raises(InputError, match="finish the run"):
        run.wait()
