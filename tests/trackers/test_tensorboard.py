"""What is special to TensorBoard: its own readers, its files, its tags, and the runs of other writers."""

import json
import os
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-untyped]
    STORE_EVERYTHING_SIZE_GUIDANCE,
    EventAccumulator,
)
from tensorboard.plugins.scalar import metadata as scalar_metadata  # type: ignore[import-untyped]
from tensorboard.plugins.text.summary_v2 import text_pb  # type: ignore[import-untyped]
from tracker_cases import BEGAN, begin, dispatched, finished

from taximeter import start_run
from taximeter.diff import diff
from taximeter.environments import add_environment
from taximeter.errors import InputError, Unsupported
from taximeter.events import (
    DatasetLogged,
    EnvironmentCaptured,
    MetricsLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    Started,
    TagsSet,
)
from taximeter.events import Event as OurEvent
from taximeter.measure.child import ask, python_of
from taximeter.measure.contention_worker import Order, Report
from taximeter.measure.crash import CRASH
from taximeter.record import Dataset, Environment, Model, RunRecord, Source
from taximeter.testing import record_run
from taximeter.testing.polling import wait_until
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter_tensorboard import TensorboardTracker
from taximeter_tensorboard.eventfile import EventFile
from taximeter_tensorboard.names import folder_name, text_of
from taximeter_tensorboard.previews import fenced, image_size, table_preview, unfenced
from taximeter_tensorboard.vendor import DT_DOUBLE, Event, SessionLog, Summary, TensorProto, hparams_metadata

SECOND = 1_000_000

QUEUED = 21
"""The points that the vendor's writer may hold while its process dies: its queue has room for twenty."""


def png(width: int, height: int) -> bytes:
    """Return a black PNG image."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\0" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def points(count: int, key: str = "loss") -> list[OurEvent]:
    """Return points of one metric, a second apart."""
    return [MetricsLogged({key: number * 0.5}, number, BEGAN + number * SECOND) for number in range(count)]


@pytest.fixture
def tracker(tmp_path: Path) -> TensorboardTracker:
    """An empty logdir."""
    return TensorboardTracker(TensorboardTracker.location_in(tmp_path))


def event_file(tracker: TensorboardTracker) -> Path:
    """Return the only event file of a logdir."""
    (file,) = Path(tracker.location).rglob("*tfevents*")
    return file


def accumulated(folder: Path) -> EventAccumulator:
    """Read a run's folder as TensorBoard's Python loader does."""
    return EventAccumulator(str(folder), size_guidance=STORE_EVERYTHING_SIZE_GUIDANCE).Reload()


def test_tensorboards_own_reader_finds_every_point(tracker: TensorboardTracker, blobs: Path) -> None:
    """With step, wall time and float32 value."""
    record_run(tracker, finished(begin(), *points(20_000)), blobs)
    tensors = accumulated(event_file(tracker).parent).Tensors("loss")
    assert [point.step for point in tensors] == list(range(20_000))
    assert [round(point.wall_time * SECOND) for point in tensors] == [
        BEGAN + number * SECOND for number in range(20_000)
    ]
    assert [point.tensor_proto.float_val[0] for point in tensors] == [number * 0.5 for number in range(20_000)]


def test_the_native_view_has_float32_and_the_record_float64(tracker: TensorboardTracker, blobs: Path) -> None:
    """TensorBoard draws float32, so that is what it keeps by itself."""
    record = record_run(tracker, finished(begin(), MetricsLogged({"loss": 0.1, "huge": 1e300}, 1, BEGAN)), blobs)
    native = tracker.read(record.run_id, native=True)
    assert native.metrics["loss"][0].value == struct.unpack("f", struct.pack("f", 0.1))[0]
    assert native.metrics["huge"][0].value == float("inf")
    assert tracker.read(record.run_id).metrics == record.metrics


def test_what_is_text_comes_back_natively(tracker: TensorboardTracker, blobs: Path) -> None:
    """Hypothesis, notes, tags, source, environment and datasets are texts that the dashboard shows."""
    run = finished(
        begin(),
        NoteAdded("first"),
        NoteAdded("```\nsecond"),
        TagsSet({"team": "a", "": "b"}),
        TagsSet({"team": "c"}),
        SourceCaptured(Source("train.py", ("--alpha", "1"), "abc", "main", "+x")),
        EnvironmentCaptured(Environment("3.11", "linux", "cpu", 2, 8 << 30, distributions={"numpy": "2"})),
        DatasetLogged(Dataset("green", "train", "s", "0" * 64, 3, {"a": "int32"}, {"nan": float("nan")})),
    )
    record = record_run(tracker, run, blobs)
    assert diff(tracker.read_native(record.run_id), record) == []


def test_params_keep_the_types_that_hparams_have(tracker: TensorboardTracker, blobs: Path) -> None:
    """Bool, number, text and null; what a double cannot hold and what is nested become text."""
    params = {"b": True, "i": 3, "f": 0.1, "s": "x", "n": None, "big": 2**64 + 1, "list": [1, "a"], "inf": 1e999}
    record = record_run(tracker, finished(begin(), ParamsLogged(params | {"vast": 1 << 20_000})), blobs)
    native = tracker.read_native(record.run_id).params
    assert native.pop("vast") == hex(1 << 20_000)
    assert native == params | {"i": 3.0, "big": "18446744073709551617", "list": '[1,"a"]'}
    assert isinstance(native["i"], float)


def test_params_that_come_late_are_in_the_hparams_in_the_end(tracker: TensorboardTracker, blobs: Path) -> None:
    """TensorBoard looks at a run's first session only, so that one is written anew."""
    run = finished(begin(), ParamsLogged({"a": 1}), *points(3), ParamsLogged({"b": True}), *points(2))
    record = record_run(tracker, run, blobs)
    assert diff(tracker.read(record.run_id), record) == []
    content = accumulated(event_file(tracker).parent).PluginTagToContent("hparams")
    info = hparams_metadata.parse_session_start_info_plugin_data(content["_hparams_/session_start_info"])
    assert set(info.hparams) == {"a", "b"}
    assert len(tracker.read_native(record.run_id).metrics["loss"]) == 5


