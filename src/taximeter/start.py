"""Where a training script comes in: `start_run`."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from taximeter.environments import check_version
from taximeter.journal.home import Home
from taximeter.run import WAIT_SECONDS, Run, begin, describe_start
from taximeter.store.address import parse_store


def start_run(
    *,
    trackers: Iterable[str] = (),
    experiment: str = "default",
    name: str | None = None,
    hypothesis: str | None = None,
    tags: Mapping[str, str] | None = None,
    folder: str | Path = ".",
    home: str | Path | None = None,
    keep_journal: bool = False,
    sync: bool = False,
    wait_seconds: float | None = WAIT_SECONDS,
) -> Run:
    """Start a run; use it as a context manager.

    The run is finished when the block ends, failed when it ends in an exception, and killed when the process
    ends without either.

    Args:
        trackers: installed trackers, each a name (``csv``) or a name and a location
            (``csv:results``).
        experiment: the group of runs it belongs to.
        name: a name for people; the first characters of its id where it is None.
        hypothesis: what the run is to find out.
        tags: as in `Run.set_tags`.
        folder: where trackers without a location have their usual stores.
        home: the journal folder; ``TAXIMETER_HOME``, else ``.taximeter``, where it is None.
        keep_journal: keep the journal when every store holds the run.
        sync: hand each event to the disk, not only to the operating system; it costs milliseconds a call.
        wait_seconds: how long the end of the ``with`` block waits for the stores; None does not wait.

    Raises:
        InputError: a tracker is not installed or cannot write with its vendor's version, or a text cannot be kept.
    """
    base = Path(folder).absolute()
    destinations = tuple(dict.fromkeys(parse_store(tracker, base) for tracker in trackers))
    for destination in destinations:
        check_version(destination.tracker)
    started = describe_start(experiment, name, hypothesis)
    place = Home(Path(home) if home else None)
    return begin(
        place, destinations, started, tags=tags, keep_journal=keep_journal, sync=sync, wait_seconds=wait_seconds
    )
