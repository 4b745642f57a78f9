"""What survives when the training dies: acknowledged points against those that the store holds afterwards."""

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from taximeter.courier.launch import await_receipts
from taximeter.errors import TrackerError
from taximeter.journal.home import Destination, Home
from taximeter.measure.crash_training import Death, Outcome, Training
from taximeter.measure.held import Reading, count_held, points_of, read_run
from taximeter.measure.kind import Depth, Kind, Settings, Times
from taximeter.measure.offspring import SETTLE_SECONDS
from taximeter.measure.ways import LOGGED, Way, readable, value_of
from taximeter.plugins import load
from taximeter.record import RunRecord
from taximeter.store.client import Store

_ATTEMPTS = 10

_FINISHES: Final[dict[tuple[Way, str], list[float]]] = {}
"""The seconds of every whole finish that this process has seen, by way and tracker."""


class CrashSettings(Settings, frozen=True, kw_only=True):
    """One row: what killed the training, and whether it logged with the vendor's API or through the interface."""

    way: Way
    death: Death


class CrashSample(msgspec.Struct, frozen=True, kw_only=True):
    """One training that died.

    Attributes:
        acknowledged: points whose call had returned.
        found: those of them that the store holds with their value, read natively.
        altered: those that it holds with another value.
        doubled: further points with a step that is there already.
        invented: points that were never logged; the one that was being logged is none.
        went_on: whether SIGTERM did not end it.
        status: of the run natively, or ``absent``, or ``unreadable``.
        recovered: through the interface, acknowledged points that the exact record holds with their value.
        exact: whether that record holds each of them once, none that was never logged, and says how the run ended.
        said: why the courier did not deliver the run, why it cannot be read, and which processes never ended.
    """

    acknowledged: int
    found: int
    altered: int
    doubled: int
    invented: int
    went_on: bool
    status: str
    recovered: int | None
    exact: bool | None
    said: dict[str, str]


def _plan(trackers: Sequence[str], depth: Depth) -> list[CrashSettings]:
    deaths = [Death.KILL] if depth == Depth.QUICK else list(Death)
    can_be_read = readable(trackers)
    return [
        CrashSettings(tracker=tracker, way=way, death=death)
        for death in deaths
        for tracker in can_be_read
        for way in LOGGED
    ]


def measure_crash(settings: CrashSettings, folder: Path) -> CrashSample:
    """Let one training die, and read what is left.

    Raises:
        TrackerError: it could not even start, ended by itself in an error, or was always done before it could die.
    """
    if settings.death == Death.FINISHING and not _finishes(settings):
        _rehearse(settings, folder / "rehearsal")
    for number in range(_ATTEMPTS):
        sample = _let_die(settings, folder / f"training-{number}")
        if sample:
            return sample
    raise TrackerError(f"it was done before it could be killed, {_ATTEMPTS} times")


def _finishes(settings: CrashSettings) -> list[float]:
    return _FINISHES.setdefault((settings.way, settings.tracker), [])


def _rehearse(settings: CrashSettings, folder: Path) -> None:
    """See how long finishing a run takes where nothing goes wrong."""
    store = _store_in(folder, settings.tracker)
    training = Training(settings.way, store, folder)
    _finishes(settings).append(training.live())
    if settings.way == "interface":
        _settle(store, training.run_id, folder)


def _let_die(settings: CrashSettings, folder: Path) -> CrashSample | None:
    """Let one training die, and return what is left; None where it was done before."""
    store, is_ours = _store_in(folder, settings.tracker), settings.way == "interface"
    training = Training(settings.way, store, folder)
    outcome = training.die(settings.death, median(_finishes(settings) or [0.0]))
    problem = _settle(store, training.run_id, folder) if is_ours else ""
    acknowledged, finish = training.progress.acknowledged, training.progress.finish
    if outcome == Outcome.WAS_DONE:
        _finishes(settings).extend([finish / 1e9] if finish else [])
        return None
    with Store(store) as opened:
        native = read_run(opened, training.run_id, native=True)
        exact = read_run(opened, training.run_id, native=False) if is_ours else Reading(None)
    said = {
        "courier": problem,
        "reading": native.problem or exact.problem,
        "never ended": ", ".join(training.left),
    }
    ended = {"killed", "finished"} if settings.death == Death.FINISHING else {"killed"}
    held = partial(count_held, acknowledged=range(acknowledged), attempted={acknowledged})
    return CrashSample(
        acknowledged=acknowledged,
        went_on=outcome == Outcome.WENT_ON,
        status=native.status,
        recovered=held(exact.record).found if is_ours else None,
        exact=_is_exact(exact.record, acknowledged, ended) if is_ours else None,
        said={how: words for how, words in said.items() if words},
        **msgspec.structs.asdict(held(native.record)),
    )


def _store_in(folder: Path, tracker: str) -> Destination:
    folder.mkdir()
    return Destination(tracker, load(tracker).location_in(folder), str(folder))


def _settle(store: Destination, run_id: str, folder: Path) -> str:
    """Wait until the courier has delivered what the journal acknowledged, and return why it did not."""
    receipts = await_receipts(Home(folder / ".taximeter"), run_id, [store], timeout=SETTLE_SECONDS)
    return receipts[store].problem if receipts else f"it was not delivered after {SETTLE_SECONDS:g} seconds"


def _is_exact(record: RunRecord | None, acknowledged: int, ended: Collection[str]) -> bool:
    """Tell whether each acknowledged point is there once, and how the run ended; one more point may be there."""
    if record is None or record.status not in ended:
        return False
    points = [(value, step) for value, step, _ in points_of(record)]
    is_whole = points == [(value_of(step), step) for step in range(len(points))]
    return is_whole and len(points) in {acknowledged, acknowledged + 1}


CRASH: Final = Kind(
    name="crash",
    sentence="what the store holds of what was acknowledged when the training dies",
    settings=CrashSettings,
    sample=CrashSample,
    plan=_plan,
    measure=measure_crash,
    repetitions=Times(20, 1),
    seconds=lambda _: 4.2,
    is_timed=False,
)
