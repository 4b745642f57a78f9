"""What is special to DVCLive: its folders, names and YAML, DVC's own commands on them, and its users' runs."""

import json
import logging
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
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
)

from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.errors import InputError, Unsupported
from taximeter.events import DatasetLogged, Event, MetricsLogged, ModelLogged, ParamsLogged
from taximeter.record import Dataset, Model
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter_dvclive import DVCLiveTracker
from taximeter_dvclive.names import file_path, key_param, param_key, path_text
from taximeter_dvclive.points import append_points, read_points, summary_of

DATASET = Dataset("trips ${x}", "train", "s ${y}", "ab" * 32, 3, {"${x}": "double"}, {"mean": 0.5, "a": "\\${x}"})
OFFLINE = {"DVC_NO_ANALYTICS": "1", "DVC_STUDIO_OFFLINE": "1"}
DVC = str(Path(sys.executable).with_name("dvc"))


def run_tool(*command: str, cwd: Path) -> str:
    """Run `git` or `dvc`, which may not complain, and return what it prints."""
    environment = os.environ | OFFLINE
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def tracker(tmp_path: Path) -> DVCLiveTracker:
    """A fresh store."""
    return DVCLiveTracker(str(tmp_path / "store" / "dvclive"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A Git repository with one commit around the store."""
    folder = tmp_path / "store"
    folder.mkdir()
    for command in ("init -q", "config user.email a@b.c", "config user.name a", "commit -q --allow-empty -m one"):
        run_tool("git", *command.split(), cwd=folder)
    return folder


def folder_of(tracker: DVCLiveTracker, run_id: str = RUN) -> Path:
    """Return the folder of a run that was recorded under the name `first`."""
    return Path(tracker.location, f"first-{run_id}")


class TestWhatDVCShows:
    """The folder in the eyes of DVCLive and DVC."""

    def test_the_folder_is_as_dvclive_writes_it(self, tracker: DVCLiveTracker, record: Recorder) -> None:
        """Points are tab-separated, the time in milliseconds, with decimals where they are not whole."""
        points = MetricsLogged({"train/loss": math.nan}, 2**60, 1_750_000_000_000_000)
        record(staged(*rows(0, 5, apart=1), points, ParamsLogged({"alpha": 0.1}), status="failed"))
        folder = folder_of(tracker)
        assert (folder / "plots/metrics/loss.tsv").read_text().splitlines() == [
            "timestamp\tstep\tloss",
            "1700000000123.456\t0\t0.0",
            "1700000000123.457\t5\t0.5",
        ]
        assert json.loads((folder / "metrics.json").read_text()) == {
            "loss": 0.5,
            "train": {"loss": "nan"},
            "step": 2**60,
        }
        assert (folder / "params.yaml").read_text().splitlines()[-2:] == [
            f"  ended: {START + 5_000_000}",
            "alpha: 0.1",
        ]
        assert "  status: failed" in (folder / "params.yaml").read_text()

    def test_dvc_compares_runs_without_a_repository(self, tracker: DVCLiveTracker, record: Recorder) -> None:
        """`dvc metrics show` is a table of their last values."""
        for number in range(2):
            record(staged(*rows(0, number), run_id=str(number) * 32))
        files = sorted(str(file) for file in Path(tracker.location).glob("*/metrics.json"))
        shown = json.loads(run_tool(DVC, "metrics", "show", "--json", *files, cwd=Path(tracker.location)))
        assert [found["data"] for found in shown[""]["data"].values()] == [
            {"loss": 0.5, "step": 0},
            {"loss": 0.5, "step": 1},
        ]

    def test_dvc_finds_every_run_in_its_repository(
        self, tracker: DVCLiveTracker, record: Recorder, repository: Path
    ) -> None:
        """Its text has no reference to a variable, which would stop DVC in the whole repository."""
        run_tool(DVC, "init", "-q", cwd=repository)
        theirs = ("dvc.yaml", "a/x.dvc", "dvc.lock", ".dvcignore", ".dvc/config", "100%.dvc", "x.yaml")
        events: list[Event] = [logged(path, b"{: no yaml") for path in theirs]
        events += [
            ParamsLogged({"${x}": "${y}"}),
            MetricsLogged({"a": 1.0, "a/b": 2.0, "../../../x": 3.0, "step": 4.0, "${x}": 5.0}, 0, START),
            logged("${x}.png", b"image"),
            ModelLogged("m ${x}", Model("f ${x}", {"${x}": "${y}"})),
            DatasetLogged(DATASET),
        ]
        recorded = record(staged(*events, contents=[b"image", b"{: no yaml"]))
        place = f"dvclive/first-{RUN}"
        assert f"{place}/metrics.json" in run_tool(DVC, "metrics", "show", "--json", cwd=repository)
        assert f"{place}/params.yaml" in run_tool(DVC, "params", "diff", "--json", "--all", cwd=repository)
        assert json.loads(run_tool(DVC, "plots", "show", "--json", cwd=repository))["data"].keys() > {
            f"{place}/plots/metrics/a.tsv",
            f"{place}/plots/images/${{x}}.png",
        }
        native = tracker.read_native(RUN)
        assert (native.models, native.datasets) == (recorded.models, recorded.datasets)
        assert native.artifacts == recorded.artifacts
        assert (folder_of(tracker) / "artifacts/x.yaml").is_file()

    def test_dvclive_makes_its_reports_of_a_run(self, tracker: DVCLiveTracker, record: Recorder) -> None:
        """In HTML and in Markdown; nothing that was logged is run as a script."""
        script = "</script><script>alert(1)</script>"
        events = (*rows(0, 1), *rows(0, 1, key=script), *rows(0, key="a.tsv/b"), ParamsLogged({script: script}))
        record(staged(*events, logged("a.png", b"image"), logged("a.png/b.png", b"image"), contents=[b"image"]))
        folder = folder_of(tracker)
        run_python(_REPORT, str(folder), env=os.environ | OFFLINE, cwd=folder.parent)
        html, markdown = ((folder / f"report.{ending}").read_text() for ending in ("html", "md"))
        assert "<script>alert" not in html
        assert "![static/loss](static/loss.png)" in markdown

    def test_a_users_repository_is_left_alone(
        self, record: Recorder, repository: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """`dvclive.Live` by itself would make a DVC repository of it."""
        monkeypatch.chdir(repository)
        record(staged(*rows(0, 1), logged("x.bin", b"x"), contents=[b"x"]))
        assert run_tool("git", "status", "--porcelain", cwd=repository) == "?? dvclive/\n"
        assert run_tool("git", "for-each-ref", "--format=%(refname)", cwd=repository).count("\n") == 1
        assert not (repository / ".dvc").exists()


class TestNative:
    """The native view of the runs that we write."""

    def test_params_come_back_as_they_were(self, tracker: DVCLiveTracker, record: Recorder) -> None:
        """YAML holds all of them, if those that ruamel would change are quoted."""
        params: dict[str, Any] = {
            "taximeter": 1,
            ".taximeter": None,
            "\x85": "\x85",
            " ": "yes",
            "<<": {"a": [1, 2.0, -0.0, 5e-324, True], "": {"é\0": []}},
            "big": 2**200,
            "inf": -math.inf,
            "text": "long " * 2000,
            "1": "1e5",
        }
        record(staged(ParamsLogged(params), ParamsLogged({"nan": math.nan, "huge": 10**5000})))
        native = tracker.read_native(RUN).params
        assert repr(native) == repr(params | {"nan": math.nan, "huge": hex(10**5000)})

    def test_points_come_back_as_they_were(self, tracker: DVCLiveTracker, record: Recorder) -> None:
        """Whatever their keys, values, steps and times."""
        keys = ["a", "a/b", "../../../x", "/", "", "step", "x" * 300, "a.tsv/b", "é\n\t\x85%", "." * 300, "Loss"]
        values = [math.nan, math.inf, -0.0, 5e-324, 0.1, 1.7976931348623157e308]
        times = [0, -1, -(2**63), 2**63 - 1, START, 1_000]
        points = zip(values, (0, -1, 2**63 - 1, -(2**63), 1, 1), times, strict=True)
        events = [MetricsLogged(dict.fromkeys(keys, value), step, time) for value, step, time in points]
        recorded = record(staged(*events))
        assert tracker.read_native(RUN).metrics == recorded.metrics
        outside = [
            file for file in Path(tracker.location).parent.rglob("*.tsv") if "plots/metrics" not in str(file)
        ]
        assert outside == []

    @settings(max_examples=500, deadline=None, database=None)
    @given(st.lists(st.text(max_size=300) | st.sampled_from(["..", "", "%", "%~a", "x.png", "step"]), min_size=1))
    def test_a_key_as_a_path_stays_in_its_folder_and_can_be_turned_back(self, parts: list[str]) -> None:
        """It is cut only where it is longer than a path should be."""
        key = "/".join(parts)
        path = file_path(key)
        assert not {"", ".", "..", "step"}.intersection(path.split("/"))
        assert max(len(part.encode()) for part in path.split("/")) < 255 - len(".tsv")
        assert path_text(path) == key or ("%-" in path and len(path.encode()) < 100)
        assert key_param(param_key(key)) == key

    def test_keys_that_are_cut_differ(self) -> None:
        """The name of a file ends somewhere."""
        assert len({file_path("x" * 9_000 + end) for end in "abc"}) == 3

    def test_a_metric_below_another_has_a_place_in_the_summary(self) -> None:
        """`Live.log_metric` fails on it."""
        last = {"a/b": 2.0, "a": 1.0, "c/d/e": 3.0, "c/d/f": -math.inf}
        assert summary_of(last) == {"a/b": 2.0, "a": 1.0, "c": {"d": {"e": 3.0, "f": "-inf"}}}

    def test_figures_are_kept_as_they_are(self, tracker: DVCLiveTracker, record: Recorder) -> None:
        """`Live.log_image` would encode them anew, and refuse what is no image."""
        record(staged(logged("plots/a.png", b"png"), logged("b.svg", b"svg"), contents=[b"png", b"svg"]))
        images = folder_of(tracker) / "plots" / "images"
        assert {file.name: file.read_bytes() for file in images.rglob("*.*")} == {"a.png": b"png", "b.svg": b"svg"}

    def test_the_summaries_are_there_while_the_run_is_live(self, tracker: DVCLiveTracker, tmp_path: Path) -> None:
        """Its points too; the summary follows some seconds later."""
        run = staged(*rows(0, 1, 2))
        Dispatcher(tracker, run.events[0], tmp_path).write(run.events[1:4])  # type: ignore[arg-type]
        native = tracker.read(RUN)
        assert (native.status, native.started, list(native.metrics["loss"].steps)) == ("running", START, [0, 1, 2])
        assert json.loads((folder_of(tracker) / "metrics.json").read_text()) == {}


class TestStore:
    """The folder as a store."""

    def test_a_folder_of_somebody_else_is_not_removed(self, tracker: DVCLiveTracker, record: Recorder) -> None:
        """Though it has the name that a run would have."""
        folder_of(tracker).mkdir(parents=True)
        (folder_of(tracker) / "thesis.txt").write_text("all of it")
        with pytest.raises(InputError, match=f"first-{RUN} is no run of ours"):
            record(staged(*rows(0)))
        assert (folder_of(tracker) / "thesis.txt").read_text() == "all of it"

    def test_a_run_that_begins_anew_has_nothing_left_of_the_first_attempt(
        self, tracker: DVCLiveTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Nothing of it can be taken for the second's."""
        run = staged(*rows(0), logged("a.png", b"image"), ParamsLogged({"a": 1}), contents=[b"image"])
        record(run)
        Dispatcher(tracker, run.events[0], tmp_path)  # type: ignore[arg-type]
        native = tracker.read(RUN)
        assert (native.status, native.params, native.metrics, native.artifacts) == ("running", {}, {}, {})

    def test_half_written_files_are_read_as_far_as_they_go(
        self, tracker: DVCLiveTracker, record: Recorder, caplog: pytest.LogCaptureFixture
    ) -> None:
        """What a crash left of params is told in the log."""
        record(staged(*rows(0, 1, 2), ParamsLogged({"a": 1}), DatasetLogged(DATASET)))
        folder = folder_of(tracker)
        shutil.rmtree(folder / "taximeter")
        (folder / "taximeter").mkdir()
        whole = {name: (folder / name).read_bytes() for name in ("params.yaml", "metrics.json", "dvc.yaml")}
        points = (folder / "plots/metrics/loss.tsv").read_bytes()
        (folder / "plots/metrics/loss.tsv").write_bytes(points[:-2])
        for part in (0.0, 0.3, 0.5, 0.9):
            for name, content in whole.items():
                (folder / name).write_bytes(content[: int(len(content) * part)])
            native = tracker.read(RUN)
            assert list(native.metrics["loss"].steps) == [0, 1]
            assert native.status in {"running", "finished"}
            assert len(list(tracker.list_runs())) == 1
        (folder / "params.yaml").write_bytes(whole["params.yaml"] + b"\n'")
        with caplog.at_level(logging.WARNING):
            assert tracker.read(RUN).status == "running"
        assert "params.yaml cannot be read" in caplog.text

    def test_yaml_that_grows_when_it_is_read_is_left_out(self, tracker: DVCLiveTracker, record: Recorder) -> None:
        """A few lines can stand for billions of values."""
        record(staged(*rows(0)))
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
        (folder_of(tracker) / "params.yaml").write_text("\n".join(lines))
        assert tracker.read_native(RUN).params == {}

    def test_no_path_in_a_store_leads_out_of_it(
        self, tracker: DVCLiveTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Neither a link nor a name; ours and others' runs alike."""
        record(staged(*rows(0), logged("x.bin", b"x"), contents=[b"x"]))
        (tmp_path / "secret").write_text("timestamp\tstep\tsecret\n1\t1\t1\n")
        folder = folder_of(tracker)
        for _ in ("ours", "theirs"):
            for place in ("artifacts/link", "plots/metrics/link.tsv", "link"):
                (folder / place).unlink(missing_ok=True)
                (folder / place).symlink_to(tmp_path / "secret")
            assert tracker.read_native(RUN if _ == "ours" else folder.name).metrics.keys() == {"loss"}
            for path in ("link", "artifacts/link", "../../secret", str(tmp_path / "secret"), "a\0b"):
                with pytest.raises(FileNotFoundError):
                    tracker.open_artifact(folder.name, path)
            shutil.rmtree(folder / "taximeter", ignore_errors=True)
        with pytest.raises(InputError):
            tracker.read_native("../..")

    def test_no_file_of_a_run_shows_what_lies_elsewhere(
        self, tracker: DVCLiveTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """The user's own credentials may be JSON, which is what params are too."""
        record(staged(*rows(0)))
        (tmp_path / "secret.json").write_text('{"password": 1}')
        folder = folder_of(tracker)
        shutil.rmtree(folder / "taximeter")
        shutil.rmtree(folder / "plots")
        for name in ("params.yaml", "metrics.json", "dvc.yaml"):
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(tmp_path / "secret.json")
        native = tracker.read_native(folder.name)
        assert (native.params, native.metrics) == ({}, {})
        elsewhere = tmp_path / "elsewhere"
        elsewhere.mkdir()
        (elsewhere / "params.yaml").write_text("password: 1")
        (Path(tracker.location) / "linked").symlink_to(elsewhere)
        with pytest.raises(InputError):
            tracker.read_native("linked")

    def test_a_store_that_moved_reads_the_same(
        self, tracker: DVCLiveTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Nothing in it leads out of it."""
        recorded = record(staged(*rows(1, 2), logged("deep/a.bin", b"x"), contents=[b"x"]))
        shutil.move(tracker.location, tmp_path / "moved")
        assert diff(DVCLiveTracker(str(tmp_path / "moved")).read(RUN), recorded) == []

    def test_only_folders_of_dvclive_are_recognised(self, tracker: DVCLiveTracker, record: Recorder) -> None:
        """A store, or a run."""
        record(staged(*rows(1)))
        store = Path(tracker.location)
        assert [DVCLiveTracker.recognises(path) for path in (store, folder_of(tracker))] == [True, True]
        (store.parent / "plots/metrics").mkdir(parents=True)
        (store.parent / "plots/metrics/x.tsv").write_text("time\tvalue\n")
        (store.parent / "params.yaml").write_text("a: 1\n")
        (store.parent / "metrics.json").write_text("{}")
        assert not any(map(DVCLiveTracker.recognises, (store.parent, store.parent / "plots", store.parent.parent)))

    def test_a_full_disk_is_an_error(self, tracker: DVCLiveTracker) -> None:
        """Nothing is lost in silence."""
        assert fill_disk(tracker, 30_000, env=os.environ | OFFLINE).startswith("OSError ")


class TestUsers:
    """Runs that DVCLive's own users wrote."""

    def test_a_run_is_read_where_dvclive_left_it(self, tmp_path: Path) -> None:
        """Its params, points, last values, images and files."""
        run_python(_USER, "dvclive", env=os.environ | OFFLINE, cwd=tmp_path)
        before = digests(tmp_path / "dvclive")
        tracker = DVCLiveTracker(str(tmp_path / "dvclive"))
        assert DVCLiveTracker.recognises(tmp_path / "dvclive")
        (summary,) = tracker.list_runs()
        run = tracker.read(summary.run_id)
        assert (summary.run_id, run.name, run.status) == (".", "dvclive", "finished")
        assert run.params == {"lr": 0.1, "deep": {"a": [1, 2]}, "taximeter": "theirs"}
        points = {key: [(value, step) for value, step, _ in series] for key, series in run.metrics.items()}
        assert repr(points["train/loss"]) == "[(0.0, 0), (0.5, 1), (nan, 2)]"
        assert points["only"] == [(3.0, 2)]
        assert run.metrics["train/loss"].times[0] == run.started
        assert run.started % 1_000 == 0
        assert run.artifacts.keys() == {"plots/images/a.png", "plots/custom/c.json"}
        with tracker.open_artifact(summary.run_id, "plots/images/a.png") as stream:
            assert stream.read(4) == b"\x89PNG"
        assert digests(tmp_path / "dvclive") == before

    def test_a_users_run_may_lie_around_ours(
        self, tmp_path: Path, record: Recorder, tracker: DVCLiveTracker
    ) -> None:
        """`dvclive.Live` takes the folder `dvclive` unless it is told another, and leaves our runs in it alone."""
        recorded = record(staged(*rows(0, 1), logged("x.bin", b"x"), contents=[b"x"]))
        run_python(_USER, "dvclive", env=os.environ | OFFLINE, cwd=tmp_path / "store")
        assert diff(tracker.read(RUN), recorded) == []
        assert [run.run_id for run in tracker.list_runs()] == [RUN, "."]
        assert tracker.read(".").artifacts.keys() == {"plots/images/a.png", "plots/custom/c.json"}

    def test_runs_in_folders_of_their_own_are_listed(self, tmp_path: Path) -> None:
        """A few levels below the location."""
        for folder in ("one", "deep/er/two"):
            run_python(_USER, f"runs/{folder}", env=os.environ | OFFLINE, cwd=tmp_path)
        runs = list(DVCLiveTracker(str(tmp_path / "runs")).list_runs())
        assert {(run.run_id, run.experiment, run.name) for run in runs} == {
            ("one", "runs", "one"),
            ("deep/er/two", "er", "two"),
        }

    def test_experiments_are_runs(self, repository: Path) -> None:
        """DVC keeps them as commits; nothing of the repository changes when they are read."""
        for number in range(2):
            run_python(_EXPERIMENT, f"exp-{number}", str(number), env=os.environ | OFFLINE, cwd=repository)
        before = digests(repository)
        tracker = DVCLiveTracker(str(repository / "dvclive"))
        assert [run.run_id for run in tracker.list_runs() if run.run_id != "."] == ["exp-0", "exp-1"]
        for number in (0, 1, 0):
            run = tracker.read(f"exp-{number}")
            assert (run.experiment, run.name, run.params) == ("store", f"exp-{number}", {"lr": number})
            assert [(value, step) for value, step, _ in run.metrics["loss"]] == [(number, 0), (number + 1.0, 1)]
            assert run.artifacts["m.bin"].size == number + 1
            assert run.models.keys() == {"m.bin"}
            with tracker.open_artifact(f"exp-{number}", "m.bin") as stream:
                assert stream.read() == b"x" * (number + 1)
        assert digests(repository) == before

    def test_a_summary_of_anything_can_be_read(self, tmp_path: Path) -> None:
        """What is no number is left out."""
        (tmp_path / "metrics.json").write_text('{"a": 1, "b": {"c": [1], "d": "nan", "e": "x"}, "step": 1e300}')
        assert DVCLiveTracker(str(tmp_path)).read(".").metrics == {}
        for text in ('{"a": 1, "b": {"c": [1], "d": "inf", "e": "x"}}', "[1]", "5", "[" * 9_999, '{"a": 1', ""):
            (tmp_path / "metrics.json").write_text(text)
            run = DVCLiveTracker(str(tmp_path)).read(".")
            assert list(run.metrics) == (["a", "b/d"] if text.endswith("}}") else [])

    def test_points_of_older_formats_are_read(self, tmp_path: Path) -> None:
        """Without a time, with commas, with a fraction of a step, with text for a value."""
        (tmp_path / "a.csv").write_text("step,loss\n0,1.5\n1.5,2\nx,3\n3,word\n4,inf\n5,1")
        assert list(read_points(tmp_path / "a.csv", 7)) == [(1.5, 0, 7), (2.0, 1, 7), (math.inf, 4, 7)]

    def test_a_header_is_written_once(self, tmp_path: Path) -> None:
        """Whatever the file's name."""
        for _ in range(2):
            append_points(tmp_path / "a.tsv", "a", [])
        assert (tmp_path / "a.tsv").read_text() == "timestamp\tstep\ta\n"


class TestPlain:
    """DVCLive as its documentation has it."""

    def test_a_plain_run_is_read_by_its_id(self, tracker: DVCLiveTracker, tmp_path: Path) -> None:
        """With all that DVCLive keeps of it."""
        assert run_python(_PLAIN, tracker.location, env=os.environ | OFFLINE, cwd=tmp_path).split()[-2:] == [
            "first",
            "first-2",
        ]
        run = tracker.read_native("first")
        assert run.params == {"alpha": 0.1, "none": None}
        points = {key: [(value, step) for value, step, _ in series] for key, series in run.metrics.items()}
        assert points == {"a/b": [(0.5, 0), (1.5, 1), (2.5, 7)]}
        assert run.artifacts.keys() == {"x.bin", "model.joblib", "plots/images/a.png"}
        assert run.models.keys() == {"model.joblib"}
        assert tracker.read_native("first-2").params == {}

    def test_a_plain_run_says_what_dvclive_cannot(self, tracker: DVCLiveTracker, tmp_path: Path) -> None:
        """A time, a status, tags."""
        run = tracker.start_plain("taxi", "first")
        with pytest.raises(Unsupported, match="no time"):
            run.log_metrics({"a": 1.0}, time=5)
        with pytest.raises(Unsupported, match="no tags"):
            run.set_tags({"a": "b"})
        with pytest.raises(Unsupported, match="no status"):
            run.finish("failed")
        assert tracker.read_native(run.id).status == "finished"
        assert not (tmp_path / ".dvc").exists()


class TestVendor:
    """The vendor, kept to itself."""

    def test_nothing_goes_over_the_network(self, tracker: DVCLiveTracker, tmp_path: Path) -> None:
        """Not even where the user's variables hold a token of DVC Studio, which is nowhere in the store."""
        studio = {"DVC_STUDIO_TOKEN": "isat_secret", "DVC_STUDIO_REPO_URL": "git@a:b/c", "DVC_STUDIO_OFFLINE": "0"}
        printed = record_watched(
            tracker,
            "subprocess.Popen",
            "os.posix_spawn",
            env=os.environ | OFFLINE | studio | {"DVC_ROOT": str(tmp_path)},
        )
        assert printed == "finished\n"
        assert not any(b"isat_secret" in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())

    def test_reading_needs_neither_dvclive_nor_dvc(self, tracker: DVCLiveTracker, record: Recorder) -> None:
        """Their import takes a second."""
        record(staged(*rows(1)))
        assert read_watched(tracker, "dvclive", "dvc", cwd=tracker.location, env=os.environ | OFFLINE) == (1, [])


_REPORT = """
import sys
from dvclive import Live
for kind in ("html", "md"):
    Live(sys.argv[1], resume=True, report=kind, dvcyaml=None, save_dvc_exp=False).make_report()
"""

_USER = """
import sys
import numpy
from dvclive import Live
with Live(sys.argv[1], report="html", save_dvc_exp=False) as live:
    live.log_params({"lr": 0.1, "deep": {"a": [1, 2]}, "taximeter": "theirs"})
    for value in (0, 0.5, float("nan")):
        live.log_metric("train/loss", value, timestamp=True)
        live.next_step()
    live.log_metric("only", 3, plot=False)
    live.log_image("a.png", numpy.zeros((4, 4, 3), dtype=numpy.uint8))
    live.log_plot("c", [{"x": 1, "y": 2}], x="x", y="y")
"""

_EXPERIMENT = """
import sys
from dvclive import Live
name, number = sys.argv[1], int(sys.argv[2])
with open("m.bin", "wb") as file:
    file.write(b"x" * (number + 1))
with Live(exp_name=name) as live:
    live.log_params({"lr": number})
    for step in range(2):
        live.log_metric("loss", number + step)
        live.next_step()
    live.log_artifact("m.bin", type="model", name="m", copy=True)
"""

_PLAIN = """
import sys
from pathlib import Path
from matplotlib.figure import Figure
from sklearn.linear_model import Lasso
from taximeter_dvclive import DVCLiveTracker
tracker = DVCLiveTracker(sys.argv[1])
run = tracker.start_plain("taxi", "first")
print(run.id)
run.log_params({"alpha": 0.1, "none": None})
run.log_metrics({"a/b": 0.5})
run.log_metrics({"a/b": 1.5})
run.log_metrics({"a/b": 2.5}, step=7)
Path("x.bin").write_bytes(b"x")
run.log_artifact(Path("x.bin"), "x.bin")
run.log_figure(Figure(), "a.png")
run.log_model(Lasso(), "model")
run.finish()
other = tracker.start_plain("taxi", "first")
other.finish()
print(other.id)
"""

# Verdicts


def test_what_dvclive_does_to_plain_values_is_known(verdicts_of: VerdictsOf) -> None:
    """Its text keeps every digit and type; a key is the name of a file, and points have no time."""
    verdicts = verdicts_of("dvclive")
    for theme in ("params", "names of params", "values of metrics", "steps", "points"):
        assert {finding.verdict for finding in by_name(verdicts, theme).values()} == {"identical"}, theme
    keys = by_name(verdicts, "keys of metrics")
    assert "File name too long" in keys["300 characters"].reason
    assert (keys["empty key"].read, keys["the key step"].verdict) == ("'.'", "dropped")
    assert by_name(verdicts, "times")["time of each point"].is_silent_loss


def test_what_dvclive_does_to_plain_files_is_known(verdicts_of: VerdictsOf) -> None:
    """A file goes under its own name, without its folders; datasets and models are entries of ``dvc.yaml``."""
    verdicts = verdicts_of("dvclive")
    artifacts = by_name(verdicts, "artifacts")
    assert artifacts["bytes"].verdict == artifacts["file twice"].verdict == "identical"
    assert (artifacts["folders"].read, artifacts["path upwards"].read) == ("'c.bin'", "'up.bin'")
    assert by_name(verdicts, "images, tables, texts")["figure"].verdict == "identical"
    assert {finding.verdict for finding in by_name(verdicts, "datasets and models").values()} == {"identical"}
