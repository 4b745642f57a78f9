"""What is special to Neptune's client of version 1: its operations, what its calls lose, and its users' runs."""

import json
import math
import os
import re
import shutil
import threading
from pathlib import Path

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

from taximeter.diff import diff
from taximeter.errors import InputError
from taximeter.events import Event, MetricsLogged, NoteAdded, ParamsLogged, SourceCaptured, Started
from taximeter.record import Dataset
from taximeter.testing import record_run
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter_neptune import NeptuneScaleTracker, NeptuneTracker
from taximeter_neptune.names import Paths, decode, tag_for, tag_from
from taximeter_neptune.v1.log import logs_in

AWKWARD = ["a", "a/b", "a//b", "/a", "a/", "", "/", "//", "%", "a%", "%25", "a%2Fb", "%2F", "a/b/c", "é🚕", "a\0b"]


@pytest.fixture
def tracker(tmp_path: Path) -> NeptuneTracker:
    """The usual store in a fresh folder."""
    return NeptuneTracker(NeptuneTracker.location_in(tmp_path))


def folder_of(tracker: NeptuneTracker) -> Path:
    """Return the folder of the only run."""
    (folder,) = tracker.files()
    return folder


class TestNames:
    """Paths of fields, for both clients."""

    def test_no_two_names_have_one_path(self) -> None:
        """And no field lies below another one, whatever their order."""
        for names in (AWKWARD, AWKWARD[::-1]):
            paths = Paths(lambda path, rest: pytest.fail(f"{path} {rest}"))
            places = [paths.place("metrics", name) for name in names]
            assert len(set(places)) == len(names)
            assert [decode(place.removeprefix("metrics/")) for place in places] == names
            parts = [place.split("/") for place in places]
            assert all(all(part) for place in parts for part in place)
            assert not any(one != other and other[: len(one)] == one for one in parts for other in parts)

    def test_a_long_name_is_kept_beside_its_path(self) -> None:
        """Neptune allows a path 1,024 bytes."""
        kept: dict[str, str] = {}
        paths = Paths(kept.__setitem__)
        names = [f"{'long/' * 300}{end}" for end in "ab"]
        places = {paths.place("metrics", name) for name in names}
        assert len(places) == 2
        assert max(map(len, places)) <= 1024
        assert list(kept.values()) == names

    def test_tags_keep_their_names_and_texts(self) -> None:
        """Neptune's tags are bare texts."""
        for pair in [("a", "b"), ("a=b", "c"), ("a", "b=c"), ("%3D", "%"), ("", "")]:
            assert tag_from(tag_for(*pair)) == pair


