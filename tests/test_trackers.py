"""What every installed tracker must do; none is named here."""

import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from time import monotonic, sleep

import psutil
import pytest
from hypothesis import HealthCheck, given, settings

from taximeter.courier.dispatch import Dispatcher
from taximeter.courier.launch import await_receipts
from taximeter.courier.recover import recover
from taximeter.diff import diff
from taximeter.errors import InputError
from taximeter.events import (
    ArtifactLogged,
    Event,
    Finished,
    MetricsLogged,
    NoteAdded,
    ParamsLogged,
    Started,
    TagsSet,
)
from taximeter.files import media_type
from taximeter.journal.home import Home
from taximeter.plugins import installed, load
from taximeter.record import Artifact
from taximeter.store.address import find_store, parse_store
from taximeter.store.client import Store
from taximeter.testing import StagedRun, record_run, staged_runs
from taximeter.tracker import Feature, Tracker

KEEPERS = [name for name in installed() if Feature.READ in load(name).features]
EXAMPLES = 200

TRAINER = """
import os, signal, sys, time
import taximeter
run = taximeter.start_run(trackers=sys.argv[2:], experiment="taxi", name="killed", keep_journal=True)
print(run.id, flush=True)
run.log_params({"alpha": 0.1})
for number in range(5000):
    run.log_metrics({"loss": number * 0.5}, step=number)
    if number == 2500:
        print(number, flush=True)
        os.kill(os.getpid(), getattr(signal, sys.argv[1]))
"""


@pytest.fixture(params=KEEPERS)
def tracker_name(request: pytest.FixtureRequest) -> str:
    """Each installed tracker that keeps what it is given."""
    return str(request.param)


@pytest.fixture
def tracker(tracker_name: str, tmp_path: Path) -> Tracker:
    """Its usual store in a fresh folder."""
    kind = load(tracker_name)
    return kind(kind.location_in(tmp_path / "store"))


def run_of(run_id: str, *, parent_id: str | None = None, points: int = 3) -> StagedRun:
    """Return a run with something of everything that every tracker takes."""
    content = b"minutes\n1.5\n"
    middle: tuple[Event, ...] = (
        ParamsLogged({"alpha": 0.1, "model": "lasso"}),
        TagsSet({"data": "sample"}),
        *(
            MetricsLogged({"loss": number * 0.5}, number, 1_750_000_000_000_000 + number)
            for number in range(points)
        ),
        ArtifactLogged("tables/x.csv", Artifact(len(content), sha256(content).hexdigest(), media_type("x.csv"))),
        NoteAdded("a note"),
        Finished("finished", 1_750_000_001_000_000),
    )
    started = Started(run_id, "taxi", f"run {run_id[:4]}", 1_750_000_000_000_000, parent_id, "it learns")
    return StagedRun((started, *middle), (content,))


def digest_of(store: Path) -> dict[str, str]:
    """Return the sha256 of every file below a folder."""
    return {
        str(path): sha256(path.read_bytes()).hexdigest() for path in sorted(store.rglob("*")) if path.is_file()
    }


def test_every_record_comes_back_equal(tracker: Tracker, tmp_path: Path) -> None:
    """Whatever the interface accepts, the store gives back, bit for bit; and its native view can be read."""
    stage = tmp_path / "artifacts"

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(staged_runs())
    def record_and_read(run: StagedRun) -> None:
        record = record_run(tracker, run, stage)
        assert diff(tracker.read(record.run_id), record) == []
        tracker.read_native(record.run_id)

    record_and_read()


def test_runs_that_are_written_at_once_do_not_meet(tracker: Tracker, tmp_path: Path) -> None:
    """A courier serves every live run of its journal folder."""
    runs = [run_of(f"{number:032x}", points=20) for number in range(3)]
    records = [run.record for run in runs]
    for run in runs:
        record_stage(run, tmp_path)
    dispatchers = [Dispatcher(tracker, run.events[0], tmp_path) for run in runs]  # type: ignore[arg-type]
    for place in range(len(runs[0].events)):
        for run, dispatcher in zip(runs, dispatchers, strict=True):
            dispatcher.write(run.events[place : place + 1])
    for record, dispatcher in zip(records, dispatchers, strict=True):
        dispatcher.finish(record)
    assert [diff(tracker.read(record.run_id), record) for record in records] == [[], [], []]
    assert sorted(summary.run_id for summary in tracker.list_runs()) == [record.run_id for record in records]
    assert {summary.status for summary in tracker.list_runs()} == {"finished"}


