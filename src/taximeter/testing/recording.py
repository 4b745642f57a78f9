"""Records a run straight with an adapter, without a journal or a courier."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from taximeter.courier.dispatch import Dispatcher
from taximeter.events import Event, Started, fold
from taximeter.record import RunRecord
from taximeter.tracker import Tracker


class StagedRun(msgspec.Struct, frozen=True):
    """A run that is to be recorded: its events, the first of them `Started`, and its artifacts' bytes."""

    events: tuple[Event, ...]
    contents: tuple[bytes, ...] = ()

    @property
    def record(self) -> RunRecord:
        """The record that every store must give back."""
        return fold(self.events)


def record_run(tracker: Tracker, run: StagedRun, folder: Path, *, batch: int = 500) -> RunRecord:
    """Record `run` as a courier would, in batches of events; `folder` is for its artifacts.

    Returns:
        The record that the store must now give back.
    """
    started = run.events[0]
    if not isinstance(started, Started):
        raise TypeError("a run begins with Started")
    stage(run.contents, folder)
    dispatcher = Dispatcher(tracker, started, folder)
    for start in range(0, len(run.events), batch):
        dispatcher.write(run.events[start : start + batch])
    record = run.record
    dispatcher.finish(record)
    return record


def stage(contents: Sequence[bytes], folder: Path) -> None:
    """Write each of `contents` into `folder` under its sha256."""
    folder.mkdir(parents=True, exist_ok=True)
    for content in contents:
        (folder / sha256(content).hexdigest()).write_bytes(content)
