"""What is special to Comet: its messages, archives and names, its own checks, torn runs, and its users' runs."""

import json
import math
import os
import re
import shutil
import struct
from hashlib import sha256
from pathlib import Path
from signal import SIGKILL
from typing import Any
from zipfile import ZipFile

import pyarrow as pa
import pytest
from pyarrow import parquet
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
    Event,
    MetricsLogged,
    ModelLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    Started,
    TagsSet,
)
from taximeter.journal.home import Destination
from taximeter.record import Dataset, Environment, LockFile, Model, Source
from taximeter.store.client import Store
from taximeter.testing import record_run
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter.tracker import Feature
from taximeter_comet import CometTracker
from taximeter_comet.isolation import isolate
from taximeter_comet.names import file_name, flatten, key_for, metric_key, tag_key

DATASET = Dataset(
    "trips/2026", "train", "file:///trips.parquet", "ab" * 32, 3, {"x": "double"}, {"mean": math.inf}
)
SOURCE = Source("train.py", ("train.py", "--alpha", "1"), commit="c" * 40, branch="main", diff="- a\n+ ü\n")
ENVIRONMENT = Environment("3.11", "Linux", "EPYC", 2, 2**34, ("T4", "T4"), {"numpy": "2.0"})
AWKWARD = ["", "a b", "x" * 100, "x" * 101, "x" * 102, "line\nbreak", "line break", "a|b", "a_b", "🚕" * 60]


def archive(tracker: CometTracker, key: str = RUN) -> Path:
    """Return where the archive of a run lies."""
    return Path(tracker.location, f"{key}.zip")


def begun(tracker: CometTracker, blobs: Path) -> Path:
    """Begin a run with two points, leave it, and return the folder of its messages."""
    torn = Dispatcher(tracker, Started(RUN, "taxi", "first", START), blobs)
    torn.write(rows(1, 2))
    torn.close()
    return Path(tracker.location, f"{RUN}.open")


def payloads(path: Path, kind: str) -> list[dict[str, Any]]:
    """Return the messages of one type in an archive."""
    with ZipFile(path) as file:
        lines = [json.loads(line) for line in file.read("messages.json").splitlines()]
    return [line["payload"] for line in lines if line["type"] == kind]


def meta(path: Path) -> dict[str, Any]:
    """Return what Comet keeps about a run besides its messages."""
    with ZipFile(path) as file:
        return dict(json.loads(file.read("experiment.json")))


@pytest.fixture
def tracker(tmp_path: Path) -> CometTracker:
    """Return a store that does not exist yet."""
    return CometTracker(CometTracker.location_in(tmp_path / "store"))