@pytest.fixture
def server(tracker: TensorboardTracker, blobs: Path) -> Iterator[httpx.Client]:
    """TensorBoard with its default loader, showing a run and its child."""
    picture, table = png(4, 3), b"zone,trips\nJFK|x,10\n"
    parent = finished(
        begin(run_id="a" * 32),
        ParamsLogged({"alpha": 0.5, "": None, "nan": float("nan")}),
        *points(5),
        logged("plots/black.png", picture),
        logged("tables/zones.csv", table),
        logged("log.txt", b"*plain*"),
        contents=(picture, table, b"*plain*"),
    )
    record_run(tracker, parent, blobs)
    record_run(
        tracker, finished(begin("b" * 32, "child", "a" * 32), ParamsLogged({"alpha": 1}), *points(5)), blobs
    )
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", tracker.location, "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        address = next(found[0] for line in process.stderr if (found := re.search(r"http://\S+", line)))
        with httpx.Client(base_url=address.replace("localhost", "127.0.0.1") + "data", trust_env=False) as client:
            yield client
        process.terminate()
        process.stderr.close()


def shown(server: httpx.Client, path: str, **parameters: str) -> Any:
    """Ask TensorBoard for what a dashboard shows; it may still be loading."""
    deadline = monotonic() + 60
    while not (answer := server.get(path, params=parameters).raise_for_status().json()) and monotonic() < deadline:
        sleep(0.2)
    return answer


