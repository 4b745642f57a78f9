"""Runs begin, end, die and are taken up again, and every point is there once."""

from collections.abc import Iterator

import pytest

from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.record import RunRecord
from taximeter.run import Run
from taximeter.start import start_run
from taximeter.store.client import Store
from taximeter.testing.fence import Fence, FencedSuite, Shelf, assert_points_are_shown
from taximeter.testing.killing import Killed, assert_whole, kill_training, kill_training_and_courier
from taximeter.testing.recording import StagedRun, stage
from taximeter.testing.staging import full_run, id_of, small_run
from taximeter.testing.subject import Subject
from taximeter.tracker import Feature


class LifecycleSuite(FencedSuite):
    """A store holds each run once and whole, whatever died on the way."""

    @pytest.fixture(scope="class")
    @classmethod
    def killed(cls, subject: Subject, fence: Fence) -> Killed:
        """A run whose training was ended by SIGKILL in the middle of its points."""
        return kill_training(subject, fence.root / "killed")

    @pytest.fixture(scope="class")
    @classmethod
    def torn(cls, subject: Subject, fence: Fence) -> Killed:
        """A run whose training and courier were both ended by SIGKILL, and which was then recovered."""
        return kill_training_and_courier(subject, fence.root / "torn")

    @pytest.fixture(scope="class")
    @classmethod
    def delivered(cls, subject: Subject, fence: Fence) -> Iterator[tuple[Run, Run, Run, Store]]:
        """A run with a child that ended well and another one that failed, delivered by a courier."""
        folder = fence.root / "delivered"
        folder.mkdir()
        destination = subject.destination(folder)
        trackers = [f"{destination.tracker}:{destination.location}"]
        with start_run(trackers=trackers, folder=folder, home=folder / "journal", keep_journal=True) as run:
            run.log_params({"alpha": 0.1})
            run.log_text("hello", "notes")
            with run.child(name="fold") as child:
                child.log_metrics({"loss": 0.5}, step=1)
            with pytest.raises(ZeroDivisionError), run.child(name="bad fold") as failed:
                failed.log_metrics({"loss": 1 / 0})
            run.log_metrics({"loss": 0.25}, step=2)
        with Store(destination) as store:
            yield run, child, failed, store

    def test_a_finished_run_and_its_children_are_delivered(self, delivered: tuple[Run, Run, Run, Store]) -> None:
        """The courier has read them back and found them equal."""
        run, child, failed, store = delivered
        assert [(receipt.state, receipt.problem) for receipt in run.receipts.values()] == [("verified", "")]
        for one in (run, child, failed):
            assert diff(store.read(one.id), one.record()) == []
        assert sorted(summary.run_id for summary in store.runs()) == sorted([run.id, child.id, failed.id])

    def test_an_exception_makes_the_run_failed(self, delivered: tuple[Run, Run, Run, Store]) -> None:
        """With the exception as a note."""
        run, child, failed, store = delivered
        assert [store.read(one.id).status for one in (run, child, failed)] == ["finished", "finished", "failed"]
        assert "ZeroDivisionError" in store.read(failed.id).notes[-1]
        assert store.read(failed.id, native=True).status == "failed"

    def test_children_are_below_their_parent(
        self, delivered: tuple[Run, Run, Run, Store], subject: Subject
    ) -> None:
        """Natively too, if the tracker has child runs."""
        run, child, failed, store = delivered
        for one in (child, failed):
            assert store.read(one.id).parent_id == run.id
            native = store.read(one.id, native=True).parent_id
            assert native == (run.id if Feature.CHILD_RUNS in subject.kind.features else None)

    def test_a_child_may_have_a_child_and_may_come_before_its_parent(self, archive: Shelf) -> None:
        """Couriers deliver in any order, and copies of single runs have lost their parents."""
        oldest, middle, youngest = (id_of(f"family {place}") for place in range(3))
        for run_id, parent_id in ((youngest, middle), (middle, oldest), (oldest, None)):
            run = small_run(run_id, parent_id=parent_id)
            assert diff(run.record, self._read_after(archive, run)) == []

    @staticmethod
    def _read_after(shelf: Shelf, run: StagedRun) -> RunRecord:
        return shelf.open().read(shelf.record(run).run_id)

    def test_a_killed_training_loses_no_acknowledged_point(self, killed: Killed, subject: Subject) -> None:
        """The courier outlives it and delivers the rest."""
        assert [receipt and (receipt.state, receipt.problem) for receipt in killed.receipts] == [("verified", "")]
        assert_whole(killed, subject.kind)

    def test_a_killed_courier_is_made_up_for_by_recover(self, torn: Killed, subject: Subject) -> None:
        """Training and courier were both killed in the middle; afterwards every point is there once."""
        assert [receipt and (receipt.state, receipt.problem) for receipt in torn.receipts] == [("verified", "")]
        assert_whole(torn, subject.kind)

    def test_a_run_whose_writer_died_can_be_listed_and_read(self, torn: Killed, subject: Subject) -> None:
        """With a live view, what the vendor was given of it is there, in its order; without, nothing breaks."""
        if Feature.LIVE in subject.kind.features:
            assert len(torn.torn_runs) == 1
            assert torn.torn_native is not None
            assert torn.torn_native.status in {"running", "failed", "killed"}
        if torn.torn_native is not None and "loss" in torn.torn_native.metrics:
            steps = list(torn.torn_native.metrics["loss"].steps)
            assert steps == list(range(len(steps)))

    @pytest.mark.parametrize("count", [1, 2, 250, 499, 506])
    def test_a_run_that_a_dead_courier_began_is_there_once(self, count: int, archive: Shelf) -> None:
        """However far it came: all events are written again, and none is doubled."""
        run = small_run(id_of(f"torn after {count}"), count=500)
        _tear(archive, run, count)
        assert_there_once(archive, archive.record(run))

    def test_a_run_that_was_torn_twice_is_there_once(self, archive: Shelf) -> None:
        """The second attempt died earlier than the first."""
        run = full_run(id_of("torn twice"))
        _tear(archive, run, 20)
        _tear(archive, run, 8)
        assert_there_once(archive, archive.record(run))

    def test_a_run_that_was_delivered_twice_is_there_once(self, archive: Shelf) -> None:
        """A courier that died after its last word does no harm."""
        run = full_run(id_of("delivered twice"))
        archive.record(run)
        assert_there_once(archive, archive.record(run))

    def test_a_torn_run_leaves_the_others_alone(self, archive: Shelf) -> None:
        """Both those before it and those after it."""
        before = archive.record(small_run(id_of("before")))
        _tear(archive, small_run(id_of("torn in between"), count=100), 50)
        after = archive.record(small_run(id_of("after")))
        assert [diff(archive.open().read(record.run_id), record) for record in (before, after)] == [[], []]

    def test_runs_that_are_written_at_once_do_not_meet(self, archive: Shelf) -> None:
        """A courier serves every live run of its journal folder."""
        runs = [small_run(id_of(f"at once {number}"), count=20) for number in range(3)]
        tracker, artifacts = archive.open(), archive.root / "artifacts"
        stage(runs[0].contents, artifacts)
        dispatchers = [Dispatcher(tracker, run.events[0], artifacts) for run in runs]  # type: ignore[arg-type]
        for place in range(len(runs[0].events)):
            for run, dispatcher in zip(runs, dispatchers, strict=True):
                dispatcher.write(run.events[place : place + 1])
        for run, dispatcher in zip(runs, dispatchers, strict=True):
            dispatcher.finish(run.record)
        for run in runs:
            assert_there_once(archive, run.record)


def assert_there_once(shelf: Shelf, record: RunRecord) -> None:
    """Check that the store has the run, and natively each of its points, once."""
    tracker = shelf.open()
    assert diff(tracker.read(record.run_id), record) == []
    listed = [run for run in tracker.list_runs() if record.run_id == run.run_id or record.name == run.name]
    assert [(run.run_id, run.status) for run in listed] == [(record.run_id, record.status)]
    native = tracker.read(record.run_id, native=True)
    assert_points_are_shown(type(tracker), native, record)
    assert native.status == record.status


def _tear(shelf: Shelf, run: StagedRun, count: int) -> None:
    """Write the first events of a run, and let go of it as a courier does that failed."""
    artifacts = shelf.root / "artifacts"
    stage(run.contents, artifacts)
    torn = Dispatcher(shelf.open(), run.events[0], artifacts)  # type: ignore[arg-type]
    torn.write(run.events[:count])
    torn.close()
