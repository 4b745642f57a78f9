"""What is special to W&B: its steps, keys and files, its reader, its service, and logs that were damaged."""

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest
from tracker_cases import RUN, START, Recorder, rows, run_python, staged

from taximeter import start_run
from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.environments import add_environment
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
from taximeter.measure.child import ask, python_of
from taximeter.measure.contention_worker import Order, Report
from taximeter.record import Dataset, Environment, Model, Source
from taximeter.testing import record_run
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter_wandb import WandbTracker
from taximeter_wandb.log import WandbLog
from taximeter_wandb.native import file_path_for, metric_key, param_key, project_for, run_id_for, tag_for

VENDOR = Path(str(getattr(find_spec("wandb"), "origin", ""))).parent


def folder_of(tracker: WandbTracker, run_id: str = RUN) -> Path:
    """Return the one folder that W&B made for a run."""
    (folder,) = Path(tracker.location, "wandb").glob(f"offline-run-*-{run_id}*")
    return folder


def vendor_records(tracker: WandbTracker, run_id: str = RUN) -> list[dict[str, Any]]:
    """Return a run's records as W&B's own reader (`wandb leet inspect`) prints them."""
    log = next(folder_of(tracker, run_id).glob("*.wandb"))
    command = [str(VENDOR / "bin" / "wandb-core"), "leet", "inspect", "--no-observability", "--json"]
    run = subprocess.run(
        [*command, "--run-file", str(log)], capture_output=True, text=True, check=True, timeout=60
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def kinds(records: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """Return the contents of the records of one kind."""
    return [record[kind] for record in records if record["type"] == kind]


@pytest.fixture
def tracker(tmp_path: Path) -> WandbTracker:
    """Return a store that does not exist yet."""
    return WandbTracker(str(tmp_path / "store"))


class TestHistory:
    """Points as rows of W&B's history."""

    def test_growing_steps_are_wandbs_own_steps(self, tracker: WandbTracker, record: Recorder) -> None:
        """W&B's terminal UI has its own step as the x-axis, so it is ours wherever W&B allows."""
        record(staged(*rows(0, 10, 20, 21)))
        steps = [row["step"]["num"] for row in kinds(vendor_records(tracker), "history")]
        assert steps == [0, 10, 20, 21]

    def test_steps_that_do_not_grow_are_kept(self, tracker: WandbTracker, record: Recorder) -> None:
        """W&B drops such rows when they are logged with its own step; as a column the step is kept."""
        recorded = record(staged(*rows(5, 5, 3, -7, 2**63 - 1, 6)))
        assert tracker.read_native(RUN).metrics == recorded.metrics

    def test_the_step_column_is_the_x_axis_of_every_metric(self, tracker: WandbTracker, record: Recorder) -> None:
        """W&B documents `define_metric` for an axis of one's own."""
        record(staged(*rows(0)))
        metrics = kinds(vendor_records(tracker), "metric")
        assert {"glob_name": "*", "step_metric": "step"}.items() <= metrics[1].items()

    @pytest.mark.parametrize("value", [-0.0, 5e-324, 1.7976931348623157e308, 0.1, 2.0**63, float("inf")])
    def test_values_are_kept_bit_for_bit(self, value: float, tracker: WandbTracker, record: Recorder) -> None:
        """W&B writes the shortest text that gives the same float64 again, and -0 for -0.0."""
        record(staged(MetricsLogged({"loss": value}, 0, START)))
        assert tracker.read_native(RUN).metrics["loss"].values.tobytes() == struct.pack("d", value)

    @pytest.mark.parametrize("key", ["", "step", "_step", "_timestamp", "_runtime", "_wandb", "step_"])
    def test_keys_that_wandb_would_lose_get_an_underscore(
        self, key: str, tracker: WandbTracker, record: Recorder
    ) -> None:
        """W&B drops the empty key, and these columns are its own or ours."""
        record(staged(*rows(1, 2, key=key)))
        assert list(tracker.read_native(RUN).metrics) == [metric_key(key)] == [f"{key}_"]

    def test_no_two_keys_become_one(self) -> None:
        """Escaping maps different keys to different ones."""
        names = [
            "",
            "_",
            "__",
            "step",
            "step_",
            "_step",
            "a",
            "-a",
            "a-",
            "_-a_",
            "__-a__",
            "-",
            "_-_",
            "taximeter",
        ]
        assert len({metric_key(name) for name in names}) == len(names)
        assert len({param_key(name) for name in names}) == len(names)

    def test_media_take_no_step_of_their_own(self, tracker: WandbTracker, record: Recorder) -> None:
        """A page that was logged before the first point does not push the points' steps on."""
        text = b"# notes"
        record(staged(logged("notes.md", text), *rows(0, 1), contents=[text]))
        history = kinds(vendor_records(tracker), "history")
        assert [row["step"]["num"] for row in history] == [0, 1]
        assert history[0]["item"]["notes.md._type"] == "html-file"


class TestHead:
    """Params, tags, notes and the rest of what W&B's overview shows."""

    def test_params_keep_their_types_in_the_config(self, tracker: WandbTracker, record: Recorder) -> None:
        """The config is typed JSON; integers of any size are exact in the log, NaN becomes null."""
        params = {
            "n": 1,
            "x": 1.0,
            "b": True,
            "t": "1",
            "big": 2**200,
            "none": None,
            "deep": {"a": [1, {"b": "c"}]},
        }
        record(staged(ParamsLogged(params), ParamsLogged({"nan": float("nan"), "inf": float("inf")})))
        native = tracker.read_native(RUN).params
        assert repr(native) == repr(params | {"nan": None, "inf": float("inf")})

    def test_dashes_around_a_param_are_kept(self, tracker: WandbTracker, record: Recorder) -> None:
        """W&B would strip them, and so make `-a` and `a` one param."""
        record(staged(ParamsLogged({"-a": 1, "a": 2})))
        assert tracker.read_native(RUN).params == {"_-a_": 1, "a": 2}

    @pytest.mark.parametrize(
        "value",
        ["wandb-artifact://team/x", {"d": {"e": "wandb-artifact://x"}}, 10**5000],
        ids=["reference", "deep", "long"],
    )
    def test_params_that_wandb_would_look_up_are_text(
        self, value: Any, tracker: WandbTracker, record: Recorder
    ) -> None:
        """W&B asks its server for such a text as a param's value, and cannot write such an integer."""
        record(staged(ParamsLogged({"p": value})))
        assert tracker.read_native(RUN).params["p"].startswith("json:")

    def test_the_overview_holds_tags_notes_group_and_hypothesis(
        self, tracker: WandbTracker, record: Recorder
    ) -> None:
        """Tags are `name=value`, a child run is in its parent's group."""
        events = (
            TagsSet({"stage": "a", "long": "x" * 70}),
            TagsSet({"stage": "b"}),
            NoteAdded("one"),
            NoteAdded("two"),
        )
        record(staged(*events, parent_id="f" * 32, hypothesis="distance matters"))
        head = kinds(vendor_records(tracker), "run")[-1]
        assert (head["tags"], head["notes"], head["run_group"]) == (["stage=b"], "one\n\ntwo", "f" * 32)
        native = tracker.read_native(RUN)
        assert native.tags == {"stage": "b", "long": "x" * 70}
        assert (native.parent_id, native.hypothesis, native.name) == ("f" * 32, "distance matters", "first")

    def test_the_run_has_its_own_start(self, tracker: WandbTracker, record: Recorder) -> None:
        """A run that is copied from elsewhere did not begin when it was copied."""
        record(staged())
        assert kinds(vendor_records(tracker), "run")[-1]["start_time"] == "2023-11-14T22:13:20.123456Z"
        assert tracker.read_native(RUN).started == START

    @pytest.mark.parametrize(("status", "code"), [("finished", None), ("failed", 1), ("killed", 137)])
    def test_a_status_is_an_exit_code(
        self, status: str, code: int | None, tracker: WandbTracker, record: Recorder
    ) -> None:
        """W&B keeps no other status offline."""
        record(staged(status=status))
        assert (kinds(vendor_records(tracker), "exit")[0].get("exit_code") or None) == code
        assert tracker.read_native(RUN).status == status

    def test_machine_and_code_are_those_of_the_run(self, tracker: WandbTracker, record: Recorder) -> None:
        """W&B by itself would describe the courier."""
        source = Source("train.py", ("--lr", "1"), commit="c0ffee", diff="-a\n+b\n")
        machine = Environment("3.11", "Linux", "CPU X", 4, 2**33, ("GPU Y", "GPU Y"), {"numpy": "2.4"})
        record(staged(SourceCaptured(source), EnvironmentCaptured(machine)))
        native = tracker.read_native(RUN)
        assert (native.source, native.environment) == (source, machine)
        assert folder_of(tracker).joinpath("files/requirements.txt").read_text() == "numpy==2.4\n"

    def test_ids_of_other_trackers_fit(self, tracker: WandbTracker, record: Recorder) -> None:
        """A run that is copied keeps its id, and W&B gets one that it takes."""
        record(staged(*rows(1), run_id="lr=0.1/run:1"))
        (summary,) = tracker.list_runs()
        assert (summary.run_id, summary.vendor_id) == ("lr=0.1/run:1", run_id_for("lr=0.1/run:1"))
        assert tracker.read_native(summary.vendor_id).run_id == "lr=0.1/run:1"

    def test_names_that_wandb_refuses_are_near(self) -> None:
        """Projects lose some characters and length, tags without a place go elsewhere, long file names are cut."""
        assert project_for("a/b:c") == "a_b_c"
        assert len(project_for("x" * 200)) == 128
        assert project_for("x" * 200) != project_for("x" * 201)
        assert tag_for("a=b", "c") is None
        assert len(file_path_for("🚕" * 100).encode()) <= 255


class TestFiles:
    """Artifacts, media, models and datasets."""

    def test_artifacts_are_shown_as_media(self, tracker: WandbTracker, record: Recorder) -> None:
        """An image is an image, a table a table, text a page; what only claims to be one stays a file."""
        pixel = bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
            "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
        )
        contents = {
            "plots/a [1].png": pixel,
            "broken.png": b"no image",
            "t.csv": b"a,b\n1,x\n2,y\n",
            "broken.parquet": b"no table",
            "page.html": b"<p>hi",
            "figure.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        }
        events = [logged(path, content) for path, content in contents.items()]
        recorded = record(staged(*events, contents=list(contents.values())))
        shown = {
            key.removesuffix("._type"): kind
            for row in kinds(vendor_records(tracker), "history")
            for key, kind in row["item"].items()
            if key.endswith("._type")
        }
        pages = {"page.html": "html-file", "figure.svg": "html-file"}
        assert shown == {"plots/a [1].png": "image-file", "t.csv": "table-file", **pages}
        native = tracker.read_native(RUN)
        assert native.artifacts == recorded.artifacts
        assert native.metrics == {}
        (table,) = folder_of(tracker).glob("files/media/table/*.json")
        assert json.loads(table.read_bytes()) == {"columns": ["a", "b"], "data": [[1, "x"], [2, "y"]]}

    def test_models_and_datasets_are_artifacts_with_bytes_in_the_run(
        self, tracker: WandbTracker, record: Recorder
    ) -> None:
        """W&B by itself would put their files in a staging folder elsewhere."""
        content = b"weights"
        model = Model("sklearn", {"inputs": ["distance"]}, "model/example.json")
        dataset = Dataset(
            "trips/2026", "train", "file:///trips.parquet", "ab" * 32, 3, {"x": "double"}, {"mean": 0.5}
        )
        events = (logged("model/m.bin", content), ModelLogged("model", model), DatasetLogged(dataset))
        record(staged(*events, contents=[content]))
        artifacts = kinds(vendor_records(tracker), "artifact")
        assert [artifact["type"] for artifact in artifacts] == ["model", "dataset"]
        entries = [entry for artifact in artifacts for entry in artifact["manifest"]["contents"]]
        assert all(Path(entry["local_path"]).is_relative_to(folder_of(tracker)) for entry in entries)
        native = tracker.read_native(RUN)
        assert (native.models, native.datasets) == ({"model": model}, (dataset,))

    def test_a_store_that_moved_reads_the_same(
        self, tracker: WandbTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Nothing in it leads out of it."""
        content = b"bytes"
        recorded = record(staged(*rows(1, 2), logged("deep/er/a.bin", content), contents=[content]))
        native = tracker.read_native(RUN)
        shutil.move(tracker.location, tmp_path / "elsewhere")
        moved = WandbTracker(str(tmp_path / "elsewhere"))
        assert diff(moved.read(RUN), recorded) == []
        assert diff(moved.read_native(RUN), native) == []
        links = [path for path in Path(moved.location).rglob("*") if path.is_symlink()]
        assert all(link.resolve().is_relative_to(moved.location) for link in links)

    def test_names_that_are_too_long_for_a_file_are_kept(self, record: Recorder) -> None:
        """The artifact's name is the record's; on disk it is shorter."""
        content = b"x"
        record(staged(logged(f"a/{'x' * 300}.txt", content), contents=[content]))

    def test_no_artifact_is_read_outside_the_run(self, tracker: WandbTracker, record: Recorder) -> None:
        """A link in a store that somebody prepared leads nowhere."""
        record(staged())
        kept = folder_of(tracker) / "files" / "artifacts"
        kept.mkdir()
        kept.joinpath("host").symlink_to("/etc/hostname")
        for path in ("host", "../../run.wandb", "/etc/hostname"):
            with pytest.raises(FileNotFoundError):
                tracker.open_artifact(RUN, path)


class TestService:
    """W&B's service process, couriers that die, and runs that are written again."""

    def test_several_runs_are_open_at_once(self, tracker: WandbTracker, tmp_path: Path) -> None:
        """A courier serves every live run of a folder, with one service for all of them."""
        runs = [staged(*rows(0, 1, 2, key=name), run_id=name * 32) for name in "abc"]
        writers = [Dispatcher(tracker, run.events[0], tmp_path) for run in runs]  # type: ignore[arg-type]
        for place in range(1, 4):
            for run, writer in zip(runs, writers, strict=True):
                writer.write([run.events[place]])
        services = [child for child in psutil.Process().children() if child.name() == "wandb-core"]
        for run, writer in zip(runs, writers, strict=True):
            writer.finish(run.record)
            assert tracker.read_native(run.record.run_id).metrics == run.record.metrics
        assert len(services) == 1

    def test_a_dead_service_is_started_again(
        self, tracker: WandbTracker, tmp_path: Path, record: Recorder
    ) -> None:
        """The writer raises, and the run can be written again in the same process."""
        run = staged(*rows(*range(50)))
        writer = Dispatcher(tracker, run.events[0], tmp_path)  # type: ignore[arg-type]
        (service,) = [child for child in psutil.Process().children() if child.name() == "wandb-core"]
        service.kill()
        service.wait()
        with pytest.raises(ConnectionError):
            writer.write(run.events[1:-1])
        writer.close()
        record(run)
        assert folder_of(tracker).is_dir()

    def test_a_run_that_is_written_again_is_there_once(self, tracker: WandbTracker, tmp_path: Path) -> None:
        """The whole copy counts until the new one is whole too; then the old one goes."""
        run = staged(*rows(*range(50)))
        record_run(tracker, run, tmp_path / "blobs")
        first = folder_of(tracker)
        writer = Dispatcher(tracker, run.events[0], tmp_path / "blobs")  # type: ignore[arg-type]
        writer.write(run.events[1:20])
        assert [summary.status for summary in tracker.list_runs()] == ["finished"]
        assert len(tracker.read_native(RUN).metrics["loss"]) == 50
        writer.write(run.events[20:])
        writer.finish(run.record)
        assert folder_of(tracker) != first
        assert diff(tracker.read(RUN), run.record) == []

    def test_a_killed_courier_leaves_a_run_that_reads_as_killed(
        self, tracker: WandbTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """While it writes, the run is running; then it is written anew, and the torn copy goes."""
        command = [sys.executable, "-W", "ignore", "-c", _COURIER, tracker.location, str(tmp_path), RUN]
        courier = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert courier.stdout is not None
        assert courier.stdout.readline() == b"written\n"
        _wait_for(lambda: [summary.status for summary in tracker.list_runs()] == ["running"])
        # until W&B's own process has them, they are lost with the courier
        _wait_for(lambda: len(tracker.read_native(RUN).metrics.get("loss", ())) == 40)
        services = psutil.Process(courier.pid).children(recursive=True)
        courier.send_signal(signal.SIGKILL)
        courier.communicate()
        _wait_for(lambda: [summary.status for summary in tracker.list_runs()] == ["killed"])
        _, still_running = psutil.wait_procs(services, timeout=60)  # W&B's own process ends a little later
        assert services
        assert not still_running
        assert [step for _, step, _ in tracker.read_native(RUN).metrics["loss"]] == [*range(40)]
        assert tracker.read_exact(RUN) is None
        record(staged(*rows(*range(50))))
        assert folder_of(tracker).is_dir()
        assert tracker.read_native(RUN).status == "finished"

    def test_a_process_of_its_own_writes_nowhere_else(self, tracker: WandbTracker, tmp_path: Path) -> None:
        """Not at home, not where it was started; a user's variables do not reach it, and its service ends with it.

        A run that is still open at the end is no finished run.
        """
        home, here = tmp_path / "home", tmp_path / "here"
        home.mkdir()
        here.mkdir()
        users = {"WANDB_SWEEP_ID": "s", "WANDB_MODE": "disabled", "WANDB_TAGS": "t", "WANDB_SERVICE": "3-1-unix-x"}
        variables = os.environ | users | {"HOME": str(home)} | {"WANDB_API_KEY": "k" * 40}
        code = _COURIER.replace("time.sleep(60)", "print(psutil.Process().children()[0].pid)")
        printed = run_python(
            code.replace("sys.argv[1:]", repr([tracker.location, str(tmp_path), RUN])), cwd=here, env=variables
        )
        _wait_for(lambda: not psutil.pid_exists(int(printed.split()[1])))
        assert [*home.rglob("*"), *here.rglob("*")] == []
        assert [(summary.vendor_id, summary.status) for summary in tracker.list_runs()] == [(RUN, "killed")]
        assert tracker.read_native(RUN).tags == {}
        assert b"k" * 40 not in b"".join(
            path.read_bytes() for path in folder_of(tracker).rglob("*.*") if path.is_file()
        )

    def test_a_place_that_cannot_be_written_is_an_error(self, tmp_path: Path) -> None:
        """W&B by itself would write to the system's temporary folder."""
        tmp_path.joinpath("file").touch()
        with pytest.raises(NotADirectoryError):
            WandbTracker(str(tmp_path / "file" / "store")).open_run(Started(RUN, "taxi", "first", START))


class TestReading:
    """Stores of W&B's own users, and logs that were damaged."""

    def test_reading_needs_no_wandb(self, tracker: WandbTracker, record: Recorder) -> None:
        """Importing it takes a second and more; only its messages are read from its files."""
        record(staged(*rows(1, 2)))
        code = (
            "import sys, psutil; from taximeter_wandb import WandbTracker\n"
            f"tracker = WandbTracker({tracker.location!r})\n"
            f"print([s.status for s in tracker.list_runs()], len(tracker.read_native({RUN!r}).metrics['loss']))\n"
            "print('wandb' in sys.modules, psutil.Process().children())"
        )
        assert run_python(code) == "['finished'] 2\nFalse []\n"

    def test_reading_changes_nothing(self, tracker: WandbTracker, record: Recorder) -> None:
        """Not a byte, not a time."""
        record(staged(*rows(1, 2)))
        before = {
            path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in Path(tracker.location).rglob("*")
        }
        list(tracker.list_runs())
        tracker.read(RUN)
        tracker.read_native(RUN)
        after = {
            path: (path.lstat().st_mtime_ns, path.lstat().st_size) for path in Path(tracker.location).rglob("*")
        }
        assert after == before

    def test_a_users_own_run_is_read(self, tmp_path: Path) -> None:
        """With W&B's defaults: history in nested keys, a summary of its own, bare tags, files beside W&B's."""
        variables = os.environ | {"WANDB_MODE": "offline", "HOME": str(tmp_path), "WANDB_SILENT": "true"}
        tmp_path.joinpath("linked.bin").write_bytes(b"elsewhere")
        run_python(_USER, cwd=tmp_path, env=variables)
        tracker = WandbTracker(str(tmp_path))
        (summary,) = tracker.list_runs()
        assert (summary.run_id, summary.experiment, summary.name, summary.status) == (
            "mine",
            "taxi",
            "own",
            "failed",
        )
        native = tracker.read("mine")
        assert native.params == {"lr": 0.1, "late": {"a": [1, 2]}}
        assert {key: list(series.values) for key, series in native.metrics.items()} == {
            "loss": [0.0, 0.5, 1.0],
            "nested.a.b": [0.0, 1.0, 2.0],
            "best": [7.0],
        }
        assert list(native.metrics["loss"].steps) == [0, 1, 5]
        assert (native.tags, native.notes) == ({"base": "", "a=b": ""}, ("why",))
        assert set(native.artifacts) == {"kept.txt", "output.log"}
        with tracker.open_artifact("mine", "kept.txt") as kept:
            assert kept.read() == b"kept"
        assert native.environment is not None
        assert "numpy" in native.environment.distributions

    def test_stores_are_recognised_in_every_form(
        self, tracker: WandbTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """The folder around `wandb`, `wandb` itself, a run's folder and its log."""
        recorded = record(staged(*rows(1)))
        folder = folder_of(tracker)
        for path in (Path(tracker.location), folder.parent, folder, next(folder.glob("*.wandb"))):
            assert WandbTracker.recognises(path)
            assert diff(WandbTracker(str(path)).read(RUN), recorded) == []
        assert not WandbTracker.recognises(tmp_path)
        assert not WandbTracker.recognises(tmp_path / "absent")
        with pytest.raises(InputError, match="no W&B run"):
            tracker.read("absent")

    def test_a_flipped_byte_costs_one_record(self, tracker: WandbTracker, record: Recorder) -> None:
        """W&B's own reader loses the rest of the block of 32 KiB."""
        recorded = record(staged(*rows(*range(500))))
        log = next(folder_of(tracker).glob("*.wandb"))
        data = bytearray(log.read_bytes())
        place = data.index(b"loss", 20_000)  # within a record, not in the head that says how long it is
        data[place] ^= 0xFF
        log.write_bytes(data)
        (problem,) = tracker.problems(RUN)
        assert (problem.reason, problem.offset <= place) == ("the chunk is damaged or torn", True)
        assert len(tracker.read_native(RUN).metrics["loss"]) in {499, 500}  # of the history, or of the summary
        assert diff(tracker.read(RUN), recorded) == []

    def test_any_cut_leaves_what_came_before(self, tracker: WandbTracker, record: Recorder) -> None:
        """A log that ends anywhere is read up to there."""
        record(staged(*rows(*range(300))))
        log = next(folder_of(tracker).glob("*.wandb"))
        data = log.read_bytes()
        lengths = []
        for size in range(len(WandbLog.headers[0]), len(data), 997):
            log.write_bytes(data[:size])
            lengths.append(len(tracker.read_native(RUN).metrics.get("loss", ())))
        assert lengths == sorted(lengths)
        assert lengths[-1] > 290

    def test_records_over_several_blocks(self, tmp_path: Path) -> None:
        """A chunk that is lost takes its whole record along, and no other."""
        payloads = [b"a" * 10, b"b" * 100_000, b"c" * 20, b"d" * 40_000, b"e"]
        log = tmp_path / "run.wandb"
        log.write_bytes(_encoded(payloads))
        assert list(WandbLog(log)) == payloads
        data = bytearray(_encoded(payloads))
        data[50_000] ^= 1
        log.write_bytes(data)
        damaged = WandbLog(log)
        assert list(damaged) == [payload for payload in payloads if not payload.startswith(b"b")]
        assert damaged.problems[0].reason == "the chunk is damaged or torn"

    def test_a_hole_of_zeros_is_passed_over(self, tmp_path: Path) -> None:
        """A block that never reached the disk costs what lay in it."""
        payloads = [bytes([number]) * 1000 for number in range(1, 200)]
        data = bytearray(_encoded(payloads))
        data[32_768:65_536] = bytes(32_768)
        log = tmp_path / "run.wandb"
        log.write_bytes(data)
        read = list(WandbLog(log))
        assert 160 < len(read) < 170
        assert set(read) < set(payloads)


def _encoded(payloads: Sequence[bytes]) -> bytes:
    """Return a log of `payloads`, written as W&B's Go code describes it."""
    log = bytearray(WandbLog.headers[0])
    for payload in payloads:
        rest, first = payload, True
        while rest or first:
            room = 32_768 - len(log) % 32_768
            if room < 7:
                log += bytes(room)
                continue
            piece, rest = rest[: room - 7], rest[room - 7 :]
            kind = bytes(
                [{(True, False): 1, (True, True): 2, (False, True): 3, (False, False): 4}[first, bool(rest)]]
            )
            log += struct.pack("<IH", zlib.crc32(kind + piece), len(piece)) + kind + piece
            first = False
    return bytes(log)


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


_COURIER = f"""
import sys, time, psutil
from pathlib import Path
from taximeter.courier.dispatch import Dispatcher
from taximeter.events import MetricsLogged, Started
from taximeter_wandb import WandbTracker
location, blobs, run_id = sys.argv[1:]
writer = Dispatcher(WandbTracker(location), Started(run_id, "taxi", "first", {START}), Path(blobs))
writer.write([MetricsLogged({{"loss": step / 2}}, step, {START} + step) for step in range(40)])
print("written", flush=True)
time.sleep(60)
"""

_USER = """
import wandb
with open("kept.txt", "w") as file:
    file.write("kept")
run = wandb.init(project="taxi", id="mine", name="own", notes="why", tags=["base", "a=b"], config={"lr": 0.1})
for step in (0, 1, 5):
    run.log({"loss": min(step, 2) / 2, "nested": {"a": {"b": min(step, 2)}}, "text": "t", "flag": True}, step=step)
run.config.update({"late": {"a": [1, 2]}})
run.summary["best"] = 7
run.save("linked.bin")
import shutil
shutil.copy("kept.txt", run.dir)
print("hello")
run.finish(exit_code=1)
"""


# Verdicts


def test_what_wandb_does_to_plain_values_is_known(verdicts_of: VerdictsOf) -> None:
    """Its JSON keeps every number and type; only a param that is NaN becomes null."""
    verdicts = verdicts_of("wandb")
    values, params = by_name(verdicts, "values of metrics"), by_name(verdicts, "params")
    assert {finding.verdict for finding in values.values()} == {"identical"}
    assert {name for name, finding in params.items() if finding.verdict != "identical"} == {"NaN", "param changed"}
    assert (params["NaN"].verdict, params["NaN"].read) == ("changed with loss", "None")
    assert params["NaN"].is_silent_loss


def test_which_plain_keys_and_steps_wandb_takes_is_known(verdicts_of: VerdictsOf) -> None:
    """All keys but the empty one; steps that go back are dropped with a warning, repeated ones in silence."""
    verdicts = verdicts_of("wandb")
    keys, steps = by_name(verdicts, "keys of metrics"), by_name(verdicts, "steps")
    assert {name for name, finding in keys.items() if finding.verdict != "identical"} == {"empty key"}
    assert (keys["empty key"].verdict, keys["empty key"].said) == ("dropped", ())
    assert steps["float step"].verdict == "refused"
    assert steps["backward step"].verdict == steps["negative step"].verdict == "dropped"
    assert "must be monotonically increasing" in steps["backward step"].said[0]
    assert steps["repeated step"].is_silent_loss
    assert by_name(verdicts, "points")["10,001 points"].verdict == "identical"


def test_runs_of_an_old_release_are_read_by_todays_reader(environments: Path, tmp_path: Path) -> None:
    """One that its own interface wrote, and one that the adapter did."""
    release = add_environment("wandb==0.22.0")
    assert Path(release.python).is_relative_to(environments)
    plain, kept = tmp_path / "plain", tmp_path / "kept"
    plain.mkdir()
    order = Order(way="vendor", tracker=release.name, location=str(plain), runs=1, points=3)
    report = ask(
        "taximeter.measure.contention_worker",
        order,
        Report,
        python=python_of("vendor", release.name),
        folder=plain,
    )
    assert [run.problem for run in report.runs] == [""]
    (run,) = WandbTracker(str(plain)).list_runs()
    loss = WandbTracker(str(plain)).read_native(run.run_id).metrics["loss"]
    assert [(value, step) for value, step, _ in loss] == [(0.0, 0), (0.5, 1), (1.0, 2)]
    with start_run(trackers=[f"{release.name}:{kept}"], keep_journal=True) as live:
        live.log_metrics({"loss": 0.1 + 0.2})
        live.log_params({"alpha": 0.1})
    assert diff(WandbTracker(str(kept)).read(live.id), live.record()) == []
