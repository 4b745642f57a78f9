"""What is special to Trackio: its tables, artifacts and names, its own readers, its logs, and its users' runs."""

import json
import math
import os
import shutil
import sqlite3
import struct
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from tracker_cases import (
    RUN,
    START,
    Recorder,
    digests,
    fill_disk,
    read_watched,
    read_while_writing,
    record_watched,
    rows,
    run_python,
    staged,
    write_in_turns,
)

from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.errors import InputError
from taximeter.events import DatasetLogged, MetricsLogged, ModelLogged, NoteAdded, ParamsLogged
from taximeter.record import Dataset, Model
from taximeter.testing import record_run
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter.times import time_text
from taximeter_trackio import TrackioTracker
from taximeter_trackio.isolation import isolate
from taximeter_trackio.names import artifact_name_for, metric_key, param_key, project_for, run_name_for
from taximeter_trackio.times import row_time

DATASET = Dataset("trips/2026", "train", "file:///trips.parquet", "ab" * 32, 3, {"x": "double"}, {"mean": 0.5})


def vendor(tracker: TrackioTracker) -> Any:
    """Return Trackio's own storage, which its dashboard reads with, at the tracker's folder."""
    isolate(tracker.location)
    from taximeter_trackio.vendor import VendorRun  # noqa: PLC0415 - the vendor is met after it was isolated

    with VendorRun(Path(tracker.location).absolute(), "any", "any", "any")._storage() as storage:
        return storage


@pytest.fixture
def tracker(tmp_path: Path) -> TrackioTracker:
    """Return a store that does not exist yet."""
    return TrackioTracker(TrackioTracker.location_in(tmp_path / "store"))