def test_the_dashboards_show_the_run(server: httpx.Client) -> None:
    """Scalars, images, texts and hparams, with the loader that users have by default."""
    run, child = "taxi/lasso-aaaaaaaa", "taxi/lasso-aaaaaaaa/child-bbbbbbbb"
    wait_until(lambda: shown(server, "plugin/scalars/tags").keys() == {run, child}, 60)
    scalars = shown(server, "plugin/scalars/scalars", run=run, tag="loss")
    assert [[step, value] for _, step, value in scalars] == [[number, number * 0.5] for number in range(5)]
    assert shown(server, "plugin/images/tags")[run].keys() == {"plots/black.png"}
    texts = shown(server, "plugin/text/tags")[run]
    assert {"run/hypothesis", "run/status", "run/artifacts", "tables/tables/zones.csv"} <= set(texts)
    (table,) = shown(server, "plugin/text/text", run=run, tag="tables/tables/zones.csv")
    assert "<th>zone</th>" in table["text"]
    assert "<td>JFK|x</td>" in table["text"]
    (log,) = shown(server, "plugin/text/text", run=run, tag="texts/log.txt")
    assert "<code>*plain*" in log["text"]
    request = {
        "experimentName": "",
        "allowedStatuses": ["STATUS_SUCCESS"],
        "colParams": [{"hparam": "alpha"}],
        "startIndex": 0,
        "sliceSize": 9,
    }
    answer = server.post("plugin/hparams/session_groups", json=request).raise_for_status().json()
    sessions = {group["name"]: group for group in answer["sessionGroups"]}
    assert {name: group["hparams"]["alpha"] for name, group in sessions.items()} == {run: 0.5, child: 1}
    assert [value["value"] for value in sessions[run]["metricValues"]] == [2.0]


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "a\0b\n", "%", "~x", "🚕", " ", "x" * 400, "%2F"])
def test_any_name_makes_a_folder_in_the_logdir(name: str, tracker: TensorboardTracker, blobs: Path) -> None:
    """And the native view gives the name back, unless it was cut."""
    started = Started(uuid4().hex, name, name, BEGAN)
    record = record_run(tracker, finished(started), blobs)
    native = tracker.read_native(record.run_id)
    assert event_file(tracker).parent.parent.parent == Path(tracker.location)
    assert ((native.experiment, native.name) == (name, name)) is (len(name) < 100)
    assert text_of(folder_name(name)) == name or len(name) > 100


def test_runs_whose_ids_begin_alike_have_folders_of_their_own(tracker: TensorboardTracker, blobs: Path) -> None:
    """Though the folder's name has only the first eight characters."""
    records = [record_run(tracker, finished(begin(run_id=f"same-id-{end}"), *points(2)), blobs) for end in "abc"]
    again = TensorboardTracker(tracker.location)
    assert [diff(again.read(record.run_id), record) for record in records] == [[], [], []]
    assert sorted(run.run_id for run in again.list_runs()) == [record.run_id for record in records]


def test_a_run_is_found_by_tensorboards_name_too(tracker: TensorboardTracker, blobs: Path) -> None:
    """And after its folder was renamed."""
    record = record_run(tracker, finished(begin(run_id="c" * 32)), blobs)
    assert tracker.read("taxi/lasso-cccccccc") == record
    folder = event_file(tracker).parent
    folder.rename(folder.with_name("best"))
    assert TensorboardTracker(tracker.location).read(record.run_id) == record


def test_a_child_of_another_experiment_lies_in_its_own(tracker: TensorboardTracker, blobs: Path) -> None:
    """TensorBoard's users look for it there."""
    parent = record_run(tracker, finished(begin()), blobs)
    child = record_run(tracker, finished(Started("d" * 32, "other", "child", BEGAN, parent.run_id)), blobs)
    assert (Path(tracker.location) / "other" / "child-dddddddd").is_dir()
    assert tracker.read(child.run_id).parent_id == parent.run_id


@pytest.mark.parametrize(
    "paths",
    [("a", "a/b"), ("a/b", "a"), ("events.out.tfevents.1.x.0",), ("x" * 300 + ".txt",), ("y/" * 800 + "z",)],
)
def test_any_artifact_can_be_kept(paths: tuple[str, ...], tracker: TensorboardTracker, blobs: Path) -> None:
    """Whatever the file system or TensorBoard would make of its name."""
    contents = tuple(path[:9].encode() + bytes([place]) for place, path in enumerate(paths))
    record = record_run(tracker, finished(begin(), *map(logged, paths, contents), contents=contents), blobs)
    assert diff(tracker.read(record.run_id), record) == []
    assert tracker.read_native(record.run_id).artifacts == record.artifacts
    assert len(list(tracker.list_runs())) == 1


def test_no_artifact_is_read_from_outside_the_logdir(
    tracker: TensorboardTracker, blobs: Path, tmp_path: Path
) -> None:
    """Neither by a name that climbs, nor by a link that somebody put there."""
    (tmp_path / "secret").write_bytes(b"secret")
    record = record_run(tracker, finished(begin(), logged("a", b"1"), contents=(b"1",)), blobs)
    kept = event_file(tracker).parent / "artifacts"
    (kept / "link").symlink_to(tmp_path)
    for path in ("../../../../secret", "link/secret", str(tmp_path / "secret")):
        with pytest.raises(FileNotFoundError):
            tracker.open_artifact(record.run_id, path)


