"""Has a tracker write every fact in one process, reads them in another, and judges.

A fact that hangs or kills its process costs itself only: the facts after it are written by a new process, into a
store of their own.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Self, cast

import msgspec

from taximeter.capture import capture_environment
from taximeter.errors import InputError, TrackerError, Unsupported
from taximeter.journal.home import Destination
from taximeter.plugins import load, tracker_name, vendor_version
from taximeter.redact import redact
from taximeter.store.client import Store
from taximeter.tracker import Feature, Tracker, gap_of
from taximeter.verdicts.catalogue import FACTS
from taximeter.verdicts.facts import Fact
from taximeter.verdicts.found import Found
from taximeter.verdicts.judge import finding_of, judge
from taximeter.verdicts.messages import CONTROL, Begun, Died, Message, Order, Written, how_it_died
from taximeter.verdicts.results import Finding, TrackerVerdicts, Verdict
from taximeter.verdicts.said import without_scratch

PATIENCE_SECONDS: Final = 120.0
"""How long a fact may take: ten thousand points, one call each, take some vendors half a minute."""


_DECODER: Final[msgspec.json.Decoder[Any]] = msgspec.json.Decoder(Message)


class _Outcome(NamedTuple):
    """How the writing of one fact ended; `died` says how the process did, if it did."""

    fact: int
    store: Destination
    written: Written | None
    died: str = ""


def check_examinable(name: str) -> None:
    """Make sure that a tracker can be examined: with the version of its vendor that is installed here.

    Raises:
        InputError: another version is asked for, or no such tracker is installed.
    """
    if tracker_name(name) != name:
        raise InputError(
            f"{name} cannot be examined: facts are written with what is installed here, so leave out the version."
        )
    load(name)


def examine(
    name: str,
    facts: Sequence[Fact] = FACTS,
    *,
    patience: float = PATIENCE_SECONDS,
    on_fact: Callable[[str], None] = lambda _: None,
) -> TrackerVerdicts:
    """Return a tracker's verdicts on facts.

    Args:
        name: an installed tracker.
        facts: in the order in which they are to be written.
        patience: seconds that one fact may take.
        on_fact: called with a few words as each fact begins.

    Raises:
        InputError: as in `check_examinable`.
        TrackerError: not even a run with one point can be written.
    """
    began = time.monotonic()
    check_examinable(name)
    tracker = load(name)
    made = time.time_ns() // 1000
    return TrackerVerdicts(
        tracker=name,
        vendor=tracker.vendor,
        version=vendor_version(tracker),
        taximeter=version("taximeter"),
        made=made,
        findings=_findings(tracker, facts, patience, on_fact),
        seconds=time.monotonic() - began,
        environment=capture_environment(),
        issues={str(number): address for number, address in tracker.issues.items()},
    )


def _findings(
    tracker: type[Tracker], facts: Sequence[Fact], patience: float, on_fact: Callable[[str], None]
) -> list[Finding]:
    if Feature.READ not in tracker.features:
        gap = gap_of(tracker, Feature.READ)
        return [_unsupported(fact, f"{gap.whose}: {gap.reason}") for fact in facts]
    with tempfile.TemporaryDirectory(prefix="taximeter-verdicts-", ignore_cleanup_errors=True) as folder:
        names = {fact.number: fact.name for fact in facts} | {CONTROL: "starting"}
        outcomes = _write(tracker, [fact.number for fact in facts], Path(folder), patience)
        done = {}
        for outcome in outcomes:
            on_fact(names[outcome.fact])
            done[outcome.fact] = outcome
        on_fact("reading them back")
        return list(_read([(fact, done[fact.number]) for fact in facts], patience))


def _write(tracker: type[Tracker], facts: list[int], folder: Path, patience: float) -> Iterator[_Outcome]:
    """Write facts, in as many processes as it takes; each process has a store of its own."""
    left, number = facts, 0
    while left:
        number += 1
        place = folder / f"store-{number}" / "work"
        place.mkdir(parents=True)
        store = Destination(tracker.name, tracker.location_in(place), str(place))
        for outcome in _write_in_one_process(store, left, patience):
            if outcome.fact == CONTROL:
                _check_control(tracker, outcome)
                continue
            left = [fact for fact in left if fact != outcome.fact]
            yield outcome


def _write_in_one_process(store: Destination, facts: list[int], patience: float) -> Iterator[_Outcome]:
    """Yield how each fact went, up to those that were being written when the process ended."""
    order = Order(store.tracker, store.location, tuple(facts))
    left, begun = {CONTROL, *facts}, {CONTROL}
    with _Worker(order, Path(store.folder)) as worker:
        while left:
            message = worker.next_message(patience)
            match message:
                case Begun(fact):
                    begun.add(fact)
                    continue
                case Written(fact):
                    yield _Outcome(fact, store, message)
                    begun.discard(fact)
                    left.discard(fact)
                case Died(share, how):
                    yield from _outcomes_of_death(store, begun & {*share}, left & {*share}, how)
                    left -= {*share}
                case str():
                    yield from _outcomes_of_death(store, begun, left, message)
                    return


def _outcomes_of_death(store: Destination, begun: set[int], left: set[int], how: str) -> Iterator[_Outcome]:
    """Yield the outcomes of the facts that were begun; where none was, of one of those that are left."""
    yield from (_Outcome(fact, store, None, how) for fact in sorted(begun) or sorted(left)[:1])


class _Worker:
    """A process that writes facts; it ends with the block."""

    def __init__(self, order: Order, folder: Path) -> None:
        self._order = order
        self._folder = folder

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "taximeter.verdicts.worker"],
            cwd=self._folder,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        orders = cast("IO[bytes]", self._process.stdin)
        orders.write(msgspec.json.encode(self._order) + b"\n")
        orders.flush()
        self._out = cast("IO[bytes]", self._process.stdout)
        self._unread = b""
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            cast("IO[bytes]", self._process.stdin).close()
            self._process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # whatever the vendor has started, too
        self._process.wait()
        self._out.close()
        self._log.close()

    def next_message(self, patience: float) -> Message | str:
        """Return the next message, or how the process ended without one."""
        deadline = time.monotonic() + patience
        with selectors.DefaultSelector() as selector:
            selector.register(self._out, selectors.EVENT_READ)
            while b"\n" not in self._unread:
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    os.killpg(self._process.pid, signal.SIGKILL)
                    return f"it hung: there was no answer within {patience:g} seconds"
                data = os.read(self._out.fileno(), 1 << 16)
                if not data:
                    return self._last_words()
                self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        message: Message = _DECODER.decode(line)
        return message

    def _last_words(self) -> str:
        how = how_it_died(self._process.wait())
        self._log.seek(0)
        words = redact(self._log.read().decode(errors="backslashreplace")[-500:].strip())
        return how + (f": {words}" if words else "")


def _check_control(tracker: type[Tracker], outcome: _Outcome) -> None:
    written = outcome.written
    problem = written.message if written else outcome.died
    if problem and not (written and written.problem == "unsupported"):
        raise TrackerError(f"{tracker.name} cannot write a run with one point: {problem}")


def _read(outcomes: Sequence[tuple[Fact, _Outcome]], patience: float) -> Iterator[Finding]:
    """Yield the finding about each fact; a store is opened anew after its reader failed."""
    with contextlib.ExitStack() as stack:
        opened: dict[Destination, Store] = {}
        for fact, outcome in outcomes:
            finding = _finding_without_reading(fact, outcome)
            if finding is None:
                if outcome.store not in opened:
                    opened[outcome.store] = stack.enter_context(Store(outcome.store, patience))
                written = cast("Written", outcome.written)
                try:
                    finding = _read_fact(fact, written, opened[outcome.store])
                except TrackerError as error:
                    del opened[outcome.store]
                    reason = f"not yet ours: it cannot be read ({error})"
                    finding = finding_of(fact, Verdict.UNSUPPORTED, reason=reason, said=_said(written))
            yield finding


def _finding_without_reading(fact: Fact, outcome: _Outcome) -> Finding | None:
    written = outcome.written
    if written is None:
        return finding_of(fact, Verdict.REFUSED, reason=outcome.died)
    if not written.problem:
        return None
    verdict = Verdict.UNSUPPORTED if written.problem == "unsupported" else Verdict.REFUSED
    return finding_of(fact, verdict, reason=written.message, said=_said(written))


def _read_fact(fact: Fact, written: Written, store: Store) -> Finding:
    """Return the finding about a fact that was written without an error.

    Raises:
        TrackerError: the reader failed.
    """
    try:
        return judge(fact, fact.read(Found(store, written.run_ids, written.notes)), _said(written))
    except Unsupported as error:
        return finding_of(fact, Verdict.UNSUPPORTED, reason=str(error), said=_said(written))
    except InputError as error:
        return finding_of(fact, Verdict.DROPPED, reason=str(error), said=_said(written))


def _said(written: Written) -> tuple[str, ...]:
    return tuple(redact(without_scratch(line)) for line in written.said)


def _unsupported(fact: Fact, reason: str) -> Finding:
    return finding_of(fact, Verdict.UNSUPPORTED, reason=reason)
