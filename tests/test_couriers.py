"""Couriers deliver what a journal acknowledged, once, whatever dies on the way."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Timer

import pytest

from taximeter import DeliveryWarning, start_run
from taximeter.courier.launch import await_receipts, ensure_couriers
from taximeter.courier.recover import recover
from taximeter.diff import diff
from taximeter.journal.home import Destination, Home
from taximeter.store.address import parse_store
from taximeter.store.client import Store

TRAINER = """
import os, signal, sys, time
import taximeter
run = taximeter.start_run(trackers=["lines"], experiment="taxi", keep_journal=True)
print(run.id, flush=True)
for number in range(int(sys.argv[1])):
    run.log_metrics({"loss": number * 0.1}, step=number)
    print(number, flush=True)
os.kill(os.getpid(), getattr(signal, sys.argv[2]))
time.sleep(60)
"""

IMPATIENT_COURIER = """
from taximeter.courier import serve
from taximeter.journal.home import Home
serve.CLOSE_SECONDS = 0.5
home = Home()
(outbox,) = home.outboxes()
serve.serve(outbox, home, outbox.take())
"""


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.01)


def courier_pid(store: Path, run_id: str) -> int:
    """Return the process that writes a run into the test's store."""
    log = store / run_id / "log"
    wait_for(lambda: log.exists() and log.read_text().startswith("pid ") and "\n" in log.read_text())
    return int(log.read_text().split()[1])


def destination() -> Destination:
    """Return the store of the test."""
    return parse_store("lines", Path.cwd())


def die(name: str, points: int = 300) -> tuple[str, list[int]]:
    """Run a training that is ended by a signal; return its run and the points it was acknowledged."""
    command = [sys.executable, "-c", TRAINER, str(points), name]
    output = subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()
    return output[0], list(map(int, output[1:]))