class TestWriting:
    """What the client's files hold of a run of ours."""

    def test_the_clients_own_reader_reads_every_operation(
        self, tracker: NeptuneTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """With points, params and files as its calls would have written them."""
        record(staged(ParamsLogged({"alpha": 0.1}), *series(1, 2), logged("a/x.csv", b"x\n1"), contents=[b"x\n1"]))
        shutil.copytree(folder_of(tracker), tmp_path / "copy")
        operations = run_python(_VENDOR_READS, str(tmp_path / "copy")).splitlines()
        assert "AssignFloat(path=['parameters', 'alpha'], value=0.1)" in operations
        assert "AssignBool(path=['sys', 'failed'], value=False)" in operations
        (points,) = (line for line in operations if line.startswith("LogFloats"))
        assert points.startswith(
            "LogFloats(path=['metrics', 'loss'], values=[LogSeriesValue(value=1, step=0, ts=17"
        )
        (file,) = (line for line in operations if "x.csv" in line)
        assert (
            "path=['artifacts', 'a', 'x.csv'], ext='csv', file_path=None, tmp_file_name='artifacts/a/x.csv'"
            in file
        )

    def test_what_the_clients_calls_would_drop_is_there(self, tracker: NeptuneTracker, record: Recorder) -> None:
        """NaN, the infinities, large integers, and long texts."""
        values = [math.nan, math.inf, -math.inf, -0.0, 5e-324]
        params = {"int": 2**62, "nan": math.nan, "text": "long " * 20_000, "bool": True}
        recorded = record(staged(*series(*values), ParamsLogged(params)))
        native = tracker.read_native(RUN)
        assert native.metrics == recorded.metrics
        assert repr(native.params) == repr(params)

    def test_what_neptune_has_no_type_for_is_json(self, tracker: NeptuneTracker, record: Recorder) -> None:
        """A nested param is a namespace, and comes back nested."""
        params = {"none": None, "list": [1, "a"], "deep": {"a/b": {"": 1}, "empty": {}}, "huge": 2**70}
        record(staged(ParamsLogged(params)))
        assert tracker.read_native(RUN).params == {
            "none": "null",
            "list": '[1, "a"]',
            "deep": {"a/b": {"": 1}, "empty": "{}"},
            "huge": '{"$int": "0x400000000000000000"}',
        }

    def test_awkward_names_come_back(self, tracker: NeptuneTracker, record: Recorder) -> None:
        """Of metrics, params and artifacts."""
        names = [*AWKWARD, "long/" * 1000]
        paths = ["a", "b/c", "b/c.txt", "ü 🚕/%2F.csv"]
        events: list[Event] = [
            MetricsLogged(dict.fromkeys(names, 0.5), 0, START),
            ParamsLogged(dict.fromkeys(names, 1)),
        ]
        record(
            staged(*events, *(logged(path, path.encode()) for path in paths), contents=[p.encode() for p in paths])
        )
        native = tracker.read_native(RUN)
        assert sorted(native.metrics) == sorted(native.params) == sorted(names)
        assert sorted(native.artifacts) == sorted(paths)

    def test_all_that_is_about_a_run_comes_back(self, tracker: NeptuneTracker, record: Recorder) -> None:
        """Tags as they were set last, notes, data, models, code and machine."""
        recorded = record(staged(*FACTS, hypothesis="it learns", parent_id="p"))
        assert diff(tracker.read_native(RUN), recorded) == []

    def test_a_run_that_did_not_finish_has_failed(self, tracker: NeptuneTracker, record: Recorder) -> None:
        """In Neptune's own field too."""
        for status in ("failed", "killed"):
            record(staged(*series(1), status=status))
            assert tracker.read_native(RUN).status == status
            (last,) = logs_in(folder_of(tracker))
            assert '"path": ["sys", "failed"], "value": true' in last.read_text()

    def test_the_last_bytes_of_an_artifact_count(self, tracker: NeptuneTracker, record: Recorder) -> None:
        """A path that was logged again has one file."""
        recorded = record(staged(logged("x.bin", b"a"), logged("x.bin", b"b"), contents=[b"a", b"b"]))
        assert tracker.read_native(RUN).artifacts == recorded.artifacts
        assert len(list(Path(tracker.location).rglob("x.bin"))) == 1

    def test_nothing_is_monitored(self, tracker: NeptuneTracker) -> None:
        """No field of the courier's own, and no thread that fills one."""
        before = set(threading.enumerate())
        writer = tracker.open_run(Started(RUN, "taxi", "first", START))
        assert [thread.name for thread in set(threading.enumerate()) - before] == ["NeptunePing"]
        writer.close()
        assert set(threading.enumerate()) <= before
        assert tracker.read_native(RUN).source is None
        (log,) = logs_in(folder_of(tracker))
        assert "monitoring" not in log.read_text()

    def test_a_full_disk_is_an_error(self, tracker: NeptuneTracker) -> None:
        """And not a warning."""
        assert fill_disk(tracker, 100_000, then="os._exit(0)").startswith(
            "TrackerError Neptune could not write the run"
        )


class TestReading:
    """Stores that others wrote, that a crash left, or that are being written."""

    def test_a_run_of_neptunes_own_users_is_read(self, tracker: NeptuneTracker, tmp_path: Path) -> None:
        """Its fields, in the types that Neptune returns, without a byte of the store changed."""
        run_python(_USER, cwd=tmp_path, env=environment_without("NEPTUNE_"))
        before = digests(tmp_path)
        (summary,) = tracker.list_runs()
        assert (summary.experiment, summary.name, summary.status) == ("", "own", "failed")
        run = tracker.read(summary.run_id)
        assert run.params == {"lr": 0.1, "opt/name": "adam", "epochs": 5, "when": "2026-01-02T00:00:00+00:00"}
        assert [tuple(point) for point in run.metrics["train/loss"]] == [
            (0.5, 0, 1_700_000_000_500_000),
            (0.25, 1, 1_700_000_001_500_000),
        ]
        assert run.metrics.keys() == {"train/loss"}
        assert (run.tags, run.notes) == ({"good": ""}, ("what it is", "a line"))
        assert run.artifacts.keys() == {"report.txt"}
        assert run.datasets == (Dataset("green", "train", "data/green.parquet", "", 0, {}),)
        with tracker.open_artifact(summary.run_id, "report.txt") as stream:
            assert stream.read() == b"hello"
        assert digests(tmp_path) == before

    def test_what_was_never_sent_is_read(self, tracker: NeptuneTracker, record: Recorder) -> None:
        """The client kept that in folders of other names, and one for each execution of a run."""
        record(staged(*series(1, 2)))
        folder, waiting = folder_of(tracker), Path(tracker.location, "async")
        waiting.mkdir()
        for number in (1, 2):
            shutil.copytree(folder, waiting / "run__7ab" / f"exec-170000000{number}-x")
        shutil.copytree(folder, waiting / "model__8ab__1__x")
        shutil.rmtree(folder.parent)
        (summary,) = tracker.list_runs()
        assert summary.vendor_id == "7ab"
        assert list(tracker.read_native("7ab").metrics["loss"].values) == [1, 2, 1, 2]

    def test_a_torn_log_is_read_to_its_end(self, tracker: NeptuneTracker, record: Recorder) -> None:
        """Wherever it was cut, and without the exact record, which came last."""
        record(staged(*[event for value in range(20) for event in (series(value)[0], NoteAdded("note"))]))
        (log,) = logs_in(folder_of(tracker))
        whole = log.read_bytes()
        shutil.rmtree(folder_of(tracker) / "upload_path")
        seen = []
        for size in range(0, len(whole), 97):
            log.write_bytes(whole[:size])
            found = [run.run_id for run in NeptuneTracker(tracker.location).list_runs()]
            points = tracker.read(found[0]).metrics.get("loss", ()) if found else ()
            seen.append(len(points))
        assert seen == sorted(seen)
        assert (seen[0], max(seen)) == (0, 20)

    def test_a_damaged_line_costs_itself(self, tracker: NeptuneTracker, record: Recorder) -> None:
        """And documents without times, and without line breaks between them, are read."""
        record(staged(ParamsLogged({"a": 1}), ParamsLogged({"b": 2}), ParamsLogged({"c": 3})))
        (log,) = logs_in(folder_of(tracker))
        lines = re.sub(rb', "at": [0-9.]+', b"", log.read_bytes()).splitlines()
        log.write_bytes(b"\n".join(line[3:] if b'"b"' in line else line for line in lines))
        assert tracker.read_native(RUN).params == {"a": 1, "c": 3}
        log.write_bytes(b"".join(lines))
        assert tracker.read_native(RUN).params == {"a": 1, "b": 2, "c": 3}

    def test_a_store_can_be_read_while_it_is_written(self, tracker: NeptuneTracker, tmp_path: Path) -> None:
        """A reader sees a beginning of the run, and later more of it."""
        read_while_writing(tracker, 200, tmp_path)

    def test_no_path_in_a_store_leads_out_of_it(
        self, tracker: NeptuneTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Neither a name, nor a link."""
        record(staged(logged("x.bin", b"x"), logged("y.bin", b"y"), contents=[b"x", b"y"]))
        (tmp_path / "secret").write_text("secret")
        files = folder_of(tracker) / "upload_path"
        (files / "artifacts" / "x.bin").unlink()
        (files / "artifacts" / "x.bin").symlink_to(tmp_path / "secret")
        assert tracker.read(RUN).artifacts.keys() == tracker.read_native(RUN).artifacts.keys() == {"y.bin"}
        (log,) = logs_in(folder_of(tracker))
        text = log.read_text().replace("artifacts/y.bin", "../../../../secret").replace(RUN, "x").splitlines()
        log.write_text("\n".join(line for line in text if '"taximeter"' not in line))
        (theirs,) = NeptuneTracker(tracker.location).list_runs()
        stranger = NeptuneTracker(tracker.location)
        assert stranger.read(theirs.run_id).artifacts == {}
        for path in ("artifacts/y.bin", "x.bin", "../secret"):
            with pytest.raises(FileNotFoundError):
                stranger.open_artifact(theirs.run_id, path)

    def test_each_client_knows_its_own_runs(
        self, tracker: NeptuneTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Also where both keep them in one folder."""
        record(staged(*series(1)))
        both = Path(tracker.location)
        paths = [both, both / "offline", folder_of(tracker)]
        assert [NeptuneTracker.recognises(path) for path in paths] == [True, True, True]
        assert [NeptuneScaleTracker.recognises(path) for path in paths] == [False, False, False]
        assert not NeptuneTracker.recognises(tmp_path)
        assert [[run.run_id for run in NeptuneTracker(str(path)).list_runs()] for path in paths] == [[RUN]] * 3
        scale = NeptuneScaleTracker(tracker.location)
        record_run(scale, staged(*series(2), run_id="b" * 32), tmp_path / "blobs")
        assert [run.run_id for run in tracker.list_runs()] == [RUN]
        assert [run.run_id for run in scale.list_runs()] == ["b" * 32]
        assert sorted({*tracker.files(), *scale.files()}) == sorted([*tracker.files(), *scale.files()])

    def test_reading_needs_no_neptune(self, tracker: NeptuneTracker, record: Recorder) -> None:
        """Its import takes seconds."""
        record(staged(*series(1)))
        assert read_watched(tracker, "neptune") == (1, [])

    def test_a_store_that_moved_reads_the_same(
        self, tracker: NeptuneTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Nothing in it leads out of it."""
        recorded = record(
            staged(*series(1, 2), logged("deep/er/a.bin", b"x"), SourceCaptured(SOURCE), contents=[b"x"])
        )
        shutil.move(tracker.location, tmp_path / "moved")
        moved = NeptuneTracker(str(tmp_path / "moved"))
        assert diff(moved.read(RUN), recorded) == []
        assert diff(moved.read_native(RUN), recorded) == []

    def test_a_run_without_operations_is_none(self, tracker: NeptuneTracker, tmp_path: Path) -> None:
        """Its process died before the client wrote anything."""
        folder = tmp_path / ".neptune" / "offline" / "run__1ab__2__x"
        folder.mkdir(parents=True)
        (folder / "data-1.log").touch()
        (folder / "metadata.json").write_text(json.dumps({"containerId": "1ab"}))
        assert list(tracker.list_runs()) == []
        with pytest.raises(InputError, match="1ab"):
            tracker.read("1ab")


class TestVendor:
    """The vendor, kept to itself."""

    def test_nothing_of_the_users_reaches_the_store_or_the_network(self, tracker: NeptuneTracker) -> None:
        """Not even where the user's variables name a service, a token and another folder."""
        theirs = {"NEPTUNE_API_TOKEN": "canary", "NEPTUNE_PROJECT": "canary/canary", "NEPTUNE_MODE": "async"}
        theirs |= {"NEPTUNE_CUSTOM_RUN_ID": "canary", "NEPTUNE_DATA_DIRECTORY": "canary"}
        assert record_watched(tracker, env=os.environ | theirs).split() == ["finished"]
        assert not Path("canary").exists()
        assert all(b"canary" not in file.read_bytes() for file in Path.cwd().rglob("*") if file.is_file())

    def test_a_plain_run_is_read_by_its_id(self, tracker: NeptuneTracker) -> None:
        """With what the client's calls keep, and without what they drop."""
        first, child = run_python(_PLAIN, tracker.location).split()[-2:]
        run = tracker.read(first, native=True)
        assert (run.name, run.status, run.experiment) == ("first", "finished", "")
        assert run.params == {"alpha": 0.1, "deep/a": 1}
        assert [tuple(point) for point in run.metrics["val/loss"]] == [(0.5, 3, START)]
        assert (run.tags, run.notes) == ({"good": ""}, ("a note",))
        assert run.artifacts.keys() == {"text.txt"}
        below = tracker.read(child, native=True)
        assert (below.parent_id, below.status) == (first, "failed")


_VENDOR_READS = """
import sys, threading
from pathlib import Path
from neptune.core.components.queue.disk_queue import DiskQueue
from neptune.internal.operation import Operation
queue = DiskQueue(Path(sys.argv[1]), lambda one: one.to_dict(), Operation.from_dict, threading.RLock())
for element in queue.get_batch(1000):
    print(element.obj)
"""

_USER = """
import logging
from datetime import datetime, timezone
import neptune
from neptune.types import File
logging.getLogger("neptune").setLevel("ERROR")
run = neptune.init_run(mode="offline", project="w/p", name="own", description="what it is", tags=["good"])
run["parameters"] = {"lr": 0.1, "opt": {"name": "adam"}}
run["epochs"] = 5
run["when"] = datetime(2026, 1, 2, tzinfo=timezone.utc)
run["train/loss"].append(0.5, timestamp=1_700_000_000.5)
run["train/loss"].append(float("nan"), timestamp=1_700_000_000.75)
run["train/loss"].append(0.25, step=1, timestamp=1_700_000_001.5)
run["lines"].append("a line")
run["report"].upload(File.from_content("hello"))
run["script"].upload("elsewhere.bin")
run["gone"] = 1
run["datasets/train/green"].track_files("data/green.parquet")
del run["gone"]
run["sys/failed"] = True
run.stop()
"""

_PLAIN = """
import sys
from taximeter_neptune import NeptuneTracker
run = NeptuneTracker(sys.argv[1]).start_plain("taxi", "first")
run.log_params({"alpha": 0.1, "deep": {"a": 1}, "none": None, "large": 2**40})
run.log_metrics({"val/loss": 0.5}, step=3, time=1_700_000_000_123_456)
run.log_metrics({"val/loss": float("inf")}, step=4)
run.set_tags({"good": ""})
run.add_note("a note")
run.log_text("hello", "text")
child = run.start_child("below")
child.finish("failed")
run.finish()
print(run.id, child.id)
"""


# Verdicts


def test_what_neptune_does_to_plain_values_is_known(verdicts_of: VerdictsOf) -> None:
    """What its service did not hold is left out, with a warning: NaN, infinities, None, lists, large integers."""
    verdicts = verdicts_of("neptune")
    params, values = by_name(verdicts, "params"), by_name(verdicts, "values of metrics")
    left_out = ("NaN", "infinities", "int beyond 2^53", "int beyond 2^63", "None", "list")
    assert {params[name].verdict for name in left_out} == {"dropped"}
    assert not any(params[name].is_silent_loss for name in left_out)
    assert params["nested mapping"].read == "{'/a/b': 1}"
    assert values["NaN"].verdict == values["infinities"].verdict == "dropped"
    assert (values["int beyond 2^53"].read, values["int beyond 2^53"].is_silent_loss) == (
        "9007199254740992.0",
        True,
    )
    assert by_name(verdicts, "steps")["float step"].read == "1.5"
    assert by_name(verdicts, "points")["10,001 points"].verdict == "identical"


def test_what_neptune_does_to_plain_files_is_known(verdicts_of: VerdictsOf) -> None:
    """Of a file only its path is kept; what has no file, such as a table, is written out."""
    verdicts = verdicts_of("neptune")
    artifacts, media = by_name(verdicts, "artifacts"), by_name(verdicts, "images, tables, texts")
    assert all("only the path" in finding.reason and not finding.is_silent_loss for finding in artifacts.values())
    assert "'3.000000e-01'" in media["table"].read
    assert media["text"].verdict == "identical"