def test_a_metric_named_like_a_text_spoils_neither(tracker: TensorboardTracker, blobs: Path) -> None:
    """In a run, TensorBoard gives a tag to one plugin, so the second gets another tag."""
    metrics: dict[str, Any] = {"run/notes": 1.0, "_hparams_/session_start_info": 2.0, "taximeter/run": 3.0}
    run = finished(begin(), MetricsLogged(metrics, 0, BEGAN), ParamsLogged({"a": "b"}), NoteAdded("a note"))
    record = record_run(tracker, run, blobs)
    assert diff(tracker.read_native(record.run_id), record) == []
    plugins = accumulated(event_file(tracker).parent)
    assert plugins.PluginTagToContent("scalars").keys() == {
        "run/notes",
        "_hparams_/session_start_info (metric)",
        "taximeter/run (metric)",
    }
    assert "run/notes (text)" in plugins.PluginTagToContent("text")


def test_an_image_that_tensorboard_cannot_show_is_named_in_a_text(
    tracker: TensorboardTracker, blobs: Path
) -> None:
    """The file is kept all the same."""
    content = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    record = record_run(tracker, finished(begin(), logged("a.svg", content), contents=(content,)), blobs)
    plugins = accumulated(event_file(tracker).parent)
    assert "figures/a.svg" in plugins.PluginTagToContent("text")
    assert tracker.read_native(record.run_id).artifacts == record.artifacts


def test_only_the_event_file_is_needed(tracker: TensorboardTracker, blobs: Path, tmp_path: Path) -> None:
    """Moved away alone, it still holds the exact record, and images and texts as artifacts."""
    picture = png(2, 2)
    events = (logged("p.png", picture), logged("t.txt", b"hello"), logged("x.bin", b"lost"))
    record = record_run(tracker, finished(begin(), *events, contents=(picture, b"hello", b"lost")), blobs)
    alone = event_file(tracker).rename(tmp_path / "events.out.tfevents.1.alone.1.0")
    moved = TensorboardTracker(str(alone))
    assert TensorboardTracker.recognises(alone)
    assert [run.run_id for run in moved.list_runs()] == [record.run_id]
    kept = {path: record.artifacts[path] for path in ("p.png", "t.txt")}
    assert moved.read(record.run_id).artifacts == kept
    assert moved.read_native(record.run_id).artifacts == kept
    assert moved.read(record.run_id).metrics == record.metrics


