"""Starts couriers, and waits until they have delivered a run."""

import os
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from time import monotonic, sleep

from taximeter.environments import python_for
from taximeter.journal.home import Destination, Home, Outbox
from taximeter.journal.receipt import Receipt

_LAUNCHES = 3
_SHORTEST_PAUSE = 0.005
_LONGEST_PAUSE = 0.1
_LONGEST_LOG = 8 << 20

_STARTED: dict[Path, subprocess.Popen[bytes]] = {}
"""The last courier that this process started for an outbox: it may outlive us, but until then we must reap it."""


def ensure_courier(outbox: Outbox) -> None:
    """Start a courier for the outbox unless one serves it.

    It has a session of its own, so neither Ctrl-C nor the end of the trainer's process group reaches it, and
    what the vendor prints goes to the outbox's log.
    """
    if has_courier(outbox):
        return
    if outbox.log.exists() and outbox.log.stat().st_size > _LONGEST_LOG:
        outbox.log.replace(outbox.log.with_suffix(".old"))
    with outbox.log.open("ab") as log:
        courier = subprocess.Popen(
            # -P: a file of the user's must not stand in for a module of the vendor's
            [python_for(outbox.destination.tracker), "-P", "-m", "taximeter.courier", str(outbox.path)],
            cwd=_folder_of(outbox),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
    _STARTED[outbox.path] = courier


def _folder_of(outbox: Outbox) -> Path:
    """Return the folder that the location is relative to, or one that exists where that is gone."""
    folder = Path(outbox.destination.folder)
    return folder if folder.is_dir() else outbox.path


def has_courier(outbox: Outbox) -> bool:
    """Tell whether a courier serves the outbox, or is about to: it takes the lock a moment after its start."""
    if outbox.has_courier():
        return True
    started = _STARTED.get(outbox.path)
    return started is not None and started.poll() is None and outbox.courier() != started.pid


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
    while open_ones and (deadline is None or monotonic() < deadline):
        for destination in list(open_ones):
            receipt = _look(home, run_id, destination, open_ones)
            if receipt:
                del open_ones[destination]
                receipts[destination] = receipt
                if on_receipt:
                    on_receipt(destination, receipt)
        if open_ones:
            sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
    return {destination: receipts[destination] for destination in wanted if destination in receipts}


def _look(home: Home, run_id: str, destination: Destination, launches: dict[Destination, int]) -> Receipt | None:
    """Return the receipt if it is there; else see to it that a courier is at work."""
    outbox = home.outbox(destination)
    alive = has_courier(outbox)  # asked first: what a courier leaves when it ends is then seen
    receipt = home.receipt(run_id, destination)
    if receipt or alive:
        return receipt
    if not launches[destination]:
        return Receipt(state="failed", problem=f"the courier ended before it was done; see {outbox.log}")
    launches[destination] -= 1
    ensure_courier(outbox)
    return None