class TestTables:
    """Points, config and alerts, as Trackio's own storage reads them."""

    def test_points_have_their_own_step_and_time(self, tracker: TrackioTracker, record: Recorder) -> None:
        """`trackio.log` has one time for all that it writes at once; the storage below it takes each row's own."""
        recorded = record(staged(*rows(5, 5, 3, -7, 2**63 - 1)))
        logs = vendor(tracker).get_logs("taxi", run_id=RUN)
        points = [(row["loss"], row["step"], row["timestamp"]) for row in logs if "loss" in row]
        assert points == [(value, step, time_text(time)) for value, step, time in recorded.metrics["loss"]]
        assert tracker.read_native(RUN).metrics == recorded.metrics

    @pytest.mark.parametrize("value", [-0.0, 5e-324, 1.7976931348623157e308, 0.1, math.inf, -math.inf, math.nan])
    def test_values_are_kept_bit_for_bit(self, value: float, tracker: TrackioTracker, record: Recorder) -> None:
        """Trackio writes the shortest text that gives the same float64, and words where JSON has no number."""
        record(staged(MetricsLogged({"loss": value}, 0, START)))
        assert tracker.read_native(RUN).metrics["loss"].values.tobytes() == struct.pack("d", value)

    @pytest.mark.parametrize("key", ["project", "run", "timestamp", "step", "time", "metrics", "__mine"])
    def test_reserved_keys_are_named_as_trackio_names_them(
        self, key: str, tracker: TrackioTracker, record: Recorder
    ) -> None:
        """Its readers would put the row's step and time in their place."""
        record(staged(*rows(1, 2, key=key)))
        assert list(tracker.read_native(RUN).metrics) == [f"__{key}"]

    def test_no_two_names_become_one(self) -> None:
        """Escaping maps different names to different ones."""
        names = ["", "_", "__", "step", "__step", "____step", "_a", "._a", ".a", "taximeter", ".taximeter"]
        names += [
            "a/b",
            "a__b",
            "a_/b",
            "a/_b",
            "ab",
            "a b",
            "a_b",
            "Å/b",
            "registry-a",
            "registry_a",
            "a_configs",
        ]
        names += ["x" * 200, "x" * 201, "x" * 202, "🚕" * 60]
        for escaped in (metric_key, param_key, project_for, artifact_name_for):
            assert len({escaped(name) for name in names}) == len(names)

    def test_the_config_is_typed(self, tracker: TrackioTracker, record: Recorder) -> None:
        """Integers of more than 64 bits, which Trackio cannot write, are text."""
        params = {"n": 1, "x": 1.0, "b": True, "t": "1", "none": None, "deep": {"a": [1, {"b": "c"}]}}
        record(staged(ParamsLogged(params), ParamsLogged({"big": [2**200], "_lr": 1, "nan": math.nan})))
        native = tracker.read_native(RUN).params
        assert repr(native) == repr(params | {"big": [str(2**200)], "._lr": 1, "nan": math.nan})
        assert vendor(tracker).get_run_config("taxi", run_id=RUN).items() >= params.items()

    @pytest.mark.parametrize(
        ("status", "alerts"),
        [("finished", []), ("failed", ["The run failed"]), ("killed", ["The run was killed"])],
    )
    def test_a_status_is_in_the_config_and_a_bad_end_an_alert(
        self, status: str, alerts: list[str], tracker: TrackioTracker, record: Recorder
    ) -> None:
        """Trackio itself keeps none, so a crash leaves no trace there."""
        record(staged(*rows(1), status=status))
        storage = vendor(tracker)
        assert storage.get_run_config("taxi", run_id=RUN)["taximeter"]["status"] == status
        assert [alert["title"] for alert in storage.get_alerts("taxi")] == alerts
        native = tracker.read_native(RUN)
        assert (native.status, native.ended, native.notes) == (status, START + 5_000_000, ())

    def test_a_run_is_shown_before_its_first_point(self, tracker: TrackioTracker, tmp_path: Path) -> None:
        """Trackio lists runs by their rows, so an empty one begins each run; there is never a second."""
        run = staged(ParamsLogged({"a": 1}))
        Dispatcher(tracker, run.events[0], tmp_path).write(run.events[:2])  # type: ignore[arg-type]
        (shown,) = vendor(tracker).get_run_records("taxi")
        assert (shown["id"], shown["name"]) == (RUN, "first")
        assert [summary.status for summary in tracker.list_runs()] == ["running"]
        record_run(tracker, run, tmp_path)
        assert vendor(tracker).get_log_count("taxi", run_id=RUN) == 1

    def test_a_child_is_in_the_group_of_its_parent(self, tracker: TrackioTracker, record: Recorder) -> None:
        """A group is Trackio's only nesting."""
        record(staged(parent_id="f" * 32))
        assert vendor(tracker).get_run_config("taxi", run_id=RUN)["_Group"] == "f" * 32
        assert tracker.read_native(RUN).parent_id == "f" * 32

    def test_times_beyond_the_calendar_are_its_ends(self) -> None:
        """They are exact in the record alone."""
        assert row_time(time_text(START)) == START
        assert (time_text(-(2**63))[:5], time_text(2**63 - 1)[:5]) == ("0001-", "9999-")
        assert (row_time("1700000000.5"), row_time(""), row_time("nan")) == (1_700_000_000_500_000, None, None)