def test_a_torn_file_is_read_up_to_where_it_is_torn(
    tracker: TensorboardTracker, blobs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The exact record is there whole or not at all, and a torn end is told."""
    record = record_run(tracker, finished(begin(), ParamsLogged({"a": 1}), *points(50)), blobs)
    file = event_file(tracker)
    data = file.read_bytes()
    counts = []
    for size in range(len(data) - 1, 200, -97):
        file.write_bytes(data[:size])
        assert tracker.read_exact(record.run_id) is None
        native = tracker.read(record.run_id)
        counts.append(len(native.metrics.get("loss", ())))
        assert native.status in {"running", "finished"}
    assert counts == sorted(counts, reverse=True)
    assert (counts[0], counts[-1]) == (50, 0)
    assert "is torn: its last" in caplog.text


def test_a_damaged_event_is_left_out_and_told(
    tracker: TensorboardTracker, blobs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Its neighbours are read; the exact record does not need it."""
    record = record_run(tracker, finished(begin(), *points(50)), blobs)
    file = event_file(tracker)
    data = bytearray(file.read_bytes())
    place = data.index(b"loss", data.index(b"loss") + 400)
    data[place] ^= 1
    file.write_bytes(data)
    assert len(tracker.read_native(record.run_id).metrics["loss"]) == 49
    assert "a damaged event before byte" in caplog.text
    assert diff(tracker.read(record.run_id), record) == []


def test_a_damaged_record_is_an_error(tracker: TensorboardTracker, blobs: Path) -> None:
    """A lossy native view never stands in for it."""
    record = record_run(tracker, finished(begin(), *points(2000)), blobs)
    file = event_file(tracker)
    data = bytearray(file.read_bytes())
    data[data.index(b"taximeter/record") + 500] ^= 1
    file.write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        tracker.read(record.run_id)


def test_a_new_attempt_replaces_the_old_one_when_it_is_complete(tracker: TensorboardTracker, blobs: Path) -> None:
    """Until then the complete one, or the longer one, is what is read."""
    run = finished(begin(run_id="e" * 32), *points(100))
    dispatched(tracker, run, blobs, 60).close()
    assert len(tracker.read(run.record.run_id).metrics["loss"]) == 59
    second = dispatched(TensorboardTracker(tracker.location), run, blobs, 30)
    assert len(list(Path(tracker.location).rglob("*tfevents*"))) == 2
    assert len(tracker.read(run.record.run_id).metrics["loss"]) == 59
    second.write(run.events[30:])
    second.finish(run.record)
    assert diff(tracker.read(run.record.run_id), run.record) == []
    event_file(tracker)
    dispatched(TensorboardTracker(tracker.location), run, blobs, 30).close()
    assert diff(tracker.read(run.record.run_id), run.record) == []
    assert tracker.read_native(run.record.run_id).status == "finished"


def test_a_child_keeps_its_folder_when_it_is_written_again(tracker: TensorboardTracker, blobs: Path) -> None:
    """Even if its parent came into the store in between."""
    child = finished(begin("f" * 32, "child", "a" * 32), *points(3))
    dispatched(tracker, child, blobs, 2).close()
    again = TensorboardTracker(tracker.location)
    record_run(again, finished(begin(run_id="a" * 32)), blobs)
    record_run(again, child, blobs)
    assert sorted(run.run_id for run in again.list_runs()) == ["a" * 32, "f" * 32]


def written(folder: Path, *events: Event) -> None:
    """Write an event file as somebody else does."""
    folder.mkdir(parents=True, exist_ok=True)
    EventFile(folder, BEGAN / SECOND).append(events)


def simple(step: int, value: float, tag: str = "Loss/train") -> Event:
    """Return a scalar as PyTorch and tensorboardX write it."""
    values = [Summary.Value(tag=tag, simple_value=value)]
    return Event(step=step, wall_time=BEGAN / SECOND + step, summary=Summary(value=values))


def test_runs_of_other_writers_are_listed_and_read(tmp_path: Path) -> None:
    """With every point, over all of a folder's files, and more than TensorBoard's readers keep by default."""
    written(tmp_path / "exp/run1", *(simple(step, 0.5) for step in range(11_000)))
    written(tmp_path / "exp/run1", *(simple(step, 0.25) for step in range(11_000, 12_000)))
    written(tmp_path / "alone", simple(-5, 1.0))
    tracker = TensorboardTracker(str(tmp_path))
    assert {run.run_id: (run.experiment, run.name, run.status) for run in tracker.list_runs()} == {
        "alone": (tmp_path.name, "alone", "finished"),
        "exp/run1": ("exp", "run1", "finished"),
    }
    record = tracker.read("exp/run1")
    assert list(record.metrics["Loss/train"].steps) == list(range(12_000))
    assert record.metrics["Loss/train"][-1].value == 0.25
    assert (record.started, record.ended) == (BEGAN, BEGAN + 11_999 * SECOND)
    assert tracker.read_exact("exp/run1") is None


def test_what_other_writers_show_is_read(tmp_path: Path) -> None:
    """Scalars of any type whose metadata came once, texts, and images old and new."""
    metadata = scalar_metadata.create_summary_metadata("", "")
    double = TensorProto(dtype=DT_DOUBLE, double_val=[0.1])
    first = Summary.Value(tag="x", metadata=metadata, tensor=double)
    picture = Summary.Image(width=2, height=2, encoded_image_string=png(2, 2))
    image = Summary.Value(tag="../../img", image=picture)
    events = (
        Event(step=0, summary=Summary(value=[first])),
        Event(step=1, summary=Summary(value=[Summary.Value(tag="x", tensor=double)])),
        Event(step=3, summary=Summary(value=[image])),
        Event(step=3, summary=Summary(value=[image])),
        Event(step=0, summary=text_pb("about/it", "hello")),
    )
    written(tmp_path / "run", *events)
    tracker = TensorboardTracker(str(tmp_path))
    record = tracker.read("run")
    assert list(record.metrics["x"].values) == [0.1, 0.1]
    images = {"images/%2E./%2E./img/3.png", "images/%2E./%2E./img/3-2.png"}
    assert record.artifacts.keys() == images | {"texts/about/it/0.md"}
    assert tracker.open_artifact("run", "texts/about/it/0.md").read() == b"hello"
    assert {tracker.open_artifact("run", path).read() for path in images} == {png(2, 2)}


def test_a_writer_that_begins_again_takes_its_points_back(tmp_path: Path) -> None:
    """As TensorBoard has it: a session that starts at a step makes later ones void."""
    restart = Event(step=3, session_log=SessionLog(status=SessionLog.START))
    written(tmp_path / "run", *(simple(step, 1.0) for step in range(6)), restart, simple(3, 2.0))
    record = TensorboardTracker(str(tmp_path)).read("run")
    assert list(record.metrics["Loss/train"].values) == [1.0, 1.0, 1.0, 2.0]


def test_a_logdir_may_be_a_run_itself(tmp_path: Path) -> None:
    """TensorBoard calls it a dot; the runs in it are its children."""
    written(tmp_path / "logs", simple(0, 1.0))
    written(tmp_path / "logs/1", simple(0, 1.0))
    tracker = TensorboardTracker(str(tmp_path / "logs"))
    assert {run.run_id: (run.experiment, run.name) for run in tracker.list_runs()} == {
        ".": ("logs", "logs"),
        "1": ("logs", "1"),
    }
    assert tracker.read("1").parent_id == "."


def test_a_store_is_recognised_by_its_event_files(tmp_path: Path) -> None:
    """They may lie some levels down, but not anywhere."""
    (tmp_path / "a/b/c/d/e").mkdir(parents=True)
    deep, near = tmp_path / "a/b/c/d/e/tfevents", tmp_path / "a/b/c/events.out.tfevents.1"
    deep.touch()
    assert not TensorboardTracker.recognises(tmp_path)
    near.touch()
    assert TensorboardTracker.recognises(tmp_path)
    assert TensorboardTracker.recognises(near)
    assert not TensorboardTracker.recognises(tmp_path / "none")


def test_models_are_not_theirs(tracker: TensorboardTracker) -> None:
    """And the error says why."""
    writer = tracker.open_run(begin())
    with pytest.raises(Unsupported, match="keeps no model"):
        writer.log_model("model", Path(), Model("sklearn"))


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (png(7, 5), (7, 5)),
        (b"GIF89a" + struct.pack("<HH", 7, 5), (7, 5)),
        (b"BM" + bytes(16) + struct.pack("<ii", 7, -5), (7, 5)),
        (b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc2\x00\x11\x08" + struct.pack(">HH", 5, 7) + bytes(9), (7, 5)),
        (b"\xff\xd8\xff\xe0\x00", None),
        (b"RIFF....WEBP", None),
        (b"", None),
    ],
)
def test_an_images_size_is_in_its_first_bytes(content: bytes, size: tuple[int, int] | None) -> None:
    """Of the formats that TensorBoard shows."""
    assert image_size(content) == size


