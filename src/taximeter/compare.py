"""Trains once, records the run with every tracker, reads every store back, and compares."""

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import msgspec

from taximeter.diff import diff
from taximeter.environments import version_in_use
from taximeter.errors import InputError, TaximeterError, TrackerError
from taximeter.journal.home import Destination
from taximeter.journal.receipt import Receipt
from taximeter.native import compare_native
from taximeter.plugins import load
from taximeter.record import RunRecord
from taximeter.redact import redact_arguments
from taximeter.results import FILE, STORES, Results, State, TrackerResult
from taximeter.run import Run
from taximeter.start import start_run
from taximeter.store.address import parse_store
from taximeter.store.client import Store
from taximeter.taxi.experiment import Prepared, train
from taximeter.tracker import Feature, Gap, Tracker, gap_of
from taximeter.values import pack

EXPERIMENT = "nyc-taxi-duration"


def compare(
    prepared: Prepared,
    trackers: Sequence[str],
    folder: Path,
    *,
    on_stage: Callable[[str], None] = lambda _: None,
) -> Results:
    """Run the experiment once and say what every tracker holds of it.

    Args:
        prepared: what to train.
        trackers: installed trackers, by name.
        folder: gets the stores, each of them fresh, and the results.
        on_stage: called with a few words as each stage begins.

    Returns:
        The results, which also lie in the folder.

    Raises:
        InputError: the model cannot learn from the data, or the folder holds something else.
    """
    stores = _fresh_stores(folder, trackers)
    destinations = [parse_store(tracker, stores) for tracker in trackers]
    run = start_run(
        trackers=trackers,
        experiment=EXPERIMENT,
        name=prepared.experiment.model,
        folder=stores,
        home=folder / ".taximeter",
        keep_journal=True,
    )
    with run:
        trained = train(prepared, run, on_stage)
        run.finish()
    (folder / FILE).unlink(missing_ok=True)  # not before: the run notes what is changed in git
    on_stage(f"waiting for {len(trackers)} trackers")
    receipts = run.wait()
    record = run.record()
    results = []
    for destination in destinations:
        on_stage(f"reading {destination.tracker} back")
        results.append(_examine(destination, receipts[destination], record, folder))
    return _conclude(folder, run, record, msgspec.to_builtins(trained), results)


def _fresh_stores(folder: Path, trackers: Sequence[str]) -> Path:
    """Return the folder for the stores, emptied of an earlier comparison's."""
    stores = folder / STORES
    is_ours = (folder / FILE).exists() or (folder / ".taximeter").is_dir()
    if folder.exists() and any(folder.iterdir()) and not is_ours:
        raise InputError(f"{folder} holds something that is no report; choose another --name.")
    shutil.rmtree(stores, ignore_errors=True)
    shutil.rmtree(folder / ".taximeter", ignore_errors=True)
    stores.mkdir(parents=True)
    for tracker in trackers:
        with suppress(TrackerError):  # its courier will say so
            load(tracker).set_apart(stores)
    return stores.absolute()


def _examine(destination: Destination, receipt: Receipt, record: RunRecord, folder: Path) -> TrackerResult:
    """Read a store back, in a process of its own, and hold it against the record."""
    tracker = load(destination.tracker)
    result = TrackerResult(
        name=destination.tracker,
        vendor=tracker.vendor,
        version=version_in_use(destination.tracker),
        standing=tracker.standing,
        location=_relative(destination.location, folder),
        ui=_ui_command(tracker, _relative(destination.location, folder)),
        features=sorted(tracker.features),
        gaps=_gaps(tracker),
        state="keeps nothing" if Feature.READ not in tracker.features else "failed",
        equal=None,
        problem=receipt.problem,
        differences=[],
        metrics=None,
        native=None,
        seconds=receipt.seconds,
        bytes=None,
    )
    if Feature.READ not in tracker.features:
        return result
    try:
        with Store(destination) as store:
            return _compare_store(store, record, result)
    except TaximeterError as error:
        return msgspec.structs.replace(result, problem=receipt.problem or str(error))


def _compare_store(store: Store, record: RunRecord, result: TrackerResult) -> TrackerResult:
    began = time.perf_counter()
    kept = store.read(record.run_id)
    seconds = result.seconds | {"read": time.perf_counter() - began}
    found = diff(record, kept)
    native = store.read(record.run_id, native=True)
    state: State = "differs" if found else "holds the run"
    return msgspec.structs.replace(
        result,
        state=state,
        equal=not found,
        differences=found,
        metrics={key: pack(series[-1].value) for key, series in sorted(kept.metrics.items()) if len(series)},
        native=compare_native(record, native),
        seconds=seconds,
        bytes=store.size(),
    )


def _gaps(tracker: type[Tracker]) -> dict[str, Gap]:
    return {str(feature): gap_of(tracker, feature) for feature in Feature if feature not in tracker.features}


def _ui_command(tracker: type[Tracker], location: str) -> str | None:
    return tracker.ui.command.format(location=shlex.quote(location)) if tracker.ui else None


def _relative(text: str, folder: Path) -> str:
    """Return text in which the report's folder is the place to stand."""
    return text.replace(f"{folder.absolute()}/", "")


def _conclude(
    folder: Path, run: Run, record: RunRecord, experiment: dict[str, object], trackers: list[TrackerResult]
) -> Results:
    if record.environment is None:
        raise TaximeterError(f"run {run.id} could not note its environment.")
    results = Results(
        name=folder.name,
        made=time.time_ns() // 1000,
        command=shlex.join(["taximeter", *redact_arguments(sys.argv[1:])]),
        taximeter=version("taximeter"),
        run=record.head(),
        points=sum(map(len, record.metrics.values())),
        experiment=experiment,
        environment=record.environment,
        trackers=trackers,
    )
    (folder / FILE).write_bytes(results.to_json())
    return results
