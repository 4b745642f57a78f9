"""What is special to ClearML: its sessions, types and names, its own import, torn files, and its users' tasks."""

import json
import math
import os
import shutil
import signal
import struct
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from signal import SIGKILL
from typing import Any
from zipfile import ZipFile

import pytest
from tracker_cases import (
    RUN,
    START,
    Recorder,
    digests,
    fill_disk,
    read_watched,
    record_watched,
    rows,
    run_python,
    staged,
    write_in_turns,
)

from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.errors import InputError
from taximeter.events import (
    DatasetLogged,
    EnvironmentCaptured,
    MetricsLogged,
    ModelLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    Started,
    TagsSet,
)
from taximeter.record import Dataset, Environment, Model, Source
from taximeter.testing import StagedRun, record_run
from taximeter.testing.staging import logged
from taximeter.times import text_time, time_text
from taximeter_clearml import ClearMLTracker
from taximeter_clearml.names import (
    metric_key,
    metric_place,
    our_name,
    server_name,
    tag_for,
    vendor_id_for,
    visible,
)
from taximeter_clearml.params import param_text, param_type, param_value

SESSION = f"offline-{RUN}"
DATASET = Dataset("trips/2026", "train", "/data/trips.parquet", "ab" * 32, 3, {"x": "double"}, {"mean": 0.5})
MODEL = Model("sklearn", {"inputs": ["distance"]}, "model/example.json")
SOURCE = Source("train.py", ("--alpha", "0.1"), "c0ffee", "main", "+1")
ENVIRONMENT = Environment("3.11.7", "Linux", "cpu", 2, 2**34, ("gpu",), {"numpy": "2.4.6", "a-b": "1+local"})


def folder_of(tracker: ClearMLTracker, run_id: str = RUN) -> Path:
    """Return the folder of a session."""
    return Path(tracker.location, "offline", vendor_id_for(run_id))


def task_of(tracker: ClearMLTracker) -> Any:
    """Return what the task file says."""
    return json.loads((folder_of(tracker) / "task.json").read_bytes())


def events_of(tracker: ClearMLTracker, kind: str) -> list[dict[str, Any]]:
    """Return a session's events of one type."""
    lines = (folder_of(tracker) / "metrics.jsonl").read_bytes().splitlines()
    return [event for line in lines for event in json.loads(line) if event["type"] == kind]