@pytest.mark.parametrize("text", ["", "plain", "``` a\nfence\n```", "````", "a\r\n", "\n\n"])
def test_a_fence_holds_any_text(text: str) -> None:
    """And gives it back."""
    assert unfenced(fenced(text)) == text


def test_a_table_that_is_none_is_told(tmp_path: Path) -> None:
    """A file may have a table's name and something else in it."""
    file = tmp_path / "x"
    file.write_bytes(b"\0\xff\n" * 100)
    assert "cannot" not in table_preview(file, "text/csv")
    assert table_preview(file, "application/vnd.apache.parquet").startswith("*(no table that can be shown")
    file.write_bytes(b"")
    assert table_preview(file, "text/csv") == "*(an empty table)*"


def test_importing_the_adapter_imports_no_vendor() -> None:
    """The vendor is met in couriers and readers only."""
    script = "import sys, taximeter_tensorboard; print('tensorboard' in sys.modules, 'numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_thousand_live_runs_need_no_thousand_files(tracker: TensorboardTracker) -> None:
    """Each batch opens its file and closes it."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a count of open files
    writers = [tracker.open_run(begin()) for _ in range(50)]
    for writer in writers:
        writer.log_metrics([MetricsLogged({"a": 1.0}, 0, BEGAN)])
    assert len(os.listdir("/proc/self/fd")) <= before + 1  # noqa: PTH208 - as above


def record_of(tracker: TensorboardTracker, run_id: str) -> RunRecord:
    """Read a run with a tracker of its own, as a later process does."""
    return TensorboardTracker(tracker.location).read(run_id)


def test_a_large_record_is_kept_in_pieces(tracker: TensorboardTracker, blobs: Path) -> None:
    """None of them larger than a mebibyte, whatever the diff that a run carries."""
    noise = os.urandom(1 << 20).hex()
    run = finished(begin(), SourceCaptured(Source("train.py", (), diff=noise)))
    record = record_run(tracker, run, blobs)
    assert diff(record_of(tracker, record.run_id), record) == []
    assert event_file(tracker).read_bytes().count(b"taximeter/record") > 1


# Verdicts


def test_what_tensorboard_does_to_plain_values_is_known(verdicts_of: VerdictsOf) -> None:
    """Its own writer keeps float32: NaN and ±∞ stay, digits, small and large numbers go."""
    values = by_name(verdicts_of("tensorboard"), "values of metrics")
    assert {values[name].verdict for name in ("NaN", "infinities", "negative zero")} == {"identical"}
    assert values["float64"].read == "0.30000001192092896"
    assert (values["subnormal"].read, values["largest float64"].read) == ("0.0", "inf")
    assert "overflow" in values["largest float64"].said[0]
    assert values["float64"].is_silent_loss
    assert values["subnormal"].is_silent_loss


def test_what_tensorboard_does_to_plain_params_and_steps_is_known(verdicts_of: VerdictsOf) -> None:
    """Numbers are floats, lists and None are refused, a step of 1.5 is 1, and two runs of one name are one."""
    verdicts = verdicts_of("tensorboard")
    params, steps = by_name(verdicts, "params"), by_name(verdicts, "steps")
    assert {params[name].verdict for name in ("None", "list", "nested mapping")} == {"refused"}
    assert {params[name].verdict for name in ("int beyond 2^53", "int or float")} == {"changed with loss"}
    assert (steps["float step"].read, steps["float step"].is_silent_loss) == ("1", True)
    assert by_name(verdicts, "runs")["two runs of one name"].is_silent_loss
    assert {finding.verdict for finding in by_name(verdicts, "artifacts").values()} == {"unsupported"}


def test_releases_are_measured_side_by_side(environments: Path, tmp_path: Path) -> None:
    """Each in an environment of its own, which is made where it is missing."""
    names = ["tensorboard==2.18.0", "tensorboard==2.20.0"]
    command = [str(Path(sys.executable).with_name("taximeter")), "measure", "crash", "--quick", "--json"]
    command += [word for name in names for word in ("--tracker", name)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(folder.name for folder in environments.iterdir()) == names
    for name, file in zip(names, json.loads(done.stdout), strict=True):
        found = CRASH.read(tmp_path / file)
        assert (Path(file).name, found.tracker) == (f"crash-{name}.json", name)
        assert found.version == name.partition("==")[2]
        assert [row.problems for row in found.rows] == [[], []]
        for row in found.rows:
            lost = row.samples[0].acknowledged - row.samples[0].found
            assert 0 <= lost <= (0 if row.settings.way == "interface" else QUEUED)


def test_runs_of_an_old_release_are_read_by_todays_reader(environments: Path, tmp_path: Path) -> None:
    """One that its own interface wrote, and one that the adapter did."""
    if not (environments / "tensorboard==2.18.0").exists():
        add_environment("tensorboard==2.18.0")
    plain, kept = tmp_path / "plain", tmp_path / "kept"
    plain.mkdir()
    order = Order(way="vendor", tracker="tensorboard==2.18.0", location=str(plain), runs=1, points=3)
    python = python_of("vendor", order.tracker)
    report = ask("taximeter.measure.contention_worker", order, Report, python=python, folder=plain)
    assert [run.problem for run in report.runs] == [""]
    (run,) = TensorboardTracker(str(plain)).list_runs()
    loss = TensorboardTracker(str(plain)).read_native(run.run_id).metrics["loss"]
    assert [(value, step) for value, step, _ in loss] == [(0.0, 0), (0.5, 1), (1.0, 2)]
    with start_run(trackers=[f"tensorboard==2.18.0:{kept}"], keep_journal=True) as live:
        live.log_metrics({"loss": 0.1 + 0.2})
        live.log_params({"alpha": 0.1})
    assert diff(TensorboardTracker(str(kept)).read(live.id), live.record()) == []
