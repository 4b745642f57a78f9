"""Stores: what is in them, where they are found, and that reading leaves them alone."""

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path

import pytest

from taximeter.diff import diff
from taximeter.errors import InputError, TaximeterError
from taximeter.record import RunRecord
from taximeter.store.address import find_store
from taximeter.store.client import Store
from taximeter.testing.fence import Fence, FencedSuite, Shelf, printed_by
from taximeter.testing.staging import TABLE, full_run, id_of, small_run, staged
from taximeter.testing.subject import Subject
from taximeter.tracker import Tracker

_EXPERIMENTS = ("taxi", "Taxi", "a/b", "a_b", "ab")


def digests(folder: Path) -> dict[str, str]:
    """Return the sha256 of every file below a folder."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest() for file in files}


def has_paths(kind: type[Tracker]) -> bool:
    """Tell whether stores of a tracker are files or folders that can be found by their path."""
    return getattr(kind.recognises, "__func__", None) is not getattr(Tracker.recognises, "__func__", None)


def path_in(tracker: Tracker, folder: Path) -> Path:
    """Return the path in `folder` that the tracker recognises as the store at its location."""
    candidates = [folder, *sorted(folder.glob("*")), *tracker.files()]
    found = [path for path in candidates if path.exists() and tracker.recognises(path)]
    return next((path for path in found if tracker.location_at(path) == tracker.location), found[0])


class StoreSuite(FencedSuite):
    """A store is a thing of its own: it can be listed, moved, found by its path, and read without a trace."""

    @pytest.fixture(scope="class")
    @classmethod
    def crowd(cls, subject: Subject, fence: Fence) -> tuple[Shelf, list[RunRecord]]:
        """A store with fifteen runs of five experiments, some of the same name."""
        shelf = Shelf(subject, fence.root / "crowd")
        runs = [
            small_run(
                id_of(f"crowd {number}"), experiment=experiment, name=f"run {number % 3}", time=10**15 + number
            )
            for number, experiment in enumerate(_EXPERIMENTS * 3)
        ]
        return shelf, [shelf.record(run) for run in runs]

    @pytest.fixture(scope="class")
    @classmethod
    def settled(cls, subject: Subject, fence: Fence) -> tuple[Shelf, RunRecord, RunRecord]:
        """A store that three processes made at once: one of its runs exactly, and natively."""
        shelf = Shelf(subject, fence.root / "settled")
        location = shelf.open().location
        run_ids = [id_of(f"settled {number}") for number in range(3)]
        arguments = ("-m", "taximeter.testing.child", subject.name, location, str(shelf.root))
        with ExitStack() as stack:
            processes = [stack.enter_context(fence.start(*arguments, run_id)) for run_id in run_ids]
            for process in processes:
                assert process.stdout
                process.stdout.readline()
            (shelf.root / "go").touch()
            for process in processes:
                printed_by(process)
        return shelf, full_run(run_ids[0]).record, shelf.open().read(run_ids[0], native=True)

    @pytest.fixture(scope="class")
    @classmethod
    def guarded(cls, subject: Subject, fence: Fence) -> Shelf:
        """A store with a run, and beside it a file that is none of its artifacts."""
        shelf = Shelf(subject, fence.root / "guarded")
        shelf.record(small_run("a" * 32))
        (shelf.root / "secret.txt").write_text("secret")
        return shelf

    def test_every_run_is_listed_oldest_first(self, crowd: tuple[Shelf, list[RunRecord]]) -> None:
        """With its experiment and name."""
        shelf, records = crowd
        listed = [(run.run_id, run.experiment, run.name, run.status) for run in shelf.open().list_runs()]
        assert listed == [(run.run_id, run.experiment, run.name, run.status) for run in records]

    def test_runs_of_one_name_and_experiments_that_look_alike_stay_apart(
        self, crowd: tuple[Shelf, list[RunRecord]]
    ) -> None:
        """Each run is read back as itself, natively too."""
        shelf, records = crowd
        tracker = shelf.open()
        assert [diff(tracker.read(record.run_id), record) for record in records] == [[]] * len(records)
        for record in records:
            native = tracker.read(record.run_id, native=True)
            assert (native.name, len(native.metrics["loss"])) == (record.name, 3)

    def test_a_run_is_found_by_the_vendors_id_too(self, crowd: tuple[Shelf, list[RunRecord]]) -> None:
        """It is the only id that the vendor's users know."""
        shelf, records = crowd
        tracker = shelf.open()
        for summary, record in zip(tracker.list_runs(), records, strict=True):
            assert diff(tracker.read(summary.vendor_id), record) == []

    def test_two_stores_side_by_side_do_not_meet(self, subject: Subject, tmp_path: Path) -> None:
        """Even with a run of the same id in both, written by one process."""
        shelves = [Shelf(subject, tmp_path / name) for name in ("one", "two")]
        records = [shelf.record(small_run("a" * 32, count=3 + place)) for place, shelf in enumerate(shelves)]
        for shelf, record in zip(shelves, records, strict=True):
            assert diff(shelf.open().read("a" * 32), record) == []
            assert len(shelf.open().read("a" * 32, native=True).metrics["loss"]) == len(record.metrics["loss"])

    @pytest.mark.parametrize("way", ["exact", "native", "artifact"])
    def test_a_run_that_is_not_there_is_an_input_error(
        self, way: str, crowd: tuple[Shelf, list[RunRecord]]
    ) -> None:
        """The message names it."""
        run_id, shelf = "f" * 32, crowd[0]
        with Store(shelf.subject.destination(shelf.folder)) as store:
            ways: dict[str, Callable[[], object]] = {
                "exact": lambda: store.read(run_id),
                "native": lambda: store.read(run_id, native=True),
                "artifact": lambda: store.copy_artifact(run_id, "x.csv", shelf.root / "x.csv"),
            }
            with pytest.raises(InputError, match=run_id):
                ways[way]()

    def test_an_artifact_that_is_not_there_is_told(self, crowd: tuple[Shelf, list[RunRecord]]) -> None:
        """And not taken for an empty one."""
        shelf, records = crowd
        with pytest.raises((FileNotFoundError, InputError)):
            shelf.open().open_artifact(records[0].run_id, "no/such.txt")

    def test_reading_where_no_store_is_makes_none(self, shelf: Shelf) -> None:
        """It has no runs, or it is an error that says so."""
        with suppress(InputError):
            assert list(shelf.open().list_runs()) == []
        with pytest.raises(InputError):
            shelf.open().read("a" * 32)
        assert list(shelf.folder.iterdir()) == []

    def test_processes_that_make_a_store_at_once_share_it(
        self, settled: tuple[Shelf, RunRecord, RunRecord]
    ) -> None:
        """Each has its run in it, whole."""
        shelf = settled[0]
        runs = [full_run(id_of(f"settled {number}")).record for number in range(3)]
        assert sorted(run.run_id for run in shelf.open().list_runs()) == sorted(run.run_id for run in runs)
        assert [diff(shelf.open().read(run.run_id), run) for run in runs] == [[], [], []]

    def test_nothing_is_written_beside_the_store(
        self, settled: tuple[Shelf, RunRecord, RunRecord], fence: Fence
    ) -> None:
        """Neither in the home folder, nor in the current one, nor, in the end, in that for temporary files."""
        assert settled[0].folder.exists()
        assert fence.strays() == []

    def test_its_files_are_all_that_it_has_written(self, settled: tuple[Shelf, RunRecord, RunRecord]) -> None:
        """The size of a store is what it takes on this machine."""
        shelf = settled[0]
        mine = [path.absolute() for path in shelf.open().files()]
        others = [
            str(file.relative_to(shelf.folder))
            for file in shelf.folder.rglob("*")
            if file.is_file() and file.stat().st_size and not any(file.is_relative_to(path) for path in mine)
        ]
        assert others == []

    def test_reading_changes_no_byte_of_the_store(
        self, settled: tuple[Shelf, RunRecord, RunRecord], tmp_path: Path
    ) -> None:
        """Neither of its files nor of their number, nor does listing, looking for it or measuring it."""
        shelf, record, _ = settled
        before = digests(shelf.folder)
        with Store(shelf.subject.destination(shelf.folder)) as store:
            store.runs()
            store.read(record.run_id)
            store.read(record.run_id, native=True)
            store.copy_artifact(record.run_id, "tables/x.csv", tmp_path / "copy.csv")
            assert store.size() > 0
        tracker = shelf.open()
        list(tracker.list_runs())
        tracker.read_native(record.run_id)
        tracker.recognises(shelf.folder)
        assert (tmp_path / "copy.csv").read_bytes() == TABLE
        assert digests(shelf.folder) == before

    def test_a_store_is_found_by_its_path(self, settled: tuple[Shelf, RunRecord, RunRecord]) -> None:
        """One tracker, and one only, recognises it; a tracker that recognises none has no files."""
        shelf = settled[0]
        if not has_paths(shelf.subject.kind):
            assert list(shelf.open().files()) == []
            return
        found = find_store(str(path_in(shelf.open(), shelf.folder)), shelf.folder)
        assert found.tracker == shelf.subject.name
        with Store(found) as store:
            assert len(store.runs()) == 3  # noqa: PLR2004 - as many as were made

    def test_a_folder_that_is_no_store_is_not_recognised(self, subject: Subject, tmp_path: Path) -> None:
        """Nor a file that has nothing to do with it."""
        (tmp_path / "empty").mkdir()
        (tmp_path / "notes.txt").write_text("no store\n")
        (tmp_path / "other.db").write_bytes(b"SQLite format 3\0" + bytes(4096))
        names = ("empty", "notes.txt", "other.db", "nothing")
        assert [name for name in names if subject.kind.recognises(tmp_path / name)] == []

    def test_a_store_that_was_moved_reads_the_same(
        self, settled: tuple[Shelf, RunRecord, RunRecord], tmp_path: Path
    ) -> None:
        """Nothing in it depends on where it was made."""
        shelf, record, native = settled
        if not has_paths(shelf.subject.kind):
            return
        moved, back = tmp_path / "elsewhere", shelf.folder
        kind, path = shelf.subject.kind, path_in(shelf.open(), shelf.folder)
        shutil.move(back, moved)
        try:
            tracker = kind(kind.location_at(moved / path.relative_to(back)))
            assert diff(tracker.read(record.run_id), record) == []
            assert diff(tracker.read(record.run_id, native=True), native) == []
        finally:
            shutil.move(moved, back)

    def test_a_damaged_store_is_an_error_of_ours(
        self, settled: tuple[Shelf, RunRecord, RunRecord], tmp_path: Path
    ) -> None:
        """Whatever the vendor or a parser raises, who reads a store is told in one sentence."""
        shelf, record, _ = settled
        if not has_paths(shelf.subject.kind):
            return
        kept, back = tmp_path / "kept", shelf.folder
        shutil.copytree(back, kept, symlinks=True)
        try:
            for file in back.rglob("*"):
                if file.is_file() and not file.is_symlink():
                    file.chmod(0o600)
                    file.write_bytes(b"\xff{\0" * (file.stat().st_size // 3 + 1))
            with Store(shelf.subject.destination(back)) as store, pytest.raises(TaximeterError) as caught:
                store.read(record.run_id)
            assert str(caught.value)
        finally:
            shutil.rmtree(back)
            shutil.move(kept, back)

    @pytest.mark.parametrize("way", ["up", "up from a folder", "absolute", "by a link"])
    def test_no_path_of_an_artifact_leads_out_of_the_store(self, way: str, guarded: Shelf) -> None:
        """A file of the user's is not taken for an artifact, whoever wrote its path, or a link, into a store."""
        secret = guarded.root / "secret.txt"
        folders = [
            guarded.folder,
            *(one for one in guarded.folder.rglob("*") if one.is_dir() and not one.is_symlink()),
        ]
        ups = {os.path.relpath(secret, folder) for folder in folders}
        if way == "by a link":
            for folder in folders:
                (folder / "link.txt").symlink_to(secret)
        paths = {"up": ups, "up from a folder": {f"tables/../{up}" for up in ups}, "absolute": {str(secret)}}
        for path in paths.get(way, {"link.txt", "tables/link.txt"}):
            with pytest.raises((FileNotFoundError, TaximeterError)), guarded.open().open_artifact("a" * 32, path):
                pass

    def test_no_id_of_a_run_leads_out_of_the_store(self, guarded: Shelf, subject: Subject) -> None:
        """The run of another store is not read by way of its path."""
        other = Shelf(subject, guarded.root / "other")
        other.record(small_run("b" * 32))
        theirs = [path for path in other.folder.rglob("*") if "b" * 32 in path.name]
        mine = [path for path in guarded.folder.rglob("*") if path.is_dir()]
        escapes = {os.path.relpath(path, folder) for path in theirs for folder in mine}
        for run_id in escapes | {str(path) for path in theirs} | {"..", "../other"}:
            with pytest.raises(TaximeterError):
                guarded.open().read(run_id)

    def test_names_that_lead_out_of_a_folder_stay_in_the_store(self, shelf: Shelf) -> None:
        """Whatever a run, an experiment, a param, a metric, a tag or a file is called."""
        up = "../../../../up"
        before = digests(shelf.root.parent)
        run = staged(*small_run("a" * 32).events[1:-1], run_id="a" * 32, contents=[TABLE], experiment=up, name=up)
        shelf.record(run)
        added = digests(shelf.root.parent).keys() - before.keys()
        beside = {name for name in added if not (shelf.root.parent / name).is_relative_to(shelf.folder)}
        assert {name for name in beside if "artifacts" not in name} == set()
