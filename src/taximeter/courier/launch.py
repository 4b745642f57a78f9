"""Starts couriers, and waits until they have delivered a run."""

import os
import subprocess
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from time import monotonic, sleep

from taximeter.environments import python_for
from taximeter.journal.home import Destination, Home, Outbox
from taximeter.journal.receipt import Receipt

_LAUNCHES = 3
_SHORTEST_PAUSE = 0.005
_LONGEST_PAUSE = 0.02
_LONGEST_LOG = 8 << 20

_STARTED: list[subprocess.Popen[bytes]] = []
"""What this process started and has not reaped: it may outlive us, but until then we must."""


def ensure_couriers(outboxes: Iterable[Outbox]) -> None:
    """Start a courier for each outbox that none serves.

    One process is started for all that share an interpreter, and forks: the caller waits for one start only,
    and what couriers import before they meet a vendor is imported once.
    An outbox's lock is taken here and handed down, so there is no moment at which a courier could be missed.
    """
    with ExitStack() as stack:
        locks: dict[str, dict[Outbox, int]] = {}
        for outbox in outboxes:
            lock = outbox.take()
            if lock is not None:
                stack.callback(os.close, lock)
                locks.setdefault(python_for(outbox.destination.tracker), {})[outbox] = lock
        for python, taken in locks.items():
            _start(python, taken)


def _start(python: str, locks: dict[Outbox, int]) -> None:
    """Start couriers; what goes wrong before they part is in the log of the first."""
    for outbox in locks:
        if outbox.log.exists() and outbox.log.stat().st_size > _LONGEST_LOG:
            outbox.log.replace(outbox.log.with_suffix(".old"))
    first = next(iter(locks))
    given = [f"{lock}:{outbox.path}" for outbox, lock in locks.items()]
    with first.log.open("ab") as log:
        started = subprocess.Popen(
            # -P: a file of the user's must not stand in for a module of the vendor's
            [python, "-P", "-m", "taximeter.courier", *given],
            cwd=first.path,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
            pass_fds=tuple(locks.values()),
        )
    _STARTED[:] = [process for process in (*_STARTED, started) if process.poll() is None]


def await_receipts(
    home: Home,
    run_id: str,
    destinations: Iterable[Destination],
    *,
    timeout: float | None = None,
    on_receipt: Callable[[Destination, Receipt], None] | None = None,
) -> dict[Destination, Receipt]:
    """Wait until every store has been given the run, or its courier gave up.

    A courier that died is started again, at most twice.

    Args:
        home: the journal folder.
        run_id: our id of the run.
        destinations: the stores.
        timeout: seconds after which the stores that are not done yet are left out; None waits for them.
        on_receipt: called as each store is done.

    Returns:
        The receipts by store.
    """
    wanted = list(destinations)
    open_ones = dict.fromkeys(wanted, _LAUNCHES - 1)
    receipts: dict[Destination, Receipt] = {}
    deadline = None if timeout is None else monotonic() + timeout
    pause = _SHORTEST_PAUSE
    while open_ones:
        is_last = deadline is not None and monotonic() >= deadline
        for destination in list(open_ones):
            receipt = _look(home, run_id, destination, open_ones)
            if receipt:
                del open_ones[destination]
                receipts[destination] = receipt
                if on_receipt:
                    on_receipt(destination, receipt)
        if is_last:
            break
        if open_ones:
            sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
    return {destination: receipts[destination] for destination in wanted if destination in receipts}


def _look(home: Home, run_id: str, destination: Destination, launches: dict[Destination, int]) -> Receipt | None:
    """Return the receipt if it is there; else see to it that a courier is at work."""
    outbox = home.outbox(destination)
    alive = outbox.has_courier()  # asked first: what a courier leaves when it ends is then seen
    receipt = home.receipt(run_id, destination)
    if receipt or alive:
        return receipt
    if not launches[destination]:
        return Receipt(state="failed", problem=f"the courier ended before it was done; see {outbox.log}")
    launches[destination] -= 1
    ensure_couriers([outbox])
    return None