def environment(home: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a process with a home of its own."""
    return os.environ | {"HOME": str(home)} | variables


@pytest.fixture
def tracker(tmp_path: Path) -> ClearMLTracker:
    """Return a store that does not exist yet."""
    return ClearMLTracker(ClearMLTracker.location_in(tmp_path / "store"))


def full_run(**started: Any) -> StagedRun:
    """Return a run with something of everything."""
    contents = {
        "plots/a.png": b"image",
        "t.csv": b"a,b\n1,x\n2,\n",
        "notes.md": b"# notes",
        "model/m.bin": b"weights",
        "two/a.bin": b"1",
        "two/b.bin": b"2",
    }
    return staged(
        ParamsLogged({"alpha": 0.1, "deep/er": {"a": [1, 2]}}),
        *rows(1, 2, 3, key="val/loss"),
        *(logged(path, content) for path, content in contents.items()),
        TagsSet({"data": "sample"}),
        NoteAdded("one"),
        NoteAdded("two"),
        DatasetLogged(DATASET),
        ModelLogged("model", MODEL),
        ModelLogged("two", Model("sklearn")),
        ModelLogged("none", Model("none")),
        SourceCaptured(SOURCE),
        EnvironmentCaptured(ENVIRONMENT),
        contents=list(contents.values()),
        **started,
    )


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Import a session that was moved into a task that is offline too; return what ClearML says of that."""
    folder = tmp_path_factory.mktemp("import")
    tracker = ClearMLTracker(str(folder / "store"))
    record_run(tracker, full_run(parent_id="f" * 32, hypothesis="it learns", status="failed"), folder / "blobs")
    archive = shutil.move(f"{folder_of(tracker)}.zip", folder / "moved.zip")
    shutil.rmtree(tracker.location)
    target = {"CLEARML_OFFLINE_MODE": "1", "CLEARML_CACHE_DIR": str(folder / "target")}
    printed = run_python(_IMPORT, str(archive), str(folder / "unpacked"), env=environment(folder, **target))
    return json.loads(printed.splitlines()[-1])


class TestImport:
    """What ClearML's own import makes of a zip file, as far as it goes without a server."""

    def test_the_session_imports_whole(self, imported: Any) -> None:
        """Every part is read back with ClearML's own calls, and the files were uploaded."""
        assert imported["refused"] == "Creating task in offline mode. Use 'Task.init' instead."
        assert imported["params"] == {
            "General/alpha": 0.1,
            "General/deep/er": {"a": [1, 2]},
            "properties/taximeter": RUN,
            "properties/status": "failed",
            "properties/hypothesis": "it learns",
            "properties/parent": "f" * 32,
            "properties/started": "2023-11-14T22:13:20.123456+00:00",
            "properties/ended": "2023-11-14T22:13:25.123456+00:00",
        }
        assert (imported["tags"], imported["comment"]) == (["data=sample"], "one\n\ntwo")
        assert imported["script"] == ["train.py", "c0ffee", "main", "+1"]
        assert imported["requirements"] == "# Python 3.11.7\n\nnumpy == 2.4.6\na-b == 1+local\n"
        assert json.loads(imported["command"]) == ["--alpha", "0.1"]
        names = ["plots/a.png", "t.csv", "notes.md", "model/m.bin", "two/a.bin", "two/b.bin"]
        assert list(imported["artifacts"]) == [*names, "taximeter/record.jsonl", "train trips/2026 1"]
        assert imported["artifacts"]["t.csv"] == sha256(b"a,b\n1,x\n2,\n").hexdigest()
        assert imported["uploaded"] == ["a.png", "notes.md"]

    def test_every_event_is_sent(self, imported: Any) -> None:
        """With its own step and time, under the id of the new task."""
        sent = imported["events"]
        scalars = [event for event in sent if event["type"] == "training_stats_scalar"]
        assert [(event["metric"], event["variant"], event["value"]) for event in scalars] == [
            ("val", "loss", value) for value in (0.0, 0.5, 1.0)
        ]
        assert [(event["iter"], event["timestamp"]) for event in scalars] == [
            (place + 1, START // 1000 + place * 1000) for place in range(3)
        ]
        assert {event["task"] for event in sent} == {imported["id"]}
        assert [event["type"] for event in sent[3:]] == ["training_debug_image", "plot", "training_debug_image"]
        (table,) = json.loads(sent[4]["plot_str"])["data"]
        assert (table["header"]["values"], table["cells"]["values"]) == (["a", "b"], [[1, 2], ["x", ""]])


class TestSession:
    """What is written where."""

    def test_the_native_view_is_the_whole_run(self, tracker: ClearMLTracker, record: Recorder) -> None:
        """But for the microseconds of points; notes are one text, and models that are packages add files."""
        recorded = record(full_run(parent_id="f" * 32, hypothesis="it learns"))
        native = tracker.read_native(RUN)
        packages = {path: native.artifacts.pop(path) for path in ("models/2.zip", "models/3.zip")}
        assert all(package.size for package in packages.values())
        assert list(native.metrics["val/loss"].times) == [START // 1000 * 1000 + n * 1_000_000 for n in range(3)]
        native.metrics["val/loss"].times[:] = recorded.metrics["val/loss"].times
        assert [found.path for found in diff(native, recorded)] == ["notes", "parent_id"]
        assert native.notes == ("one\n\ntwo",)

    @pytest.mark.parametrize("value", [-0.0, 5e-324, 1.7976931348623157e308, 0.1])
    def test_finite_values_are_kept_bit_for_bit(
        self, value: float, tracker: ClearMLTracker, record: Recorder
    ) -> None:
        """ClearML writes the shortest text that gives the same float64."""
        record(staged(MetricsLogged({"loss": value}, 0, START)))
        assert tracker.read_native(RUN).metrics["loss"].values.tobytes() == struct.pack("d", value)

    def test_no_point_becomes_a_zero(self, tracker: ClearMLTracker, record: Recorder) -> None:
        """ClearML's own calls turn NaN and infinities into zeros; they are in the exact record alone."""
        values = (math.nan, 1.0, math.inf, -math.inf)
        record(staged(*(MetricsLogged({"loss": value}, 0, START) for value in values)))
        assert list(tracker.read_native(RUN).metrics["loss"].values) == [1.0]

    @pytest.mark.parametrize("step", [0, -7, 2**63 - 1, -(2**63), -(2**31)])
    def test_every_step_is_kept(self, step: int, tracker: ClearMLTracker, record: Recorder) -> None:
        """Also that by which ClearML marks a value without a step."""
        record(staged(*rows(step, step), *rows(step, key="Summary/x")))
        native = tracker.read_native(RUN).metrics
        assert {key: list(series.steps) for key, series in native.items()} == {
            "loss": [step, step],
            "Summary/x": [step],
        }

    @pytest.mark.parametrize(
        ("time", "kept"), [(0, 1000), (999, 1000), (-1, -1000), (2**53 + 1, 2**53 // 1000 * 1000)]
    )
    def test_times_are_milliseconds(self, time: int, kept: int, tracker: ClearMLTracker, record: Recorder) -> None:
        """ClearML would take a time of zero for none, and put its own clock there."""
        record(staged(MetricsLogged({"loss": 1.0}, 0, time)))
        assert list(tracker.read_native(RUN).metrics["loss"].times) == [kept]

    @pytest.mark.parametrize(
        ("status", "theirs"), [("finished", "completed"), ("failed", "failed"), ("killed", "stopped")]
    )
    def test_a_status_is_the_tasks(
        self, status: str, theirs: str, tracker: ClearMLTracker, record: Recorder
    ) -> None:
        """And a user property, since an import calls every task completed."""
        record(staged(*rows(1), status=status))
        assert task_of(tracker)["status"] == theirs
        assert task_of(tracker)["hyperparams"]["properties"]["status"]["value"] == status
        native = tracker.read_native(RUN)
        assert (native.status, native.started, native.ended) == (status, START, START + 5_000_000)

    def test_a_run_is_there_while_it_is_written(self, tracker: ClearMLTracker, tmp_path: Path) -> None:
        """Without a zip file, and with each point that was handed over."""
        run = staged(*rows(1, 2, 3))
        dispatcher = Dispatcher(tracker, run.events[0], tmp_path)  # type: ignore[arg-type]
        assert [(one.run_id, one.status) for one in tracker.list_runs()] == [(RUN, "running")]
        dispatcher.write(run.events[1:3])
        assert len(tracker.read_native(RUN).metrics["loss"]) == 2
        assert not Path(f"{folder_of(tracker)}.zip").exists()
        assert tracker.read_exact(RUN) is None

    def test_shown_files_are_kept_once(self, tracker: ClearMLTracker, record: Recorder) -> None:
        """A debug sample is the artifact itself; a broken table is a file only."""
        record(staged(logged("a.png", b"i"), logged("broken.parquet", b"no table"), contents=[b"i", b"no table"]))
        (shown,) = events_of(tracker, "training_debug_image")
        assert (folder_of(tracker) / "data" / shown["key"]).read_bytes() == b"i"
        assert events_of(tracker, "plot") == []
        assert sorted(tracker.read_native(RUN).artifacts) == ["a.png", "broken.parquet"]

    def test_no_path_of_a_dataset_would_be_uploaded(self, tracker: ClearMLTracker, record: Recorder) -> None:
        """An import uploads the file that an artifact's address names."""
        other = Dataset("b", "test", "https://example.org/b.parquet", "ab" * 32, 1, {})
        record(staged(DatasetLogged(DATASET), DatasetLogged(DATASET), DatasetLogged(other)))
        addresses = [artifact["uri"] for artifact in task_of(tracker)["execution"]["artifacts"][1:]]
        assert addresses == ["dataset:/data/trips.parquet", "dataset:/data/trips.parquet", other.source]
        assert tracker.read_native(RUN).datasets == (DATASET, DATASET, other)

    def test_models_have_names_of_their_own(self, tracker: ClearMLTracker, record: Recorder) -> None:
        """A task tells its models apart by the names of their target files, without the endings."""
        events = (logged("a/b/m.bin", b"1"), logged("a/c/m.bin", b"2"))
        record(staged(*events, *(ModelLogged(path, MODEL) for path in ("a/b", "a/c", "a")), contents=[b"1", b"2"]))
        models = [model["weights"] for model in task_of(tracker)["offline_output_models"]]
        assert [model["target_filename"] for model in models] == ["a%2Fb.bin", "a%2Fc.bin", "a.zip"]
        assert [Path(model["weights_filename"]).name for model in models] == ["m.bin", "m.bin", "3.zip"]
        with ZipFile(models[2]["weights_filename"]) as package:
            assert package.namelist() == ["b/m.bin", "c/m.bin"]


class TestNames:
    """Names and values that ClearML's server refuses, or would merge."""

    def test_no_two_names_become_one(self) -> None:
        """Escaping maps different names to different ones."""
        names = ["", "_", "__", "___", "____", "a", "a_", "a___", "ab", "abc", "abc_", " a ", "a b", "loss"]
        names += ["a/b", "a/b/c", "a/a", "/a", "a/", "/", "Summary", "Summary/x", "x/Summary", "a=b", "a%3Db"]
        escapes: list[Callable[[str], Any]] = [server_name, visible, metric_place, lambda name: tag_for(name, "")]
        for escape in escapes:
            assert len({escape(name) for name in names}) == len(names)
        assert [our_name(server_name(name)) for name in names] == names
        assert [metric_key(*metric_place(name)) for name in names] == list(map(visible, names))
        assert all(len(server_name(name).strip()) >= 3 for name in names)
        assert tag_for("a", "b=c") != tag_for("a=b", "c")

    @pytest.mark.parametrize("name", ["", "a", "../up", "a/b", "x" * 300, "🚕"])
    def test_the_list_has_our_names(
        self, name: str, tracker: ClearMLTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """And no name leads out of the store."""
        record(staged(*rows(1), logged("a.png", b"i"), contents=[b"i"], experiment=name, name=name))
        (summary,) = tracker.list_runs()
        assert (summary.experiment, summary.name) == (name, name)
        assert task_of(tracker)["project_name"] == server_name(name)
        assert {file.name for file in tmp_path.iterdir()} == {"store", "blobs"}

    def test_ids_of_other_trackers_fit(self, tracker: ClearMLTracker, record: Recorder) -> None:
        """A run that is copied keeps its id."""
        record(staged(*rows(1), run_id="../lr=0.1/run:1"))
        (summary,) = tracker.list_runs()
        assert (summary.run_id, summary.vendor_id) == ("../lr=0.1/run:1", vendor_id_for("../lr=0.1/run:1"))
        assert tracker.read_native(summary.vendor_id).run_id == "../lr=0.1/run:1"

    @pytest.mark.parametrize(
        "value", [1, True, 0.1, -0.0, math.inf, "1", "", [1, "x"], [], {}, {"a": {"b": [1.5]}}, 2**200, "None"]
    )
    def test_params_keep_their_types(self, value: Any) -> None:
        """ClearML writes text and the name of the type."""
        assert repr(param_value(param_text(value), param_type(value))) == repr(value)

    def test_params_that_python_cannot_read_as_decimals_are_text(self) -> None:
        """An integer of more than 4,300 digits is hexadecimal."""
        huge = 10**5000
        assert param_value(param_text(huge), param_type(huge)) == hex(huge)
        assert json.loads(param_text([huge])) == [hex(huge)]
        assert param_value(param_text(None), param_type(None)) is None
        assert param_value("nonsense", "int") == param_value("nonsense", "list/int") == "nonsense"

    def test_times_beyond_the_calendar_are_its_ends(self) -> None:
        """They are exact in the record alone."""
        assert text_time(time_text(START)) == START
        assert (time_text(-(2**63))[:5], time_text(2**63 - 1)[:5]) == ("0001-", "9999-")
        assert text_time("yesterday") is None


class TestReading:
    """Stores as they are found."""

    def test_every_place_can_be_read(self, tracker: ClearMLTracker, record: Recorder, tmp_path: Path) -> None:
        """The cache folder, the folder in it, a session, and a zip file that was moved and renamed."""
        recorded = record(full_run())
        moved = Path(shutil.copy(f"{folder_of(tracker)}.zip", tmp_path / "mine.zip"))
        places = [Path(tracker.location), folder_of(tracker).parent, folder_of(tracker), moved]
        for place in places:
            assert ClearMLTracker.recognises(place)
            store = ClearMLTracker(str(place))
            assert [run.run_id for run in store.list_runs()] == [RUN]
            assert diff(store.read(RUN), recorded) == []
            assert store.read_native(RUN) == tracker.read_native(RUN)
            assert [file for file in store.files() if not file.exists()] == []

    def test_a_store_that_moved_reads_the_same(
        self, tracker: ClearMLTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """ClearML's own files name the place where they were written."""
        recorded = record(full_run())
        shutil.move(tracker.location, tmp_path / "moved")
        moved = ClearMLTracker(str(tmp_path / "moved"))
        assert diff(moved.read(RUN), recorded) == []
        assert moved.read_native(RUN).artifacts.keys() >= recorded.artifacts.keys()

    def test_only_sessions_are_recognised(self, tracker: ClearMLTracker, record: Recorder, tmp_path: Path) -> None:
        """Not a folder above them, a zip file of something else, or another program's task file."""
        record(staged())
        with ZipFile(tmp_path / "other.zip", "w") as archive:
            archive.writestr("task.json", "{}")
        (tmp_path / "offline-notes").mkdir()
        (tmp_path / "tasks").mkdir()
        (tmp_path / "tasks" / "task.json").write_text('{"id": 1}')
        (tmp_path / "torn.zip").write_bytes(Path(f"{folder_of(tracker)}.zip").read_bytes()[:100])
        assert [path for path in (tmp_path, *tmp_path.iterdir()) if ClearMLTracker.recognises(path)] == []

    def test_a_session_is_not_written_to(self, tracker: ClearMLTracker, record: Recorder) -> None:
        """Its location is one to read."""
        record(staged())
        archive = f"{folder_of(tracker)}.zip"
        with pytest.raises(InputError, match="is one session, to read"):
            ClearMLTracker(archive).open_run(Started(RUN, "taxi", "first", 0))

    def test_a_torn_session_is_read_as_far_as_it_goes(self, tracker: ClearMLTracker, record: Recorder) -> None:
        """Lines and files that end too early are passed over."""
        record(staged(*rows(*range(2500)), ParamsLogged({"a": 1})))
        metrics = folder_of(tracker) / "metrics.jsonl"
        metrics.write_bytes(metrics.read_bytes()[:-9] + b"\n[1, null]\n{}\n\xff\n")
        native = tracker.read_native(RUN)
        assert (len(native.metrics["loss"]), native.params) == (2499, {"a": 1})
        for content in (b"", b'{"id": "', b"[]", b"\xff"):
            (folder_of(tracker) / "task.json").write_bytes(content)
            assert [run.vendor_id for run in tracker.list_runs()] == [SESSION]
            assert len(tracker.read_native(SESSION).metrics["loss"]) == 2499
            assert tracker.read(SESSION).name == ""

    def test_a_damaged_zip_file_is_told(self, tracker: ClearMLTracker, record: Recorder, tmp_path: Path) -> None:
        """One whose record is damaged is an input error; one that cannot be read at all is no session."""
        record(staged(*rows(1)))
        content = bytearray(Path(f"{folder_of(tracker)}.zip").read_bytes())
        place = content.index(b"record.jsonl") + 40
        content[place : place + 20] = bytes(20)
        damaged = tmp_path / f"{SESSION}.zip"
        damaged.write_bytes(content)
        with pytest.raises(InputError, match="is damaged"):
            ClearMLTracker(str(damaged)).read(RUN)
        assert len(ClearMLTracker(str(damaged)).read_native(RUN).metrics["loss"]) == 1
        damaged.write_bytes(content[:-30])
        assert list(ClearMLTracker(str(damaged)).list_runs()) == []

    def test_a_task_of_odd_types_is_read(self, tracker: ClearMLTracker, record: Recorder) -> None:
        """Whatever stands where."""
        record(staged(*rows(1)))
        task = task_of(tracker)
        for odd in (None, 3, "x", [3], {"a": 3}, [{"key": 3, "uri": 3}], {"General": {"a": 3}}):
            (folder_of(tracker) / "task.json").write_text(json.dumps(dict.fromkeys(task, odd)))
            tracker.read_native(SESSION)
            assert len(list(tracker.list_runs())) == 1

    def test_no_address_leads_out_of_a_session(
        self, tracker: ClearMLTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Neither by its dots nor by a link."""
        record(staged(logged("a.bin", b"1"), contents=[b"1"]))
        (tmp_path / "secret").write_text("secret")
        task, folder = task_of(tracker), folder_of(tracker)
        (folder / "link").symlink_to(tmp_path / "secret")
        for uri in (f"{folder}/../../../../secret", f"{folder}/link", str(tmp_path / "secret"), f"{folder}/\0"):
            task["execution"]["artifacts"][0]["uri"] = uri
            (folder / "task.json").write_text(json.dumps(task))
            assert tracker.read_native(RUN).artifacts == {}
            with pytest.raises(FileNotFoundError, match="no artifact"):
                tracker.open_artifact(RUN, "a.bin")

    def test_reading_needs_no_clearml(self, tracker: ClearMLTracker, record: Recorder, tmp_path: Path) -> None:
        """Its import takes seconds."""
        record(staged(*rows(1)))
        assert read_watched(tracker, "clearml", env=environment(tmp_path)) == (1, [])


class TestVendor:
    """The vendor, kept to itself."""

    def test_one_process_writes_to_two_stores(self, tracker: ClearMLTracker, tmp_path: Path) -> None:
        """ClearML's folder is a variable of the process; each run asks for it once."""
        runs = [staged(*rows(1, 2)), staged(*rows(3), NoteAdded("a"))]
        write_in_turns([tracker, ClearMLTracker(str(tmp_path / "other"))], runs, tmp_path)

    def test_no_thread_and_no_hook_is_left(self, record: Recorder) -> None:
        """`Task.init` would start threads and take the signals of the process."""
        handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
        before = set(threading.enumerate())
        record(full_run())
        assert set(threading.enumerate()) <= before
        assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == handlers

    def test_nothing_goes_over_the_network(self, tracker: ClearMLTracker, tmp_path: Path) -> None:
        """Not even where the user's variables name a server and a task; and the home stays as it is."""
        theirs = {
            "CLEARML_API_HOST": "http://127.0.0.1:9",
            "CLEARML_API_ACCESS_KEY": "canary",
            "CLEARML_TASK_ID": "f" * 32,
            "CLEARML_OFFLINE_MODE": "0",
        }
        (tmp_path / "home").mkdir()
        printed = record_watched(tracker, env=environment(tmp_path / "home", **theirs))
        assert printed.split() == ["finished"]
        assert list((tmp_path / "home").iterdir()) == []
        store = b"".join(file.read_bytes() for file in Path(tracker.location).rglob("*") if file.is_file())
        assert b"canary" not in store

    def test_a_full_disk_is_an_error(self, tracker: ClearMLTracker, tmp_path: Path) -> None:
        """And the task file stays whole."""
        printed = fill_disk(tracker, env=environment(tmp_path))
        assert printed.startswith("TrackerError ClearML could not write to")
        (summary,) = tracker.list_runs()
        assert (summary.name, summary.status) == ("first", "running")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Record a task with the documented calls, and return the cache folder and the task's id."""
    folder = tmp_path_factory.mktemp("own")
    return folder / "clearml", run_python(_USER, str(folder), env=environment(folder)).splitlines()[-1]


class TestUsers:
    """Tasks that ClearML's users wrote with `Task.init`."""

    def test_the_documented_calls_are_read(self, own: tuple[Path, str]) -> None:
        """In the types that ClearML gives back."""
        tracker = ClearMLTracker(str(own[0]))
        before = digests(own[0])
        run = tracker.read(own[1])
        assert (run.run_id, run.experiment, run.name, run.status) == (own[1], "taxi", "own", "finished")
        assert run.params == {"alpha": 0.1, "deep/a": [1, 2], "flag": True, "none": None, "text": "1"}
        assert list(run.metrics["loss"].values) == [0.0, 0.5, 1.0]
        assert list(run.metrics["loss"].steps) == [0, 1, 2]
        assert all(run.started <= time < run.started + 60_000_000 for time in run.metrics["loss"].times)
        assert {key: list(run.metrics[key]) for key in ("bad", "best")} == {
            "bad": [(0.0, 0, run.metrics["bad"].times[0])],
            "best": [(3.5, -(2**31), run.metrics["best"].times[0])],
        }
        assert (run.tags, run.notes) == ({"sample": ""}, ("a note",))
        assert run.artifacts["tables/x.csv"] == logged("x.csv", b"a\n1\n").artifact
        assert len([path for path in run.artifacts if path.endswith(".txt")]) == 1
        assert run.source
        assert run.environment
        assert run.environment.distributions["clearml"]
        assert [summary.run_id for summary in tracker.list_runs()] == [own[1]]
        assert digests(own[0]) == before

    def test_the_zip_file_alone_reads_the_same(self, own: tuple[Path, str], tmp_path: Path) -> None:
        """It is what users pass on."""
        archive = shutil.copy(own[0] / "offline" / f"{own[1]}.zip", tmp_path)
        assert ClearMLTracker(str(archive)).read(own[1]) == ClearMLTracker(str(own[0])).read(own[1])

    def test_a_killed_task_is_running(self, tmp_path: Path) -> None:
        """ClearML notes no end; what its threads had written is there."""
        run_python(_KILLED, str(tmp_path), status=-SIGKILL, env=environment(tmp_path))
        tracker = ClearMLTracker(str(tmp_path / "clearml"))
        (summary,) = tracker.list_runs()
        run = tracker.read(summary.run_id)
        assert (run.name, run.status, len(run.metrics["loss"])) == ("killed", "running", 150)


_IMPORT = """
import json, os, sys
from pathlib import Path
from clearml import Task
from clearml.backend_interface.metrics import Metrics
from zipfile import ZipFile

archive, folder = sys.argv[1], Path(sys.argv[2])
quiet = {"auto_connect_streams": False, "auto_resource_monitoring": False, "auto_connect_arg_parser": False}
task = Task.init("target", "target", auto_connect_frameworks={"detect_repository": False}, **quiet)
try:
    Task.import_offline_session(archive)
except Exception as error:
    refused = str(error)
with ZipFile(archive) as opened:
    opened.extractall(folder)
exported = json.loads((folder / "task.json").read_text())
Task.import_task(exported, target_task=task)

class Session:
    sent = []
    def send(self, batch):
        self.sent += batch.to_dict()["requests"]

Metrics.report_offline_session(task, folder, only_with_id=exported["id"], session=Session())
uploads = Path(task._get_default_report_storage_uri())
script = task.data.script
print(json.dumps({
    "id": task.id,
    "refused": refused,
    "params": task.get_parameters(cast=True),
    "tags": task.get_tags(),
    "comment": task.comment,
    "script": [script.entry_point, script.version_num, script.branch, script.diff],
    "requirements": script.requirements["pip"],
    "command": task.get_configuration_object("command"),
    "artifacts": {name: artifact.hash for name, artifact in task.artifacts.items()},
    "events": Session.sent,
    "uploaded": sorted(file.name for file in uploads.rglob("*") if file.is_file()),
}), flush=True)
os._exit(0)
"""

_USER = """
import math, os, sys
from pathlib import Path
import pandas
from taximeter_clearml import ClearMLTracker
os.chdir(sys.argv[1])
run = ClearMLTracker("clearml").start_plain("taxi", "own")
run.log_params({"alpha": 0.1, "deep": {"a": [1, 2]}, "flag": True, "none": None, "text": "1"})
for step in range(3):
    run.log_metrics({"loss": step / 2}, step=step)
run.log_metrics({"bad": math.nan}, step=0)
run.log_metrics({"best": 3.5})
run.set_tags({"sample": ""})
run.add_note("a note")
Path("x.csv").write_text("a\\n1\\n")
run.log_artifact(Path("x.csv"), "tables/x.csv")
run.log_table(pandas.DataFrame({"a": [1]}), "table")
run.log_text("hello", "text")
run.finish()
print(run.id)
"""

_KILLED = """
import os, signal, sys
from taximeter_clearml import ClearMLTracker
os.chdir(sys.argv[1])
run = ClearMLTracker("clearml").start_plain("taxi", "killed")
for step in range(150):
    run.log_metrics({"loss": 0.5}, step=step)
run._logger.flush(wait=True)
run._task._wait_for_repo_detection(timeout=240)  # which writes the task file in place
os.kill(os.getpid(), signal.SIGKILL)
"""
