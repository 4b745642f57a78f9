"""What survives when the training dies: acknowledged points against those that the store holds afterwards."""

import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from taximeter.courier.launch import await_receipts
from taximeter.errors import TaximeterError, TrackerError
from taximeter.journal.home import Destination, Home
from taximeter.measure.child import last_words, python_of, start
from taximeter.measure.crash_worker import RUN_ID, Order, read_progress
from taximeter.measure.held import count_held, points_of
from taximeter.measure.kind import Depth, Kind, Settings, Times
from taximeter.measure.ways import Way, readable, value_of
from taximeter.plugins import load
from taximeter.record import RunRecord
from taximeter.store.client import Store

_POINTS = 1_500
_FEWEST = 100
_SOONEST_SECONDS, _LATEST_SECONDS = 0.0, 0.3
_START_SECONDS = 120.0
_SETTLE_SECONDS = 120.0
_LOOK_SECONDS = 0.0005


class Death(StrEnum):
    """How a training ends."""

    KILL = "SIGKILL"
    TERM = "SIGTERM"
    GROUP = "SIGKILL to its group"
    FORGET = "no finish"
    FINISHING = "SIGKILL in finish"


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
        status: of the run natively, or ``absent``.
        recovered: through the interface, acknowledged points that the exact record holds with their value; None in
            results of before it was counted.
        exact: whether that record holds each of them once, none that was never logged, and says how the run ended.
        said: why the courier did not deliver the run.
    """

    acknowledged: int
    found: int
    altered: int
    doubled: int
    invented: int
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
        TrackerError: it could not even start.
    """
    kind = load(settings.tracker)
    store = Destination(settings.tracker, kind.location_in(folder), str(folder))
    acknowledged = _die(settings, store, folder)
    run_id = (folder / RUN_ID).read_text()
    is_ours = settings.way == "interface"
    problem = _settle(store, run_id, folder) if is_ours else ""
    native, exact = _read(store, run_id, native=True), _read(store, run_id, native=False) if is_ours else None
    return CrashSample(
        acknowledged=acknowledged,
        status=native.status if native else "absent",
        recovered=count_held(exact, range(acknowledged), {acknowledged}).found if is_ours else None,
        exact=exact is not None and _is_exact(exact, acknowledged) if is_ours else None,
        said={"courier": problem} if problem else {},
        **msgspec.structs.asdict(count_held(native, range(acknowledged), {acknowledged})),
    )


def _die(settings: CrashSettings, store: Destination, folder: Path) -> int:
    """Start a training, end it, and return how many points it was acknowledged."""
    is_killed_at_work = settings.death in {Death.KILL, Death.TERM, Death.GROUP}
    order = Order(
        way=settings.way,
        tracker=settings.tracker,
        location=store.location,
        points=_POINTS if is_killed_at_work else _some_points(),
        finish=settings.death == Death.FINISHING,
    )
    python = python_of(settings.way, settings.tracker)
    with start("taximeter.measure.crash_worker", python, folder) as process:
        if process.stdin:
            process.stdin.write(msgspec.json.encode(order) + b"\n")
            process.stdin.close()
        _wait_until_it_logs(process, folder)
        _end(process, settings.death, folder)
    return read_progress(folder)[0]


def _wait_until_it_logs(process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while read_progress(folder)[0] < 1:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise TrackerError(last_words(folder))
        time.sleep(_LOOK_SECONDS)


def _end(process: subprocess.Popen[bytes], death: Death, folder: Path) -> None:
    """End a training in its way, at a point that differs from time to time."""
    if death == Death.FORGET:
        _wait(process)
        return
    if death == Death.FINISHING:
        while not read_progress(folder)[1] and process.poll() is None:
            time.sleep(_LOOK_SECONDS)
        time.sleep(random.uniform(_SOONEST_SECONDS, _LATEST_SECONDS))  # noqa: S311 - not a secret
    else:
        goal = _some_points()
        deadline = time.monotonic() + _START_SECONDS
        while read_progress(folder)[0] < goal and process.poll() is None and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        match death:
            case Death.GROUP:
                os.killpg(process.pid, signal.SIGKILL)
            case Death.TERM:
                process.terminate()
            case _:
                process.kill()
    _wait(process)


def _some_points() -> int:
    """Return how many points come before the end, another number each time."""
    return random.randint(_FEWEST, _POINTS // 2)  # noqa: S311 - not a secret


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end; one that does not come is brought about."""
    try:
        process.wait(_START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def _settle(store: Destination, run_id: str, folder: Path) -> str:
    """Wait until the courier has delivered what the journal acknowledged, and return why it did not."""
    receipts = await_receipts(Home(folder / ".taximeter"), run_id, [store], timeout=_SETTLE_SECONDS)
    return receipts[store].problem if receipts else f"it was not delivered after {_SETTLE_SECONDS:g} seconds"


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
