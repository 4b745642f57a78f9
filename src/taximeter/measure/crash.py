"""What survives when the training dies: acknowledged points against those that the store holds afterwards."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from taximeter.courier.launch import await_receipts
from taximeter.errors import TaximeterError, TrackerError
from taximeter.journal.home import Destination, Home
from taximeter.measure.child import SETTLE_SECONDS
from taximeter.measure.crash_training import Death, Training
from taximeter.measure.held import count_held, points_of
from taximeter.measure.kind import Depth, Kind, Settings, Times
from taximeter.measure.ways import Way, readable, value_of
from taximeter.plugins import load
from taximeter.record import RunRecord
from taximeter.store.client import Store

_ATTEMPTS = 10

_FINISHES: dict[tuple[Way, str], float] = {}
"""The seconds of the shortest finish that this process has seen, by way and tracker."""


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
        went_on: whether it was not ended by SIGTERM, and logged to its last point.
        status: of the run natively, or ``absent``.
        recovered: through the interface, acknowledged points that the exact record holds with their value; None in
            results of before it was counted.
        exact: whether that record holds each of them once, none that was never logged, and says how the run ended.
        said: why the courier did not deliver the run, and which of the vendor's processes never ended.
    """

    acknowledged: int
    found: int
    altered: int
    doubled: int
    invented: int
    went_on: bool = False
    status: str
    recovered: int | None = None
    exact: bool | None
    said: dict[str, str] = {}


def _plan(trackers: Sequence[str], depth: Depth) -> list[CrashSettings]:
    deaths = [Death.KILL] if depth == Depth.QUICK else list(Death)
    can_be_read = readable(trackers)
    return [
        CrashSettings(tracker=tracker, way=way, death=death)
        for death in deaths
        for tracker in can_be_read
        for way in ("vendor", "interface")
    ]


def measure_crash(settings: CrashSettings, folder: Path) -> CrashSample:
    """Let one training die, and read what is left.

    Raises:
        TrackerError: it could not even start, or was done before it could die.
    """
    if settings.death == Death.FINISHING and (settings.way, settings.tracker) not in _FINISHES:
        _rehearse(settings, folder / "rehearsal")
    for number in range(_ATTEMPTS):
        sample = _let_die(settings, folder / f"training-{number}")
        if sample:
            return sample
    raise TrackerError(f"it was done before it could be killed, {_ATTEMPTS} times")


def _rehearse(settings: CrashSettings, folder: Path) -> None:
    """See how long finishing a run takes where nothing goes wrong."""
    store = _store_in(folder, settings.tracker)
    training = Training(settings.way, store, folder)
    _note_finish(settings, training.live())
    if settings.way == "interface":
        _settle(store, training.run_id, folder)


def _note_finish(settings: CrashSettings, seconds: float) -> None:
    key = settings.way, settings.tracker
    _FINISHES[key] = min(seconds, _FINISHES.get(key, seconds))


def _let_die(settings: CrashSettings, folder: Path) -> CrashSample | None:
    """Let one training die, and return what is left; None where it was done before."""
    store, is_ours = _store_in(folder, settings.tracker), settings.way == "interface"
    training = Training(settings.way, store, folder)
    has_died = training.die(settings.death, _FINISHES.get((settings.way, settings.tracker), 0.0))
    problem = _settle(store, training.run_id, folder) if is_ours else ""
    if not has_died and settings.death != Death.TERM:
        if training.progress.finish:
            _note_finish(settings, training.progress.finish)
        return None
    native = _read(store, training.run_id, native=True)
    exact = _read(store, training.run_id, native=False) if is_ours else None
    acknowledged = training.progress.acknowledged
    said = {"courier": problem, "never ended": ", ".join(training.ended)}
    return CrashSample(
        acknowledged=acknowledged,
        went_on=not has_died,
        status=native.status if native else "absent",
        recovered=count_held(exact, range(acknowledged), {acknowledged}).found if is_ours else None,
        exact=exact is not None and _is_exact(exact, acknowledged) if is_ours else None,
        said={how: words for how, words in said.items() if words},
        **msgspec.structs.asdict(count_held(native, range(acknowledged), {acknowledged})),
    )


def _store_in(folder: Path, tracker: str) -> Destination:
    folder.mkdir()
    return Destination(tracker, load(tracker).location_in(folder), str(folder))


def _settle(store: Destination, run_id: str, folder: Path) -> str:
    """Wait until the courier has delivered what the journal acknowledged, and return why it did not."""
    receipts = await_receipts(Home(folder / ".taximeter"), run_id, [store], timeout=SETTLE_SECONDS)
    return receipts[store].problem if receipts else f"it was not delivered after {SETTLE_SECONDS:g} seconds"


def _read(store: Destination, run_id: str, *, native: bool) -> RunRecord | None:
    with Store(store) as opened:
        try:
            return opened.read(run_id, native=native)
        except TaximeterError:
            return None


def _is_exact(record: RunRecord, acknowledged: int) -> bool:
    """Tell whether each acknowledged point is there once; the one that was being logged may be."""
    series = points_of(record)
    expected = [(value_of(step), step) for step in range(len(series))]
    is_whole = [(value, step) for value, step, _ in series] == expected
    return is_whole and len(series) in {acknowledged, acknowledged + 1} and record.status in {"killed", "finished"}


CRASH: Final = Kind(
    name="crash",
    sentence="what the store holds of what was acknowledged when the training dies",
    settings=CrashSettings,
    sample=CrashSample,
    plan=_plan,
    measure=measure_crash,
    repetitions=Times(20, 1),
    seconds=lambda _: 5.0,
    is_timed=False,
)
