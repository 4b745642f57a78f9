"""One run on its way from its journal to one store."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.errors import JournalError
from taximeter.events import Event, Finished, Started
from taximeter.imports import hiding
from taximeter.journal.folder import RunFolder
from taximeter.journal.receipt import Receipt
from taximeter.journal.segment import SegmentReader
from taximeter.tracker import Feature, Tracker

_DIFFERENCES_SHOWN = 20


class Delivery:
    """Follows a run's journal, writes what it says into the store, and proves in the end that it is there.

    An error leaves the delivery unusable; another one starts again from the first event.
    """

    def __init__(self, tracker: Tracker, folder: RunFolder) -> None:
        self._tracker = tracker
        self._folder = folder
        self._readers: dict[Path, SegmentReader] = {}
        self._dispatcher: Dispatcher | None = None
        self._finished = False
        self._events = 0
        self._seconds = dict.fromkeys(("open", "write", "finish"), 0.0)

    def step(self) -> Receipt | None:
        """Deliver what was logged since the last step.

        Returns:
            What became of the run, once it has ended and is delivered.
        """
        abandoned = not self._folder.has_owner()
        if abandoned:
            self._folder.mark_finished()
        self._drain()
        if not (self._finished or abandoned):
            return None
        self._drain()  # what other processes acknowledged just before the run ended
        return self._conclude()

    @property
    def events(self) -> int:
        """How many events have been delivered."""
        return self._events

    def close(self) -> None:
        """Let go of the vendor's run."""
        if self._dispatcher:
            self._dispatcher.close()

    def _drain(self) -> None:
        for segment in self._folder.segments():
            for batch in self._readers.setdefault(segment, SegmentReader(segment)).read_batches():
                self._write([event for _, event in batch])

    def _write(self, batch: list[Event]) -> None:
        if self._dispatcher is None:
            self._open(batch[0])
        began = perf_counter()
        if self._dispatcher:
            self._dispatcher.write(batch)
        self._seconds["write"] += perf_counter() - began
        self._finished |= any(isinstance(event, Finished) for event in batch)
        self._events += len(batch)

    def _open(self, event: Event) -> None:
        if not isinstance(event, Started):
            raise JournalError(f"the journal in {self._folder.path} does not say how its run began.")
        began = perf_counter()
        with _uncollected():
            try:
                with hiding(self._tracker.spared_imports):
                    self._dispatcher = Dispatcher(self._tracker, event, self._folder.artifacts)
            except ImportError:  # this release of the vendor's cannot do without them, or lacks something else
                self._dispatcher = Dispatcher(self._tracker, event, self._folder.artifacts)
        self._seconds["open"] = perf_counter() - began

    def _conclude(self) -> Receipt:
        if self._dispatcher is None:
            raise JournalError(f"the journal in {self._folder.path} is empty.")
        began = perf_counter()
        record = self._folder.record()
        self._dispatcher.settle(record)
        self._dispatcher.finish(record)
        finished = perf_counter()
        self._seconds["finish"] = finished - began
        if Feature.READ not in self._tracker.features:
            return self._receipt([])
        found = diff(record, self._tracker.read(record.run_id))
        self._seconds["verify"] = perf_counter() - finished
        return self._receipt([str(difference) for difference in found])

    def _receipt(self, differences: list[str]) -> Receipt:
        damaged = sum(reader.damaged for reader in self._readers.values())
        problem = f"{damaged} damaged lines of the journal were left out" if damaged else ""
        state = "verified" if Feature.READ in self._tracker.features else "kept nothing"
        if differences:
            problem = f"the store does not hold what was logged: {differences[0]}"
        return Receipt(
            state="differs" if differences else state,  # type: ignore[arg-type]
            events=self._events,
            problem=problem,
            differences=tuple(differences[:_DIFFERENCES_SHOWN]),
            seconds=self._seconds,
        )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no garbage in what a process's first run makes: importing a vendor makes many objects that stay."""
    if gc.get_freeze_count():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
