"""What is special to MLflow: its own view of a run, its other kinds of stores, its limits and its traps."""

import json
import math
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier
from tracker_cases import BEGAN, digests

from taximeter import start_run
from taximeter.contents import write_model
from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.errors import InputError, TrackerError
from taximeter.events import (
    ArtifactLogged,
    DatasetLogged,
    Event,
    Finished,
    MetricsLogged,
    ModelLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    Started,
    TagsSet,
)
from taximeter.files import describe_file
from taximeter.record import Dataset, Model, RunRecord, Source
from taximeter.requirements import install_steps
from taximeter.testing import StagedRun, record_run
from taximeter.testing.recording import stage
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter.tracker import RunWriter
from taximeter_mlflow import MlflowTracker
from taximeter_mlflow.location import Location
from taximeter_mlflow.names import escape_key
from taximeter_mlflow.quiet import quieten
from taximeter_mlflow.serving import serving


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the location of a database that the tests of this module share."""
    return MlflowTracker.location_in(tmp_path_factory.mktemp("mlflow"))


@pytest.fixture
def tracker(location: str) -> MlflowTracker:
    """Return the shared store."""
    return MlflowTracker(location)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database that has MLflow's tables and nothing else: its migrations take a second."""
    location = MlflowTracker.location_in(tmp_path_factory.mktemp("empty"))
    client(MlflowTracker(location))
    return Location.parse(location).path


@pytest.fixture
def in_database(empty: Path, tmp_path: Path) -> MlflowTracker:
    """Return a database of its own, in the folder `store`."""
    (tmp_path / "store").mkdir()
    shutil.copyfile(empty, tmp_path / "store" / "mlflow.db")
    return MlflowTracker(MlflowTracker.location_in(tmp_path / "store"))