def test_a_finished_run_is_in_the_store_and_its_journal_is_gone(lines_tracker: Path, home: Path) -> None:
    """The courier has read the store back and found it equal."""
    with start_run(trackers=["lines"]) as run:
        run.log_params({"alpha": 0.1})
        for step in range(100):
            run.log_metrics({"loss": 1 / (step + 1)}, step=step)
        run.log_text("hello", "notes")
        expected = run.record()
    assert [receipt.state for receipt in run.receipts.values()] == ["verified"]
    with Store(destination()) as store:
        record = store.read(run.id)
        assert [summary.run_id for summary in store.runs()] == [run.id]
    assert record.metrics == expected.metrics
    assert record.status == "finished"
    assert not (home / "runs" / run.id / "segments").exists()
    assert lines_tracker.exists()


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGSTOP"])
@pytest.mark.usefixtures("lines_tracker")
def test_a_trainer_that_dies_loses_nothing_it_was_acknowledged(name: str) -> None:
    """The courier delivers the rest, and closes the run as killed; a stopped trainer is still running."""
    if name == "SIGSTOP":
        command = [sys.executable, "-c", TRAINER, "50", name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            run_id = process.stdout.readline().strip()
            acknowledged = [int(process.stdout.readline()) for _ in range(50)]
            assert await_receipts(Home(), run_id, [destination()], timeout=1) == {}
            process.kill()
    else:
        run_id, acknowledged = die(name)
    receipts = await_receipts(Home(), run_id, [destination()], timeout=120)
    assert [receipt.state for receipt in receipts.values()] == ["verified"]
    with Store(destination()) as store:
        record = store.read(run_id)
    assert record.status == "killed"
    assert list(record.metrics["loss"].steps) == acknowledged


def test_a_courier_that_is_killed_too_is_made_up_for_by_recover(lines_tracker: Path) -> None:
    """Every point is there once."""
    with subprocess.Popen(
        [sys.executable, "-c", TRAINER, "200", "SIGSTOP"], stdout=subprocess.PIPE, text=True
    ) as trainer:
        assert trainer.stdout
        run_id = trainer.stdout.readline().strip()
        os.kill(courier_pid(lines_tracker, run_id), signal.SIGKILL)
        wait_for(lambda: len(Home().run(run_id).record().metrics.get("loss", ())) == 200)
        trainer.kill()
    home = Home()
    assert [outbox.pending() for outbox in home.outboxes()] == [[run_id]]
    done = recover(home)
    assert [(one.run_id, one.receipt and one.receipt.state) for one in done] == [(run_id, "verified")]
    with Store(destination()) as store:
        assert diff(store.read(run_id), home.run(run_id).record()) == []
        assert len(store.runs()) == 1
    assert recover(home) == []


def test_recover_leaves_a_run_alone_that_is_still_being_logged(lines_tracker: Path) -> None:
    """It says so, and does not wait for it."""
    with start_run(trackers=["lines"]) as run:
        assert [(one.run_id, one.receipt) for one in recover(Home())] == [(run.id, None)]
    assert [receipt.state for receipt in run.receipts.values()] == ["verified"]
    assert lines_tracker.exists()


def test_a_tracker_that_fails_once_is_tried_again(lines_tracker: Path) -> None:
    """All is written again from the first event, and is there once."""
    lines_tracker.mkdir()
    (lines_tracker / "fail").write_text("1")
    with start_run(trackers=["lines"]) as run:
        run.log_metrics({"loss": 0.5}, step=1)
    assert [receipt.state for receipt in run.receipts.values()] == ["verified"]
    assert (lines_tracker / run.id / "log").read_text().count("metrics") == 1


@pytest.mark.parametrize(("module", "state"), [("colorsys", "verified"), ("no_such_module", "failed")])
def test_an_import_that_cannot_be_spared_is_made(lines_tracker: Path, module: str, state: str) -> None:
    """At once, and not after a failure; a module that is missing is told."""
    lines_tracker.mkdir()
    (lines_tracker / "needs").write_text(module)
    with start_run(trackers=["lines"], wait_seconds=None) as run:
        run.log_metrics({"loss": 0.5}, step=1)
    (receipt,) = run.wait().values()
    assert (receipt.state, module in receipt.problem) == (state, state == "failed")
    (outbox,) = Home().outboxes()
    assert ("Traceback" in outbox.log.read_text()) == (state == "failed")


def test_no_garbage_is_looked_for_while_a_vendor_is_imported(
    lines_tracker: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An import makes many objects, and they stay; it is looked for among what comes after them."""
    look = (
        "import atexit, gc\nprint('import', gc.isenabled())\natexit.register(lambda: print('end', gc.isenabled()))"
    )
    (tmp_path / "vendor_of_tests.py").write_text(look)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    lines_tracker.mkdir()
    (lines_tracker / "needs").write_text("vendor_of_tests")
    with start_run(trackers=["lines"]):
        pass
    (outbox,) = Home().outboxes()
    wait_for(lambda: outbox.log.read_text().count("\n") == 2)
    assert outbox.log.read_text().split() == ["import", "False", "end", "True"]


def test_a_tracker_that_keeps_failing_does_not_stop_training(lines_tracker: Path) -> None:
    """The error is shown at the end with the way out, and what was logged is delivered later."""
    lines_tracker.mkdir()
    (lines_tracker / "fail").write_text("1000")
    run = start_run(trackers=["lines", "null"])
    for step in range(100):
        run.log_metrics({"loss": 0.5}, step=step)
    with pytest.warns(DeliveryWarning, match=r"server of the tests is away.*taximeter recover"), run:
        pass
    assert [receipt.state for receipt in run.receipts.values()] == ["failed", "kept nothing"]
    assert len(run.record().metrics["loss"]) == 100
    (lines_tracker / "fail").unlink()
    assert [one.receipt and one.receipt.state for one in recover(Home())] == ["verified"]
    with Store(destination()) as store:
        assert len(store.read(run.id).metrics["loss"]) == 100


def test_one_courier_serves_a_whole_sweep(lines_tracker: Path) -> None:
    """Its vendor is imported once for all child runs."""
    with start_run(trackers=["lines"], name="sweep") as sweep:
        children = []
        for number in range(20):
            with sweep.child(name=f"trial {number}") as child:
                child.log_params({"number": number})
            children.append(child.id)
    pids = {courier_pid(lines_tracker, run_id) for run_id in (sweep.id, *children)}
    assert len(pids) == 1
    receipts = [await_receipts(Home(), child, [destination()], timeout=120) for child in children]
    assert {receipt.state for one in receipts for receipt in one.values()} == {"verified"}


@pytest.mark.usefixtures("lines_tracker")
def test_couriers_started_at_once_leave_one() -> None:
    """The lock is taken before the first is started, so the others are not."""
    run = start_run(trackers=["lines"])
    outbox = Home().outbox(destination())
    for _ in range(5):
        assert outbox.has_courier()
        ensure_couriers([outbox])
    run.finish()
    assert [receipt.state for receipt in run.wait(timeout=120).values()] == ["verified"]
    wait_for(lambda: not outbox.has_courier())


def test_couriers_of_one_run_are_processes_of_their_own(lines_tracker: Path) -> None:
    """They are started together, and none shares a process or a session with another or with the trainer."""
    run = start_run(trackers=["lines", f"lines:{lines_tracker}-2", "null"])
    outboxes = Home().outboxes()
    wait_for(lambda: all((outbox.path / "lock").read_text() for outbox in outboxes))
    pids = {int((outbox.path / "lock").read_text()) for outbox in outboxes}
    assert len(pids) == 3
    assert len({os.getsid(pid) for pid in (os.getpid(), *pids)}) == 4
    run.finish()
    assert {receipt.state for receipt in run.wait(timeout=120).values()} == {"verified", "kept nothing"}
    wait_for(lambda: not any(outbox.has_courier() for outbox in outboxes))


def test_a_courier_that_is_killed_gives_its_lock_back(lines_tracker: Path) -> None:
    """Neither the process that started it nor another courier keeps it."""
    run = start_run(trackers=["lines", "null"])
    outbox = Home().outbox(destination())
    os.kill(courier_pid(lines_tracker, run.id), signal.SIGKILL)
    wait_for(lambda: not outbox.has_courier())
    run.finish()
    assert {receipt.state for receipt in run.wait(timeout=120).values()} == {"verified", "kept nothing"}


def test_who_looks_for_a_courier_keeps_none_from_coming(home: Path) -> None:
    """The lock is taken though somebody looks at it at that moment."""
    outbox = Home(home).outbox(Destination("null", "", str(home)))
    outbox.create(Destination("null", "", str(home)))
    with (outbox.path / "lock").open("w") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        Timer(0.1, fcntl.flock, (looking, fcntl.LOCK_UN)).start()
        lock = outbox.take()
    assert lock is not None
    assert outbox.take() is None
    outbox.release(lock)
    assert not outbox.has_courier()


def test_logging_never_waits_for_a_tracker(lines_tracker: Path) -> None:
    """A store that hangs costs the training nothing."""
    lines_tracker.mkdir()
    (lines_tracker / "hang").touch()
    run = start_run(trackers=["lines"])
    for step in range(1000):
        run.log_metrics({"loss": 0.5}, step=step)
    run.finish()
    assert run.wait(timeout=0.5) == {}
    (lines_tracker / "hang").unlink()
    assert [receipt.state for receipt in run.wait(timeout=120).values()] == ["verified"]


def test_a_store_that_was_changed_behind_the_couriers_back_is_found_out(lines_tracker: Path) -> None:
    """Verification reads the store, not its own memory."""
    with start_run(trackers=["lines"], keep_journal=True) as run:
        run.log_text("hello", "notes")
    file = next((lines_tracker / run.id / "artifacts").iterdir())
    file.write_bytes(b"jello")
    with Store(destination()) as store:
        found = diff(run.record(), store.read(run.id))
    assert [difference.path for difference in found] == ["artifacts['notes.txt']['sha256']"]


@pytest.mark.usefixtures("lines_tracker")
def test_a_damaged_line_is_told_and_the_rest_is_delivered() -> None:
    """The receipt says how many lines were left out."""
    run = start_run(trackers=["lines"])
    for step in range(10):
        run.log_metrics({"loss": 0.5}, step=step)
    segment = Home().run(run.id).segments()[0]
    with segment.open("ab") as stream:
        stream.write(b"00000000 {}\n")
    run.finish()
    receipt = run.wait(timeout=120)[destination()]
    assert (receipt.state, receipt.problem) == ("verified", "1 damaged lines of the journal were left out")
    assert not receipt.is_good
    assert Home().run(run.id).exists()


def test_what_several_processes_log_has_one_order(lines_tracker: Path) -> None:
    """A parent that goes on after its child has the last word, in the record and in the store."""
    with start_run(trackers=["lines"], keep_journal=True) as run:
        child = os.fork()
        if child == 0:
            run.set_tags({"phase": "training"})
            run.log_metrics({"loss": 1.0})
            run.log_text("old", "notes")
            os._exit(0)
        os.waitpid(child, 0)
        run.set_tags({"phase": "done"})
        run.log_metrics({"loss": 2.0})
        run.log_text("newer", "notes")
    record = run.record()
    assert record.tags == {"phase": "done"}
    assert list(record.metrics["loss"].values) == [1.0, 2.0]
    assert record.artifacts["notes.txt"].size == len("newer")
    assert [receipt.state for receipt in run.receipts.values()] == ["verified"]
    assert lines_tracker.exists()


def test_a_killed_trainer_ends_its_run_though_its_workers_live(lines_tracker: Path) -> None:
    """Only the process that started a run can finish it; what its orphans log afterwards is refused."""
    script = (
        "import os, signal, time, taximeter\n"
        "run = taximeter.start_run(trackers=['lines'], keep_journal=True)\n"
        "print(run.id, flush=True)\n"
        "logged = os.pipe()\n"
        "worker = os.fork()\n"
        "run.log_metrics({str(worker == 0): 1.0})\n"
        "os.write(logged[1], b'.') if worker == 0 else os.read(logged[0], 1)\n"
        "if worker == 0:\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(60)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as trainer:
        assert trainer.stdout
        run_id, worker = trainer.stdout.readline().strip(), int(trainer.stdout.readline())
        receipts = await_receipts(Home(), run_id, [destination()], timeout=120)
        os.kill(worker, signal.SIGKILL)
    assert [receipt.state for receipt in receipts.values()] == ["verified"]
    record = Home().run(run_id).record()
    assert record.status == "killed"
    assert set(record.metrics) == {"True", "False"}
    assert lines_tracker.exists()


def test_a_run_begun_while_a_courier_ends_gets_another(lines_tracker: Path) -> None:
    """A process that has let the lock go does not count as a courier."""
    with start_run(trackers=["lines"]) as first:
        pass
    outbox = Home().outbox(destination())
    wait_for(lambda: not outbox.has_courier())
    second = start_run(trackers=["lines"])
    second.log_metrics({"loss": 0.5})
    wait_for((lines_tracker / second.id / "log").exists)
    second.finish()
    assert [receipt.state for receipt in second.wait(120).values()] == ["verified"]
    assert first.id != second.id


def test_a_child_that_could_not_be_delivered_is_told(lines_tracker: Path) -> None:
    """The parent's block waits for its children too."""
    lines_tracker.mkdir()
    sweep = start_run(trackers=["lines"])
    with sweep.child(name="fold") as child:
        (lines_tracker / "fail").write_text("1000")
        child.log_metrics({"loss": 0.5})
    assert await_receipts(Home(), child.id, [destination()], timeout=120)[destination()].state == "failed"
    (lines_tracker / "fail").unlink()
    with pytest.warns(DeliveryWarning, match=child.id), sweep:
        pass
    assert [receipt.state for receipt in sweep.receipts.values()] == ["verified"]


def test_a_store_that_hangs_does_not_hold_the_block_for_ever(lines_tracker: Path) -> None:
    """It is told, and the run is delivered later."""
    lines_tracker.mkdir()
    (lines_tracker / "hang").touch()
    run = start_run(trackers=["lines"], wait_seconds=0.3)
    run.log_metrics({"loss": 0.5})
    with pytest.warns(DeliveryWarning, match=r"still being delivered"), run:
        pass
    (lines_tracker / "hang").unlink()
    assert [receipt.state for receipt in run.wait(120).values()] == ["verified"]


def test_a_tracker_that_never_lets_go_of_a_run_ends_its_courier(lines_tracker: Path) -> None:
    """It says where it hung, and the next courier delivers the run."""
    run = start_run(trackers=["lines"])
    os.kill(courier_pid(lines_tracker, run.id), signal.SIGKILL)
    (lines_tracker / "fail").write_text("1")
    (lines_tracker / "stuck").touch()
    run.log_metrics({"loss": 0.5})
    ended = subprocess.run([sys.executable, "-c", IMPATIENT_COURIER], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "in close" in ended.stderr
    (lines_tracker / "stuck").unlink()
    run.finish()
    assert [receipt.state for receipt in run.wait(120).values()] == ["verified"]


def test_recover_gets_past_a_folder_that_is_gone(lines_tracker: Path, tmp_path: Path) -> None:
    """A project that was moved away does not keep the other runs."""
    project = tmp_path / "project"
    project.mkdir()
    run = start_run(trackers=["lines"], folder=project)
    lines_tracker.mkdir()
    (lines_tracker / "fail").write_text("3")
    other = start_run(trackers=["lines"])
    for one in (run, other):
        one.finish()
        one.wait(120)
    assert {one.receipt.state for one in recover(Home()) if one.receipt} == {"verified"}


def test_recover_gets_past_an_environment_that_is_gone(lines_tracker: Path, tmp_path: Path) -> None:
    """What waits for it fails and says so; the other stores get their runs."""
    lines_tracker.mkdir()
    (lines_tracker / "fail").write_text("3")
    run = start_run(trackers=["lines"])
    run.finish()
    run.wait(120)
    lost = Destination("lines==1.0", str(tmp_path / "lost"), str(tmp_path))
    outbox = Home().outbox(lost)
    outbox.create(lost)
    outbox.add(run.id)
    states = {one.destination.tracker: one.receipt for one in recover(Home()) if one.receipt}
    assert states["lines"].state == "verified"
    assert states["lines==1.0"].state == "failed"
    assert "environment add" in states["lines==1.0"].problem


def test_a_wait_of_no_seconds_tells_what_is_done(lines_tracker: Path) -> None:
    """It looks once."""
    with start_run(trackers=["lines"]) as run:
        pass
    assert [receipt.state for receipt in run.wait(timeout=0).values()] == ["verified"]
    assert lines_tracker.exists()


def test_a_block_waits_for_the_runs_below_its_children(lines_tracker: Path) -> None:
    """However deep they are."""
    with start_run(trackers=["lines"]) as run, run.child(name="sweep") as sweep, sweep.child(name="fold") as fold:
        fold.log_metrics({"loss": 0.5})
    assert {receipt.state for receipt in fold.receipts.values()} == {"verified"}
    assert lines_tracker.exists()


def test_recover_forgets_a_run_whose_journal_was_removed(lines_tracker: Path, home: Path) -> None:
    """Nobody waits for what is gone."""
    lines_tracker.mkdir()
    (lines_tracker / "fail").write_text("1000")
    run = start_run(trackers=["lines"])
    run.finish()
    run.wait(120)
    shutil.rmtree(home / "runs" / run.id)
    assert recover(Home()) == []


@pytest.mark.usefixtures("lines_tracker")
def test_a_courier_that_cannot_write_is_told_and_keeps_no_other_run_waiting(home: Path) -> None:
    """What it could not say is said by whoever waits, and `recover` delivers the run."""
    untold, other = (start_run(trackers=["lines"], name=name) for name in ("untold", "other"))
    receipts = home / "runs" / untold.id / "receipts"
    receipts.rmdir()
    receipts.symlink_to(home / "a disk that is away")
    for run in (untold, other):
        run.log_metrics({"loss": 0.5})
        run.finish()
    assert [receipt.state for receipt in other.wait(120).values()] == ["verified"]
    (receipt,) = untold.wait(120).values()
    assert (receipt.state, "log" in receipt.problem) == ("failed", True)
    assert len(untold.record().metrics["loss"]) == 1
    receipts.unlink()
    receipts.mkdir()
    assert [one.receipt and one.receipt.state for one in recover(Home())] == ["verified"]
    with Store(destination()) as store:
        assert len(store.read(untold.id).metrics["loss"]) == 1


def test_journals_and_logs_are_for_their_owner_alone(lines_tracker: Path, home: Path) -> None:
    """A diff or a location may hold what others should not read."""
    with start_run(trackers=["lines"]):
        pass
    assert home.stat().st_mode & 0o077 == 0
    assert lines_tracker.exists()
