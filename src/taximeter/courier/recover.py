"""Delivers what earlier couriers left: runs whose courier died or gave up, and runs that were killed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from taximeter.courier.launch import await_receipts, ensure_couriers
from taximeter.environments import python_for
from taximeter.errors import InputError
from taximeter.journal.home import Destination, Home, Outbox
from taximeter.journal.receipt import Receipt


class Recovered(msgspec.Struct, frozen=True):
    """What became of one run in one store; no receipt means that the run is still being logged."""

    run_id: str
    destination: Destination
    receipt: Receipt | None


def recover(home: Home, *, on_recovered: Callable[[Recovered], None] = lambda _: None) -> list[Recovered]:
    """Deliver every run that some store still awaits, and wait until it is done.

    Args:
        home: the journal folder.
        on_recovered: called as each is done.

    Returns:
        What became of each; nothing where nothing was left.
    """
    awaited = [(outbox, run_id) for outbox in home.outboxes() for run_id in sorted(_reopen(home, outbox))]
    problems = {outbox.path: _problem(outbox) for outbox, _ in awaited}
    ensure_couriers({outbox.path: outbox for outbox, _ in awaited if not problems[outbox.path]}.values())
    done = []
    for recovered in _await_all(home, awaited, problems):
        on_recovered(recovered)
        done.append(recovered)
    return done


def _reopen(home: Home, outbox: Outbox) -> list[str]:
    """Make every run of an outbox pending again, and forget those whose journal somebody removed."""
    for run_id in (*outbox.pending(), *outbox.failed()):
        if not home.run(run_id).exists():
            outbox.forget(run_id)
    for run_id in outbox.failed():
        outbox.retry(run_id, home.run(run_id))
    return outbox.pending()


def _problem(outbox: Outbox) -> str:
    """Return why no courier can serve an outbox, which is no reason to leave the others alone."""
    try:
        python_for(outbox.destination.tracker)
    except InputError as error:
        return str(error)
    return ""


def _await_all(home: Home, awaited: list[tuple[Outbox, str]], problems: dict[Path, str]) -> Iterator[Recovered]:
    for outbox, run_id in awaited:
        destination, folder = outbox.destination, home.run(run_id)
        if problem := problems[outbox.path]:
            yield Recovered(run_id, destination, Receipt(state="failed", problem=problem))
        elif folder.has_owner() and not folder.is_finished():
            yield Recovered(run_id, destination, None)
        else:
            yield Recovered(run_id, destination, await_receipts(home, run_id, [destination])[destination])
