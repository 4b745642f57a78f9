"""What is special to Aim: its databases and their keys, its own readers, torn logs, and its users' runs."""

import io
import math
import os
import shutil
import struct
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from signal import SIGKILL
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from tracker_cases import (
    RUN,
    START,
    Recorder,
    digests,
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
from taximeter.errors import InputError, TrackerError, Unsupported
from taximeter.events import EnvironmentCaptured, MetricsLogged, NoteAdded, ParamsLogged, SourceCaptured, TagsSet
from taximeter.record import Environment, Source
from taximeter.testing import record_run
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter_aim import AimTracker
from taximeter_aim.isolation import isolate
from taximeter_aim.names import contextual_key, hash_for, metric_key, param_key, param_value, tag_for, tag_of
from taximeter_aim.tree import keys_of, path_to, tree_of, value_of

mpl.use("Agg")

SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"


def theirs(tracker: AimTracker, run_hash: str = RUN) -> Any:
    """Return a run as Aim's own reader finds it in the repository's index."""
    isolate()
    from aim.sdk.repo import Repo  # noqa: PLC0415 - the vendor is met after it was isolated

    repo = Repo.from_path(tracker.location)
    return next(run for run in repo.iter_runs() if run.hash == run_hash)


def their_points(run: Any, name: str = "loss") -> list[tuple[int, float, float]]:
    """Return steps, values and times of a metric as Aim's own reader sorts them."""
    from aim.storage.context import Context  # noqa: PLC0415 - as above

    steps, (values, _, times) = run.get_metric(name, Context({})).data.items_list()
    return list(zip(steps, values, times, strict=True))


@pytest.fixture(scope="module")
def fresh_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository without runs, which takes Aim seconds to make."""
    folder = tmp_path_factory.mktemp("fresh")
    isolate()
    from taximeter_aim.vendor import open_repository  # noqa: PLC0415 - as above

    open_repository(folder)
    return folder


@pytest.fixture
def tracker(fresh_repository: Path, tmp_path: Path) -> AimTracker:
    """Return a store of its own for each test."""
    shutil.copytree(fresh_repository, tmp_path / "store")
    return AimTracker(AimTracker.location_in(tmp_path / "store"))


class TestPoints:
    """Metrics, as Aim's own readers find them."""

    def test_points_have_their_own_step_and_time(self, tracker: AimTracker, record: Recorder) -> None:
        """`Run.track` would write now."""
        recorded = record(staged(*rows(0, 1, 2, 10)))
        points = [(step, value, time / 1_000_000) for value, step, time in recorded.metrics["loss"]]
        assert their_points(theirs(tracker)) == points
        assert tracker.read_native(RUN).metrics == recorded.metrics

    def test_no_point_replaces_another(self, tracker: AimTracker, record: Recorder) -> None:
        """`Run.track` keeps one point for a step, and takes steps beyond 2**53 for their neighbours."""
        steps = [5, 5, 3, -1, -2, 2**53, 2**53 + 1, 2**63 - 1, -(2**63)]
        record(staged(*rows(*steps)))
        expected = sorted((step, place / 2) for place, step in enumerate(steps))
        assert sorted((step, value) for step, value, _ in their_points(theirs(tracker))) == expected
        assert [(step, value) for value, step, _ in tracker.read_native(RUN).metrics["loss"]] == expected

    def test_a_sample_of_a_long_metric_covers_it(self, tracker: AimTracker, record: Recorder) -> None:
        """The UI asks for some points: the keys must be as scattered as Aim's own, and the last step findable."""
        record(staged(*rows(*range(0, 20_000, 10))))
        from aim.storage.context import Context  # noqa: PLC0415 - as above

        steps, _ = theirs(tracker).get_metric("loss", Context({})).data.sample(50).items_list()
        assert len(steps) == 50
        assert steps[0] < 4_000
        assert steps[-1] == 19_990

    def test_aim_goes_on_with_a_run_that_we_wrote(self, tracker: AimTracker, record: Recorder) -> None:
        """Its counters and ranges are where `Run.track` looks for them."""
        record(staged(*rows(0, 1, 2)))
        run_python(_GO_ON, tracker.location, RUN)
        series = tracker.read_native(RUN).metrics["loss"]
        assert (list(series.steps), list(series.values)) == ([0, 1, 2, 3], [0.0, 0.5, 1.0, 9.0])

    @pytest.mark.parametrize("value", [-0.0, 5e-324, 1.7976931348623157e308, 0.1, math.inf, -math.inf, math.nan])
    def test_values_are_kept_bit_for_bit(self, value: float, tracker: AimTracker, record: Recorder) -> None:
        """Aim writes float64 as it is."""
        record(staged(MetricsLogged({"loss": value}, 0, START)))
        assert tracker.read_native(RUN).metrics["loss"].values.tobytes() == struct.pack("d", value)

    def test_a_metric_and_an_image_may_have_one_name(self, tracker: AimTracker, record: Recorder) -> None:
        """Aim refuses values of another type in a sequence, so media have a context of their own."""
        recorded = record(staged(*rows(1, key="a.txt"), logged("a.txt", b"text"), contents=[b"text"]))
        native = tracker.read_native(RUN)
        assert (native.metrics, native.artifacts) == (recorded.metrics, recorded.artifacts)


class TestFacts:
    """Params, tags, notes, source and status, as Aim's own readers find them."""

    def test_params_are_typed(self, tracker: AimTracker, record: Recorder) -> None:
        """Integers of more than 64 bits, which Aim cannot write, are text."""
        params = {"n": 1, "x": 1.0, "b": True, "t": "1", "none": None, "deep": {"a": [1, {"b": []}, {}], "": {}}}
        record(staged(ParamsLogged(params), ParamsLogged({"big": [2**63], "": 0, "taximeter": 1})))
        native = tracker.read_native(RUN).params
        shown = params | {"deep": {"a": [1, {"b": []}, {}], "_": {}}, "big": [str(2**63)], "_": 0, "_taximeter": 1}
        assert native == shown
        assert {name: type(value) for name, value in native.items()} == {
            name: type(value) for name, value in shown.items()
        }
        assert theirs(tracker)[...] == shown | {"taximeter": {"run": RUN}}

    def test_nan_and_infinity_are_params(self, tracker: AimTracker, record: Recorder) -> None:
        """In lists too."""
        record(staged(ParamsLogged({"odd": [math.nan, math.inf, -0.0]})))
        assert repr(tracker.read_native(RUN).params) == "{'odd': [nan, inf, -0.0]}"

    def test_fields_tags_and_notes_are_aims_own(self, tracker: AimTracker, record: Recorder) -> None:
        """A tag that was set again is there once."""
        events = (TagsSet({"data": "a", "a=b": "c%"}), TagsSet({"data": "b"}), NoteAdded("one"), NoteAdded("two"))
        recorded = record(staged(*events, hypothesis="it learns", experiment="", name=""))
        run = theirs(tracker)
        assert (run.description, run.experiment, run.name) == ("it learns", "", "")
        assert (run.creation_time, run.end_time) == (START / 1_000_000, (START + 5_000_000) / 1_000_000)
        assert sorted(run.tags) == ["a%3Db=c%", "data=b"]
        native = tracker.read_native(RUN)
        assert (native.tags, native.notes) == (recorded.tags, ("one", "two"))
        assert (native.started, native.ended, native.hypothesis) == (START, recorded.ended, "it learns")

    def test_source_and_packages_are_system_params(self, tracker: AimTracker, record: Recorder) -> None:
        """Where the UI shows those of its own users."""
        source = Source("train.py", ("train.py", "--lr"), "c0ffee", "main", "a diff")
        environment = Environment("3.11", "Linux", "cpu", 2, 3, distributions={"numpy": "2.0", "": "0"})
        record(staged(SourceCaptured(source), EnvironmentCaptured(environment)))
        system = theirs(tracker)["__system_params"]
        assert (system["git_info"]["commit"]["hash"], system["packages"]["numpy"]) == ("c0ffee", "2.0")
        native = tracker.read_native(RUN)
        assert native.source == Source("train.py", ("train.py", "--lr"), "c0ffee", "main")
        assert native.environment == Environment("", "", "", 0, 0, distributions={"numpy": "2.0", "_": "0"})
        assert native.params == {}

    @pytest.mark.parametrize(
        ("status", "tags"), [("finished", []), ("failed", ["failed"]), ("killed", ["killed"])]
    )
    def test_a_bad_end_is_a_tag(self, status: str, tags: list[str], tracker: AimTracker, record: Recorder) -> None:
        """Aim itself only knows that a run has ended; its watcher is told of a good end."""
        record(staged(*rows(1), status=status))
        run = theirs(tracker)
        assert (run.active, run.tags) == (False, tags)
        assert [summary.status for summary in tracker.list_runs()] == [status]
        assert tracker.read_native(RUN).status == status
        reported = list(Path(tracker.location, ".aim/check_ins").glob(f"{RUN}-*-finished-*"))
        assert bool(reported) == (status == "finished")

    def test_a_users_tag_is_no_status(self, tracker: AimTracker, record: Recorder) -> None:
        """Ours have an equals sign."""
        record(staged(TagsSet({"killed": ""})))
        assert tracker.read_native(RUN).status == "finished"
        assert tracker.read_native(RUN).tags == {"killed": ""}

    def test_no_two_names_become_one(self) -> None:
        """Escaping maps different names to different ones."""
        names = ["", "_", "__", "a", "_a", "taximeter", "_taximeter", "__taximeter", "__system_params"]
        names += [
            "___system_params",
            "__system__",
            "___system__",
            "__system__x",
            "___system__x",
            "a=b",
            "a%3Db",
            "a%",
        ]
        for escaped in (metric_key, param_key, hash_for, lambda name: tag_for(name, "=")):
            assert len({escaped(name) for name in names}) == len(names)
        assert [tag_of(tag_for(name, "x=y")) for name in names] == [(name, "x=y") for name in names]
        assert len(param_value(dict.fromkeys(names, 0))) == len(names)
        pairs = [("a", "{}"), ("a {}", "{}"), ("a", '{"b": 1}'), ('a {"b": 1}', "{}"), ('a {"b": 1} {}', "{}")]
        assert len({contextual_key(*pair) for pair in pairs}) == len(pairs)

    def test_ids_of_other_trackers_fit(self, tracker: AimTracker, record: Recorder) -> None:
        """A run that is copied keeps its id; Aim's is the name of a folder."""
        record(staged(*rows(1), run_id="../lr=0.1/run:1"))
        (summary,) = tracker.list_runs()
        assert summary.run_id == tracker.read_native(summary.run_id).run_id == "../lr=0.1/run:1"
        assert tracker.read(summary.vendor_id).run_id == summary.run_id


class TestArtifacts:
    """Files, images and texts."""

    def test_media_are_what_the_ui_shows(self, tracker: AimTracker, record: Recorder) -> None:
        """An image is an image, a text a text; what Pillow cannot read is kept as a file."""
        contents = {"plots/a.png": png(), "bad.png": b"none", "a.svg": SVG, "n.md": b"# notes", "t.csv": b"a\n1\n"}
        events = [logged(path, content) for path, content in contents.items()]
        recorded = record(staged(*events, contents=list(contents.values())))
        run = theirs(tracker)
        from aim.storage.context import Context  # noqa: PLC0415 - as above

        image = run.get_image_sequence("plots/a.png", Context({"type": "figure"}))
        assert image.values[0].size == (4, 4)
        assert run.get_text_sequence("n.md", Context({"type": "text"})).values[0].data == "# notes"
        shown = {kind: len(found) for kind, found in run.collect_sequence_info(("images", "texts")).items()}
        assert shown == {"images": 1, "texts": 1}
        assert tracker.read_native(RUN).artifacts == recorded.artifacts

    def test_aim_downloads_an_artifact(self, tracker: AimTracker, record: Recorder, tmp_path: Path) -> None:
        """From where it is told that it lies."""
        record(staged(logged("deep/x.bin", b"content"), contents=[b"content"]))
        artifact = theirs(tracker).artifacts["deep/x.bin"]
        assert Path(artifact.download(str(tmp_path / "got"))).read_bytes() == b"content"

    def test_names_that_no_file_can_have_are_kept(self, tracker: AimTracker, record: Recorder) -> None:
        """A file where a folder must be, and a name that is too long."""
        names = ["a", "a/b", "x" * 300 + ".txt", "ünïcode 🚕.bin"]
        contents = [name.encode() for name in names]
        events = [logged(name, content) for name, content in zip(names, contents, strict=True)]
        recorded = record(staged(*events, contents=contents))
        assert tracker.read_native(RUN).artifacts == recorded.artifacts

    def test_a_link_in_a_store_leads_nowhere(self, tracker: AimTracker, record: Recorder, tmp_path: Path) -> None:
        """Nor does the address of an artifact."""
        record(staged(logged("x.bin", b"x"), contents=[b"x"]))
        (tmp_path / "secret").write_text("secret")
        kept = Path(tracker.location, ".aim/artifacts", RUN, "x.bin")
        kept.unlink()
        kept.symlink_to(tmp_path / "secret")
        own = run_python(_OUTSIDE, tracker.location, str(tmp_path / "secret")).strip()
        assert tracker.read(RUN).artifacts == tracker.read_native(own).artifacts == {}
        for run_id, path in ((RUN, "x.bin"), (own, "secret")):
            with pytest.raises(FileNotFoundError):
                tracker.open_artifact(run_id, path)


class TestResuming:
    """A run whose courier died."""

    def test_nothing_of_the_first_attempt_is_left(self, tracker: AimTracker, tmp_path: Path) -> None:
        """Aim would leave its tags and notes to the next run."""
        first = staged(*rows(1, 2), TagsSet({"a": "1"}), NoteAdded("old"), logged("x.bin", b"x"), contents=[b"x"])
        record_run(tracker, first, tmp_path / "blobs")
        dispatcher = Dispatcher(tracker, first.events[0], tmp_path / "blobs")  # type: ignore[arg-type]
        assert tracker.read_exact(RUN) is None
        native = tracker.read(RUN)
        assert (native.status, native.metrics, native.artifacts) == ("running", {}, {})
        assert (native.tags, native.notes) == ({}, ())
        assert [summary.status for summary in tracker.list_runs()] == ["running"]
        dispatcher.close()
        assert [summary.status for summary in tracker.list_runs()] == ["killed"]
        assert tracker.read(RUN).status == "killed"

    @pytest.mark.parametrize("kind", ["meta", "seqs"])
    def test_a_deletion_that_was_cut_off_is_completed(
        self, kind: str, tracker: AimTracker, record: Recorder
    ) -> None:
        """Aim deletes a run in several steps."""
        record(staged(*rows(1, 2), TagsSet({"a": "1"})))
        shutil.rmtree(Path(tracker.location, f".aim/{kind}/chunks/{RUN}"))
        record(staged(*rows(3)))
        assert [summary.run_id for summary in tracker.list_runs()] == [RUN]
        native = tracker.read_native(RUN)
        assert (list(native.metrics["loss"].steps), native.tags) == ([3], {})

    def test_one_process_writes_to_two_stores(
        self, tracker: AimTracker, fresh_repository: Path, tmp_path: Path
    ) -> None:
        """The same run in each, in turns."""
        stores = [tracker, AimTracker(str(shutil.copytree(fresh_repository, tmp_path / "other")))]
        runs = [staged(*rows(1, 2)), staged(*rows(3), TagsSet({"a": "b"}))]
        write_in_turns(stores, runs, tmp_path)
        assert [store.read_native(RUN).metrics for store in stores] == [run.record.metrics for run in runs]

    def test_the_locks_of_a_killed_writer_are_no_obstacle(self, tracker: AimTracker, record: Recorder) -> None:
        """Not even the one that Aim waits five minutes for."""
        run_python(_KILLED, tracker.location, RUN, status=-SIGKILL)
        locks = Path(tracker.location, ".aim/locks")
        (locks / "structured_db_lock").touch()
        assert (locks / f"{RUN}.softlock").exists()
        assert [summary.status for summary in tracker.list_runs()] == ["running"]
        record(staged(*rows(7)))
        assert not (locks / f"{RUN}.softlock").exists()
        assert list(Path(tracker.location, ".aim/meta/progress").iterdir()) == []
        assert their_points(theirs(tracker)) == [(7, 0.0, START / 1_000_000)]

    def test_processes_that_begin_at_once_share_a_repository(self, tmp_path: Path) -> None:
        """Aim's own make one breaks it for most of them."""
        command = [sys.executable, "-W", "ignore", "-c", _AT_ONCE, str(tmp_path / "new")]
        writers = [subprocess.Popen([*command, str(number)]) for number in range(3)]
        assert [writer.wait(120) for writer in writers] == [0, 0, 0]
        assert [run.run_id for run in AimTracker(str(tmp_path / "new")).list_runs()] == ["0", "1", "2"]
        assert [file.name for file in (tmp_path / "new").iterdir()] == [".aim"]


class TestReading:
    """Stores that others wrote, that a crash left, or that are being written."""

    def test_a_run_of_aims_own_users_is_read(self, tracker: AimTracker, tmp_path: Path) -> None:
        """Its params, contexts, media, artifacts, tags and description."""
        run_id = run_python(_USER, tracker.location, cwd=tmp_path).strip()
        before = digests(tmp_path)
        (summary,) = tracker.list_runs()
        assert (summary.run_id, summary.experiment, summary.name) == (run_id, "theirs", "own")
        run = tracker.read(run_id)
        assert (run.status, run.notes, run.tags) == ("finished", ("about", "a note"), {"good": ""})
        assert run.params == {"hparams": {"lr": 0.1, "layers": [1, 2]}, "1": None}
        points = {key: [(value, step) for value, step, _ in series] for key, series in run.metrics.items()}
        assert points == {
            'loss {"subset": "train"}': [(0.0, 0), (0.5, 1)],
            "loss": [(2.0, 0)],
            "count": [(3.0, 4), (2.5, 5)],
        }
        two = ['images/i {"of": "two"}/1.0.png', 'images/i {"of": "two"}/1.1.png']
        names = ["audios/a/0.wav", "figures/f/0.json", "images/i/0.png", *two]
        assert sorted(run.artifacts) == [*sorted(names), "kept/w.bin", "texts/a%2Fb/0.txt"]
        for path, artifact in run.artifacts.items():
            with tracker.open_artifact(run_id, path) as stream:
                assert sha256(stream.read()).hexdigest() == artifact.sha256
        with tracker.open_artifact(run_id, "texts/a%2Fb/0.txt") as stream:
            assert stream.read() == "ünïcode".encode()
        assert digests(tmp_path) == before

    def test_points_of_earlier_releases_are_read(self, tracker: AimTracker) -> None:
        """They lie under their steps."""
        run_id = run_python(_EARLIER, tracker.location).strip()
        assert [(value, step) for value, step, _ in tracker.read(run_id).metrics["loss"]] == [(0.5, 2), (0.25, 10)]

    def test_an_empty_name_costs_itself_only(self, tracker: AimTracker) -> None:
        """Aim writes it, and then takes it and what follows for an integer."""
        run_id = run_python(_EMPTY_NAMES, tracker.location).strip()
        run = tracker.read(run_id)
        assert (run.params, list(run.metrics)) == ({"a": 1}, ["loss"])

    def test_a_killed_writers_log_is_read_without_touching_it(self, tracker: AimTracker) -> None:
        """Aim itself would write the log into the database before it reads."""
        run_python(_KILLED, tracker.location, RUN, status=-SIGKILL)
        before = digests(Path(tracker.location))
        assert list(tracker.read_native(RUN).metrics["loss"].steps) == list(range(100))
        assert digests(Path(tracker.location)) == before

    @pytest.mark.parametrize("kind", ["meta", "seqs"])
    def test_a_torn_log_is_read_to_its_last_whole_entry(self, kind: str, tracker: AimTracker) -> None:
        """Wherever it was torn."""
        run_python(_KILLED, tracker.location, RUN, status=-SIGKILL)
        (log,) = Path(tracker.location, f".aim/{kind}/chunks/{RUN}").glob("*.log")
        content = log.read_bytes()
        seen = []
        for size in range(0, len(content), len(content) // 20):
            log.write_bytes(content[:size])
            seen.append(len(tracker.read_native(RUN).metrics.get("loss", ())))
            assert [summary.run_id for summary in tracker.list_runs()] == [RUN]
        assert seen == sorted(seen)
        assert (seen[0], seen[-1] > 0) == (0, True)

    def test_damage_is_named_and_costs_no_other_run(self, tracker: AimTracker, record: Recorder) -> None:
        """The exact record lies elsewhere."""
        recorded = record(staged(*rows(*range(100))))
        record(staged(*rows(1), run_id="b" * 32))
        (table,) = Path(tracker.location, f".aim/seqs/chunks/{RUN}").glob("*.sst")
        table.write_bytes(table.read_bytes()[:-100])
        with pytest.raises(InputError, match=rf"{RUN} is damaged"):
            tracker.read_native(RUN)
        assert diff(tracker.read(RUN), recorded) == []
        assert len(list(tracker.list_runs())) == 2

    def test_a_database_with_an_open_transaction_is_read(self, tracker: AimTracker, record: Recorder) -> None:
        """SQLite would roll a crash's journal back; here a copy is."""
        record(staged(*rows(1)))
        run_python(_CRASH, str(Path(tracker.location, ".aim/run_metadata.sqlite")), status=-SIGKILL)
        before = digests(Path(tracker.location))
        assert any(name.endswith("-journal") for name in before)
        assert [summary.name for summary in tracker.list_runs()] == ["first"]
        assert digests(Path(tracker.location)) == before

    def test_a_store_can_be_read_while_it_is_written(self, tracker: AimTracker, tmp_path: Path) -> None:
        """A reader sees a beginning of the run, and later more of it."""
        read_while_writing(tracker, 300, tmp_path)

    def test_reading_needs_no_aim(self, tracker: AimTracker, record: Recorder) -> None:
        """Its import takes seconds."""
        record(staged(*rows(1)))
        assert read_watched(tracker, "aim") == (1, [])

    def test_trees_are_read_as_aim_writes_them(self) -> None:
        """Paths of names and integers, and values by their type; damage is nothing."""
        keys: list[str | int] = ["a", 0, -1, 2**63 - 1, "ü", -(2**63)]
        assert keys_of(path_to(*keys)) == keys
        assert [keys_of(path) for path in (b"a", b"\xfe", b"a\xfe\xfe", b"\xfe12345678x", b"")] == [None] * 4 + [
            []
        ]
        assert [value_of(data) for data in (b"\x00", b"\x02\x00", b"\x03", b"\x01", b"\x63")] == [None] * 5
        entries = [(b"", b"\x06"), (path_to(0), b"\x02" + bytes(8)), (path_to(1, "a"), b"\x04x")]
        assert tree_of(entries) == {0: 0, 1: {"a": "x"}}

    def test_only_repositories_are_recognised(self, tracker: AimTracker, tmp_path: Path) -> None:
        """The folder that holds one, or the repository itself."""
        folder = Path(tracker.location)
        assert AimTracker.recognises(folder)
        assert AimTracker.recognises(folder / ".aim")
        assert list(AimTracker(str(folder / ".aim")).list_runs()) == []
        assert not AimTracker.recognises(tmp_path)
        assert not AimTracker.recognises(folder / ".aim" / "VERSION")
        with pytest.raises(InputError, match="holds no Aim repository"):
            list(AimTracker(str(tmp_path)).list_runs())


class TestVendor:
    """The vendor, kept to itself."""

    def test_nothing_goes_over_the_network(self, tracker: AimTracker, tmp_path: Path) -> None:
        """Nor elsewhere, where the user's variables name another folder."""
        environment = os.environ | {"__AIM_REPO_NAME__": "elsewhere", "__AIM_ENABLE_TRACKING_THREAD__": "1"}
        assert record_watched(tracker, env=environment, cwd=tmp_path).split() == ["finished"]
        assert [file.name for file in Path(tracker.location).iterdir()] == [".aim"]

    def test_a_store_that_moved_reads_the_same(
        self, tracker: AimTracker, record: Recorder, tmp_path: Path
    ) -> None:
        """Though Aim's addresses of artifacts are absolute."""
        recorded = record(staged(*rows(1, 2), logged("deep/er/a.bin", b"x"), contents=[b"x"]))
        shutil.move(tracker.location, tmp_path / "moved")
        moved = AimTracker(str(tmp_path / "moved"))
        assert diff(moved.read(RUN), recorded) == []
        assert moved.read_native(RUN).artifacts == recorded.artifacts

    def test_a_disk_without_room_is_an_error(self) -> None:
        """Aim itself would wait for ever."""
        isolate()
        from taximeter_aim.vendor import check_room  # noqa: PLC0415 - as above

        with pytest.raises(TrackerError, match="only 0 bytes are left for /proc"):
            check_room(Path("/proc"))

    def test_a_repository_of_an_older_format_is_left_alone(self, tracker: AimTracker, record: Recorder) -> None:
        """The message gives the vendor's own way to bring it up to date."""
        Path(tracker.location, ".aim/VERSION").write_text("0.9\n")
        before = digests(Path(tracker.location))
        with pytest.raises(TrackerError, match="aim storage upgrade"):
            record(staged(*rows(1)))
        assert digests(Path(tracker.location)) == before


class TestPlain:
    """Runs that Aim's documentation would write."""

    def test_a_plain_run_is_read_back(self, tracker: AimTracker, tmp_path: Path) -> None:
        """By its id, with everything that it was given."""
        (tmp_path / "w.bin").write_bytes(b"weights")
        run = tracker.start_plain("taxi", "plain")
        run.log_params({"lr": 0.1, "deep": {"a": [1]}})
        for step in (0, 1):
            run.log_metrics({"loss": 0.5, "acc": 1}, step=step)
        run.set_tags({"sample": ""})
        run.add_note("a note")
        run.log_artifact(tmp_path / "w.bin", "kept/w.bin")
        run.log_figure(plt.figure(), "fig")
        run.log_text("text", "txt")
        run.finish()
        native = tracker.read_native(run.id)
        assert (native.experiment, native.name, native.status) == ("taxi", "plain", "finished")
        assert (native.params, native.notes) == ({"lr": 0.1, "deep": {"a": [1]}}, ("a note",))
        assert {key: list(series.steps) for key, series in native.metrics.items()} == {
            "loss": [0, 1],
            "acc": [0, 1],
        }
        assert (native.tags, sorted(native.artifacts)) == (
            {"sample": ""},
            ["images/fig/0.png", "kept/w.bin", "texts/txt/0.txt"],
        )

    def test_what_aim_has_no_call_for_is_unsupported(self, tracker: AimTracker) -> None:
        """A time, tables, child runs, and every end but a good one."""
        run = tracker.start_plain("taxi", "plain")
        for call in (
            lambda: run.log_metrics({"loss": 1.0}, time=START),
            lambda: run.log_table(None, "t"),
            lambda: run.start_child("c"),
            lambda: run.finish("failed"),
        ):
            with pytest.raises(Unsupported):
                call()
        assert tracker.read_native(run.id).status == "finished"


def png() -> bytes:
    """Return an image of four by four pixels."""
    stream = io.BytesIO()
    plt.imsave(stream, [[0.0] * 4] * 4, format="png")
    return stream.getvalue()


_GO_ON = """
import sys
from taximeter_aim.isolation import isolate
isolate()
from aim import Run
run = Run(sys.argv[2], repo=sys.argv[1], system_tracking_interval=None, capture_terminal_logs=False)
run.track(9.0, name="loss")
run.close()
"""

_KILLED = """
import os, signal, sys
from pathlib import Path
from taximeter.courier.dispatch import Dispatcher
from taximeter.events import MetricsLogged, Started
from taximeter_aim import AimTracker
run = Dispatcher(AimTracker(sys.argv[1]), Started(sys.argv[2], "taxi", "first", 0), Path("."))
for step in range(100):
    run.write([MetricsLogged({"loss": 0.5}, step, 0)])
os.kill(os.getpid(), signal.SIGKILL)
"""

_AT_ONCE = """
import sys
from pathlib import Path
from taximeter.events import Finished, MetricsLogged, Started
from taximeter.testing import StagedRun, record_run
from taximeter_aim import AimTracker
tracker, number = AimTracker(sys.argv[1]), sys.argv[2]
started = Started(number, "taxi", "first", int(number))
events = (started, MetricsLogged({"loss": 0.5}, 0, 0), Finished("finished", 9))
record_run(tracker, StagedRun(events), Path(f"{sys.argv[1]}-{number}"))
"""

_USER = """
import sys
from taximeter_aim.isolation import isolate
isolate()
import numpy, plotly.graph_objects
from aim import Audio, Distribution, Figure, Image, Run, Text
run = Run(repo=sys.argv[1], experiment="theirs")
run.name, run.description = "own", "about"
run["hparams"] = {"lr": 0.1, "layers": [1, 2]}
run["1"] = None
for step in range(2):
    run.track(step / 2, name="loss", step=step, epoch=0, context={"subset": "train"})
run.track(2.0, name="loss")
run.track(3, name="count", step=4)
run.track(2.5, name="count", step=5)
image = Image(numpy.zeros((4, 4), dtype=numpy.uint8))
run.track(image, name="i")
run.track([image, image], name="i", step=1, context={"of": "two"})
run.track(Text("ünïcode"), name="a/b")
run.track(Figure(plotly.graph_objects.Figure()), name="f")
run.track(Audio(b"RIFF", format="wav"), name="a")
run.track(Distribution([1.0, 2.0]), name="d")
run.add_tag("good")
run.props.add_note("a note")
run.set_artifacts_uri(f"file://{sys.argv[1]}/their files")
with open("w.bin", "wb") as file:
    file.write(b"weights")
run.log_artifact("w.bin", name="kept/w.bin")
print(run.hash)
"""

_OUTSIDE = """
import os, sys
from taximeter_aim.isolation import isolate
isolate()
from aim import Run
run = Run(repo=sys.argv[1], system_tracking_interval=None, capture_terminal_logs=False)
run.set_artifacts_uri(f"file://{os.path.dirname(sys.argv[2])}")
run.log_artifact(sys.argv[2])
print(run.hash)
"""

_EARLIER = """
import sys
from taximeter_aim.isolation import isolate
isolate()
from aim import Run
from aim.storage.context import Context
run = Run(repo=sys.argv[1], system_tracking_interval=None, capture_terminal_logs=False)
index = Context({}).idx
run.meta_run_tree["contexts", index] = {}
run.meta_run_tree["traces", index, "loss"] = {"last": 0.25, "last_step": 10}
series = run.series_run_trees[1].subtree((index, "loss"))
for name, values in {"val": [0.5, 0.25], "time": [1.0, 2.0], "epoch": [None, None]}.items():
    column = series.array(name).allocate()
    for step, value in zip([2, 10], values):
        column[step] = value
print(run.hash)
"""

_EMPTY_NAMES = """
import sys
from taximeter_aim.isolation import isolate
isolate()
from aim import Run
run = Run(repo=sys.argv[1], system_tracking_interval=None, capture_terminal_logs=False)
run["a"] = 1
run[""] = 2
run.track(1.0, name="loss")
run.track(1.0, name="")
print(run.hash)
"""

_CRASH = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA cache_size = 1")
database.execute("BEGIN")
database.execute("UPDATE run SET name = 'torn'")
database.executemany("INSERT INTO tag (name) VALUES (?)", [(f"{number:09000}",) for number in range(100)])
os.kill(os.getpid(), signal.SIGKILL)
"""

# Verdicts


def test_what_aim_does_to_plain_values_is_known(verdicts_of: VerdictsOf) -> None:
    """Its database keeps every number in its type, large integers too; the empty key is lost."""
    verdicts = verdicts_of("aim")
    assert {finding.verdict for finding in by_name(verdicts, "values of metrics").values()} == {"identical"}
    params = by_name(verdicts, "params")
    assert {name for name, finding in params.items() if finding.verdict != "identical"} == {"int beyond 2^63"}
    assert params["int beyond 2^63"].verdict == "refused"
    assert by_name(verdicts, "keys of metrics")["empty key"].is_silent_loss


def test_which_plain_points_and_tags_aim_keeps_is_known(verdicts_of: VerdictsOf) -> None:
    """Of points at one step the last alone; tags are bare words."""
    verdicts = verdicts_of("aim")
    steps, points, tags = (by_name(verdicts, theme) for theme in ("steps", "points", "tags and notes"))
    assert steps["float step"].read == "1.5"
    assert steps["repeated step"].read == "[[0.0, 0], [2.0, 1]]"
    assert steps["repeated step"].is_silent_loss
    assert (points["order"].read, points["identical points"].read) == ("[2.0]", "[0.5]")
    assert points["10,001 points"].verdict == "identical"
    assert (tags["bare tag"].verdict, tags["tag with a value"].verdict) == ("identical", "unsupported")
