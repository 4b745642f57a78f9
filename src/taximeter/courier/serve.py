"""The courier's loop: serves every run of one outbox until nothing is left to deliver."""

import faulthandler
import logging
from time import monotonic, sleep

from taximeter.courier.delivery import Delivery
from taximeter.errors import JournalError
from taximeter.journal.home import Home, Outbox
from taximeter.journal.receipt import Receipt
from taximeter.plugins import load
from taximeter.redact import redact
from taximeter.tracker import Tracker

LINGER_SECONDS = 1.0
RETRY_AFTER_SECONDS = (0.5, 2.0)
CLOSE_SECONDS = 60.0
_LONGEST_RETRY = 60.0
_SHORTEST_PAUSE = 0.002
_LONGEST_PAUSE = 0.05

logger = logging.getLogger(__name__)


def serve(outbox: Outbox, home: Home, lock: int | None) -> None:
    """Deliver what is pending until nothing is, and let the lock go, which was taken for this.

    Whoever adds a run looks for a courier afterwards, and a courier that let its lock go looks for runs once
    more, so no run is left without one.
    """
    while lock is not None:
        outbox.sign()
        _Courier(outbox, home).work()
        outbox.release(lock)
        lock = outbox.take() if outbox.pending() else None


class _Attempt:
    """A run that is being delivered: the delivery, how often it failed, and when it may be tried again."""

    def __init__(self) -> None:
        self.delivery: Delivery | None = None
        self.failures = 0
        self.not_before = 0.0


class _Courier:
    def __init__(self, outbox: Outbox, home: Home) -> None:
        self._outbox = outbox
        self._home = home
        self._tracker: Tracker | None = None
        self._attempts: dict[str, _Attempt] = {}
        self._untold: set[str] = set()

    def work(self) -> None:
        """Step through the pending runs, and linger a little for the next run when none is left.

        Raises:
            JournalError: the journal folder could not be told what became of some runs; they are still pending.
        """
        pause, last_busy = _SHORTEST_PAUSE, monotonic()
        while monotonic() - last_busy < LINGER_SECONDS:
            pending = [run_id for run_id in self._outbox.pending() if run_id not in self._untold]
            progress = [self._step(run_id) for run_id in pending]
            if pending:
                last_busy = monotonic()
            pause = _SHORTEST_PAUSE if any(progress) else min(pause * 2, _LONGEST_PAUSE)
            sleep(pause)
        if self._untold:
            raise JournalError(
                f"what became of {len(self._untold)} runs could not be written to the journal folder."
            )

    def _step(self, run_id: str) -> bool:
        """Deliver what is new of a run; tell whether anything was."""
        attempt = self._attempts.setdefault(run_id, _Attempt())
        if monotonic() < attempt.not_before:
            return False
        try:
            return self._deliver(run_id, attempt)
        except Exception as error:  # a vendor may raise anything; it is told in the receipt
            logger.exception("run %s", run_id)
            self._give_way(run_id, attempt, error)
            return False

    def _deliver(self, run_id: str, attempt: _Attempt) -> bool:
        if attempt.delivery is None:
            attempt.delivery = Delivery(self._open_tracker(), self._home.run(run_id))
        before = attempt.delivery.events
        receipt = attempt.delivery.step()
        if receipt:
            self._settle(run_id, receipt)
        return attempt.delivery.events > before

    def _open_tracker(self) -> Tracker:
        if self._tracker is None:
            destination = self._outbox.destination
            self._tracker = load(destination.tracker)(destination.location)
        return self._tracker

    def _give_way(self, run_id: str, attempt: _Attempt, error: Exception) -> None:
        """Try again later; give up when that has not helped and the run has ended."""
        self._abandon(attempt)
        folder = self._home.run(run_id)
        if attempt.failures >= len(RETRY_AFTER_SECONDS) and (folder.is_finished() or not folder.has_owner()):
            problem = redact(f"{type(error).__name__}: {error}")
            try:
                self._settle(run_id, Receipt(state="failed", problem=problem))
            except OSError:  # the other runs shall not suffer from it
                logger.exception("receipt of run %s", run_id)
                self._untold.add(run_id)
            return
        attempt.not_before = monotonic() + _retry_after(attempt.failures)
        attempt.failures += 1

    def _abandon(self, attempt: _Attempt) -> None:
        """Let go of the vendor's run; where that never ends, this process does, and leaves the run to the next.

        The watch needs no lock of Python's, which a vendor that hangs may hold.
        """
        faulthandler.dump_traceback_later(CLOSE_SECONDS, exit=True)
        if attempt.delivery:
            try:
                attempt.delivery.close()
            except Exception:  # the vendor has failed already
                logger.exception("close")
        attempt.delivery = None
        faulthandler.cancel_dump_traceback_later()

    def _settle(self, run_id: str, receipt: Receipt) -> None:
        folder = self._home.run(run_id)
        self._outbox.settle(run_id, receipt, folder)
        self._attempts.pop(run_id, None)
        if not self._home.awaited(run_id):
            folder.remove_journal()


def _retry_after(failures: int) -> float:
    """Return the seconds until the next attempt: a live run is tried again for as long as it lives."""
    if failures < len(RETRY_AFTER_SECONDS):
        return RETRY_AFTER_SECONDS[failures]
    return min(RETRY_AFTER_SECONDS[-1] * 2.0 ** (failures - 1), _LONGEST_RETRY)
