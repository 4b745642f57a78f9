"""What is special to SwanLab: its log, its keys and heads, its media, its users' own runs, and damage."""

# mypy: disable-error-code="import-untyped"

import json
import math
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tracker_cases import RUN, START, Recorder, digests, rows, run_python, staged

from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.events import EnvironmentCaptured, MetricsLogged, NoteAdded, ParamsLogged, SourceCaptured, TagsSet
from taximeter.record import Environment, Source
from taximeter.testing import record_run
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter_swanlab import SwanLabTracker
from taximeter_swanlab.config import read_config
from taximeter_swanlab.log import SwanLabLog
from taximeter_swanlab.names import (
    description_for,
    folder_for,
    media_key,
    metric_key,
    name_for,
    param_key,
    project_for,
    run_id_for,
    tags_for,
)
from taximeter_swanlab.records import parse

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)


def folder_of(tracker: SwanLabTracker, run_id: str = RUN) -> Path:
    """Return the folder of a run."""
    (folder,) = Path(tracker.location).glob(f"run-*-{run_id}")
    return folder


def log_of(tracker: SwanLabTracker, run_id: str = RUN) -> Path:
    """Return the log of a run."""
    (log,) = folder_of(tracker, run_id).glob("run-*.swanlab")
    return log


def vendor_records(tracker: SwanLabTracker, run_id: str = RUN) -> list[Any]:
    """Return a run's records as SwanLab's own reader gives them."""
    from swanlab.proto.swanlab.record.v1.record_pb2 import Record  # noqa: PLC0415
    from swanlab.sdk.internal.core_python.store import DataStoreReader  # noqa: PLC0415

    reader = DataStoreReader()
    reader.open(log_of(tracker, run_id))
    records = [Record.FromString(payload) for payload in reader]
    reader.close()
    return records


def kinds(records: list[Any], kind: str) -> list[Any]:
    """Return the contents of the records of one kind."""
    return [getattr(record, kind) for record in records if record.HasField(kind)]


@pytest.fixture
def tracker(tmp_path: Path) -> SwanLabTracker:
    """Return a store that does not exist yet."""
    return SwanLabTracker(str(tmp_path / "swanlog"))