def record_stage(run: StagedRun, folder: Path) -> None:
    """Put a run's artifacts where a dispatcher finds them."""
    for content in run.contents:
        (folder / sha256(content).hexdigest()).write_bytes(content)


def test_a_run_that_a_dead_courier_began_is_there_once(tracker: Tracker, tmp_path: Path) -> None:
    """All its events are written again, and none is doubled."""
    run = run_of("d" * 32, points=500)
    record_stage(run, tmp_path)
    torn = Dispatcher(tracker, run.events[0], tmp_path)  # type: ignore[arg-type]
    torn.write(run.events[:300])
    torn.close()
    record = record_run(tracker, run, tmp_path)
    assert diff(tracker.read(record.run_id), record) == []
    assert [summary.run_id for summary in tracker.list_runs()] == [record.run_id]
    native = tracker.read(record.run_id, native=True)
    assert {key: len(series) for key, series in native.metrics.items()} == {"loss": 500}
    assert native.status == "finished"


def test_a_run_that_was_delivered_twice_is_there_once(tracker: Tracker, tmp_path: Path) -> None:
    """A courier that died after its last word does no harm."""
    run = run_of("e" * 32)
    record_run(tracker, run, tmp_path)
    record = record_run(tracker, run, tmp_path)
    assert diff(tracker.read(record.run_id), record) == []
    assert [summary.run_id for summary in tracker.list_runs()] == [record.run_id]


def test_reading_changes_no_byte_of_the_store(tracker: Tracker, tmp_path: Path) -> None:
    """Neither of its files nor of their number."""
    record = record_run(tracker, run_of("a" * 32), tmp_path)
    before = digest_of(tmp_path)
    with Store(parse_store(f"{tracker.name}:{tracker.location}", tmp_path)) as store:
        store.runs()
        store.read(record.run_id)
        store.read(record.run_id, native=True)
        store.copy_artifact(record.run_id, "tables/x.csv", tmp_path / "copy.csv")
        assert store.size() > 0
    assert (tmp_path / "copy.csv").read_bytes() == b"minutes\n1.5\n"
    (tmp_path / "copy.csv").unlink()
    assert digest_of(tmp_path) == before


def test_a_run_that_is_not_there_is_an_input_error(tracker: Tracker, tmp_path: Path) -> None:
    """The message names it, in every way of reading."""
    record_run(tracker, run_of("a" * 32), tmp_path)
    for native in (False, True):
        with pytest.raises(InputError, match="f" * 32):
            tracker.read("f" * 32, native=native)


def test_a_store_is_found_by_its_path(tracker: Tracker, tmp_path: Path) -> None:
    """One tracker, and one only, recognises it."""
    record = record_run(tracker, run_of("a" * 32), tmp_path)
    paths = [path for path in tracker.files() if path.exists()]
    found = find_store(str(next(path for path in (*paths, tmp_path / "store") if knows(tracker, path))), tmp_path)
    assert found.tracker == tracker.name
    with Store(found) as store:
        assert [summary.run_id for summary in store.runs()] == [record.run_id]


def knows(tracker: Tracker, path: Path) -> bool:
    """Tell whether the tracker's own class recognises a path."""
    return type(tracker).recognises(path)


