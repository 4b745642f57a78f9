"""Runs whose training, or courier, is killed in the middle of its points."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import sleep

import psutil

from taximeter.courier.launch import await_receipts
from taximeter.courier.recover import recover
from taximeter.diff import diff
from taximeter.errors import TaximeterError
from taximeter.journal.home import Destination, Home
from taximeter.journal.receipt import Receipt
from taximeter.record import RunRecord
from taximeter.store.client import Store
from taximeter.testing.fence import assert_points_are_shown
from taximeter.testing.polling import wait_until
from taximeter.testing.subject import Subject
from taximeter.tracker import Feature, RunSummary, Tracker

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


def kill_training(subject: Subject, folder: Path) -> Killed:
    """Kill a training, and let its courier deliver the rest."""
    destination, home = subject.destination(folder), Home(folder / "journal")
    with _train(subject, destination, home, "SIGKILL") as trainer:
        run_id = _acknowledged(trainer)
    receipts = await_receipts(home, run_id, [destination], timeout=_PATIENCE_SECONDS)
    return _look(home, run_id, destination, [*receipts.values()])


def kill_training_and_courier(subject: Subject, folder: Path) -> Killed:
    """Kill both, look at what they left, and recover the run."""
    destination, home = subject.destination(folder / "store"), Home(folder / "journal")
    with _train(subject, destination, home, "SIGSTOP") as trainer:
        try:
            run_id = _acknowledged(trainer)
            wait_until(lambda: _has_begun(subject, folder / "store"), _PATIENCE_SECONDS)
            sleep(_WRITING_SECONDS)
            _kill_courier(home, destination)
        finally:
            trainer.kill()
    torn_runs, torn_native = _look_at_torn(destination, run_id)
    receipts = [one.receipt for one in recover(home)]
    return _look(home, run_id, destination, receipts, torn_runs, torn_native)


def assert_whole(killed: Killed, kind: type[Tracker]) -> None:
    """Check that every acknowledged point is there once, and the run is killed."""
    assert diff(killed.journal, killed.exact) == []
    assert [(run.run_id, run.status) for run in killed.runs] == [(killed.run_id, "killed")]
    for view in (killed.exact, killed.native):
        assert view.status == "killed"
    assert list(killed.exact.metrics["loss"].steps) == list(range(_LAST + 1))
    assert list(killed.exact.metrics["loss"].values) == [number * 0.5 for number in range(_LAST + 1)]
    assert_points_are_shown(kind, killed.native, killed.exact)


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
    couriers = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(word.endswith(f":{path}") for word in process.info["cmdline"] or ())
    ]
    assert couriers, "no courier is at work"
    for courier in couriers:
        for process in (*courier.children(recursive=True), courier):
            os.kill(process.pid, signal.SIGKILL)


def _has_begun(subject: Subject, folder: Path) -> bool:
    """Tell whether a run is in the store: as it says itself if it has a live view, else by its files."""
    if Feature.LIVE not in subject.kind.features:
        return any(folder.rglob("*"))
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
