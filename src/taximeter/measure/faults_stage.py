"""Takes one sample of a fault: ``python -m taximeter.measure.faults_stage``.

It is a process of its own because a full disk is one that only it and what it starts can see, and because root
gives up its power to write anywhere with it.
Standard input has an `Order`, standard output gets a `Report`.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep

import msgspec

from taximeter.courier.recover import recover
from taximeter.environments import python_for
from taximeter.errors import TaximeterError, TrackerError, Unsupported
from taximeter.journal.home import Destination, Home
from taximeter.measure.child import answer_order
from taximeter.measure.faults_causes import (
    OWN_MEANS,
    BrokenVendor,
    Cause,
    Damage,
    FullDisk,
    ReadOnly,
    Server,
    SizeLimit,
)
from taximeter.measure.faults_proxy import Proxy
from taximeter.measure.faults_training import Outcome, Training
from taximeter.measure.faults_worker import ACKNOWLEDGED, ARTIFACT, POINTS, REFUSED, UNSUPPORTED, Fault, content
from taximeter.measure.faults_worker import Order as TrainingOrder
from taximeter.measure.held import Held, count_held, points_of, read_run
from taximeter.measure.kind import Settings
from taximeter.measure.ways import Way
from taximeter.plugins import load
from taximeter.record import RunRecord
from taximeter.redact import redact
from taximeter.store.client import Store
from taximeter.tracker import Feature

AREA = "area"
"""The folder of journal and store, on a disk of its own where that is the fault."""
SERVER_FAULTS = {Fault.SERVER_DOWN, Fault.SERVER_SLOW}
ARTIFACT_FAULTS = {Fault.ARTIFACT_VANISHES, Fault.ARTIFACT_CHANGES}
_WARM_UP_SECONDS = 30.0
_PAUSE_SECONDS = 1.0
_LOOK_SECONDS = 0.2


class FaultSettings(Settings, frozen=True, kw_only=True):
    """One row: what goes wrong, and whether the training logged with the vendor's API or through the interface."""

    way: Way
    fault: Fault


