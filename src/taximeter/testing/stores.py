"""Stores: what is in them, where they are found, and that reading leaves them alone."""

import shutil
from pathlib import Path

import pytest

from taximeter.diff import diff
from taximeter.errors import InputError
from taximeter.record import RunRecord
from taximeter.store.address import find_store
from taximeter.store.client import Store
from taximeter.testing.fence import Fence, FencedSuite, Shelf, assert_points_are_shown, has_paths
from taximeter.testing.staging import full_run, id_of, small_run
from taximeter.testing.subject import Subject
from taximeter.tracker import Tracker

_EXPERIMENTS = ("taxi", "Taxi", "a/b", "a_b", "ab")


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
            assert native.name == record.name
            assert_points_are_shown(type(tracker), native, record)

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
            native = shelf.open().read("a" * 32, native=True)
            assert_points_are_shown(subject.kind, native, record)

    def test_a_run_that_is_not_there_is_an_input_error(self, crowd: tuple[Shelf, list[RunRecord]]) -> None:
        """The message names it, in whatever way it is read."""
        run_id, shelf = "f" * 32, crowd[0]
        with Store(shelf.subject.destination(shelf.folder)) as store:
            with pytest.raises(InputError, match=run_id):
                store.read(run_id)
            with pytest.raises(InputError, match=run_id):
                store.read(run_id, native=True)
            with pytest.raises(InputError, match=run_id):
                store.copy_artifact(run_id, "x.csv", shelf.root / "x.csv")

    def test_an_artifact_that_is_not_there_is_told(self, crowd: tuple[Shelf, list[RunRecord]]) -> None:
        """And not taken for an empty one."""
        shelf, records = crowd
        with pytest.raises((FileNotFoundError, InputError)):
            shelf.open().open_artifact(records[0].run_id, "no/such.txt")

    def test_processes_that_make_a_store_at_once_share_it(
        self, settled: tuple[Shelf, RunRecord, RunRecord]
    ) -> None:
        """Each has its run in it, whole."""
        shelf = settled[0]
        runs = [full_run(id_of(f"settled {number}")).record for number in range(3)]
        assert sorted(run.run_id for run in shelf.open().list_runs()) == sorted(run.run_id for run in runs)
        assert [diff(shelf.open().read(run.run_id), run) for run in runs] == [[], [], []]

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