@pytest.fixture(params=["sqlite", "folder"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> MlflowTracker:
    """Return a store of its own, of both kinds, in the folder `store`."""
    if request.param == "folder":
        return MlflowTracker(str(tmp_path / "store" / "mlruns"))
    made: MlflowTracker = request.getfixturevalue("in_database")
    return made


def staged(*events: Event, contents: tuple[bytes, ...] = (), parent: str | None = None) -> StagedRun:
    """Return a finished run with these events."""
    started = Started(uuid4().hex, "taxi", "a run", BEGAN, parent, "Distance explains it.")
    return StagedRun((started, *events, Finished("finished", BEGAN + 5_000_000)), contents)


def client(tracker: MlflowTracker) -> Any:
    """Return MLflow's own client of the store."""
    quieten()
    from mlflow import MlflowClient  # noqa: PLC0415 - only some tests meet the vendor

    return MlflowClient(tracking_uri=Location.parse(tracker.location).uri)


def vendor_id(tracker: MlflowTracker, run_id: str) -> str:
    """Return MLflow's id of a run."""
    return next(run.vendor_id for run in tracker.list_runs() if run.run_id == run_id)


def database(tracker: MlflowTracker) -> Path:
    """Return the file of a store in a database."""
    return Location.parse(tracker.location).path


def model_run(folder: Path) -> StagedRun:
    """Return a run that logs a model of scikit-learn."""
    import numpy as np  # noqa: PLC0415 - only some tests need it
    from sklearn.linear_model import Lasso  # noqa: PLC0415

    inputs = np.asarray([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0]])
    folder.mkdir()
    model = write_model(Lasso(alpha=0.01).fit(inputs, [1.0, 2.0, 3.0]), folder, inputs)
    files = sorted(folder.iterdir())
    events = [ArtifactLogged(f"models/lasso/{file.name}", describe_file(file, file.name)) for file in files]
    return staged(*events, ModelLogged("models/lasso", model), contents=tuple(file.read_bytes() for file in files))


def test_mlflows_own_client_finds_the_run(tracker: MlflowTracker, tmp_path: Path) -> None:
    """Params, the points of a metric, tags, status, times, name and description are where MLflow's users look."""
    run = staged(
        ParamsLogged({"alpha": 0.1, "layers": [1, 2], "none": None}),
        MetricsLogged({"val/rmse": 9.5}, 0, BEGAN + 1000),
        MetricsLogged({"val/rmse": math.inf, "nan": math.nan}, 1, BEGAN + 2000),
        TagsSet({"team": "taxi"}),
        NoteAdded("It does."),
    )
    record = record_run(tracker, run, tmp_path)
    found = client(tracker).get_run(vendor_id(tracker, record.run_id))
    assert found.data.params == {"alpha": "0.1", "layers": "[1, 2]", "none": "None"}
    history = client(tracker).get_metric_history(found.info.run_id, "val/rmse")
    assert [(point.value, point.step, point.timestamp) for point in history] == [
        (9.5, 0, (BEGAN + 1000) // 1000),
        (1.7976931348623157e308, 1, (BEGAN + 2000) // 1000),
    ]
    assert math.isnan(found.data.metrics["nan"])
    assert found.data.tags["team"] == "taxi"
    assert found.data.tags["mlflow.note.content"] == "**Hypothesis:** Distance explains it.\n\n---\n\nIt does."
    assert (found.info.run_name, found.info.status) == ("a run", "FINISHED")
    assert (found.info.start_time, found.info.end_time) == (BEGAN // 1000, BEGAN // 1000 + 5000)


def test_the_native_view_is_without_the_exact_record(tracker: MlflowTracker, tmp_path: Path) -> None:
    """The native view has MLflow's types and milliseconds, and neither our tags nor our artifacts."""
    run = staged(
        ParamsLogged({"alpha": 0.1}),
        TagsSet({"team": "taxi", "mlflow.user": "ada", "mlflow.runName": "mine"}),
        NoteAdded("It does."),
        SourceCaptured(Source("train.py", ("train.py", "-v"), "c0ffee", "main", "diff")),
        logged("plot.png", b"png"),
        contents=(b"png",),
    )
    record = record_run(tracker, run, tmp_path)
    native = tracker.read_native(record.run_id)
    assert native.params == {"alpha": "0.1"}
    assert native.tags == {"team": "taxi", "mlflow.user": "ada", "_x006D_lflow.runName": "mine"}
    assert list(native.artifacts) == ["plot.png"]
    assert (native.started, native.ended) == (BEGAN // 1000 * 1000, (BEGAN + 5_000_000) // 1000 * 1000)
    assert (native.hypothesis, native.notes) == (record.hypothesis, record.notes)
    assert native.source == record.source
    assert native.environment is None


def test_points_keep_the_order_in_which_they_were_logged(fresh: MlflowTracker, tmp_path: Path) -> None:
    """Steps and times that go back stay where they are; a database holds equal points once, a folder twice."""
    places = [(5, 2000), (1, 1000), (1, 1000), (9, 3000)]
    run = staged(*(MetricsLogged({"m": 0.5}, step, BEGAN + offset) for step, offset in places))
    record = record_run(fresh, run, tmp_path)
    steps = [point.step for point in fresh.read_native(record.run_id).metrics["m"]]
    assert steps == ([5, 1, 9] if fresh.location.startswith("sqlite") else [5, 1, 1, 9])


def test_a_database_holds_the_rows_that_mlflow_would_put_there(in_database: MlflowTracker, tmp_path: Path) -> None:
    """Points that come again, go back or are no numbers, and which of them are noted as the latest."""
    nan, inf = math.nan, math.inf
    values = [("a", 0.5, 3), ("a", 0.5, 3), ("a", 0.25, 3), ("b", nan, 1), ("b", 0.0, 1), ("b", -inf, -7)]
    values += [("a", inf, 2), ("c", 0.0, 0), ("c", nan, 0), ("b", 1e-300, 1), ("b", 0.0, 1), ("c", -0.0, 0)]
    events = [MetricsLogged({key: value}, step, BEGAN) for key, value, step in values]
    run = staged(*events[:6], NoteAdded("What follows is another transaction."), *events[6:])
    ours = vendor_id(in_database, record_run(in_database, run, tmp_path).run_id)
    mlflow = client(in_database)
    from mlflow.entities import Metric  # noqa: PLC0415 - only some tests meet the vendor

    theirs = mlflow.create_run("0").info.run_id
    for key, value, step in values:
        mlflow.log_batch(theirs, [Metric(key, value, BEGAN // 1000, step)], synchronous=True)

    def rows(table: str, run_id: str) -> list[tuple[Any, ...]]:
        query = f"SELECT key, value, timestamp, step, is_nan FROM {table} WHERE run_uuid = ? ORDER BY rowid"  # noqa: S608
        with closing(sqlite3.connect(database(in_database))) as opened:
            return opened.execute(query, (run_id,)).fetchall()

    for table in ("metrics", "latest_metrics"):
        assert rows(table, ours)
        assert rows(table, ours) == rows(table, theirs)


def test_a_courier_does_without_pandas_until_there_is_a_table_or_a_model(empty: Path, tmp_path: Path) -> None:
    """They are then kept as ever."""
    import pandas as pd  # noqa: PLC0415 - only some tests need it
    from sklearn.linear_model import Ridge  # noqa: PLC0415

    from taximeter_mlflow.tables import table_of, table_path  # noqa: PLC0415

    shutil.copyfile(empty, tmp_path / "mlflow.db")
    run = start_run(trackers=["mlflow"], folder=tmp_path, home=tmp_path / "home", wait_seconds=None)
    run.log_metrics({"m": 0.5}, step=0)
    store = MlflowTracker(MlflowTracker.location_in(tmp_path))
    _await(lambda: any(store.read_native(found.run_id).metrics for found in store.list_runs()))
    (lock,) = tmp_path.glob("home/*/*/lock")
    mapped = Path("/proc", lock.read_text(), "maps").read_text()
    assert "/sqlalchemy/" in mapped
    assert not any(f"/{package}/" in mapped for package in ("pandas", "pyarrow", "scipy"))
    times = pd.to_datetime(pd.Series(["2025-01-01", None]))
    frame = pd.DataFrame({"text": ["ä", None], "time": times, "rank": pd.array([1, None], "Int64"), "m": 0.1})
    for ending in ("csv", "parquet"):
        category, arrow = frame["text"].astype("category"), frame["m"].astype("double[pyarrow]")
        run.log_table(frame.assign(category=category, arrow=arrow), f"rows.{ending}")
    run.log_model(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), "ridge", input_example=pd.DataFrame({"x": [0.5]}))
    run.finish()
    assert [receipt.state for receipt in run.wait().values()] == ["verified"]
    assert store.read_native(run.id).models["ridge"].signature["inputs"][0]["name"] == "x"
    artifacts = {name: each for name, each in store.read(run.id).artifacts.items() if name.startswith("rows")}
    for name, artifact in artifacts.items():
        (kept,) = tmp_path.glob(f"mlruns/**/artifacts/{name}")
        with store.open_artifact(run.id, table_path(name)) as table:
            assert table.read().decode() == table_of(kept, artifact.media_type)
    assert sorted(artifacts) == ["rows.csv", "rows.parquet"]


def test_a_child_run_is_nested_under_its_parent(tracker: MlflowTracker, tmp_path: Path) -> None:
    """MLflow's tag for the parent holds MLflow's id of it, and is read back as ours."""
    parent = record_run(tracker, staged(), tmp_path)
    child = record_run(tracker, staged(parent=parent.run_id), tmp_path)
    tags = client(tracker).get_run(vendor_id(tracker, child.run_id)).data.tags
    assert tags["mlflow.parentRunId"] == vendor_id(tracker, parent.run_id)
    assert tracker.read_native(child.run_id).parent_id == parent.run_id


def test_a_parent_that_comes_later_is_found_in_the_end(tracker: MlflowTracker, tmp_path: Path) -> None:
    """A child that was begun before its parent came into the store is nested when it finishes."""
    parent, child = staged(), None
    run = staged(parent=parent.record.run_id)
    started = run.events[0]
    assert isinstance(started, Started)
    writer = Dispatcher(tracker, started, tmp_path)
    record_run(tracker, parent, tmp_path)
    writer.finish(run.record)
    child = tracker.read_native(run.record.run_id)
    assert child.parent_id == parent.record.run_id
    tags = client(tracker).get_run(vendor_id(tracker, child.run_id)).data.tags
    assert tags["mlflow.parentRunId"] == vendor_id(tracker, parent.record.run_id)


def test_a_dataset_is_an_input_of_the_run(tracker: MlflowTracker, tmp_path: Path) -> None:
    """Name, role, source, columns and counts are in MLflow's fields; the native view has all of it."""
    dataset = Dataset(
        name="green",
        role="validation",
        source="https://example.org/green.parquet",
        sha256="ab" * 32,
        rows=7,
        columns={"distance": "double", "zone": "int32"},
        statistics={"distance": {"mean": 2.5, "max": math.inf}},
    )
    record = record_run(tracker, staged(DatasetLogged(dataset)), tmp_path)
    (used,) = client(tracker).get_run(vendor_id(tracker, record.run_id)).inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.source_type) == ("green", "http")
    assert used.dataset.digest == ("ab" * 32)[:36]
    assert {tag.key: tag.value for tag in used.tags} == {"mlflow.data.context": "validation"}
    assert [column["type"] for column in json.loads(used.dataset.schema)["mlflow_colspec"]] == [
        "double",
        "integer",
    ]
    assert json.loads(used.dataset.profile)["num_elements"] == 14
    assert tracker.read_native(record.run_id).datasets == (dataset,)


def test_runs_that_begin_at_once_share_their_dataset(fresh: MlflowTracker) -> None:
    """Each looks whether the experiment has it before any has added it."""
    begun = [Started(uuid4().hex, "taxi", "a run", BEGAN) for _ in range(8)]
    writers = [fresh.open_run(started) for started in begun]
    together = Barrier(len(writers))
    datasets = tuple(Dataset("green", "train", "green.parquet", str(part) * 64, 1, {}) for part in range(5))

    def log(writer: RunWriter) -> None:
        for dataset in datasets:
            together.wait(30)
            writer.log_dataset(dataset)

    with ThreadPoolExecutor(len(writers)) as pool:
        list(pool.map(log, writers))
    for writer, started in zip(writers, begun, strict=True):
        writer.close()
        assert fresh.read_native(started.run_id).datasets == datasets


def test_a_table_is_loaded_by_mlflow(
    tracker: MlflowTracker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A table is there in the form of MLflow's `log_table` too; a file that only looks like one is an artifact."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracker.location)  # a client's `load_table` looks nowhere else
    table, broken = b"zone,error\nAstoria,1.5\nHarlem,\n", b"\xff\xfe\x00"
    run = staged(logged("by zone.csv", table), logged("broken.parquet", broken), contents=(table, broken))
    record = record_run(tracker, run, tmp_path)
    run_id = vendor_id(tracker, record.run_id)
    experiment = client(tracker).get_run(run_id).info.experiment_id
    frame = client(tracker).load_table(experiment, "taximeter/tables/by zone.csv.json", [run_id])
    assert frame["zone"].tolist() == ["Astoria", "Harlem"]
    assert diff(tracker.read(record.run_id), record) == []
    assert sorted(tracker.read_native(record.run_id).artifacts) == ["broken.parquet", "by zone.csv"]


def test_a_model_of_scikit_learn_is_a_logged_model(fresh: MlflowTracker, tmp_path: Path) -> None:
    """MLflow's flavour loads it, the run lists it, and it is there once however often the run is written."""
    import mlflow.sklearn  # noqa: PLC0415 - only some tests meet the vendor

    run = model_run(tmp_path / "model")
    for _ in range(2):
        record_run(fresh, run, tmp_path)
    record = run.record
    assert diff(fresh.read(record.run_id), record) == []
    found = client(fresh).get_run(vendor_id(fresh, record.run_id))
    (output,) = found.outputs.model_outputs
    (model,) = client(fresh).search_logged_models([found.info.experiment_id])
    assert (model.model_id, model.name, str(model.status)) == (output.model_id, "models-lasso", "READY")
    loaded = mlflow.sklearn.load_model(model.artifact_location)
    assert loaded.alpha == 0.01
    native = fresh.read_native(record.run_id)
    assert native.models["models/lasso"].flavour == "sklearn"
    assert native.models["models/lasso"].input_example == "input_example.json"
    assert list(native.models["models/lasso"].signature) == ["inputs", "outputs"]
    assert native.artifacts == record.artifacts


def test_a_model_with_foreign_types_is_not_loaded(tracker: MlflowTracker, tmp_path: Path) -> None:
    """A file of skops that names types beyond scikit-learn, numpy and scipy is kept as files."""
    import skops.io  # noqa: PLC0415 - only some tests need it

    class Sly:
        def __init__(self) -> None:
            self.loaded = True

    skops.io.dump(Sly(), tmp_path / "sly.skops")
    content = (tmp_path / "sly.skops").read_bytes()
    kept = ModelLogged("sly", Model("sklearn"))
    record = record_run(tracker, staged(logged("sly/model.skops", content), kept, contents=(content,)), tmp_path)
    (model,) = client(tracker).search_logged_models(
        [client(tracker).get_run(vendor_id(tracker, record.run_id)).info.experiment_id],
        filter_string="name = 'sly'",
    )
    assert [file.path for file in client(tracker).list_logged_model_artifacts(model.model_id)] == ["model.skops"]
    assert tracker.read_native(record.run_id).models == {"sly": Model("sklearn")}


@settings(deadline=None)  # the first example imports MLflow
@given(st.text())
def test_every_name_has_a_key_that_mlflow_takes(name: str) -> None:
    """A key passes MLflow's own check, and stays itself if it passed before."""
    quieten()
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - only some tests meet the vendor
    from mlflow.utils.validation import _validate_length_limit, _validate_param_name  # noqa: PLC0415

    key = escape_key(name)
    _validate_param_name(key)  # type: ignore[no-untyped-call]
    _validate_length_limit("key", 250, key)  # type: ignore[no-untyped-call]
    try:
        _validate_param_name(name)  # type: ignore[no-untyped-call]
    except MlflowException:
        assert key != name


@given(st.lists(st.text("a_x0FD8./=\n🚕", max_size=12), unique=True, max_size=20))
def test_different_names_have_different_keys(names: list[str]) -> None:
    """No two names share a key, not even one that looks like an escaped one."""
    assert len(set(map(escape_key, names))) == len(names)


def test_long_names_and_values_are_cut_and_say_so(tracker: MlflowTracker, tmp_path: Path) -> None:
    """What MLflow has no room for ends in its length natively, and is whole in the record."""
    started = Started(uuid4().hex, "x" * 700, "n" * 300, BEGAN)
    events: tuple[Event, ...] = (
        started,
        ParamsLogged({"p" * 300: 1, "p" * 301: 2, "long": "v" * 10_000, "huge": 10**5000}),
        TagsSet({"long": "t" * 10_000}),
        *(NoteAdded("word " * 1000) for _ in range(3)),
        Finished("failed", 0),
    )
    record = record_run(tracker, StagedRun(events), tmp_path)
    assert diff(tracker.read(record.run_id), record) == []
    native = tracker.read_native(record.run_id)
    assert sorted(map(len, native.params)) == [4, 4, 250, 250]
    assert native.params["long"].endswith("v… [10000 characters]")
    assert native.tags["long"].endswith("t… [10000 characters]")
    assert len(native.tags["long"]) == 8000
    assert native.params["huge"].startswith('{"$int":"0x')
    assert (len(native.experiment), len(native.name), native.status) == (500, 250, "failed")


def test_a_run_is_continued_in_another_order(fresh: MlflowTracker, tmp_path: Path) -> None:
    """Several processes logged it, and what was read of them first is now read last; one point is torn."""
    run = staged(
        ParamsLogged({"seed": 1}), *(MetricsLogged({"m": 0.5 * step}, step, BEGAN + step) for step in range(6))
    )
    started, _, *points, _ = run.events
    assert isinstance(started, Started)
    earlier = Dispatcher(fresh, started, tmp_path)
    earlier.write([ParamsLogged({"seed": 2}), *points[3:5]])
    earlier.close()
    for file in tmp_path.glob("store/mlruns/*/*/metrics/m"):
        with file.open("ab") as stream:
            stream.write(b"17600000001 0.")
    record = record_run(fresh, run, tmp_path)
    native = fresh.read_native(record.run_id)
    assert sorted(native.metrics["m"].steps) == list(range(6))
    assert native.params == {"seed": "2"}
    assert diff(fresh.read(record.run_id), record) == []


def test_a_link_in_a_run_leads_nowhere(tmp_path: Path) -> None:
    """Nor do bytes that are no text end the listing."""
    tracker = MlflowTracker(str(tmp_path / "store" / "mlruns"))
    record = record_run(tracker, staged(), tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("a password")
    (tags,) = Path(tracker.location).glob("*/*/tags")
    for name, content in (("taximeter.run_id", None), ("mlflow.runName", b"\xff")):
        (tags / name).unlink()
        (tags / name).write_bytes(content) if content else (tags / name).symlink_to(secret)
    (found,) = MlflowTracker(tracker.location).list_runs()
    assert "password" not in found.run_id
    assert found.run_id != record.run_id


def test_a_torn_run_is_continued(fresh: MlflowTracker, tmp_path: Path) -> None:
    """A run that a dead courier left, written again from its first event, has every fact once."""
    run = staged(
        ParamsLogged({"alpha": 0.1, "a/b": 1, "a": 2}),
        *(MetricsLogged({"m": 0.5 * step}, step, BEGAN + step) for step in range(20)),
        DatasetLogged(Dataset("d", "train", "d.csv", "00" * 32, 1, {})),
        logged("a.txt", b"a"),
        contents=(b"a",),
    )
    started = run.events[0]
    assert isinstance(started, Started)
    stage(run.contents, tmp_path)
    Dispatcher(fresh, started, tmp_path).write(run.events[:15])
    assert [found.status for found in fresh.list_runs()] == ["running"]
    record = record_run(fresh, run, tmp_path)
    native = fresh.read_native(record.run_id)
    assert diff(fresh.read(record.run_id), record) == []
    assert [point.step for point in native.metrics["m"]] == list(range(20))
    assert len(native.datasets) == 1
    assert [found.status for found in fresh.list_runs()] == ["finished"]


def test_the_file_store_takes_names_that_are_folders_of_others(tmp_path: Path) -> None:
    """A key that would be a file where another needs a folder gets a key of its own; MLflow reads both."""
    tracker = MlflowTracker(str(tmp_path / "mlruns"))
    started = Started(uuid4().hex, "it's", "run", BEGAN)
    events = (started, ParamsLogged({"a": 1, "a/b": 2, "c/d": 3, "c": 4}), Finished("finished", BEGAN))
    record = record_run(tracker, StagedRun(events), tmp_path / "blobs")
    params = client(tracker).get_run(vendor_id(tracker, record.run_id)).data.params
    assert params == {"a": "1", "a_x002F_b_xD802_": "2", "c/d": "3", "c_xD802_": "4"}
    assert tracker.read_native(record.run_id).params == params


def test_artifacts_that_no_folder_can_hold_are_kept_anyway(tracker: MlflowTracker, tmp_path: Path) -> None:
    """A file called like another's folder, and a name too long for a file system, are in the exact record."""
    names = ["x/y.txt", "x", "n" * 250, "p/" * 900 + "q"]
    run = staged(*(logged(name, name.encode()) for name in names), contents=tuple(map(str.encode, names)))
    record = record_run(tracker, run, tmp_path)
    assert diff(tracker.read(record.run_id), record) == []
    assert list(tracker.read_native(record.run_id).artifacts) == ["x/y.txt"]


_PROCESSES = """
import multiprocessing
import sys
from pathlib import Path
from taximeter.diff import diff
from taximeter.events import Finished, MetricsLogged, Started
from taximeter.testing import StagedRun, record_run
from taximeter_mlflow import MlflowTracker
from taximeter_mlflow.quiet import quieten
quieten()
import taximeter_mlflow.writer  # once, for all of them

def work(location, place):
    points = [MetricsLogged({"m": float(step)}, step, step * 1000) for step in range(20)]
    run = StagedRun((Started(f"run-{place}", "taxi", "a", 5), *points, Finished("finished", 9)))
    tracker = MlflowTracker(location)
    assert diff(record_run(tracker, run, Path(sys.argv[1], str(place))), tracker.read(f"run-{place}")) == []

context = multiprocessing.get_context("fork")
for location in sys.argv[2:]:
    processes = [context.Process(target=work, args=(location, place)) for place in range(8)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 8
"""


def test_eight_processes_begin_a_fresh_store_at_once(tmp_path: Path) -> None:
    """The database and the experiment are made once, and every run is there, in a database and in a folder."""
    locations = [MlflowTracker.location_in(tmp_path / "store"), str(tmp_path / "mlruns")]
    command = [sys.executable, "-c", _PROCESSES, str(tmp_path / "blobs"), *locations]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for where in locations:
        runs = list(MlflowTracker(where).list_runs())
        assert sorted(run.run_id for run in runs) == [f"run-{place}" for place in range(8)]
        assert len(client(MlflowTracker(where)).search_experiments()) == 2  # MLflow's own one, and this


def test_reading_needs_no_mlflow_and_changes_nothing(fresh: MlflowTracker, tmp_path: Path) -> None:
    """Every read leaves every byte and time of the store as it was, and does not import MLflow."""
    record = record_run(fresh, staged(logged("a.txt", b"a"), contents=(b"a",)), tmp_path / "blobs")
    before = digests(tmp_path / "store")
    code = (
        "import sys; from taximeter_mlflow import MlflowTracker; t = MlflowTracker(sys.argv[1])\n"
        "t.read(sys.argv[2]), t.read_native(sys.argv[2]), list(t.list_runs()), list(t.files())\n"
        "sys.exit('mlflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, fresh.location, record.run_id], check=True)
    assert digests(tmp_path / "store") == before


def test_a_store_is_recognised_by_its_content(fresh: MlflowTracker, tmp_path: Path) -> None:
    """A database with MLflow's tables and a folder of experiments are recognised, whatever they are called."""
    record = record_run(fresh, staged(), tmp_path / "blobs")
    path = Location.parse(fresh.location).path
    moved = path.rename(tmp_path / "anything")
    assert MlflowTracker.recognises(moved)
    assert [run.run_id for run in MlflowTracker(str(moved)).list_runs()] == [record.run_id]
    assert not MlflowTracker.recognises(tmp_path / "blobs")
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE runs (id)")
    other.close()
    (tmp_path / "torn.db").write_bytes(b"SQLite format 3\0" + b"\xff" * 50)
    assert not any(map(MlflowTracker.recognises, (tmp_path / "other.db", tmp_path / "torn.db", tmp_path)))


def test_a_store_that_was_moved_has_its_artifacts(fresh: MlflowTracker, tmp_path: Path) -> None:
    """The URIs in a store name the place where it was; what is read lies where it is."""
    record = record_run(fresh, staged(logged("a.txt", b"a"), contents=(b"a",)), tmp_path / "blobs")
    (tmp_path / "store").rename(tmp_path / "moved")
    place = fresh.location.replace("/store/", "/moved/")
    assert diff(MlflowTracker(place).read(record.run_id), record) == []
    shutil.copytree(tmp_path / "moved", tmp_path / "store")
    (file,) = (tmp_path / "store").rglob("a.txt")
    file.write_bytes(b"old")
    assert diff(MlflowTracker(place).read(record.run_id), record) == []


def test_nothing_outside_the_store_is_read(in_database: MlflowTracker, tmp_path: Path) -> None:
    """Neither an artifact URI nor a link leads to files that are not the store's."""
    tracker = in_database
    record = record_run(tracker, staged(logged("a.txt", b"a"), contents=(b"a",)), tmp_path / "blobs")
    (tmp_path / "secret").write_text("secret")
    (folder,) = (tmp_path / "store").rglob("artifacts")
    (folder / "link").symlink_to(tmp_path / "secret")
    assert list(tracker.read_native(record.run_id).artifacts) == ["a.txt"]
    for path in ("link", "../../../../secret", str(tmp_path / "secret")):
        with pytest.raises(FileNotFoundError):
            tracker.open_artifact(record.run_id, path)
    with sqlite3.connect(database(tracker)) as tables:
        tables.execute("UPDATE runs SET artifact_uri = ?", (str(tmp_path),))
    tables.close()
    assert tracker.read_native(record.run_id).artifacts == {}


_INTERRUPTED = """
import os, sqlite3, sys
tables = sqlite3.connect(sys.argv[1], isolation_level=None)
tables.execute("PRAGMA cache_size = 1")
tables.execute("BEGIN")
tables.execute("UPDATE params SET value = 'torn'")
tables.execute("CREATE TABLE torn AS SELECT randomblob(100000) AS noise FROM experiments")
os._exit(0)
"""


def test_a_database_that_a_crash_left_is_read_as_it_was_before(in_database: MlflowTracker, tmp_path: Path) -> None:
    """SQLite would repair the file when it opens it; a copy is repaired instead, and the file stays torn."""
    tracker = in_database
    record = record_run(tracker, staged(ParamsLogged({"a": 1})), tmp_path / "blobs")
    subprocess.run([sys.executable, "-c", _INTERRUPTED, str(database(tracker))], check=True)
    before = digests(tmp_path / "store")
    assert any(name.endswith("-journal") for name in before)
    assert tracker.read_native(record.run_id).params == {"a": "1"}
    assert diff(tracker.read(record.run_id), record) == []
    assert digests(tmp_path / "store") == before


def test_a_write_ahead_log_is_read_and_left_alone(in_database: MlflowTracker, tmp_path: Path) -> None:
    """A database whose owner switched to a log is read with what is in the log only."""
    tracker = in_database
    record = record_run(tracker, staged(ParamsLogged({"a": 1})), tmp_path / "blobs")
    with sqlite3.connect(database(tracker)) as tables:
        tables.execute("PRAGMA journal_mode = WAL")
        tables.execute("UPDATE params SET value = '2'")
        tables.commit()
        before = digests(tmp_path / "store")
        assert tracker.read_native(record.run_id).params == {"a": "2"}
        assert digests(tmp_path / "store") == before
    tables.close()


def test_an_older_database_is_read_and_never_migrated(tmp_path: Path) -> None:
    """A database with the tables of MLflow 1 is read as it is; a run is not begun in it."""
    older = tmp_path / "store" / "mlflow.db"
    older.parent.mkdir()
    _make_older(older)
    before = digests(tmp_path / "store")
    tracker = MlflowTracker(str(older))
    (run,) = tracker.list_runs()
    assert (run.name, run.experiment, run.status) == ("old run", "old", "finished")
    native = tracker.read_native(run.run_id)
    assert native.params == {"alpha": "1"}
    assert [tuple(point) for point in native.metrics["m"]] == [(0.5, 3, 7000)]
    assert native.notes == ("from long ago",)
    assert native.datasets == ()
    with pytest.raises(TrackerError, match="mlflow db upgrade"):
        tracker.open_run(Started("new", "old", "new", BEGAN))
    after = digests(tmp_path / "store")
    assert {name: after[name] for name in before} == before


def _make_older(file: Path) -> None:
    """Make a database with the tables as they were in MLflow 1.30, by MLflow's own migrations."""
    quieten()
    from alembic import command  # noqa: PLC0415 - only this test meets it
    from mlflow.store.db.utils import _get_alembic_config  # noqa: PLC0415
    from mlflow.store.tracking.dbmodels.initial_models import Base  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415

    engine = create_engine(f"sqlite:///{file}")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        config = _get_alembic_config(str(engine.url))  # type: ignore[no-untyped-call]
        config.attributes["connection"] = connection
        command.upgrade(config, "97727af70f4d")
    engine.dispose()
    with sqlite3.connect(file) as tables:
        tables.executescript(
            "INSERT INTO experiments (experiment_id, name, lifecycle_stage) VALUES (1, 'old', 'active');"
            "INSERT INTO runs (run_uuid, name, status, start_time, end_time, lifecycle_stage, experiment_id)"
            " VALUES ('ab12', '', 'FINISHED', 5, 9, 'active', 1);"
            "INSERT INTO params (key, value, run_uuid) VALUES ('alpha', '1', 'ab12');"
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
            " VALUES ('m', 0.5, 7, 'ab12', 3, 0);"
            "INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', 'old run', 'ab12');"
            "INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.note.content', 'from long ago', 'ab12');"
        )
    tables.close()


def test_runs_of_others_are_listed_and_read(fresh: MlflowTracker, tmp_path: Path) -> None:
    """A run that MLflow's users logged is read with its model's files, under MLflow's id; a deleted one is not."""
    record_run(fresh, staged(), tmp_path / "blobs")
    own = client(fresh)
    experiment = own.get_experiment_by_name("taxi").experiment_id
    run = own.create_run(experiment, start_time=7, tags={"mlflow.user": "ada", "k": "v"}, run_name="theirs")
    run_id = run.info.run_id
    own.log_param(run_id, "_x003D_", "kept as it is")
    own.log_metric(run_id, "m", 0.5, timestamp=8, step=-1)
    own.log_metric(run_id, "nanoseconds", 0.5, timestamp=BEGAN * 1000)
    own.log_text(run_id, "hello", "notes/a.txt")
    own.set_tag(run_id, "mlflow.note.content", "one\n\n---\n\ntwo")
    model = own.create_logged_model(experiment, name="theirs", source_run_id=run_id)
    (tmp_path / "MLmodel").write_text("flavors: {python_function: {}, xgboost: {}}\n")
    own.log_model_artifact(model.model_id, str(tmp_path / "MLmodel"))
    deleted = own.create_run(experiment)
    own.delete_run(deleted.info.run_id)
    (listed,) = (found for found in fresh.list_runs() if found.name == "theirs")
    assert (listed.run_id, listed.vendor_id, listed.status, listed.started) == (run_id, run_id, "running", 7000)
    found = fresh.read(run_id)
    assert (found.params, found.tags) == ({"_x003D_": "kept as it is"}, {"mlflow.user": "ada", "k": "v"})
    assert [tuple(point) for point in found.metrics["m"]] == [(0.5, -1, 8000)]
    assert found.metrics["nanoseconds"][0].time == 2**63 - 1
    assert found.notes == ("one\n\n---\n\ntwo",)
    assert list(found.artifacts) == ["notes/a.txt", "theirs/MLmodel"]
    assert found.models == {"theirs": Model("xgboost")}
    with fresh.open_artifact(run_id, "theirs/MLmodel") as stream:
        assert stream.read().startswith(b"flavors")
    with pytest.raises(InputError, match="holds no run"):
        fresh.read(deleted.info.run_id)


def test_a_run_copied_into_the_store_it_came_from_is_a_run_of_its_own(
    tracker: MlflowTracker, tmp_path: Path
) -> None:
    """Our id of a copy is MLflow's id of the original, and the original stays untouched."""
    own = client(tracker)
    original = own.create_run("0", start_time=7, run_name="original")
    events = (Started(original.info.run_id, "taxi", "copy", 9), Finished("finished", 10))
    for _ in range(2):
        record_run(tracker, StagedRun(events), tmp_path)
    runs = [run for run in tracker.list_runs() if original.info.run_id in {run.run_id, run.vendor_id}]
    assert sorted(run.name for run in runs) == ["copy", "original"]
    assert own.get_run(original.info.run_id).info.status == "RUNNING"


def test_a_deleted_experiment_is_not_revived(tracker: MlflowTracker, tmp_path: Path) -> None:
    """A run for an experiment that its owner deleted says how to go on."""
    started = Started(uuid4().hex, "gone", "run", BEGAN)
    record_run(tracker, StagedRun((started, Finished("finished", BEGAN))), tmp_path)
    own = client(tracker)
    own.delete_experiment(own.get_experiment_by_name("gone").experiment_id)
    with pytest.raises(TrackerError, match="mlflow experiments restore"):
        tracker.open_run(Started("another", "gone", "run", BEGAN))


def test_a_store_that_was_removed_is_made_anew(fresh: MlflowTracker, tmp_path: Path) -> None:
    """A process that had the store open does not write into what is gone."""
    for _ in range(2):
        record = record_run(fresh, staged(MetricsLogged({"m": 1.0}, 0, BEGAN)), tmp_path / "blobs")
        assert [run.run_id for run in fresh.list_runs()] == [record.run_id]
        shutil.rmtree(tmp_path / "store")


@pytest.mark.parametrize("name", ["sp ace", "a#b", "ünï 🚕", "a;b&c=d"])
def test_a_folder_may_have_any_name(name: str, empty: Path, tmp_path: Path) -> None:
    """MLflow finds the artifacts beside its database whatever the folder is called."""
    (tmp_path / name).mkdir()
    shutil.copyfile(empty, tmp_path / name / "mlflow.db")
    tracker = MlflowTracker(MlflowTracker.location_in(tmp_path / name))
    record = record_run(tracker, staged(logged("a.txt", b"a"), contents=(b"a",)), tmp_path / "blobs")
    assert diff(tracker.read(record.run_id), record) == []
    assert (tmp_path / name / "mlruns").is_dir()
    assert [file.path for file in client(tracker).list_artifacts(vendor_id(tracker, record.run_id))] == [
        "a.txt",
        "taximeter",
    ]


def test_a_relative_location_is_where_mlflow_looks(tmp_path: Path) -> None:
    """`sqlite:///mlflow.db` is in the current directory, with its artifacts beside it."""
    tracker = MlflowTracker("sqlite:///mlflow.db")
    record_run(tracker, staged(logged("a.txt", b"a"), contents=(b"a",)), tmp_path / "blobs")
    assert {path.name for path in tracker.files()} == {"mlflow.db", "mlruns"}
    assert (tmp_path / "mlflow.db").is_file()
    with pytest.raises(InputError, match="keeps nothing"):
        MlflowTracker("sqlite://")
    with pytest.raises(InputError, match="is no file store"):
        list(MlflowTracker(str(tmp_path)).list_runs())
    with pytest.raises(InputError, match="there is no MLflow database"):
        list(MlflowTracker("sqlite:///elsewhere.db").list_runs())


def test_runs_are_paged_through(tracker: MlflowTracker, tmp_path: Path) -> None:
    """A server answers a thousand runs at a time, and all of them are listed and found."""
    from taximeter_mlflow.remote import RemoteReader  # noqa: PLC0415 - it imports the vendor

    record = record_run(tracker, staged(ParamsLogged({"a": 1})), tmp_path)
    with sqlite3.connect(database(tracker)) as tables:
        query = "SELECT experiment_id FROM runs WHERE run_uuid = ?"
        (experiment,) = tables.execute(query, (vendor_id(tracker, record.run_id),)).fetchone()
        tables.executemany(
            "INSERT INTO runs (run_uuid, name, user_id, status, start_time, lifecycle_stage, experiment_id)"
            " VALUES (?, 'many', 'ada', 'FINISHED', 1, 'active', ?)",
            [(uuid4().hex, experiment) for _ in range(1100)],
        )
    tables.close()
    reader = RemoteReader(Location.parse(tracker.location))
    assert sum(run.name == "many" for run in reader.runs()) == 1100
    assert sum(run.name == "many" for run in tracker.list_runs()) == 1100
    assert reader.record(reader.find(record.run_id) or "") == tracker.read_native(record.run_id)


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def postgresql_server() -> Iterator[str]:
    """Start a PostgreSQL server of our own, return its URI, and stop it."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "install PostgreSQL's server: apt-get install postgresql"
        )
    user = "nobody" if os.geteuid() == 0 else None  # the server refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="taximeter-postgresql-"))
    if user:
        shutil.chown(folder, user)
    data, port = folder / "data", free_port()
    initdb = [str(programs[-1] / "initdb"), "-D", str(data), "-U", "ada", "--auth=trust", "--no-sync"]
    subprocess.run(initdb, user=user, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    serve = [str(programs[-1] / "postgres"), "-D", str(data), "-p", str(port), "-h", "127.0.0.1", "-k", ""]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(serve, user=user, cwd=folder, stdout=log, stderr=log)
    try:
        _await(lambda: b"ready to accept connections" in (folder / "log").read_bytes())
        yield f"postgresql://ada@127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()
        shutil.rmtree(folder)


@pytest.fixture
def postgresql(postgresql_server: str) -> str:
    """Return the URI of an empty database."""
    name = f"mlflow_{uuid4().hex}"
    with psycopg.connect(f"{postgresql_server}/postgres", autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return f"{postgresql_server}/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the database behind a tracking server."""
    if request.param == "sqlite":
        return MlflowTracker.location_in(tmp_path)
    return str(request.getfixturevalue("postgresql"))


@pytest.fixture
def server(database_uri: str, tmp_path: Path) -> Iterator[str]:
    """Start a tracking server, and stop it."""
    with serving(database_uri, tmp_path, sys.executable) as address:
        yield address


def _await(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def run_in_large_requests() -> StagedRun:
    """Return a run that does not fit into one request."""
    names = ["a.txt", "deep/=50%?.txt"]
    return staged(
        ParamsLogged({f"p{place}": "🚕" * 6000 for place in range(20)}),
        *(MetricsLogged({"m": 0.5 * step, "=": math.nan}, step, BEGAN + 1000 * step) for step in range(300)),
        TagsSet({"k": "v"}),
        DatasetLogged(Dataset("d", "train", "d.csv", "00" * 32, 1, {})),
        *(logged(name, name.encode()) for name in names),
        contents=tuple(map(str.encode, names)),
    )


def test_a_server_over_a_folder_can_be_started(tmp_path: Path) -> None:
    """It answers until the context ends, and keeps its database in the folder."""
    with MlflowTracker.serve(tmp_path, sys.executable) as address:
        assert list(MlflowTracker(address).list_runs()) == []
    assert MlflowTracker.recognises(tmp_path / "mlflow.db")


def test_a_server_that_does_not_start_is_told(tmp_path: Path) -> None:
    """With the place of its log."""
    with pytest.raises(TrackerError, match=r"server\.log"), serving("nonsense://", tmp_path, sys.executable):
        pass


def test_a_tracking_server_holds_the_run(server: str, tmp_path: Path) -> None:
    """Everything goes through HTTP in requests that are small enough."""
    tracker = MlflowTracker(server)
    record = record_run(tracker, run_in_large_requests(), tmp_path / "blobs")
    assert diff(tracker.read(record.run_id), record) == []
    native: RunRecord = tracker.read_native(record.run_id)
    assert len(native.metrics["_x003D_"]) == 300
    assert list(native.artifacts) == ["a.txt"]
    assert [found.run_id for found in tracker.list_runs()].count(record.run_id) == 1


@pytest.mark.parametrize("database_uri", ["sqlite"], indirect=True)
def test_the_database_of_a_server_is_read_without_it(server: str, database_uri: str, tmp_path: Path) -> None:
    """And so are the artifacts that the server keeps beside it."""
    served, beside = MlflowTracker(server), MlflowTracker(database_uri)
    record = record_run(served, run_in_large_requests(), tmp_path / "blobs")
    assert diff(beside.read(record.run_id), record) == []
    assert diff(served.read_native(record.run_id), beside.read_native(record.run_id)) == []


def test_a_database_of_postgresql_holds_the_run(postgresql: str, tmp_path: Path) -> None:
    """Without a server, its artifacts lie in the current folder."""
    tracker = MlflowTracker(postgresql)
    record = record_run(tracker, run_in_large_requests(), tmp_path / "blobs")
    assert diff(tracker.read(record.run_id), record) == []
    assert len(tracker.read_native(record.run_id).metrics["_x003D_"]) == 300
    assert (tmp_path / "mlruns").is_dir()


# Verdicts


def test_what_mlflow_does_to_plain_values_is_known(verdicts_of: VerdictsOf) -> None:
    """NaN is kept, ±∞ become the largest float64, -0.0 loses its sign, and large integers become floats."""
    values = by_name(verdicts_of("mlflow"), "values of metrics")
    assert values["NaN"].verdict == values["float64"].verdict == values["subnormal"].verdict == "identical"
    assert values["infinities"].read == "[1.7976931348623157e+308, -1.7976931348623157e+308]"
    assert (values["negative zero"].read, values["int beyond 2^53"].read) == ("0.0", "9007199254740992.0")
    lost = ("infinities", "negative zero", "int beyond 2^53")
    assert all(values[name].verdict == "changed with loss" and values[name].is_silent_loss for name in lost)


def test_what_mlflow_does_to_plain_params_is_known(verdicts_of: VerdictsOf) -> None:
    """They become text: numbers can be read from it, but not told from text; long ones are cut, with a warning."""
    params = by_name(verdicts_of("mlflow"), "params")
    whole = ("float64", "NaN", "int beyond 2^63", "bool", "None", "list", "nested mapping")
    assert {params[name].verdict for name in whole} == {"changed without loss"}
    assert params["number or text"].verdict == params["None or text"].verdict == "changed with loss"
    assert params["long text"].verdict == "changed with loss"
    assert "truncated" in params["long text"].said[0]
    assert params["param changed"].verdict == "refused"


def test_which_plain_keys_and_steps_mlflow_takes_is_known(verdicts_of: VerdictsOf) -> None:
    """It refuses keys by name, takes a step of 1.5, cuts times to milliseconds, and makes one of equal points."""
    verdicts = verdicts_of("mlflow")
    keys, steps = by_name(verdicts, "keys of metrics"), by_name(verdicts, "steps")
    refused = ("dots", "@ [ ] =", "control characters", "emoji", "300 characters", "empty key")
    assert {keys[name].verdict for name in refused} == {"refused"}
    assert steps["float step"].verdict == steps["backward step"].verdict == "identical"
    assert by_name(verdicts, "times")["microseconds"].read == "[1750000000123000]"
    assert by_name(verdicts, "points")["identical points"].read == "[0.5]"
    assert by_name(verdicts, "points")["10,001 points"].verdict == "identical"
    assert "36 characters" in by_name(verdicts, "datasets and models")["digest of a dataset"].reason
    assert {by_name(verdicts, "runs")[name].verdict for name in ("finished", "failed", "killed")} == {"identical"}


def test_old_releases_are_installed_with_what_was_current_then() -> None:
    """MLflow before 3.13 allows a newer SQLAlchemy than it can be imported with."""
    assert "sqlalchemy<2.1" in install_steps(MlflowTracker, "2.22.0", (), None)[0]
    assert "sqlalchemy<2.1" not in install_steps(MlflowTracker, "3.13.0", (), None)[0]