class TestMessages:
    """What is logged, as the archive has it."""

    def test_comets_uploader_accepts_every_message(
        self, tracker: CometTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """It checks each against a schema before it sends it, and loses those that do not fit."""
        contents = {"a.png": b"image", "t.csv": b"a\n1\n", "line\nbreak.md": b"# notes", "p.html": b"<p>"}
        contents |= {"model/m.bin": b"weights"}
        events: list[Event] = [logged(path, content) for path, content in contents.items()]
        events += [ParamsLogged({name: [1, {name: math.nan}]}) for name in AWKWARD]
        events += [ParamsLogged({f"{name}.": {name: math.inf}}) for name in AWKWARD]
        events += [event for name in AWKWARD for event in rows(1, -7, 2**63 - 1, key=name)]
        events += [TagsSet(dict.fromkeys(AWKWARD, "text\n" * 300)), NoteAdded("a note"), DatasetLogged(DATASET)]
        events += [ModelLogged("model", Model("sklearn", [math.nan])), SourceCaptured(SOURCE)]
        events += [MetricsLogged({"nan": math.nan, "inf": -math.inf}, 0, 0), EnvironmentCaptured(ENVIRONMENT)]
        record(staged(*events, status="failed", parent_id="p", hypothesis="h", contents=list(contents.values())))
        with ZipFile(archive(tracker)) as file:
            file.extractall(tmp_path / "unpacked")
        sender = uploader(tmp_path / "unpacked")
        assert (sender.experiment_id, sender.metadata_project_name) == (RUN, "taxi")
        for line in (tmp_path / "unpacked" / "messages.json").read_text().splitlines():
            message = json.loads(line)
            validator_for(sender, message["type"]).validate(message["payload"])

    def test_points_have_their_own_step_and_time(self, tracker: CometTracker, record: Recorder) -> None:
        """`log_metric` would give them the time of the call; Comet's times are milliseconds."""
        recorded = record(staged(*rows(5, 5, 3, -7, 2**63 - 1)))
        points = [
            (payload["metric"]["metricValue"], payload["metric"]["step"], payload["local_timestamp"])
            for payload in payloads(archive(tracker), "metric_msg")
        ]
        assert points == [(value, step, time // 1_000) for value, step, time in recorded.metrics["loss"]]
        native = tracker.read_native(RUN).metrics["loss"]
        assert list(native) == [(value, step, time * 1_000) for value, step, time in points]

    @pytest.mark.parametrize("value", [-0.0, 5e-324, 1.7976931348623157e308, 0.1, math.inf, -math.inf, math.nan])
    def test_values_are_kept_bit_for_bit(self, value: float, tracker: CometTracker, record: Recorder) -> None:
        """Comet writes the shortest text that gives the same float64, and words where JSON has no number."""
        record(staged(MetricsLogged({"loss": value}, 0, START)))
        assert tracker.read_native(RUN).metrics["loss"].values.tobytes() == struct.pack("d", value)

    def test_no_two_names_become_one(self) -> None:
        """Not even when one is the escaped form of another."""
        for escape in (metric_key, tag_key, file_name, lambda name: next(flatten({name: 1}))[0]):
            names = {*AWKWARD, "Name", "taximeter.run_id", "dataset_info", "offline_experiment"}
            names |= set(map(escape, names))
            assert len(set(map(escape, names))) == len(names)
        nested = flatten({"a": {"b": 1, "": 2, "c|d": 3, "c": {"d": 4}}, "a|b": 5, "x" * 90: {"y" * 20: 6}})
        assert len(dict(nested)) == 6

    def test_params_are_typed_and_nested_as_comet_nests_them(
        self, tracker: CometTracker, record: Recorder
    ) -> None:
        """What Comet has no type for is text; what it would cut is cut, and says so."""
        params = {"n": 1, "x": 1.0, "b": True, "t": "1", "none": None, "big": 2**200, "list": [1, "a", None]}
        odd = {
            "deep": {"a": {"b": 1}, "e": {}},
            "nan": math.nan,
            "lists": [[1]],
            "long": "x" * 1001,
            "huge": 1 << 20_000,
        }
        record(staged(ParamsLogged(params), ParamsLogged(odd)))
        native = tracker.read_native(RUN).params
        assert repr({name: native.pop(name) for name in params}) == repr(params)
        assert native.pop("long") == "x" * 981 + "… [1001 characters]"
        assert native.pop("huge").startswith("0x1000")
        assert native == {"deep|a|b": 1, "deep|e": "{}", "nan": "NaN", "lists": "[[1]]"}

    def test_tags_are_other_values(self, tracker: CometTracker, record: Recorder) -> None:
        """Those called like Comet's own get another name, and what was set last counts."""
        record(staged(TagsSet({"team": "red", "Name": "mine"}), TagsSet({"team": "blue=green\n"})))
        native = tracker.read_native(RUN)
        assert native.name == "first"
        assert native.tags == {"team": "blue=green\n", tag_key("Name"): "mine"}

    @pytest.mark.parametrize(
        ("status", "error"),
        [("finished", None), ("failed", "The run failed."), ("killed", "The run was killed.")],
    )
    def test_a_bad_end_is_a_reported_error(
        self, status: str, error: str | None, tracker: CometTracker, record: Recorder
    ) -> None:
        """Comet shows it beside the experiment."""
        record(staged(*rows(1), status=status))
        about = meta(archive(tracker))
        assert (about["customer_error_reported"], about["customer_error_message"]) == (error is not None, error)
        assert (about["start_time"], about["stop_time"]) == (START // 1_000, START // 1_000 + 5_000)
        native = tracker.read_native(RUN)
        assert (native.status, native.started, native.ended) == (status, START, START // 1_000 * 1_000 + 5_000_000)
        assert [summary.status for summary in tracker.list_runs()] == [status]

    def test_files_are_what_comet_shows(self, tracker: CometTracker, record: Recorder, tmp_path: Path) -> None:
        """An image is a graphic, a table a data frame, a text a text, a page HTML; and each is an asset."""
        parquet.write_table(pa.table({"a": [1, 2]}), tmp_path / "t.parquet")
        contents = {
            "plots/a.png": b"image",
            "t.csv": b"a,b\n1,x\n",
            "t.parquet": (tmp_path / "t.parquet").read_bytes(),
            "broken.parquet": b"no table",
            "page.html": b"<p>hi",
            "line\nbreak.md": b"# notes",
        }
        events = [logged(path, content) for path, content in contents.items()]
        recorded = record(staged(*events, NoteAdded("one"), NoteAdded("two"), contents=list(contents.values())))
        shown = [
            (
                upload["upload_type"],
                upload["additional_params"].get("figName") or upload["additional_params"]["fileName"],
            )
            for upload in payloads(archive(tracker), "file_upload")
            if upload["upload_type"] not in {"asset", "text-sample"}
        ]
        assert shown == [("visualization", "plots/a.png"), ("dataframe", "t.csv"), ("dataframe", "t.parquet.csv")]
        assert [payload["html"] for payload in payloads(archive(tracker), "html")] == ["<p>hi"]
        native = tracker.read_native(RUN)
        assert (native.artifacts, native.notes) == (recorded.artifacts, ("one", "two"))

    def test_a_path_that_was_logged_again_is_the_last_file(self, tracker: CometTracker, record: Recorder) -> None:
        """Comet's service overwrites the asset and the image, but not the asset by the table of the same name."""
        events = [logged(path, content) for path in ("x.csv", "x.png") for content in (b"a", b"b")]
        recorded = record(staged(*events, contents=[b"a", b"b"]))
        assert tracker.read_native(RUN).artifacts == recorded.artifacts
        uploads = payloads(archive(tracker), "file_upload")
        overwriting = [(upload["upload_type"], upload["additional_params"]["overwrite"]) for upload in uploads]
        assert overwriting[:4] == [("asset", False), ("dataframe", False), ("asset", True), ("dataframe", False)]
        assert overwriting[5:8:2] == [("visualization", False), ("visualization", True)]

    def test_models_and_datasets_come_back(self, tracker: CometTracker, record: Recorder) -> None:
        """A model is its files, a dataset an asset that describes it."""
        model = Model("sklearn", {"inputs": [math.nan]}, "model/example.json")
        events = (logged("model/deep/m.bin", b"weights"), ModelLogged("model", model), DatasetLogged(DATASET))
        recorded = record(staged(*events, contents=[b"weights"]))
        native = tracker.read_native(RUN)
        assert repr(native.models) == repr({"model": model})
        assert (native.datasets, native.artifacts, native.tags) == ((DATASET,), recorded.artifacts, {})
        assert [payload["value"] for payload in payloads(archive(tracker), "log_other")][-1] == (
            f"train: trips/2026-{'ab' * 32}, file:///trips.parquet"
        )

    def test_source_and_environment_come_back(self, tracker: CometTracker, record: Recorder) -> None:
        """But for the lock file; a run without them has none."""
        lock = LockFile("requirements.lock", "00" * 32)
        environment = Environment(
            **{**{f: getattr(ENVIRONMENT, f) for f in ENVIRONMENT.__struct_fields__}, "lock_file": lock}
        )
        record(staged(EnvironmentCaptured(environment), SourceCaptured(SOURCE)))
        record(staged(run_id="b" * 32))
        native, bare = tracker.read_native(RUN), tracker.read_native("b" * 32)
        assert (native.source, native.environment) == (SOURCE, ENVIRONMENT)
        assert (bare.source, bare.environment) == (None, None)

    def test_ids_of_other_trackers_fit(self, tracker: CometTracker, record: Recorder) -> None:
        """A run that is copied keeps its id, whatever Comet calls it."""
        run_id = "../lr=0.1/run:1"
        record(staged(*rows(1), run_id=run_id, parent_id="f" * 32, hypothesis="it learns"))
        (summary,) = tracker.list_runs()
        assert (summary.run_id, summary.vendor_id) == (run_id, key_for(run_id))
        native = tracker.read_native(summary.vendor_id)
        assert (native.run_id, native.parent_id, native.hypothesis) == (run_id, None, "it learns")


class TestArchives:
    """Runs that were cut off, damaged or moved."""

    def test_a_killed_courier_leaves_a_run_that_can_be_read(self, tracker: CometTracker, tmp_path: Path) -> None:
        """Its messages lie in the store, and nowhere else; they go when the run is written anew."""
        temporary = tmp_path / "temporary"
        temporary.mkdir()
        run_python(_KILLED, tracker.location, RUN, status=-SIGKILL, env=os.environ | {"TMPDIR": str(temporary)})
        assert list(temporary.iterdir()) == []
        assert [path.name for path in Path(tracker.location).iterdir()] == [f"{RUN}.open"]
        before = digests(tmp_path)
        assert [(run.run_id, run.name, run.status) for run in tracker.list_runs()] == [(RUN, "first", "running")]
        assert tracker.read_exact(RUN) is None
        torn = tracker.read(RUN)
        assert (torn.experiment, torn.status, torn.ended) == ("taxi", "running", None)
        assert list(torn.metrics["loss"].steps) == list(range(1000))
        assert CometTracker.recognises(Path(tracker.location))
        assert digests(tmp_path) == before
        record_run(tracker, staged(*rows(1)), tmp_path / "blobs")
        assert [path.name for path in Path(tracker.location).iterdir()] == [f"{RUN}.zip"]

    def test_an_archive_stays_until_another_takes_its_place(
        self, tracker: CometTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """A run that is delivered again can be read all the time."""
        recorded = record(staged(*rows(1, 2)))
        begun = Dispatcher(tracker, Started(RUN, "taxi", "again", START), tmp_path)
        assert diff(tracker.read(RUN), recorded) == []
        assert [run.name for run in tracker.list_runs()] == ["first"]
        begun.finish(staged(name="again").record)
        assert [run.name for run in tracker.list_runs()] == ["again"]

    @pytest.mark.parametrize("content", [b"", b"PK\5\6" + bytes(18), b"PK\3\4" + bytes(100)])
    def test_a_torn_archive_of_comets_reads_as_running(
        self, content: bytes, tracker: CometTracker, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is empty until the end of a run, and cut off where the process died while it wrote it."""
        Path(tracker.location).mkdir(parents=True)
        Path(tracker.location, f"{RUN}-AbCdEf.zip").write_bytes(content)
        assert [(run.vendor_id, run.status) for run in tracker.list_runs()] == [(RUN, "running")]
        run = tracker.read(RUN)
        assert (run.run_id, run.status, run.metrics, run.params) == (RUN, "running", {}, {})
        assert ("is torn or damaged" in caplog.text) is content.startswith(b"PK\3\4")

    def test_what_is_read_around_is_told_to_whoever_asked(self, tracker: CometTracker, tmp_path: Path) -> None:
        """The store is read by another process, which has no user."""
        Path(tracker.location).mkdir(parents=True)
        Path(tracker.location, f"{RUN}.zip").write_bytes(b"PK\3\4" + bytes(100))
        with Store(Destination("comet", tracker.location, str(tmp_path))) as store:
            assert [run.status for run in store.runs()] == ["running"]
            store.read(RUN)
        (warning,) = store.warnings
        assert re.search(rf"{RUN}\.zip is torn or damaged", warning)

    def test_a_damaged_archive_is_no_run_with_less_in_it(self, tracker: CometTracker, record: Recorder) -> None:
        """Where the messages end too early, what tells of the exact record is lost with them."""
        record(staged(*rows(*range(5000))))
        with ZipFile(archive(tracker)) as whole:
            member = whole.getinfo("messages.json")
        damaged = bytearray(archive(tracker).read_bytes())
        damaged[member.header_offset + member.compress_size * 3 // 4] ^= 1
        archive(tracker).write_bytes(damaged)
        assert 0 < len(tracker.read_native(RUN).metrics["loss"]) < 5000
        with pytest.raises(InputError, match=f"exact record of {RUN} is missing.*is damaged"):
            tracker.read(RUN)

    def test_damaged_lines_cost_themselves(self, tracker: CometTracker, tmp_path: Path) -> None:
        """A killed process leaves half a line, and Python's JSON knows numbers that JSON does not."""
        with (begun(tracker, tmp_path) / "messages.json").open("a") as file:
            file.write(
                '{"payload":{"params":{"paramName":"p","paramValue":[[Infinity]]}},"type":"parameter_msg"}\n'
            )
            file.write('no message\n[]\n{"payload":{},"type":"metric_msg"}\n{"payload":{"met')
        run = tracker.read(RUN)
        assert (len(run.metrics["loss"]), run.params) == (2, {"p": [[math.inf]]})

    def test_a_damaged_archive_reads_as_far_as_it_goes(self, tracker: CometTracker, record: Recorder) -> None:
        """A flipped byte is found by the checksum of the archive."""
        content = b"the artifact"
        record(staged(*rows(1), logged("a.bin", content), contents=[content]))
        damaged = archive(tracker).read_bytes().replace(content, b"the Artifact")
        archive(tracker).write_bytes(damaged)
        for native in (False, True):
            run = tracker.read(RUN, native=native)
            assert (run.artifacts, len(run.metrics["loss"])) == ({}, 1)
        archive(tracker).write_bytes(damaged.replace(b'"metric":"loss"', b'"metric":"lost"'))
        assert len(tracker.read_native(RUN).metrics["loss"]) == 1
        with pytest.raises(InputError, match=f"exact record of {RUN} is damaged"):
            tracker.read(RUN)

    def test_an_archive_may_have_another_name(self, tracker: CometTracker, record: Recorder) -> None:
        """The id is inside; and a run can be read from its archive alone."""
        recorded = record(staged(*rows(1), logged("a.bin", b"x"), contents=[b"x"]))
        moved = archive(tracker).rename(Path(tracker.location, "mine.zip"))
        for place in (tracker.location, str(moved)):
            assert diff(CometTracker(place).read(RUN), recorded) == []
        assert list(CometTracker(str(moved)).files()) == [moved]

    def test_no_path_in_a_store_leads_out_of_it(self, tracker: CometTracker, tmp_path: Path) -> None:
        """Neither the name of a file in a message nor a link."""
        folder = begun(tracker, tmp_path)
        (tmp_path / "store" / "secret").write_text("secret")
        (folder / "link").symlink_to(tmp_path / "store" / "secret")
        with (folder / "messages.json").open("a") as file:
            for name in ("../../secret", str(tmp_path / "store" / "secret"), "link"):
                names = {"fileName": name, "context": None, "step": None}
                upload = {"file_path": name, "upload_type": "asset", "additional_params": names}
                file.write(json.dumps({"payload": upload, "type": "file_upload"}) + "\n")
                with pytest.raises(FileNotFoundError):
                    tracker.open_artifact(RUN, name)
        assert tracker.read_native(RUN).artifacts == {}

    def test_only_comets_archives_are_recognised(
        self, tracker: CometTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """By what is in them; an empty one by its name."""
        record(staged(*rows(1)))
        folder = tmp_path / "others"
        folder.mkdir()
        for name, member in {"task.zip": "task.json", f"{'a' * 32}.zip": "metrics.jsonl"}.items():
            with ZipFile(folder / name, "w") as file:
                file.writestr(member, "{}")
        ZipFile(folder / "empty.zip", "w").close()
        (folder / "text.zip").write_text("no archive")
        (folder / "x.open").mkdir()
        assert not any(map(CometTracker.recognises, (folder, *folder.iterdir(), tmp_path, tmp_path / "none")))
        assert CometTracker.recognises(Path(tracker.location))
        assert CometTracker.recognises(archive(tracker))

    def test_a_store_that_moved_reads_the_same(
        self, tracker: CometTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Nothing in it leads out of it."""
        recorded = record(staged(*rows(1, 2), logged("deep/er/a.bin", b"x"), contents=[b"x"]))
        shutil.move(tracker.location, tmp_path / "moved")
        assert diff(CometTracker(str(tmp_path / "moved")).read(RUN), recorded) == []

    def test_a_store_that_is_not_there_is_an_input_error(self, tracker: CometTracker) -> None:
        """The message names it."""
        assert (list(tracker.list_runs()), list(tracker.files())) == ([], [])
        with pytest.raises(InputError, match=r"\.cometml-runs has no Comet run 'x'"):
            tracker.read("x")


class TestUsers:
    """Runs that Comet's users wrote with its own interface."""

    def test_a_plain_run_is_read_by_its_id(self, tracker: CometTracker, tmp_path: Path) -> None:
        """With all that Comet logs of its own accord."""
        printed = json.loads(run_python(_PLAIN, tracker.location, "finished", cwd=tmp_path).splitlines()[-1])
        before = digests(tmp_path)
        run = tracker.read(printed["id"])
        assert (run.run_id, run.experiment, run.name, run.status) == (printed["id"], "taxi", "plain", "finished")
        assert run.params.items() >= {"a": 1, "deep|b": [1, 2], "nan": "NaN", "curr_step": 2}.items()
        assert [value for value, _, _ in run.metrics["loss"]] == [0.0, 0.5, 1.0]
        assert list(run.metrics["loss"].steps) == [0, 1, 2]
        assert run.tags["dataset_info"] == f"trips/2026-{'ab' * 32}, file:///trips.parquet"
        assert run.notes == ("a note",)
        assert run.artifacts.keys() >= {
            "dir/f.bin",
            "plot",
            "t.csv",
            "readme",
            "lasso/model-data/comet-sklearn-model.joblib",
        }
        assert run.artifacts["dir/f.bin"] == logged("dir/f.bin", b"abc").artifact
        assert run.models.keys() == {"lasso"}
        assert run.source is not None
        assert run.environment is not None
        assert run.environment.distributions["numpy"]
        for path, artifact in run.artifacts.items():
            with tracker.open_artifact(run.run_id, path) as stream:
                assert sha256(stream.read()).hexdigest() == artifact.sha256
        assert digests(tmp_path) == before
        assert printed["unsupported"] == ["time", "child", "killed"]
        assert [address for address in printed["addresses"] if "127.0.0.1" not in address] == []

    def test_a_plain_run_that_failed_says_so(self, tracker: CometTracker, tmp_path: Path) -> None:
        """Comet's hook sees the exception."""
        printed = json.loads(run_python(_PLAIN, tracker.location, "failed", cwd=tmp_path).splitlines()[-1])
        assert [(run.vendor_id, run.status) for run in tracker.list_runs()] == [(printed["id"], "failed")]

    def test_a_run_goes_on_in_another_archive(self, tracker: CometTracker, tmp_path: Path) -> None:
        """It is one run, in the order of its archives; points within a context carry its name."""
        run_python(_CONTINUED, tracker.location, RUN, cwd=tmp_path)
        assert len(list(Path(tracker.location).iterdir())) == 2
        (summary,) = tracker.list_runs()
        run = tracker.read(RUN)
        assert (summary.name, run.name, run.experiment) == ("second", "second", "general")
        assert list(run.metrics["train_loss"].values) == [1.0, 2.0]
        assert (run.params["train_lr"], run.tags["mine"]) == (0.5, "")

    def test_an_archive_of_an_old_release_is_read(self, tracker: CometTracker) -> None:
        """Comet 3.1.0 wrote every message as one kind with a field for each."""
        Path(tracker.location).mkdir(parents=True)
        lines = [json.dumps({"payload": {**_OLD_FIELDS, **fields}, "type": "ws_msg"}) for fields in _OLD_MESSAGES]
        with ZipFile(archive(tracker), "w") as file:
            file.writestr("messages.json", "\n".join(lines))
            file.writestr("experiment.json", json.dumps(_OLD_META))
        (summary,) = tracker.list_runs()
        run = tracker.read(RUN)
        assert (summary.name, run.name, run.experiment, run.status) == ("old", "old", "p", "finished")
        assert (run.params, run.tags) == ({"a": 1, "l": [1, 2]}, {"t": "", "k": "v"})
        assert [list(series) for series in run.metrics.values()] == [
            [(0.5, 3, 1_795_633_233_519_000), (math.inf, 4, 1_795_633_233_519_000)]
        ]
        assert run.source == Source("train.py", ("train.py",), commit="c0", branch="main")
        assert run.environment == Environment("3.11.7", "Linux", "", 0, 0, distributions={"numpy": "2.0"})

    def test_a_killed_run_of_theirs_can_be_listed(self, tracker: CometTracker, tmp_path: Path) -> None:
        """Its archive is empty: Comet keeps the messages in the system's temporary folder."""
        run_python(
            _THEIRS_KILLED,
            tracker.location,
            RUN,
            status=-SIGKILL,
            cwd=tmp_path,
            env=os.environ | {"TMPDIR": str(tmp_path)},
        )
        assert [(run.vendor_id, run.status) for run in tracker.list_runs()] == [(RUN, "running")]
        assert tracker.read(RUN).metrics == {}


class TestVendor:
    """The vendor, kept to itself."""

    def test_its_import_waits_for_a_run(self, tracker: CometTracker, record: Recorder) -> None:
        """It takes seconds, and reading needs none of it."""
        record(staged(*rows(1)))
        assert read_watched(tracker, "comet_ml") == (1, [])

    def test_one_process_writes_to_two_stores(self, tracker: CometTracker, tmp_path: Path) -> None:
        """An `OfflineExperiment` would end the one before it."""
        runs = [staged(*rows(1, 2)), staged(*rows(3, 4))]
        write_in_turns([tracker, CometTracker(str(tmp_path / "other"))], runs, tmp_path)

    def test_a_full_disk_is_an_error(self, tracker: CometTracker) -> None:
        """An `OfflineExperiment` would log a warning and lose the points."""
        assert fill_disk(tracker).startswith("OSError ")

    def test_nothing_goes_over_the_network(self, tracker: CometTracker, tmp_path: Path) -> None:
        """Nor into the user's files, whatever their variables and config say; and nothing of theirs is kept."""
        (tmp_path / ".comet.config").write_text("[comet]\napi_key=canary-key\nworkspace=canary\n")
        theirs = {
            "COMET_API_KEY": "canary-key",
            "COMET_EXPERIMENT_KEY": "e" * 32,
            "COMET_LOGGING_FILE": str(tmp_path / "comet.log"),
            "COMET_OFFLINE_DIRECTORY": str(tmp_path / "elsewhere"),
            "COMET_PROJECT_NAME": "canary",
        }
        printed = record_watched(tracker, cwd=tmp_path, env=os.environ | theirs)
        assert printed.split() == ["finished"]
        assert sorted(path.name for path in tmp_path.iterdir()) == [".comet.config", "blobs", "store"]
        assert [path.name for path in Path(tracker.location).iterdir()] == [f"{RUN}.zip"]
        assert b"canary" not in archive(tracker).read_bytes()

    def test_what_it_cannot_do_is_unsupported(self, tracker: CometTracker) -> None:
        """Comet has neither child runs nor a view of a run that is not uploaded."""
        assert frozenset(Feature) - tracker.features == set(tracker.gaps) == {Feature.CHILD_RUNS, Feature.LIVE}
        assert tracker.ui is None


def uploader(folder: Path) -> Any:
    """Return what ``comet upload`` reads an unpacked archive with; it connects only to send."""
    isolate()
    from comet_ml.offline import OfflineSender  # noqa: PLC0415 - the vendor is met after it was isolated

    return OfflineSender(api_key="none", offline_dir=str(folder))


def validator_for(sender: Any, kind: str) -> Any:
    """Return the schema against which Comet's uploader checks a type of message."""
    names = {
        "file_upload": "upload_msg_validator",
        "installed_packages": "installed_packages_validator",
        "log_other": "log_other_message_validator",
        "metric_msg": "metric_msg_validator",
        "parameter_msg": "parameter_msg_validator",
    }
    return getattr(sender, names.get(kind, f"{kind}_msg_validator"))


_KILLED = """
import os, signal, sys
from pathlib import Path
from taximeter.courier.dispatch import Dispatcher
from taximeter.events import MetricsLogged, Started
from taximeter_comet import CometTracker
location, run_id = sys.argv[1:]
run = Dispatcher(CometTracker(location), Started(run_id, "taxi", "first", 0), Path("."))
run.write([MetricsLogged({"loss": 0.5}, step, 0) for step in range(1000)])
os.kill(os.getpid(), signal.SIGKILL)
"""

_PLAIN = """
import json, math, sys
from pathlib import Path
import pandas
from matplotlib.figure import Figure
from sklearn.linear_model import Lasso
from taximeter.errors import Unsupported
from taximeter.record import Dataset
from taximeter_comet import CometTracker
location, status = sys.argv[1:]
addresses = []
sys.addaudithook(lambda event, arguments: event == "socket.connect" and addresses.append(str(arguments[1])))
sys.addaudithook(lambda event, arguments: event == "socket.getaddrinfo" and addresses.append(str(arguments[0])))
run = CometTracker(location).start_plain("taxi", "plain")
unsupported = []

def refused(name, call):
    try:
        call()
    except Unsupported:
        unsupported.append(name)

run.log_params({"a": 1, "deep": {"b": [1, 2]}, "nan": math.nan})
for step in range(3):
    run.log_metrics({"loss": step / 2}, step=step)
refused("time", lambda: run.log_metrics({"loss": 1.0}, time=0))
run.set_tags({"blue": ""})
run.add_note("a note")
Path("f.bin").write_bytes(b"abc")
run.log_artifact(Path("f.bin"), "dir/f.bin")
figure = Figure()
figure.subplots().plot([1, 2])
run.log_figure(figure, "plot")
run.log_table(pandas.DataFrame({"a": [1]}), "t")
run.log_text("read me", "readme")
run.log_dataset(Dataset("trips/2026", "train", "file:///trips.parquet", "ab" * 32, 3, {}))
run.log_model(Lasso().fit([[1.0], [2.0]], [1, 2]), "lasso")
refused("child", lambda: run.start_child("child"))
if status == "finished":
    refused("killed", lambda: run.finish("killed"))
else:
    run.finish(status)
print()
print(json.dumps({"id": run.id, "unsupported": unsupported, "addresses": addresses}))
"""

_CONTINUED = """
import sys, time
from pathlib import Path
from taximeter_comet.isolation import isolate
isolate()
import comet_ml
location, key = sys.argv[1:]
Path(location).mkdir(parents=True)
first = comet_ml.OfflineExperiment(offline_directory=location, experiment_key=key, log_code=False)
first.set_name("first")
with first.train():
    first.log_metric("loss", 1.0)
first.end()
time.sleep(0.01)
second = comet_ml.ExistingOfflineExperiment(offline_directory=location, experiment_key=key, log_code=False)
second.set_name("second")
second.add_tag("mine")
with second.train():
    second.log_parameter("lr", 0.5)
    second.log_metric("loss", 2.0)
    second.log_metric("text", "no number")
second.end()
"""

_THEIRS_KILLED = """
import os, signal, sys
from pathlib import Path
from taximeter_comet.isolation import isolate
isolate()
import comet_ml
location, key = sys.argv[1:]
Path(location).mkdir(parents=True)
run = comet_ml.OfflineExperiment(offline_directory=location, experiment_key=key, log_code=False)
run.log_metric("loss", 1.0)
os.kill(os.getpid(), signal.SIGKILL)
"""

_OLD_META = {
    "auto_metric_logging": True,
    "offline_id": RUN,
    "project_name": "p",
    "start_time": 1795633233518,
    "stop_time": 1795633233523,
    "tags": ["t"],
    "workspace": None,
}

_OLD_FIELDS: dict[str, Any] = {
    **dict.fromkeys(
        ("code", "context", "env_details", "fileName", "git_meta", "gpu_static_info", "graph", "html")
    ),
    **dict.fromkeys(("htmlOverride", "installed_packages", "log_dependency", "log_other", "log_system_info")),
    **dict.fromkeys(("metric", "os_packages", "param", "params", "stderr", "stdout")),
    "local_timestamp": 1795633233519,
}

_OLD_MESSAGES: list[dict[str, Any]] = [
    {"log_other": {"key": "offline_experiment", "val": True}},
    {"log_other": {"key": "Name", "val": "old"}},
    {"param": {"paramName": "a", "paramValue": 1, "step": None}},
    {"params": {"paramName": "l", "paramValue": [1, 2], "step": None}},
    {"metric": {"epoch": None, "metricName": "loss", "metricValue": 0.5, "step": 3}},
    {"metric": {"epoch": None, "metricName": "loss", "metricValue": "Infinity", "step": 4}},
    {"log_other": {"key": "k", "val": "v"}},
    {"fileName": "train.py"},
    {"git_meta": {"branch": "refs/heads/main", "parent": "c0", "user": None, "root": None, "origin": None}},
    {"installed_packages": ["numpy==2.0"]},
    {"env_details": {"command": ["train.py"], "os": "Linux", "pid": 1, "python_version": "3.11.7"}},
    {"stdout": "COMET INFO: done\n", "stderr": True},
]

# Verdicts


def test_what_comet_does_to_plain_values_is_known(verdicts_of: VerdictsOf) -> None:
    """Numbers come back exactly, also a step of 1.5; long texts and names are cut, with a warning."""
    verdicts = verdicts_of("comet")
    params = by_name(verdicts, "params")
    assert {finding.verdict for finding in by_name(verdicts, "values of metrics").values()} == {"identical"}
    assert (params["NaN"].read, params["NaN"].verdict) == ("'NaN'", "changed without loss")
    assert params["nested mapping"].read == "{'|a|b': 1, '|a|c': [0.5]}"
    assert "exceeds 1000 characters and will be truncated" in params["long text"].said[0]
    for theme in ("names of params", "keys of metrics"):
        cut = by_name(verdicts, theme)["300 characters"]
        assert (cut.verdict, cut.is_silent_loss) == ("changed with loss", False)
    assert by_name(verdicts, "steps")["float step"].read == "1.5"


def test_what_comet_does_to_plain_files_is_known(verdicts_of: VerdictsOf) -> None:
    """Artifacts are kept; a figure is drawn as SVG, a table gets a column more, and a dataset becomes a text."""
    verdicts = verdicts_of("comet")
    media, data = by_name(verdicts, "images, tables, texts"), by_name(verdicts, "datasets and models")
    assert by_name(verdicts, "artifacts")["bytes"].verdict == "identical"
    assert "pt'" in media["figure"].read
    assert media["table"].verdict == "changed without loss"
    assert data["dataset"].read == "'green-2025-01-ab12cd34, data/green.parquet'"
    assert data["digest of a dataset"].verdict == "changed without loss"
    assert by_name(verdicts, "tags and notes")["bare tag"].verdict == "identical"