class TestMetrics:
    """Points in SwanLab's log."""

    def test_steps_that_swanlab_itself_drops_are_kept(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """`swanlab.log` takes no step twice, none that is negative, and none beyond 2**48."""
        recorded = record(staged(*rows(5, 5, 3, -7, 2**63 - 1, -(2**63), 6)))
        assert tracker.read_native(RUN).metrics == recorded.metrics

    @pytest.mark.parametrize(
        "bits",
        [
            "8000000000000000",
            "0000000000000001",
            "7fefffffffffffff",
            "fff0000000000000",
            "7ff8000000000000",
            "fff8000000000123",
        ],
    )
    def test_values_are_kept_bit_for_bit(self, bits: str, tracker: SwanLabTracker, record: Recorder) -> None:
        """The log has 64 bits for each, and they are not touched."""
        (value,) = struct.unpack(">d", bytes.fromhex(bits))
        record(staged(MetricsLogged({"loss": value}, 0, START)))
        assert tracker.read_native(RUN).metrics["loss"].values.tobytes() == bytes.fromhex(bits)[::-1]

    @pytest.mark.parametrize("time", [-(2**63), -1, 0, 1, 2**53 + 1, 2**63 - 1])
    def test_times_are_kept_to_the_microsecond(self, time: int, tracker: SwanLabTracker, record: Recorder) -> None:
        """SwanLab has nanoseconds, and room for any year."""
        recorded = record(staged(MetricsLogged({"loss": 1.0}, 0, time), time=time))
        native = tracker.read_native(RUN)
        assert (native.metrics, native.started) == (recorded.metrics, time)

    def test_swanlabs_own_reader_reads_the_log(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """Every record, through several blocks, with a column before the first point of each metric."""
        record(staged(*rows(*range(1500)), *rows(1, key="train/acc"), TagsSet({"a": "b"})))
        assert log_of(tracker).stat().st_size > 2 * 32 * 1024
        records = vendor_records(tracker)
        assert [record.SerializeToString() for record in records] == list(SwanLabLog(log_of(tracker)))
        assert [point.step for point in kinds(records, "scalar")] == [*range(1500), 1]
        columns = kinds(records, "column")
        assert [(column.column_key, column.section_name) for column in columns] == [
            ("loss", ""),
            ("train/acc", "train"),
        ]
        assert [records[0].WhichOneof("record_type"), records[-1].WhichOneof("record_type")] == ["start", "finish"]
        assert [record.num for record in records if record.num > 0] == list(range(1, 1505))

    def test_swanlab_sync_takes_the_run(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """As far as it goes without a network: it opens the log and finds where the run begins."""
        from swanlab.proto.swanlab.grpc.core.v1.sync_pb2 import DeliverSyncStartRequest  # noqa: PLC0415
        from swanlab.proto.swanlab.settings.core.v1.core_pb2 import CoreSettings  # noqa: PLC0415
        from swanlab.sdk.internal.core_python.sync import CoreSyncPython  # noqa: PLC0415

        record(staged(*rows(1), TagsSet({"a": "b"})))
        sync = CoreSyncPython()
        settings = CoreSettings(run_id=RUN, run_dir=str(folder_of(tracker)))
        assert sync.deliver_sync_start(DeliverSyncStartRequest(core_settings=settings)).success
        assert (sync._start_record.id, list(sync._start_record.tags)) == (RUN, ["a=b"])
        sync._reader.close()

    def test_the_messages_are_the_vendors(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """They are read from its files without importing it."""
        record(staged(*rows(1)))
        ours = [str(parse(payload)) for payload in SwanLabLog(log_of(tracker))]
        assert ours == [str(record) for record in vendor_records(tracker)]


KEYS = [
    "",
    " ",
    ".",
    "/",
    "a",
    "a/b",
    "/a",
    "a.",
    ".a",
    "a b",
    " a",
    "a\n",
    "a\x01",
    "a\x7f",
    "%",
    "%01",
    "%41",
    "A",
    "%FF",
    "%EMPTY",
    "100%",
    "é",
    "artifacts/x",
    "%61rtifacts/x",
    "artifacts",
    "__swanlab__.cpu",
    "%5F_swanlab__.cpu",
    "__swanlab__",
    "x" * 512,
    "x" * 513,
    "x" * 514,
    "\x01" * 300,
]
KEYS += [metric_key("x" * 513), metric_key("\x01" * 300)]


class TestNames:
    """Keys and names that SwanLab would change, refuse or merge."""

    def test_no_two_keys_become_one(self) -> None:
        """Neither two metrics, nor two artifacts, nor one of each."""
        keys = [metric_key(key) for key in KEYS] + [media_key(key) for key in KEYS]
        assert len(set(keys)) == 2 * len(KEYS)
        assert len({param_key(key) for key in ("taximeter", "taximeter_", "taximeter__", "a")}) == 4

    @pytest.mark.parametrize("key", KEYS)
    def test_swanlab_takes_every_key_as_it_is(self, key: str) -> None:
        """Its own check neither raises nor trims, and it takes none for a metric of the system."""
        from swanlab.sdk.internal.pkg.helper import is_system_key  # noqa: PLC0415
        from swanlab.sdk.internal.run.fmt import validate_key  # noqa: PLC0415

        for escaped in (metric_key(key), media_key(key)):
            assert validate_key(escaped) == escaped
            assert not is_system_key(escaped)

    @pytest.mark.parametrize("name", ["taxi", "a/b", "", "ü 🚕", "x" * 600, "Taxi", "a_b", " ", "a:b"])
    def test_swanlab_takes_every_name_as_it_is(self, name: str) -> None:
        """Of projects, runs and groups, ids, tags and descriptions."""
        from swanlab.sdk.internal.pkg import constraints  # noqa: PLC0415

        constraints.ta_project.validate_python(project_for(name))
        constraints.ta_run_id.validate_python(run_id_for(name))
        constraints.ta_experiment.validate_python(name_for(name, RUN))
        constraints.ta_group.validate_python(name_for(name, name))
        constraints.ta_description.validate_python(description_for([name, name * 3]))
        assert all(len(tag) <= 512 for tag in tags_for({name: name}))

    def test_every_experiment_has_a_project_of_its_own(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """A slash that becomes an underscore does not make two experiments one; both are read as they are."""
        for number, experiment in enumerate(("a/b", "a_b", "ü 🚕")):
            record(staged(run_id=str(number) * 32, experiment=experiment))
        assert [summary.experiment for summary in tracker.list_runs()] == ["a/b", "a_b", "ü 🚕"]
        projects = {kinds(vendor_records(tracker, str(number) * 32), "start")[0].project for number in range(3)}
        assert len(projects) == 3

    def test_ids_of_other_trackers_fit(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """A run that is copied keeps its id, and SwanLab gets one that it takes."""
        record(staged(*rows(1), run_id="../lr=0.1/run:1"))
        (summary,) = tracker.list_runs()
        assert (summary.run_id, summary.vendor_id) == ("../lr=0.1/run:1", run_id_for("../lr=0.1/run:1"))
        assert tracker.read_native(summary.vendor_id).run_id == "../lr=0.1/run:1"
        assert [path.name for path in Path(tracker.location).parent.iterdir() if path.is_dir()] == [
            "blobs",
            "swanlog",
        ]

    def test_a_folder_is_named_after_the_runs_own_start(self) -> None:
        """What no calendar reaches has its first or last instant."""
        assert folder_for("a", START) == "run-20231114_221320-a"
        ends = [folder_for("a", time) for time in (-(2**63), 2**63 - 1)]
        assert ends == ["run-00010101_000000-a", "run-99991231_235959-a"]


class TestHead:
    """Params, tags, notes and the rest of what SwanLab's overview shows."""

    def test_params_keep_their_types_in_the_config(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """It is typed YAML, in the order of the params; SwanLab's own helper reads it."""
        from swanlab.sdk.internal.run.components.config import revert_config  # noqa: PLC0415

        params: dict[str, Any] = {"n": 1, "x": 1.0, "b": True, "t": "1", "big": 2**200, "none": None}
        params |= {
            "deep": {"": {}, "a": [1, {"b": "c"}]},
            "yes": "yes",
            "date": "2020-01-01",
            "": "",
            "é🚕": "\x1b",
        }
        record(staged(*(ParamsLogged({name: value}) for name, value in params.items())))
        assert repr(tracker.read_native(RUN).params) == repr(params)
        config = yaml.safe_load((folder_of(tracker) / "files/config.yaml").read_text(encoding="utf-8"))
        assert repr({name: value for name, value in revert_config(config).items() if name != "taximeter"}) == repr(
            params
        )

    def test_params_that_json_has_no_number_for_are_text(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """`swanlab sync` sends the config as JSON, and would fail for all of it."""
        record(staged(ParamsLogged({"a": math.nan, "b": [math.inf, -math.inf], "c": 10**5000, "taximeter": 1})))
        native = tracker.read_native(RUN).params
        assert (native["a"], native["b"], native["taximeter_"]) == ("NaN", ["Inf", "-Inf"], 1)
        assert native["c"] == f'json:{{"$int":"{10**5000:#x}"}}'
        json.dumps(yaml.safe_load((folder_of(tracker) / "files/config.yaml").read_bytes()), allow_nan=False)

    def test_the_head_holds_tags_notes_group_and_hypothesis(
        self, tracker: SwanLabTracker, record: Recorder
    ) -> None:
        """Tags are `name=value`, notes the description, a child run is in its parent's group."""
        events = (TagsSet({"stage": "a", "x=y": "z"}), NoteAdded("one"), TagsSet({"stage": "b"}), NoteAdded("two"))
        record(staged(*events, parent_id="f" * 32, hypothesis="distance matters"))
        (head,) = kinds(vendor_records(tracker), "start")
        assert (list(head.tags), head.description, head.group) == (["stage=b"], "one\n\ntwo", "f" * 32)
        native = tracker.read_native(RUN)
        assert (native.tags, native.notes) == ({"stage": "b"}, ("one\n\ntwo",))
        assert (native.parent_id, native.hypothesis, native.name) == ("f" * 32, "distance matters", "first")

    @pytest.mark.parametrize(
        ("status", "state", "error"), [("finished", 1, ""), ("failed", 2, "why"), ("killed", 3, "")]
    )
    def test_a_status_is_a_state(
        self, status: str, state: int, error: str, tracker: SwanLabTracker, record: Recorder
    ) -> None:
        """SwanLab calls them finished, crashed with a reason, and aborted."""
        record(staged(NoteAdded("first"), NoteAdded("why"), status=status))
        (end,) = kinds(vendor_records(tracker), "finish")
        assert (end.state, end.error) == (state, error)
        native = tracker.read_native(RUN)
        assert (native.status, native.ended) == (status, START + 5_000_000)

    def test_machine_and_code_are_those_of_the_run(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """SwanLab by itself would describe the courier; it has no place for a diff."""
        source = Source("train.py", ("train.py", "--lr", "1"), commit="c0ffee", branch="main")
        machine = Environment("3.11", "Linux", "CPU X", 4, 2**33, ("GPU Y", "GPU Y"), {"numpy": "2.4"})
        record(staged(EnvironmentCaptured(machine), SourceCaptured(source)))
        native = tracker.read_native(RUN)
        assert (native.source, native.environment) == (source, machine)
        saved = {save.type: Path(save.source_path).name for save in kinds(vendor_records(tracker), "save")}
        assert (saved[1], saved[2], saved[3]) == ("config.yaml", "swanlab-metadata.json", "requirements.txt")

    def test_a_torn_run_is_running_and_begun_anew(self, tracker: SwanLabTracker, tmp_path: Path) -> None:
        """Nothing of the first attempt is left in the second, neither a medium nor a point."""
        run = staged(*rows(1, 2), logged("a.png", PIXEL), status="failed", contents=[PIXEL])
        record_run(tracker, run, tmp_path / "blobs")
        Dispatcher(tracker, run.events[0], tmp_path / "blobs").close()  # type: ignore[arg-type]
        assert tracker.read_exact(RUN) is None
        assert [summary.status for summary in tracker.list_runs()] == ["running"]
        native = tracker.read(RUN)
        assert (native.status, native.metrics, native.artifacts) == ("running", {}, {})
        assert not list(folder_of(tracker).rglob("*.png"))


class TestFiles:
    """Artifacts as files, and as media that SwanLab shows."""

    def test_artifacts_are_shown_as_media(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """An image is an image, a table a table, a text a text; what only claims to be one stays a file."""
        contents = {
            "plots/a [1].png": PIXEL,
            "broken.png": b"no image",
            "moving.gif": b"GIF89a",
            "t.csv": b"a,b\n1,x\n2,y\n",
            "twice.csv": b"a,a\n1,2\n",
            "broken.parquet": b"no table",
            "page.html": b"<p>hi",
            "notes.md": b"# notes",
            "figure.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        }
        events = [logged(path, content) for path, content in contents.items()]
        recorded = record(staged(*events, contents=list(contents.values())))
        media = kinds(vendor_records(tracker), "media")
        shown = {medium.key.removeprefix("artifacts/"): medium for medium in media}
        pages = {"page.html": 9, "figure.svg": 9, "notes.md": 4}
        assert {key: medium.type for key, medium in shown.items()} == {"plots/a [1].png": 2, "t.csv": 6} | pages
        (item,) = shown["t.csv"].value.items
        table = json.loads((folder_of(tracker) / "media/echarts" / item.filename).read_bytes())
        assert table["rowData"] == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
        (image,) = shown["plots/a [1].png"].value.items
        assert (folder_of(tracker) / "media/image" / image.filename).read_bytes() == PIXEL
        native = tracker.read_native(RUN)
        assert (native.artifacts, native.metrics) == (recorded.artifacts, {})

    def test_files_are_copies_in_the_store(
        self, tracker: SwanLabTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """`swanlab.save` makes a link, so that a run would lose its files with their sources."""
        recorded = record(
            staged(logged("config.yaml", b"theirs"), logged("a/b.bin", b"b"), contents=[b"theirs", b"b"])
        )
        shutil.rmtree(tmp_path / "blobs")
        assert not any(path.is_symlink() for path in folder_of(tracker).rglob("*"))
        moved = SwanLabTracker(str(shutil.move(tracker.location, tmp_path / "moved")))
        assert moved.read_native(RUN).artifacts == moved.read(RUN).artifacts == recorded.artifacts

    def test_a_path_that_is_logged_again_is_another_step(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """SwanLab takes one medium a step; the file is the last one."""
        events = [logged("x.txt", content) for content in (b"a", b"b", b"a")]
        recorded = record(staged(*events, contents=[b"a", b"b"]))
        assert [medium.step for medium in kinds(vendor_records(tracker), "media")] == [0, 1, 2]
        assert tracker.read_native(RUN).artifacts == recorded.artifacts

    def test_no_path_in_a_store_leads_out_of_it(
        self, tracker: SwanLabTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Neither a name in the log, nor a link among the files."""
        record(staged(logged("x.bin", b"x"), contents=[b"x"]))
        secret = tmp_path / "secret"
        secret.write_text("secret")
        kept = folder_of(tracker) / "files/artifacts/x.bin"
        kept.unlink()
        kept.symlink_to(secret)
        assert tracker.read(RUN).artifacts == tracker.read_native(RUN).artifacts == {}
        for path in ("x.bin", "../../../secret", str(secret), "media/../../../secret", "artifacts/x.bin"):
            with pytest.raises(FileNotFoundError):
                tracker.open_artifact(RUN, path)


_USER = """
import sys
import swanlab
run = swanlab.init(project="mine", name="own", mode="offline", description="a note", tags=["x", "y"],
                   config={"lr": 0.1, "deep": {"a": [1, 2]}, "nan": float("nan")}, log_dir=sys.argv[1])
for step in range(5):
    swanlab.log({"loss": step / 2, "inf": float("inf")}, step=step)
swanlab.log({"loss": 9.0}, step=3)
swanlab.log({"loss": 9.0}, step=1.5)
swanlab.log({"bad\\x01": 9.0, "kept": 1}, step=9)
swanlab.log({"said": swanlab.Text("hello")}, step=0)
open("w.bin", "wb").write(b"w")
swanlab.save("w.bin", policy="now")
if sys.argv[2] == "raise":
    raise ValueError("diverged")
swanlab.finish()
"""


def own_run(tracker: SwanLabTracker, folder: Path, end: str = "finish") -> None:
    """Have a SwanLab user record a run, without a network."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SWANLAB_")}
    command = [sys.executable, "-W", "ignore", "-c", _USER, tracker.location, end]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=end == "finish", timeout=300)


class TestReading:
    """Stores that others wrote, that a crash left, or that were damaged."""

    def test_a_run_of_swanlabs_own_users_is_read(self, tracker: SwanLabTracker, tmp_path: Path) -> None:
        """Its config, points and media; not the file that SwanLab only links to, nor what SwanLab dropped."""
        own_run(tracker, tmp_path)
        before = digests(tmp_path)
        (summary,) = tracker.list_runs()
        assert (summary.experiment, summary.name, summary.status) == ("mine", "own", "finished")
        run = tracker.read(summary.run_id)
        assert (run.params, run.tags) == ({"lr": 0.1, "deep": {"a": [1, 2]}, "nan": "NaN"}, {"x": "", "y": ""})
        assert {key: list(series.steps) for key, series in run.metrics.items()} == {
            "loss": [0, 1, 2, 3, 4],
            "inf": [0, 1, 2, 3, 4],
            "kept": [9],
        }
        assert set(run.metrics["inf"].values) == {math.inf}
        assert (run.notes, run.parent_id) == (("a note",), None)
        assert run.environment
        assert run.environment.python == sys.version.split()[0]
        (path,) = run.artifacts
        with tracker.open_artifact(summary.run_id, path) as stream:
            assert (path[:11], stream.read()) == ("media/text/", b"hello")
        assert digests(tmp_path) == before

    def test_a_crash_of_theirs_has_failed_for_a_reason(self, tracker: SwanLabTracker, tmp_path: Path) -> None:
        """SwanLab notes the traceback."""
        own_run(tracker, tmp_path, "raise")
        (summary,) = tracker.list_runs()
        run = tracker.read_native(summary.run_id)
        assert (summary.status, run.status, run.notes[0]) == ("failed", "failed", "a note")
        assert "ValueError: diverged" in run.notes[1]

    def test_a_run_can_be_read_by_its_folder_or_its_log(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """All three are recognised, and a folder without runs is not."""
        recorded = record(staged(*rows(1)))
        for path in (Path(tracker.location), folder_of(tracker), log_of(tracker)):
            assert SwanLabTracker.recognises(path)
            assert diff(SwanLabTracker(str(path)).read(RUN), recorded) == []
        for path in (folder_of(tracker) / "files", Path(tracker.location).parent, Path("/nowhere")):
            assert not SwanLabTracker.recognises(path)

    def test_a_log_that_is_cut_anywhere_gives_its_beginning(
        self, tracker: SwanLabTracker, record: Recorder
    ) -> None:
        """A killed writer leaves any length; nothing is raised and nothing is written."""
        record(staged(*rows(*range(40))))
        log, seen = log_of(tracker), []
        whole = log.read_bytes()
        (folder_of(tracker) / "files/taximeter/record.jsonl").unlink()
        for length in range(0, len(whole) + 1, 7):
            log.write_bytes(whole[:length])
            (summary,) = tracker.list_runs()
            native = tracker.read(RUN)
            points = native.metrics.get("loss", ())
            assert [point.step for point in points] == list(range(len(points)))
            assert summary.status == native.status
            seen.append(len(points))
        assert seen == sorted(seen)
        assert (seen[0], seen[-1]) == (0, 40)

    def test_a_flipped_byte_costs_the_record_that_it_hits(self, tracker: SwanLabTracker, record: Recorder) -> None:
        """SwanLab's own reader stops there; a length that is wrong does not matter either."""
        record(staged(*rows(*range(40))))
        log = log_of(tracker)
        whole = log.read_bytes()
        assert tracker.problems(RUN) == []
        for place in range(len(SwanLabLog.headers[1]), len(whole), 3):
            log.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
            steps = list(tracker.read_native(RUN).metrics["loss"].steps)
            assert len(steps) >= 39
            assert steps == [step for step in range(40) if step in steps]
            assert tracker.problems(RUN) != []

    def test_a_record_in_pieces_is_whole_or_missing(self, tmp_path: Path) -> None:
        """One that is longer than a block, with damage in its middle, is never put together without it."""
        from swanlab.sdk.internal.core_python.store import DataStoreWriter  # noqa: PLC0415

        payloads = [b"a" * 100, b"b" * 100_000, b"", b"c" * (32 * 1024), b"d" * 10]
        log, writer = tmp_path / "run-x.swanlab", DataStoreWriter()
        writer.open(log)
        for payload in payloads:
            writer.write(payload)
        writer.close()
        assert list(SwanLabLog(log)) == payloads
        assert list(SwanLabLog(log).last_payloads())[-1] == payloads[-1]
        whole = bytearray(log.read_bytes())
        whole[50_000] ^= 1
        log.write_bytes(whole)
        damaged = SwanLabLog(log)
        assert list(damaged) == [payload for payload in payloads if payload[:1] != b"b"]
        assert next(problem.reason for problem in damaged.problems) == "the chunk is damaged or torn"

    @pytest.mark.parametrize("content", [b"", b":SWL", SwanLabLog.headers[1], b"\0" * 100_000, os.urandom(70_000)])
    def test_a_log_with_nothing_in_it_is_a_run_with_its_params(
        self, content: bytes, tracker: SwanLabTracker, record: Recorder
    ) -> None:
        """SwanLab's own log is empty until its buffer is full, and stays so when it is killed."""
        record(staged(ParamsLogged({"a": 1}), *rows(1)))
        log_of(tracker).write_bytes(content)
        (folder_of(tracker) / "files/taximeter/record.jsonl").unlink()
        (summary,) = tracker.list_runs()
        native = tracker.read(RUN)
        assert (summary.run_id, summary.experiment, native.params) == (RUN, "taxi", {"a": 1})
        assert (native.status, native.metrics) == ("running", {})

    def test_a_torn_config_gives_its_beginning(self) -> None:
        """Whatever its keys look like; SwanLab does not write it in one go."""
        params = {"a": 12345, "k" * 200: "text", "é:": 0.125, "": [], "? x": "two\nlines"}
        tree = {
            name: {"desc": "", "sort": place, "value": value} for place, (name, value) in enumerate(params.items())
        }
        whole = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)
        found = [read_config(whole[:length], "it") for length in range(len(whole) + 1)]
        assert all(config.items() <= params.items() for config in found)
        assert [len(config) for config in found] == sorted(len(config) for config in found)
        assert found[-1] == params
        assert read_config("- no\n- mapping\n", "it") == read_config("\x00", "it") == {}


_OLD_RECORDS = [
    ("Header", {"backup_type": "DEFAULT", "create_time": "2025-01-01T00:00:00.000001+00:00"}),
    ("Project", {"name": "taxi", "workspace": None, "public": None}),
    ("Experiment", {"id": "2tmklhosr", "name": "old", "colors": [], "description": "a note", "tags": ["x"]}),
    ("Runtime", {"config_filename": "config.yaml"}),
    ("Scalar", {"key": "loss", "step": 0, "metric": {"data": 0.5, "create_time": "2025-01-01T00:00:01+00:00"}}),
    ("Scalar", {"key": "loss", "step": 1, "metric": {"data": "INF", "create_time": "2025-01-01T00:00:02+00:00"}}),
    ("Scalar", {"key": "loss", "step": "no", "metric": 1}),
    ("Media", {"key": "said", "step": 0, "metric": {"data": ["hello"]}}),
    ("Footer", {"success": False, "create_time": "2025-01-01T00:00:03+00:00"}),
]
_OLD_METADATA = {"memory": "24", "cpu": {"brand": "CPU X", "cores": 2}, "os": "Linux", "python": "3.11"}
_OLD_METADATA |= {"command": "train.py --lr 1", "executable": "/usr/bin/python", "git_info": ["main", "c0ffee"]}


def test_a_run_from_before_the_log_was_protobuf_is_read(tracker: SwanLabTracker) -> None:
    """As SwanLab 0.6 and 0.7 laid it out: JSON in the same framing; today's SwanLab refuses it."""
    from swanlab.sdk.internal.core_python.store import DataStoreWriter  # noqa: PLC0415

    folder = Path(tracker.location, "run-20250101_000000-2tmklhosr")
    (folder / "files").mkdir(parents=True)
    (folder / "files/config.yaml").write_text("lr:\n  desc: ''\n  sort: 0\n  value: 0.1\n")
    (folder / "files/swanlab-metadata.json").write_text(json.dumps(_OLD_METADATA))
    log, writer = folder / "backup.swanlab", DataStoreWriter()
    writer.open(log)
    for kind, data in _OLD_RECORDS:
        writer.write(json.dumps({"model_type": kind, "data": data}).encode())
    writer.close()
    log.write_bytes(SwanLabLog.headers[0] + log.read_bytes()[len(SwanLabLog.headers[0]) :])
    (summary,) = tracker.list_runs()
    assert (summary.vendor_id, summary.experiment, summary.status) == ("2tmklhosr", "taxi", "failed")
    run = tracker.read("2tmklhosr")
    began = 1_735_689_600_000_001
    assert (run.name, run.started, run.ended) == ("old", began, began + 2_999_999)
    assert (run.params, run.tags, run.notes) == ({"lr": 0.1}, {"x": ""}, ("a note",))
    assert [(point.value, point.step) for point in run.metrics["loss"]] == [(0.5, 0), (math.inf, 1)]
    assert run.source == Source("train.py", ("--lr", "1"), commit="c0ffee", branch="main")
    assert run.environment == Environment("3.11", "Linux", "CPU X", 2, 24 * 2**30)
    assert SwanLabTracker.recognises(Path(tracker.location))


_PLAIN = """
import sys
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from pathlib import Path
from taximeter.errors import Unsupported
from taximeter_swanlab import SwanLabTracker
run = SwanLabTracker(sys.argv[1]).start_plain("taxi", "plain")
run.log_params({"lr": 0.1, "inf": float("-inf")})
for step in (0, 1, 1, 0, 5):
    run.log_metrics({"loss": step / 2}, step=step)
run.log_metrics({"loss": 9.0})
run.log_text("hello", "said")
run.log_figure(plt.figure(), "figure")
run.log_table(pd.DataFrame({"a": [1]}), "table")
file = Path("w.bin").absolute()
file.write_bytes(b"w")
refused = 0
for call in (lambda: run.set_tags({"a": "b"}), lambda: run.add_note("n"), lambda: run.start_child("c"),
             lambda: run.log_metrics({"a": 1}, time=1), lambda: run.log_artifact(file, "w.bin"),
             lambda: run.log_model(None, "m"), lambda: run.log_dataset(None)):
    try:
        call()
    except Unsupported:
        refused += 1
run.finish(sys.argv[2])
print("plain", run.id, refused)
"""


class TestPlain:
    """The documented API, with nothing of ours."""

    @pytest.mark.parametrize("status", ["finished", "failed", "killed"])
    def test_a_plain_run_is_read_by_its_id(self, status: str, tracker: SwanLabTracker, tmp_path: Path) -> None:
        """What SwanLab drops stays dropped: a step that was there before, and the sign of an infinity."""
        printed = run_python(_PLAIN, tracker.location, status, cwd=tmp_path).splitlines()
        _, run_id, refused = next(line for line in printed if line.startswith("plain ")).split()
        native = tracker.read_native(run_id)
        assert (native.experiment, native.name, native.status, refused) == ("taxi", "plain", status, "7")
        assert [(point.value, point.step) for point in native.metrics["loss"]] == [
            (0.0, 0),
            (0.5, 1),
            (2.5, 5),
            (9.0, 6),
        ]
        assert native.params == {"lr": 0.1, "inf": "Inf"}
        assert sorted(path.split("/")[1] for path in native.artifacts) == ["echarts", "image", "text"]

    def test_nothing_of_the_users_reaches_swanlab(self, tracker: SwanLabTracker, tmp_path: Path) -> None:
        """Neither a mode, nor a key, nor an address, nor a key in the folder of their settings."""
        secret = "canary-0123456789"  # noqa: S105 - what must not be found
        (tmp_path / ".swanlab").mkdir()
        netrc = f"machine https://api.swanlab.cn\nlogin https://swanlab.cn\npassword {secret}\n"
        (tmp_path / ".swanlab/.netrc").write_text(netrc)
        theirs = {"API_KEY": secret, "MODE": "online", "DEBUG": "true", "WEBHOOK": "http://127.0.0.1:9/x"}
        theirs |= {"PROJ_NAME": "other", "LOG_DIR": str(tmp_path / "other")}
        environment = os.environ | {f"SWANLAB_{name}": value for name, value in theirs.items()}
        (tmp_path / "work").mkdir()
        run_python(
            _PLAIN,
            tracker.location,
            "finished",
            cwd=tmp_path / "work",
            env=environment | {"HOME": str(tmp_path)},
        )
        (summary,) = tracker.list_runs()
        assert (summary.experiment, summary.status) == ("taxi", "finished")
        files = [path for path in Path(tracker.location).rglob("*") if path.is_file()]
        assert not any(secret.encode() in path.read_bytes() for path in files)
        assert not (tmp_path / "other").exists()

    def test_importing_the_tracker_imports_no_vendor(self) -> None:
        """Nor does reading: SwanLab takes a second and more."""
        code = "import sys, taximeter_swanlab.reader; print('swanlab' in sys.modules)"
        assert run_python(code).strip() == "False"


# Verdicts


def test_what_swanlab_does_to_plain_values_is_known(verdicts_of: VerdictsOf) -> None:
    """Points are float64; of params None becomes a mapping, and both infinities the same text."""
    verdicts = verdicts_of("swanlab")
    params, values = by_name(verdicts, "params"), by_name(verdicts, "values of metrics")
    assert {name for name, finding in values.items() if finding.verdict != "identical"} == {"int beyond 2^53"}
    assert (params["NaN"].read, params["None"].read) == ("'NaN'", "{}")
    assert params["infinities"].read == "{'high': 'Inf', 'low': 'Inf'}"
    assert params["infinities"].is_silent_loss


def test_which_plain_keys_and_steps_swanlab_takes_is_known(verdicts_of: VerdictsOf) -> None:
    """Keys are trimmed, with a warning; points at a step that was there, or is no natural number, are left out."""
    verdicts = verdicts_of("swanlab")
    keys, steps = by_name(verdicts, "keys of metrics"), by_name(verdicts, "steps")
    assert (keys["dots"].read, keys["spaces"].read) == ("'up'", "'a  b'")
    assert keys["control characters"].verdict == keys["empty key"].verdict == "dropped"
    assert steps["repeated step"].is_silent_loss, steps["repeated step"]
    for name in ("negative step", "huge step", "float step"):
        assert (steps[name].verdict, steps[name].is_silent_loss) == ("dropped", False)


def test_what_swanlab_does_to_plain_files_is_known(verdicts_of: VerdictsOf) -> None:
    """A saved file is a link to where it was; tables and figures are written out."""
    verdicts = verdicts_of("swanlab")
    artifacts = by_name(verdicts, "artifacts").values()
    assert all("only a link" in finding.reason and not finding.is_silent_loss for finding in artifacts)
    assert {finding.verdict for finding in by_name(verdicts, "images, tables, texts").values()} == {"identical"}