class FaultSample(msgspec.Struct, frozen=True, kw_only=True):
    """One training to which something went wrong; it catches every exception and goes on.

    Attributes:
        means: how the fault was made.
        training: whether it went on.
        at: where it met exceptions, hung or died: ``start``, ``a call``, ``finish``, or ``exit``, after all of it;
            empty where it went on.
        longest: seconds of the longest call.
        said: the first words of each sort that told of the fault: ``exception``, ``warning``, ``log record``,
            ``standard error``, ``hung`` for a forked process, ``reading`` for what reading the store said
            afterwards, and ``recover``.
        acknowledged: points whose call returned.
        refused: points whose call raised.
        found: acknowledged points that the store holds natively when the fault is over, and nothing recovered yet.
        altered: those that it holds with another value.
        doubled: further points with a step that is there already.
        invented: points that were never logged.
        artifact: what the store holds of it, ``complete``, ``half`` or ``absent``; None where there is none.
        status: of the run at the end, or ``absent``.
        recovered: through the interface, acknowledged points that the exact record holds once the fault is gone
            and `recover` has run.
        exact: whether that record holds each of them once and nothing else.
    """

    means: str
    training: Outcome
    at: str
    longest: float
    said: dict[str, str]
    acknowledged: int
    refused: int
    found: int
    altered: int
    doubled: int
    invented: int
    artifact: str | None
    status: str
    recovered: int | None
    exact: bool | None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """The sample that is to be taken, and whether `AREA` is a small disk."""

    settings: FaultSettings
    mounted: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The sample, or why there is none."""

    sample: FaultSample | None = None
    problem: str = ""


def main() -> None:
    """Carry out the order."""
    answer_order(Order, _carry_out)


def _carry_out(order: Order) -> Report:
    try:
        with _place(order.settings, Path.cwd()) as (location, proxy):
            return Report(sample=_Scene(order, location, proxy).play())
    except TaximeterError as error:
        return Report(problem=redact(str(error)))


@contextmanager
def _place(settings: FaultSettings, folder: Path) -> Iterator[tuple[str, Proxy | None]]:
    """Yield the location of the store, and the proxy before it where it is a server."""
    kind, store = load(settings.tracker), folder / AREA / "store"
    store.mkdir(parents=True)
    if settings.fault not in SERVER_FAULTS:
        yield kind.location_in(store), None
        return
    with kind.serve(store, python_for(settings.tracker)) as location, Proxy(location) as proxy:
        yield proxy.location, proxy


class _Scene:
    """One training, its fault, and what is left."""

    def __init__(self, order: Order, location: str, proxy: Proxy | None) -> None:
        self._settings = settings = order.settings
        self._kind = load(settings.tracker)
        self._folder = Path.cwd()
        # a vendor's users train where their store is; a journal is to be there when the store's folder is not
        self._work = self._folder / AREA / ("store" if settings.way == "vendor" else "work")
        self._work.mkdir(exist_ok=True)
        self._store = Destination(settings.tracker, location, str(self._work))
        self._cause = self._make_cause(proxy, mounted=order.mounted)
        training = TrainingOrder(
            way=settings.way,
            tracker=settings.tracker,
            location=location,
            fault=settings.fault,
            folder=str(self._folder),
        )
        self._training = Training(training, self._cause, self._work, self._warm_up)

    def play(self) -> FaultSample:
        """Train, recover, and read what the store holds."""
        training = self._training
        try:
            training.carry_out()
            if UNSUPPORTED in training.said:
                raise Unsupported(training.said[UNSUPPORTED])
            if self._cause.when == "afterwards":
                self._check_clean()
                self._cause.begin(0)
            else:
                training.put_right()
            native = self._read(native=True)
        finally:
            training.put_right()
        exact = self._recover()
        return self._sample(native, exact)

    def _warm_up(self, run_id: str) -> None:
        """Wait until what was logged can be in the store, so that the fault meets the vendor at work."""
        if self._settings.way == "vendor" or Feature.LIVE not in self._kind.features:
            sleep(_PAUSE_SECONDS)
            return
        deadline = monotonic() + _WARM_UP_SECONDS
        with Store(self._store) as opened:
            while monotonic() < deadline:
                with suppress(TaximeterError):
                    if points_of(opened.read(run_id, native=True)):
                        return
                sleep(_LOOK_SECONDS)

    def _check_clean(self) -> None:
        """Raise where the training has not left a store that can be damaged."""
        if self._training.outcome != Outcome.WENT_ON:
            raise TrackerError(next(iter(self._training.said.values()), "the training did not end well"))

    def _recover(self) -> RunRecord | None:
        """Return what the exact record holds once the fault is gone."""
        if self._settings.way == "vendor":
            return None
        for recovered in recover(Home(self._work / ".taximeter")):
            if recovered.receipt and recovered.receipt.problem:
                self._training.hear("recover", recovered.receipt.problem)
        return self._read(native=False)

    def _read(self, *, native: bool) -> RunRecord | None:
        if not self._training.run_id:
            return None
        with Store(self._store) as opened:
            reading = read_run(opened, self._training.run_id, native=native)
            for words in filter(None, (reading.problem, *opened.warnings)):
                self._training.hear("reading", words)
            return reading.record

    def _sample(self, native: RunRecord | None, exact: RunRecord | None) -> FaultSample:
        training, is_ours = self._training, self._settings.way == "interface"
        acknowledged, refused = training.numbers(ACKNOWLEDGED), training.numbers(REFUSED)
        attempted = set(range(POINTS)) - acknowledged
        recovered = count_held(exact, acknowledged, attempted)
        record = exact if is_ours else native
        return FaultSample(
            means=self._cause.means,
            training=training.outcome,
            at=training.at,
            longest=training.longest,
            said=training.said,
            acknowledged=len(acknowledged),
            refused=len(refused),
            artifact=self._look_at_artifact() if self._settings.fault in ARTIFACT_FAULTS else None,
            status=record.status if record else "absent",
            recovered=recovered.found if is_ours else None,
            exact=_is_whole(recovered, len(acknowledged)) if is_ours else None,
            **msgspec.structs.asdict(count_held(native, acknowledged, attempted)),
        )

    def _look_at_artifact(self) -> str:
        copy = self._folder / "copy"
        with Store(self._store) as opened:
            try:
                opened.copy_artifact(self._training.run_id, ARTIFACT, copy)
            except TaximeterError as error:
                self._training.hear("reading", str(error))
                return "absent"
        whole = {hashlib.sha256(content(letter)).digest() for letter in "ab"}
        return "complete" if hashlib.sha256(copy.read_bytes()).digest() in whole else "half"

    def _make_cause(self, proxy: Proxy | None, *, mounted: bool) -> Cause:
        """Return what makes the fault.

        Raises:
            Unsupported: it makes no sense for this tracker.
        """
        fault, area = self._settings.fault, self._folder / AREA
        match fault:
            case Fault.DISK_FULL:
                return FullDisk(area) if mounted else SizeLimit()
            case Fault.READ_ONLY:
                return ReadOnly(area / "store")
            case Fault.TORN | Fault.FLIPPED:
                return Damage(fault, self._kind(self._store.location))
            case Fault.VENDOR_BROKEN:
                if self._kind.vendor is None:
                    raise Unsupported(f"{self._kind.name} has no vendor whose package could be broken")
                return BrokenVendor(self._kind.vendor, self._folder / "broken")
        return Server(fault, proxy) if proxy else Cause(OWN_MEANS[fault])


def _is_whole(held: Held, acknowledged: int) -> bool:
    return held == Held(found=acknowledged, altered=0, doubled=0, invented=0)


if __name__ == "__main__":
    main()
