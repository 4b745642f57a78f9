"""What is special to Neptune's scale client: its database and messages, its log after a crash, its users' runs."""

import math
import os
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from signal import SIGKILL

import psutil
import pytest
from tracker_cases import (
    FACTS,
    RUN,
    SOURCE,
    START,
    Recorder,
    digests,
    environment_without,
    fill_disk,
    read_watched,
    read_while_writing,
    record_watched,
    run_python,
    series,
    staged,
)

from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.errors import InputError
from taximeter.events import MetricsLogged, ParamsLogged, SourceCaptured, Started
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter_neptune import NeptuneScaleTracker, NeptuneTracker
from taximeter_neptune.scale.layout import NAME


@pytest.fixture
def tracker(tmp_path: Path) -> NeptuneScaleTracker:
    """The usual store in a fresh folder."""
    return NeptuneScaleTracker(NeptuneScaleTracker.location_in(tmp_path))


def folder_of(tracker: NeptuneScaleTracker) -> Path:
    """Return the folder of the only run."""
    (folder,) = tracker.files()
    return folder


class TestWriting:
    """What the client's database holds of a run of ours."""

    def test_the_clients_own_reader_reads_every_message(
        self, tracker: NeptuneScaleTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """The run, its points, and the files that it would upload."""
        record(staged(*series(1, 2), logged("a/x.csv", b"x\n1"), contents=[b"x\n1"]))
        shutil.copytree(folder_of(tracker), tmp_path / "copy")
        lines = run_python(_VENDOR_READS, str(tmp_path / "copy" / NAME)).splitlines()
        assert lines[:2] == [f"taximeter/taxi {RUN}", "first 1700000000"]
        assert [line for line in lines if "metrics/loss" in line] == ["metrics/loss 1.0 0", "metrics/loss 2.0 1"]
        assert any(line.endswith("/artifacts/a/x.csv text/csv 3") for line in lines)

    def test_points_are_held_bit_for_bit(self, tracker: NeptuneScaleTracker, record: Recorder) -> None:
        """With steps that the client's calls refuse as too large, and times to the microsecond."""
        values = [math.nan, math.inf, -math.inf, -0.0, 5e-324]
        late = MetricsLogged({"loss": 1.0}, 2**62, 2**53 + 1)
        recorded = record(staged(*series(*values), late))
        assert tracker.read_native(RUN).metrics == recorded.metrics

    def test_a_negative_step_is_counted_on(self, tracker: NeptuneScaleTracker, record: Recorder) -> None:
        """The client's messages hold none; the exact record does."""
        record(staged(MetricsLogged({"loss": 1.0}, 7, START), MetricsLogged({"loss": 2.0}, -5, START)))
        assert list(tracker.read_native(RUN).metrics["loss"].steps) == [7, 8]
        assert list(tracker.read(RUN).metrics["loss"].steps) == [7, -5]

    def test_params_keep_their_types(self, tracker: NeptuneScaleTracker, record: Recorder) -> None:
        """What Neptune has no type for is JSON, and what is too long for it is cut."""
        params = {"int": 2**62, "nan": math.nan, "list": ["b", "a", "b"], "deep": {"a/b": {"": True}}}
        record(
            staged(
                ParamsLogged(
                    params
                    | {"none": None, "huge": 2**70, "mixed": [1], "long": "é" * 2_000_000, "many": [""] * 600_000}
                )
            )
        )
        native = tracker.read_native(RUN).params
        assert (len(native.pop("long")), len(native.pop("many"))) == (2**19, 2**20)
        changed = {"none": "null", "huge": '{"$int": "0x400000000000000000"}', "mixed": "[1]"}
        assert {name: native[name] for name in changed} == changed
        assert repr({name: native[name] for name in params}) == repr(params)

    def test_a_row_of_any_width_is_held(self, tracker: NeptuneScaleTracker, record: Recorder) -> None:
        """The client takes messages of two mebibytes."""
        values = {f"{'layer/' * 20}{number}": float(number) for number in range(20_000)}
        recorded = record(staged(MetricsLogged(values, 3, START)))
        assert tracker.read_native(RUN).metrics == recorded.metrics

    def test_all_that_is_about_a_run_comes_back(self, tracker: NeptuneScaleTracker, record: Recorder) -> None:
        """Tags as they were set last, notes, data, models, code and machine."""
        recorded = record(staged(*FACTS, hypothesis="it learns", parent_id="p"))
        assert diff(tracker.read_native(RUN), recorded) == []

    def test_ids_and_projects_that_neptune_refuses_are_escaped(
        self, tracker: NeptuneScaleTracker, record: Recorder
    ) -> None:
        """A run of another tracker may be called anything."""
        pairs = [("a/b", "e/f"), ("a_b", "e_f"), ("x" * 800, ""), ("a" * 32, "x" * 900)]
        for run_id, experiment in pairs:
            recorded = record(staged(*series(1), run_id=run_id, experiment=experiment, name=""))
            assert diff(tracker.read(run_id), recorded) == []
            assert tracker.read_native(run_id).experiment == experiment
        assert sorted(run.run_id for run in tracker.list_runs()) == sorted(run_id for run_id, _ in pairs)

    def test_no_process_or_thread_is_started(self, tracker: NeptuneScaleTracker, tmp_path: Path) -> None:
        """Offline, the client synchronises nothing, and what would capture the console is turned off."""
        before, children = set(threading.enumerate()), set(psutil.Process().children(recursive=True))
        dispatcher = Dispatcher(tracker, Started(RUN, "taxi", "first", START), tmp_path)
        dispatcher.write(series(1, 2))
        assert set(threading.enumerate()) <= before
        assert set(psutil.Process().children(recursive=True)) <= children
        dispatcher.close()

    def test_a_full_disk_is_an_error(self, tracker: NeptuneScaleTracker) -> None:
        """The client itself would drop the values with a line in its log."""
        assert fill_disk(tracker, 100_000).startswith("TrackerError Neptune could not write the run")


class TestReading:
    """Stores that others wrote, that a crash left, or that are being written."""

    def test_a_run_of_neptunes_own_users_is_read(self, tracker: NeptuneScaleTracker, tmp_path: Path) -> None:
        """Its fields, in the types that Neptune returns, without a byte of the store changed."""
        run_python(_USER, cwd=tmp_path, env=environment_without("NEPTUNE_"))
        before = digests(tmp_path)
        (summary,) = tracker.list_runs()
        assert (summary.run_id, summary.experiment, summary.name) == ("own", "project", "seabird")
        run = tracker.read("own")
        assert run.params == {"lr": 0.1, "epochs": 5, "layers": ["a", "b"], "when": "2026-01-02T00:00:00+00:00"}
        assert [tuple(point) for point in run.metrics["train/loss"]] == [
            (0.5, 0, START),
            (0.25, 1, START),
            (0.125, 0, START),
        ]
        assert (run.tags, run.notes) == ({"good": ""}, ("what it is", "a line"))
        assert run.artifacts.keys() == {"report.txt", "series/2.txt"}
        with tracker.open_artifact("own", "report.txt") as stream:
            assert stream.read() == b"hello"
        assert digests(tmp_path) == before

    def test_what_a_crash_left_in_the_log_is_read_without_touching_it(
        self, tracker: NeptuneScaleTracker, tmp_path: Path
    ) -> None:
        """SQLite itself would write the log into the database, and files beside it."""
        run_python(_CRASH, tracker.location, RUN, status=-SIGKILL)
        before = digests(tmp_path)
        assert any(name.endswith("-wal") for name in before)
        assert list(tracker.read(RUN).metrics["loss"].values) == [float(step) for step in range(500)]
        assert [run.run_id for run in tracker.list_runs()] == [RUN]
        assert digests(tmp_path) == before

    def test_a_store_can_be_read_while_it_is_written(self, tracker: NeptuneScaleTracker, tmp_path: Path) -> None:
        """A reader sees a beginning of the run, and later more of it."""
        read_while_writing(tracker, 300, tmp_path)

    def test_a_torn_database_is_an_input_error_and_no_run(
        self, tracker: NeptuneScaleTracker, record: Recorder
    ) -> None:
        """Wherever it was cut; the other runs of the store are read."""
        record(staged(*series(1)))
        record(staged(*series(2), run_id="b" * 32))
        (torn,) = (folder for folder in tracker.files() if RUN in folder.name)
        for size in (0, 100, 5000):
            os.truncate(torn / NAME, size)
            fresh = NeptuneScaleTracker(tracker.location)
            assert [run.run_id for run in fresh.list_runs()] == ["b" * 32]
            with pytest.raises(InputError, match=RUN):
                fresh.read(RUN)

    def test_runs_of_one_id_in_two_projects_are_told_apart(self, tracker: NeptuneScaleTracker) -> None:
        """By the project's name before it; those of one project are one run, which was resumed."""
        run_python(_NAMESAKES, tracker.location)
        assert len(list(tracker.list_runs())) == 2
        with pytest.raises(InputError, match="w/one/same and w/two/same"):
            tracker.read("same")
        assert list(tracker.read("w/one/same").metrics["loss"].values) == [1.0, 3.0]
        assert list(tracker.read("w/two/same").metrics["loss"].values) == [2.0]

    def test_no_path_in_a_store_leads_out_of_it(
        self, tracker: NeptuneScaleTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Neither a name, nor a link."""
        record(staged(logged("x.bin", b"x"), logged("y.bin", b"y"), SourceCaptured(SOURCE), contents=[b"x", b"y"]))
        (tmp_path / "secret").write_text("secret")
        folder = folder_of(tracker)
        (folder / "artifacts" / "x.bin").unlink()
        (folder / "artifacts" / "x.bin").symlink_to(tmp_path / "secret")
        with closing(sqlite3.connect(folder / NAME)) as database, database:
            database.execute("UPDATE file_upload_requests SET source_path = ?", (f"{folder}/../../secret",))
        native = NeptuneScaleTracker(tracker.location).read_native(RUN)
        assert native.source
        assert (set(native.artifacts), native.source.diff) == ({"y.bin"}, None)
        for path in ("x.bin", "../../secret"):
            with pytest.raises(FileNotFoundError):
                tracker.open_artifact(RUN, path)

    def test_only_the_clients_databases_are_recognised(
        self, tracker: NeptuneScaleTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """A folder of runs, a run's own, and its database."""
        record(staged(*series(1)))
        paths = [Path(tracker.location), folder_of(tracker), folder_of(tracker) / NAME]
        assert [NeptuneScaleTracker.recognises(path) for path in paths] == [True, True, True]
        assert [NeptuneTracker.recognises(path) for path in paths] == [False, False, False]
        (tmp_path / NAME).write_text("SQLite format 4")
        assert not NeptuneScaleTracker.recognises(tmp_path)
        for path in paths:
            at = NeptuneScaleTracker(NeptuneScaleTracker.location_at(path))
            assert [run.run_id for run in at.list_runs()] == [RUN]

    def test_reading_needs_no_client(self, tracker: NeptuneScaleTracker, record: Recorder) -> None:
        """Only the definitions of its messages."""
        record(staged(*series(1)))
        assert read_watched(tracker, "neptune_scale") == (1, [])

    def test_a_store_that_moved_reads_the_same(
        self, tracker: NeptuneScaleTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """The client noted where files lay; they are found where they are."""
        recorded = record(
            staged(*series(1, 2), logged("deep/er/a.bin", b"x"), SourceCaptured(SOURCE), contents=[b"x"])
        )
        shutil.move(tracker.location, tmp_path / "moved")
        moved = NeptuneScaleTracker(str(tmp_path / "moved"))
        assert diff(moved.read(RUN), recorded) == []
        assert diff(moved.read_native(RUN), recorded) == []


class TestVendor:
    """The vendor, kept to itself."""

    def test_nothing_of_the_users_reaches_the_store_or_the_network(self, tracker: NeptuneScaleTracker) -> None:
        """Not even where the user's variables name a service, a token and another folder."""
        theirs = {"NEPTUNE_API_TOKEN": "canary", "NEPTUNE_PROJECT": "canary/canary", "NEPTUNE_MODE": "async"}
        environment = os.environ | theirs | {"NEPTUNE_LOG_DIRECTORY": "canary"}
        assert record_watched(tracker, env=environment).split() == ["finished"]
        assert not Path("canary").exists()
        assert all(b"canary" not in file.read_bytes() for file in Path.cwd().rglob("*") if file.is_file())

    def test_a_plain_run_is_read_by_its_id(self, tracker: NeptuneScaleTracker) -> None:
        """With what the client's calls keep, and without what they drop."""
        first, child, refused = run_python(_PLAIN, tracker.location).splitlines()[-3:]
        run = tracker.read(first, native=True)
        assert (run.name, run.status, run.experiment) == ("first", "finished", "taxi")
        assert run.params == {"alpha": 0.1, "large": 2**40}
        assert repr([tuple(point)[:2] for point in run.metrics["val/loss"]]) == "[(0.5, 3), (nan, 4)]"
        assert run.metrics["val/loss"][0].time == START
        assert (run.tags, run.notes) == ({"good": ""}, ("a note",))
        assert run.artifacts.keys() == {"text.txt"}
        assert tracker.read(child, native=True).parent_id == first
        assert refused == "Neptune Scale cannot say that a run is failed (not theirs); it has been closed."


_VENDOR_READS = """
import sys
from pathlib import Path
from neptune_scale.sync.operations_repository import OperationsRepository, OperationType
repository = OperationsRepository(Path(sys.argv[1]))
metadata = repository.get_metadata()
print(metadata.project, metadata.run_id)
for one in repository.get_operations(2**24):
    if one.operation_type == OperationType.CREATE_RUN:
        print(one.operation.experiment_id, one.operation.creation_time.seconds)
    else:
        for path, value in one.operation.append.items():
            print(path, value.float64, one.operation.step.whole)
for file in repository.get_file_upload_requests(100):
    print(file.source_path, file.mime_type, file.size_bytes)
"""

_USER = """
from datetime import datetime, timezone
from neptune_scale import Run
from neptune_scale.types import File
run = Run(mode="offline", project="workspace/project", run_id="own", experiment_name="seabird")
run.log_configs({"parameters/lr": 0.1, "epochs": 5, "layers": ["a", "b"], "sys/description": "what it is"})
run.log_configs({"when": datetime(2026, 1, 2, tzinfo=timezone.utc), "nothing": None})
time = datetime.fromtimestamp(1_700_000_000.123456, timezone.utc)
for step, value in ((0, 0.5), (1.5, 0.25), (0, 0.125)):
    run.log_metrics({"train/loss": value}, step=step, timestamp=time)
run.log_string_series({"lines": "a line"}, step=0)
run.add_tags(["good", "bad"])
run.remove_tags(["bad"])
run.assign_files({"report": File(b"hello", mime_type="text/plain"), "script": "elsewhere.bin"})
run.log_files({"series": File(b"hello", mime_type="text/plain")}, step=2)
run.close()
"""

_CRASH = """
import os, signal, sys
from pathlib import Path
from taximeter.courier.dispatch import Dispatcher
from taximeter.events import MetricsLogged, Started
from taximeter_neptune import NeptuneScaleTracker
run = Dispatcher(NeptuneScaleTracker(sys.argv[1]), Started(sys.argv[2], "taxi", "first", 0), Path("."))
for step in range(500):
    run.write([MetricsLogged({"loss": float(step)}, step, 0)])
os.kill(os.getpid(), signal.SIGKILL)
"""

_NAMESAKES = """
import sys
from neptune_scale import Run
for project, value in (("w/one", 1), ("w/two", 2), ("w/one", 3)):
    run = Run(mode="offline", project=project, run_id="same", log_directory=sys.argv[1])
    run.log_metrics({"loss": value}, step=value)
    run.close()
"""

_PLAIN = """
import sys
from taximeter.errors import Unsupported
from taximeter_neptune import NeptuneScaleTracker
run = NeptuneScaleTracker(sys.argv[1]).start_plain("taxi", "first")
run.log_params({"alpha": 0.1, "deep": {"a": 1}, "none": None, "large": 2**40})
run.log_metrics({"val/loss": 0.5}, step=3, time=1_700_000_000_123_456)
run.log_metrics({"val/loss": float("nan")}, step=4)
run.set_tags({"good": ""})
run.add_note("a note")
run.log_text("hello", "text")
child = run.start_child("below")
child.log_metrics({"loss": 1}, step=0)
run.finish()
print(run.id)
print(child.id)
try:
    child.finish("failed")
except Unsupported as error:
    print(error)
"""


# Verdicts


def test_what_neptune_scale_does_to_plain_values_is_known(verdicts_of: VerdictsOf) -> None:
    """Points are float64 at steps from 0 on, also 1.5; params that are None or nested are left out and told."""
    verdicts = verdicts_of("neptune-scale")
    params, values, steps = (by_name(verdicts, theme) for theme in ("params", "values of metrics", "steps"))
    assert {name for name, finding in values.items() if finding.verdict != "identical"} == {"int beyond 2^53"}
    assert values["int beyond 2^53"].is_silent_loss
    assert params["None"].verdict == params["nested mapping"].verdict == "dropped"
    assert not params["None"].is_silent_loss
    assert params["list"].verdict == params["int beyond 2^63"].verdict == "refused"
    assert steps["float step"].read == "1.5"
    assert steps["negative step"].verdict == steps["huge step"].verdict == "refused"


def test_what_neptune_scale_does_to_plain_files_is_known(verdicts_of: VerdictsOf) -> None:
    """Of a file only its path is kept; a text is written out."""
    verdicts = verdicts_of("neptune-scale")
    artifacts = by_name(verdicts, "artifacts").values()
    assert all("only the path" in finding.reason and not finding.is_silent_loss for finding in artifacts)
    assert by_name(verdicts, "images, tables, texts")["text"].verdict == "identical"