class TestNames:
    """Projects and runs whose names Trackio would change, refuse, or take for paths."""

    @pytest.mark.parametrize(
        "experiment", ["a/b", "", "registry-x", "model_artifacts", "ü 🚕", "x" * 300, "../up"]
    )
    def test_every_experiment_has_a_project_of_its_own(
        self, experiment: str, tracker: TrackioTracker, record: Recorder
    ) -> None:
        """Trackio by itself would merge `a/b` with `ab`, and refuse what it reserves."""
        record(staged(*rows(1), experiment=experiment))
        record(staged(*rows(1), experiment="ab", run_id="b" * 32))
        assert {summary.experiment for summary in tracker.list_runs()} == {experiment, "ab"}
        assert sorted(vendor(tracker).get_projects()) == sorted({project_for(experiment), "ab"})
        assert tracker.read_native(RUN).experiment == experiment

    @pytest.mark.parametrize("name", ["../../up", "/etc", "", ".", "a/../b"])
    def test_no_name_of_a_run_leads_out_of_the_store(
        self, name: str, tracker: TrackioTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Trackio keeps and moves media below the name of a run, wherever that leads."""
        record(staged(logged("a.png", b"image"), contents=[b"image"], name=name))
        shown = tracker.read_native(RUN).name
        assert shown == run_name_for(name, RUN)
        vendor(tracker).rename_run("taxi", shown, "renamed", RUN)
        assert tracker.read_native(RUN).name == "renamed"
        assert tracker.read(RUN).artifacts.keys() == {"a.png"}
        assert {file.name for file in tmp_path.iterdir()} == {"store", "blobs"}

    def test_ids_of_other_trackers_fit(self, tracker: TrackioTracker, record: Recorder) -> None:
        """A run that is copied keeps its id."""
        record(staged(*rows(1), logged("a.png", b"i"), run_id="../lr=0.1/run:1", contents=[b"i"]))
        (summary,) = tracker.list_runs()
        assert summary.run_id == summary.vendor_id == "../lr=0.1/run:1"


class TestArtifacts:
    """Files, models and datasets as versions, and media as the dashboard shows them."""

    def test_media_are_what_the_dashboard_shows(self, tracker: TrackioTracker, record: Recorder) -> None:
        """An image is an image, a table a table, a text a report, a page and a vector graphic a page."""
        contents = {
            "plots/a.png": b"image",
            "t.csv": b"a,b\n1,x\n2,\n",
            "broken.parquet": b"no table",
            "page.html": b"<p>hi",
            "figure.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "notes.md": b"# notes",
        }
        events = [logged(path, content) for path, content in contents.items()]
        recorded = record(staged(*events, NoteAdded("one"), NoteAdded("two"), contents=list(contents.values())))
        logs = vendor(tracker).get_logs("taxi", run_id=RUN)
        shown = {key: value for row in logs for key, value in row.items() if isinstance(value, dict)}
        kinds = {key: value["_type"].removeprefix("trackio.") for key, value in shown.items()}
        pages = {"page.html": "html", "figure.svg": "html", "notes.md": "markdown", "note": "markdown"}
        assert kinds == {"plots/a.png": "image", "t.csv": "table"} | pages
        assert shown["t.csv"]["_value"] == [{"a": 1, "b": "x"}, {"a": 2, "b": ""}]
        assert Path(tracker.location, "media", shown["plots/a.png"]["file_path"]).read_bytes() == b"image"
        native = tracker.read_native(RUN)
        assert (native.artifacts, native.metrics, native.notes) == (recorded.artifacts, {}, ("one", "two"))

    def test_models_are_outputs_and_datasets_inputs(self, tracker: TrackioTracker, record: Recorder) -> None:
        """So Trackio's lineage leads from the data to the model."""
        model = Model("sklearn", {"inputs": ["distance"]}, "model/example.json")
        events = (logged("model/m.bin", b"weights"), ModelLogged("model", model), DatasetLogged(DATASET))
        record(staged(*events, ModelLogged("empty", Model("none")), contents=[b"weights"]))
        links = vendor(tracker).get_run_artifacts("taxi", None, RUN)
        kinds = {side: [(link["name"], link["type"]) for link in found] for side, found in links.items()}
        assert kinds["input"] == [("trips__2026", "dataset")]
        assert {("model", "model"), ("model__m.bin", "file"), ("taximeter-record", "taximeter")} < set(
            kinds["output"]
        )
        native = tracker.read_native(RUN)
        assert (native.models, native.datasets) == ({"model": model, "empty": Model("none")}, (DATASET,))

    def test_runs_share_a_version_of_the_same_file(self, tracker: TrackioTracker, record: Recorder) -> None:
        """A path is an artifact of the project, and each content of it a version."""
        for number, content in enumerate((b"a", b"b", b"a")):
            record(staged(logged("x/y.bin", content), run_id=str(number) * 32, contents=[content]))
        (artifact,) = (found for found in vendor(tracker).get_artifacts("taxi") if found["type"] == "file")
        assert (artifact["name"], artifact["num_versions"]) == ("x__y.bin", 2)

    def test_a_path_that_was_logged_again_is_the_last_file(
        self, tracker: TrackioTracker, record: Recorder
    ) -> None:
        """Even when its bytes are those of an earlier version, which Trackio links only once."""
        events = [logged("x.bin", content) for content in (b"a", b"b", b"a")]
        recorded = record(staged(*events, contents=[b"a", b"b"]))
        assert tracker.read_native(RUN).artifacts == recorded.artifacts

    def test_a_name_that_the_user_has_given_to_another_type_is_left_alone(
        self, tracker: TrackioTracker, record: Recorder
    ) -> None:
        """Trackio refuses to log a second type under a name."""
        storage = vendor(tracker)
        for name in ("x.bin", "trips__2026", "taximeter-record"):
            storage.create_or_get_artifact("taxi", name, "theirs", None)
        recorded = record(staged(logged("x.bin", b"x"), DatasetLogged(DATASET), contents=[b"x"]))
        native = tracker.read_native(RUN)
        assert (native.artifacts, native.datasets) == (recorded.artifacts, (DATASET,))

    def test_a_run_that_begins_anew_has_no_record_yet(self, tracker: TrackioTracker, tmp_path: Path) -> None:
        """What the first attempt left is gone, its media too; nothing of it can be taken for the second's."""
        run = staged(*rows(1, 2), logged("a.png", b"image"), status="failed", contents=[b"image"])
        record_run(tracker, run, tmp_path / "blobs")
        Dispatcher(tracker, run.events[0], tmp_path / "blobs")  # type: ignore[arg-type]
        assert tracker.read_exact(RUN) is None
        native = tracker.read(RUN)
        assert (native.status, native.metrics, native.artifacts) == ("running", {}, {})
        assert list(Path(tracker.location, "media").rglob("*.png")) == []

    def test_no_path_in_a_store_leads_out_of_it(
        self, tracker: TrackioTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Neither a digest, nor a medium, nor a link."""
        record(staged(logged("x.bin", b"x"), contents=[b"x"]))
        (tmp_path / "secret").write_text("secret")
        medium = {"a": {"_type": "trackio.image", "file_path": "../../../secret"}}
        manifest = [{"path": "y", "digest": "../../../../../../secret", "size": 6}]
        with closing(sqlite3.connect(Path(tracker.location, "taxi.db"))) as database, database:
            database.execute("UPDATE configs SET config = '{}'")
            database.execute("UPDATE artifact_versions SET manifest = ?", (json.dumps(manifest),))
            database.execute("UPDATE metrics SET metrics = ?", (json.dumps(medium),))
        assert tracker.read(RUN).artifacts == {}
        for path in ("y", "x.bin/y", "media/../../secret"):
            with pytest.raises(FileNotFoundError):
                tracker.open_artifact(RUN, path)


class TestReading:
    """Stores that others wrote, that a crash left, or that are being written."""

    def test_a_run_of_trackios_own_users_is_read(self, tracker: TrackioTracker, tmp_path: Path) -> None:
        """Its config, points, media, reports, alerts and artifacts."""
        environment = os.environ | {"TRACKIO_DIR": tracker.location, "HF_HUB_OFFLINE": "1"}
        run_python(_USER, env=environment, cwd=tmp_path)
        before = digests(tmp_path)
        (summary,) = tracker.list_runs()
        assert (summary.experiment, summary.name, summary.status) == ("myproject", "own", "finished")
        run = tracker.read(summary.run_id)
        assert repr(run.params) == repr({"lr": 0.1, "deep": {"a": [1, 2]}, "nan": math.nan})
        assert {key: list(series.steps) for key, series in run.metrics.items()} == {
            "loss": [0, 1, 5],
            "flag": [0, 1, 5],
            "bad": [2],
        }
        assert (run.notes, run.parent_id) == (("# hello", "diverged: why"), None)
        assert run.models.keys() == {"weights"}
        image, *files = sorted(run.artifacts)
        assert image.startswith("media/own/2/")
        assert files == ["w.bin", "weights/w.bin"]
        for path, artifact in run.artifacts.items():
            with tracker.open_artifact(summary.run_id, path) as stream:
                assert sha256(stream.read()).hexdigest() == artifact.sha256
        assert digests(tmp_path) == before

    def test_a_database_from_before_run_ids_is_read_as_it_is(self, tracker: TrackioTracker) -> None:
        """Trackio itself would migrate it."""
        Path(tracker.location).mkdir(parents=True)
        with closing(sqlite3.connect(Path(tracker.location, "old.db"))) as database, database:
            database.executescript(_OLD_TABLES)
        before = digests(Path(tracker.location))
        (summary,) = tracker.list_runs()
        assert (summary.vendor_id, summary.started) == ("brave-sun-0", 1_735_689_600_000_000)
        run = tracker.read("brave-sun-0")
        assert (run.params, [list(series) for series in run.metrics.values()]) == (
            {"lr": 0.1},
            [[(0.5, 0, summary.started), (math.inf, 1, summary.started)]],
        )
        assert digests(Path(tracker.location)) == before

    def test_a_run_deletes_none_of_its_name_in_an_older_project(
        self, tracker: TrackioTracker, record: Recorder
    ) -> None:
        """There runs have names, and no ids."""
        Path(tracker.location).mkdir(parents=True)
        with closing(sqlite3.connect(Path(tracker.location, "taxi.db"))) as database, database:
            database.executescript(_OLD_TABLES)
        old = tracker.read("brave-sun-0")
        record(staged(*rows(0, 1), name="brave-sun-0"))
        (other,) = (run for run in tracker.list_runs() if run.run_id != RUN)
        kept = tracker.read_native(other.vendor_id)
        assert (kept.params, kept.metrics) == (old.params, old.metrics)

    def test_a_damaged_project_hides_no_other(self, tracker: TrackioTracker, record: Recorder) -> None:
        """Whatever its name is; what is in it cannot be read, and that is said."""
        record(staged(*rows(0, 1)))
        damaged = Path(tracker.location, "a.db")
        damaged.write_bytes(b"SQLite format 3\0" + bytes(5000))
        assert [run.run_id for run in tracker.list_runs()] == [RUN]
        assert list(tracker.read_native(RUN).metrics["loss"].steps) == [0, 1]
        with pytest.raises(InputError, match=r"a\.db"):
            tracker.read_native("unknown")

    def test_what_a_crash_left_in_the_log_is_read_without_touching_it(
        self, tracker: TrackioTracker, record: Recorder
    ) -> None:
        """SQLite itself would write the log into the database, or a file beside it."""
        record(staged(*rows(0, 1)))
        run_python(_CRASH, str(Path(tracker.location, "taxi.db")), RUN, status=-SIGKILL)
        before = digests(Path(tracker.location))
        assert any(name.endswith("-wal") for name in before)
        assert list(tracker.read_native(RUN).metrics["loss"].steps) == [0, 1, 9]
        assert digests(Path(tracker.location)) == before

    def test_a_store_can_be_read_while_it_is_written(self, tracker: TrackioTracker, tmp_path: Path) -> None:
        """A reader sees a beginning of the run, and later more of it."""
        read_while_writing(tracker, 100, tmp_path)

    def test_reading_needs_no_trackio(self, tracker: TrackioTracker, record: Recorder) -> None:
        """Its import takes a second."""
        record(staged(*rows(1)))
        assert read_watched(tracker, "trackio") == (1, [])

    def test_only_trackios_databases_are_recognised(self, tracker: TrackioTracker, record: Recorder) -> None:
        """A folder by what lies in it, a database by its tables."""
        record(staged(*rows(1)))
        folder = Path(tracker.location)
        assert not TrackioTracker.recognises(folder.parent)
        with closing(sqlite3.connect(folder / "other.db")) as database, database:
            database.execute("CREATE TABLE metrics (key, value)")
        (folder / "text.db").write_text("SQLite format 4")
        names = [file.name for file in sorted(folder.glob("*.db")) if TrackioTracker.recognises(file)]
        assert names == ["taxi.db"]
        assert TrackioTracker.recognises(folder)
        assert TrackioTracker.location_at(folder / "taxi.db") == str(folder)
        assert [run.run_id for run in TrackioTracker(str(folder / "taxi.db")).list_runs()] == [RUN]


class TestVendor:
    """The vendor, kept to itself."""

    def test_one_process_writes_to_two_stores(self, tracker: TrackioTracker, tmp_path: Path) -> None:
        """Trackio's folder is a constant of its modules; each write sets it."""
        runs = [staged(*rows(1, 2)), staged(*rows(3), logged("a.png", b"i"), contents=[b"i"])]
        write_in_turns([tracker, TrackioTracker(str(tmp_path / "other"))], runs, tmp_path)
        assert not Path(tracker.location, "media").exists()

    def test_a_full_disk_is_an_error(self, tracker: TrackioTracker) -> None:
        """`trackio.log` would warn once and lose the points."""
        assert fill_disk(tracker).startswith("TrackerError Trackio could not write")

    def test_nothing_goes_over_the_network(self, tracker: TrackioTracker) -> None:
        """Not even where the user's variables name a Space, a server or a bucket."""
        theirs = {
            "TRACKIO_SPACE_ID": "a/b",
            "TRACKIO_SERVER_URL": "http://127.0.0.1:9",
            "TRACKIO_BUCKET_ID": "a/b",
        }
        environment = os.environ | theirs | {"TRACKIO_DIR": str(Path(tracker.location, "elsewhere"))}
        assert record_watched(tracker, env=environment).split() == ["finished"]
        assert sorted(file.name for file in Path(tracker.location).iterdir()) == [
            "artifacts",
            "taxi.db",
            "taxi.lock",
        ]

    def test_a_store_that_moved_reads_the_same(
        self, tracker: TrackioTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Nothing in it leads out of it."""
        recorded = record(staged(*rows(1, 2), logged("deep/er/a.bin", b"x"), contents=[b"x"]))
        shutil.move(tracker.location, tmp_path / "moved")
        assert diff(TrackioTracker(str(tmp_path / "moved")).read(RUN), recorded) == []


_USER = """
import numpy, trackio
trackio.init(project="my project", name="own", group="g", auto_log_cpu=False, auto_log_gpu=False,
             config={"lr": 0.1, "deep": {"a": [1, 2]}, "nan": float("nan")})
for step in (0, 1, 5):
    trackio.log({"loss": step / 2, "nested": {"a": 1}, "text": "t", "flag": True}, step=step)
image = trackio.Image(numpy.zeros((4, 4, 3), dtype=numpy.uint8))
trackio.log({"bad": float("inf"), "image": image, "report": trackio.Markdown("# hello")}, step=2)
trackio.alert("diverged", text="why")
with open("w.bin", "wb") as file:
    file.write(b"weights")
trackio.log_artifact("w.bin", name="weights", type="model")
trackio.log_artifact("w.bin")
trackio.log_system({"cpu": 1.0})
trackio.finish()
"""

_OLD_TABLES = """
CREATE TABLE metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, timestamp TEXT NOT NULL, run_name TEXT NOT NULL,
                      step INTEGER NOT NULL, metrics TEXT NOT NULL);
CREATE TABLE configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_name TEXT NOT NULL UNIQUE, config TEXT NOT NULL,
                      created_at TEXT NOT NULL);
INSERT INTO metrics VALUES (1, '2025-01-01T00:00:00', 'brave-sun-0', 0, '{"loss": 0.5}');
INSERT INTO metrics VALUES (2, '2025-01-01T00:00:00', 'brave-sun-0', 1, '{"loss": "Infinity"}');
INSERT INTO configs VALUES (1, 'brave-sun-0', '{"lr": 0.1, "_Username": null}', '2025-01-01T00:00:00');
"""

_CRASH = """
import os, signal, sqlite3, sys
path, run = sys.argv[1:]
database = sqlite3.connect(path)
database.execute("INSERT INTO metrics (run_id, timestamp, run_name, step, metrics) VALUES (?, '', '', 9, ?)",
                 (run, '{"loss": 1.0}'))
database.commit()
os.kill(os.getpid(), signal.SIGKILL)
"""

# Verdicts


def test_what_trackio_does_to_plain_values_is_known(verdicts_of: VerdictsOf) -> None:
    """Its JSON keeps every number and type, and a step of 1.5; points have the time at which they were written."""
    verdicts = verdicts_of("trackio")
    assert {finding.verdict for finding in by_name(verdicts, "values of metrics").values()} == {"identical"}
    assert by_name(verdicts, "steps")["float step"].verdict == "identical"
    assert by_name(verdicts, "times")["time of each point"].is_silent_loss
    assert by_name(verdicts, "images, tables, texts")["table"].verdict == "identical"


def test_which_plain_params_and_keys_trackio_loses_is_known(verdicts_of: VerdictsOf) -> None:
    """Params ride on the first row, so those of a run without one are lost, as are later ones; step is renamed."""
    verdicts = verdicts_of("trackio")
    params, keys = by_name(verdicts, "params"), by_name(verdicts, "keys of metrics")
    lost = {name for name, finding in params.items() if finding.verdict != "identical"}
    assert lost == {"params alone", "param after metrics"}
    assert all(params[name].verdict == "dropped" and params[name].is_silent_loss for name in lost)
    assert (keys["the key step"].read, keys["the key step"].is_silent_loss) == ("'__step'", False)
    assert "Reserved keys renamed" in keys["the key step"].said[0]