def test_the_native_view_shows_what_the_features_promise(tracker: Tracker, tmp_path: Path) -> None:
    """A declared feature is in the vendor's own concepts, not only in our record."""
    record = record_run(tracker, run_of("b" * 32), tmp_path)
    native, features = tracker.read(record.run_id, native=True), tracker.features
    assert (native.experiment, native.name, native.status) == ("taxi", record.name, "finished")
    assert list(native.metrics["loss"].values) == list(record.metrics["loss"].values)
    assert list(native.metrics["loss"].steps) == [0, 1, 2]
    assert native.params.keys() >= {"alpha", "model"}
    assert native.artifacts["tables/x.csv"] == record.artifacts["tables/x.csv"]
    if Feature.TAGS in features:
        assert native.tags["data"] == "sample"
    if Feature.NOTES in features:
        assert any("a note" in note for note in native.notes)


def test_a_child_run_is_below_its_parent_natively(tracker: Tracker, tmp_path: Path) -> None:
    """The vendor's own nesting says so."""
    record_run(tracker, run_of("a" * 32), tmp_path)
    child = record_run(tracker, run_of("b" * 32, parent_id="a" * 32), tmp_path)
    assert tracker.read(child.run_id).parent_id == "a" * 32
    if Feature.CHILD_RUNS in tracker.features:
        assert tracker.read(child.run_id, native=True).parent_id == "a" * 32


@pytest.fixture
def killed_run(tracker_name: str) -> tuple[str, str]:
    """A run whose training was ended by SIGKILL in the middle of 5,000 points, 2,501 of them acknowledged."""
    command = [sys.executable, "-c", TRAINER, "SIGKILL", tracker_name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    run_id, last = done.stdout.split()
    assert last == "2500"
    return tracker_name, run_id


def assert_holds_killed_run(tracker_name: str, run_id: str) -> None:
    """Every acknowledged point is there once, and the run is killed."""
    with Store(parse_store(tracker_name, Path.cwd())) as store:
        record, native = store.read(run_id), store.read(run_id, native=True)
        assert [(run.run_id, run.status) for run in store.runs()] == [(run_id, "killed")]
    assert diff(Home().run(run_id).record(), record) == []
    for view in (record, native):
        assert view.status == "killed"
        assert list(view.metrics["loss"].steps) == list(range(2501))
        assert list(view.metrics["loss"].values) == [number * 0.5 for number in range(2501)]


def test_a_killed_training_loses_no_acknowledged_point(killed_run: tuple[str, str]) -> None:
    """The courier outlives it and delivers the rest."""
    tracker_name, run_id = killed_run
    receipts = await_receipts(Home(), run_id, [parse_store(tracker_name, Path.cwd())], timeout=120)
    assert [(receipt.state, receipt.problem) for receipt in receipts.values()] == [("verified", "")]
    assert_holds_killed_run(tracker_name, run_id)


def test_a_killed_courier_is_made_up_for_by_recover(tracker_name: str) -> None:
    """Training and courier are both killed in the middle; afterwards every point is there once."""
    command = [sys.executable, "-c", TRAINER, "SIGSTOP", tracker_name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as trainer:
        assert trainer.stdout
        run_id = trainer.stdout.readline().strip()
        assert trainer.stdout.readline().strip() == "2500"
        kill_courier_while_it_writes(tracker_name)
        trainer.kill()
    done = recover(Home())
    assert [(one.run_id, one.receipt and (one.receipt.state, one.receipt.problem)) for one in done] == [
        (run_id, ("verified", ""))
    ]
    assert_holds_killed_run(tracker_name, run_id)


def kill_courier_while_it_writes(tracker_name: str) -> None:
    """Kill the process that holds the outbox's lock, once something is in the store, with all its children."""
    path = str(Home().outbox(parse_store(tracker_name, Path.cwd())).path)
    kind = load(tracker_name)
    store, deadline = kind(kind.location_in(Path.cwd())), monotonic() + 60
    while not any(file.exists() for file in store.files()) and monotonic() < deadline:
        sleep(0.05)
    sleep(0.5)
    couriers = [process for process in psutil.process_iter(["cmdline"]) if path in (process.info["cmdline"] or [])]
    assert couriers, "no courier is at work"
    for courier in couriers:
        for process in (*courier.children(recursive=True), courier):
            os.kill(process.pid, signal.SIGKILL)
