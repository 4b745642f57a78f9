"""Runs begin, end, die and are taken up again, and every point is there once."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import psutil
import pytest

from taximeter.courier.dispatch import Dispatcher
from taximeter.courier.launch import await_receipts
from taximeter.courier.recover import recover
from taximeter.diff import diff
from taximeter.errors import TaximeterError
from taximeter.journal.home import Destination, Home
from taximeter.journal.receipt import Receipt
from taximeter.record import RunRecord
from taximeter.run import Run
from taximeter.start import start_run
from taximeter.store.client import Store
from taximeter.testing.fence import Fence, FencedSuite, Shelf
from taximeter.testing.polling import wait_until
from taximeter.testing.recording import StagedRun, stage
from taximeter.testing.staging import full_run, id_of, small_run
from taximeter.testing.subject import Subject
from taximeter.tracker import Feature, RunSummary

_PATIENCE_SECONDS = 120
_WRITING_SECONDS = 0.3
_POINTS, _LAST = 5000, 2500

_TRAINER = f"""
import os, signal, sys
import taximeter
tracker, folder, home, ending = sys.argv[1:]
run = taximeter.start_run(trackers=[tracker], experiment="taxi", name="killed", folder=folder, home=home,
                          keep_journal=True)
print(run.id, flush=True)
run.log_params({{"alpha": 0.1}})
for number in range({_POINTS}):
    run.log_metrics({{"loss": number * 0.5}}, step=number)
    if number == {_LAST}:
        print(number, flush=True)
        os.kill(os.getpid(), getattr(signal, ending))
"""


@dataclass(frozen=True)
class Killed:
    """What is known of a run whose training was killed."""

    run_id: str
    receipts: list[Receipt | None]
    journal: RunRecord
    exact: RunRecord
    native: RunRecord
    runs: list[RunSummary]
    torn_runs: list[RunSummary]
    torn_native: RunRecord | None


class LifecycleSuite(FencedSuite):
    """A store holds each run once and whole, whatever died on the way."""

    @pytest.fixture(scope="class")
    @classmethod
    def killed(cls, subject: Subject, fence: Fence) -> Killed:
        """A run whose training was ended by SIGKILL in the middle of its points."""
        folder = fence.root / "killed"
        destination, home = subject.destination(folder), Home(folder / "journal")
        with _train(subject, destination, home, "SIGKILL") as trainer:
            run_id = _acknowledged(trainer)
        receipts = await_receipts(home, run_id, [destination], timeout=_PATIENCE_SECONDS)
        return _look(home, run_id, destination, [*receipts.values()])

    @pytest.fixture(scope="class")
    @classmethod
    def torn(cls, subject: Subject, fence: Fence) -> Killed:
        """A run whose training and courier were both ended by SIGKILL, and which was then recovered."""
        folder = fence.root / "torn"
        destination, home = subject.destination(folder / "store"), Home(folder / "journal")
        with _train(subject, destination, home, "SIGSTOP") as trainer:
            run_id = _acknowledged(trainer)
            wait_until(lambda: _has_begun(subject, folder / "store"), _PATIENCE_SECONDS)
            sleep(_WRITING_SECONDS)
            _kill_courier(home, destination)
            trainer.kill()
        torn_runs, torn_native = _look_at_torn(destination, run_id)
        receipts = [one.receipt for one in recover(home)]
        return _look(home, run_id, destination, receipts, torn_runs, torn_native)

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

    def test_a_killed_training_loses_no_acknowledged_point(self, killed: Killed) -> None:
        """The courier outlives it and delivers the rest."""
        assert [receipt and (receipt.state, receipt.problem) for receipt in killed.receipts] == [("verified", "")]
        assert_whole(killed)

    def test_a_killed_courier_is_made_up_for_by_recover(self, torn: Killed) -> None:
        """Training and courier were both killed in the middle; afterwards every point is there once."""
        assert [receipt and (receipt.state, receipt.problem) for receipt in torn.receipts] == [("verified", "")]
        assert_whole(torn)

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
    assert list(native.metrics["loss"].steps) == list(record.metrics["loss"].steps)
    assert native.status == record.status


def assert_whole(killed: Killed) -> None:
    """Check that every acknowledged point is there once, and the run is killed."""
    assert diff(killed.journal, killed.exact) == []
    assert [(run.run_id, run.status) for run in killed.runs] == [(killed.run_id, "killed")]
    for view in (killed.exact, killed.native):
        assert view.status == "killed"
        assert list(view.metrics["loss"].steps) == list(range(_LAST + 1))
        assert list(view.metrics["loss"].values) == [number * 0.5 for number in range(_LAST + 1)]


def _tear(shelf: Shelf, run: StagedRun, count: int) -> None:
    """Write the first events of a run, and let go of it as a courier does that failed."""
    artifacts = shelf.root / "artifacts"
    stage(run.contents, artifacts)
    torn = Dispatcher(shelf.open(), run.events[0], artifacts)  # type: ignore[arg-type]
    torn.write(run.events[:count])
    torn.close()


def _train(subject: Subject, destination: Destination, home: Home, ending: str) -> "subprocess.Popen[str]":
    tracker = f"{subject.name}:{destination.location}"
    command = [sys.executable, "-c", _TRAINER, tracker, destination.folder, str(home.path), ending]
    Path(destination.folder).mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _acknowledged(trainer: "subprocess.Popen[str]") -> str:
    """Wait until the training has logged its last point; return its run."""
    assert trainer.stdout
    run_id = trainer.stdout.readline().strip()
    assert trainer.stdout.readline().strip() == str(_LAST)
    return run_id


def _kill_courier(home: Home, destination: Destination) -> None:
    """Kill the process that holds the outbox's lock, with all its children."""
    path = str(home.outbox(destination).path)
    couriers = [process for process in psutil.process_iter(["cmdline"]) if path in (process.info["cmdline"] or [])]
    assert couriers, "no courier is at work"
    for courier in couriers:
        for process in (*courier.children(recursive=True), courier):
            os.kill(process.pid, signal.SIGKILL)


def _has_begun(subject: Subject, folder: Path) -> bool:
    """Tell whether a run is in the store: as it says itself if it has a live view, else by its files."""
    if Feature.LIVE not in subject.kind.features:
        return any(file.is_file() for file in folder.rglob("*"))
    try:
        return any(subject.store(folder).list_runs())
    except Exception:  # noqa: BLE001 - the vendor is about to make the store
        return False


def _look_at_torn(destination: Destination, run_id: str) -> tuple[list[RunSummary], RunRecord | None]:
    """Return what can be read of a run that was cut off; without a live view that may be nothing."""
    with Store(destination) as store, suppress(TaximeterError):
        return store.runs(), store.read(run_id, native=True)
    return [], None


def _look(
    home: Home,
    run_id: str,
    destination: Destination,
    receipts: list[Receipt | None],
    torn_runs: list[RunSummary] | None = None,
    torn_native: RunRecord | None = None,
) -> Killed:
    with Store(destination) as store:
        return Killed(
            run_id,
            receipts,
            home.run(run_id).record(),
            store.read(run_id),
            store.read(run_id, native=True),
            store.runs(),
            torn_runs or [],
            torn_native,
        )
