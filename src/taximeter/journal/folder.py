"""The folder of one run: its segments, its artifacts, and what each store has acknowledged of it."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from heapq import merge
from operator import itemgetter
from pathlib import Path

from taximeter.errors import JournalError
from taximeter.events import Event, Finished, MetricsLogged, Started, fold
from taximeter.journal.segment import SegmentReader, SegmentWriter, has_writer
from taximeter.record import RunRecord


class RunFolder:
    """Where a run keeps its journal.

    ```
    segments/00000.jsonl   by the process that started the run; 00001… by others that log to it
    artifacts/<sha256>     the bytes of its artifacts
    receipts/<store>.json  what became of the run in each store
    finished               there once the run has ended; what other processes log afterwards is refused
    keep                   there if the journal is to stay when every store holds the run
    ```
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.artifacts = path / "artifacts"
        self.receipts = path / "receipts"
        self._segments = path / "segments"
        self._finished = path / "finished"
        self._keep = path / "keep"

    @property
    def run_id(self) -> str:
        """Our id of the run."""
        return self.path.name

    def create(self, *, keep_journal: bool = False) -> None:
        """Make the folder of a run that begins."""
        for folder in (self._segments, self.artifacts, self.receipts):
            folder.mkdir(parents=True, mode=0o700)
        if keep_journal:
            self._keep.touch()

    def open_segment(self, *, sync: bool) -> SegmentWriter:
        """Begin the next segment."""
        place = sum(1 for _ in self._segments.iterdir())
        while True:
            with suppress(FileExistsError):
                return SegmentWriter(self._segments / f"{place:05}.jsonl", sync=sync)
            place += 1

    def segments(self) -> list[Path]:
        """Return the segments in the order in which they were begun."""
        return sorted(self._segments.glob("*.jsonl"))

    def mark_finished(self) -> None:
        """Refuse what other processes log from now on."""
        self._finished.touch()

    def is_finished(self) -> bool:
        """Tell whether the run has been finished."""
        return self._finished.exists()

    def has_owner(self) -> bool:
        """Tell whether the process that started the run, and alone can finish it, is alive."""
        return any(map(has_writer, self.segments()[:1]))

    def exists(self) -> bool:
        """Tell whether the journal is still there."""
        return self._segments.exists()

    def events(self) -> Iterator[Event]:
        """Yield every event in the order in which it was written, whichever process wrote it.

        For a run that was killed, `Finished` is added at the end.
        """
        has_owner, seen, finished = self.has_owner(), None, False
        segments = [SegmentReader(segment).read_timed() for segment in self.segments()]
        for _, event in merge(*segments, key=itemgetter(0)):
            finished |= isinstance(event, Finished)
            if isinstance(event, (Started, MetricsLogged)):
                seen = event.time if seen is None else max(seen, event.time)
            yield event
        if seen is not None and not has_owner and not finished:
            yield Finished("killed", seen)

    def record(self) -> RunRecord:
        """Return the record that the journal adds up to.

        Raises:
            JournalError: it is gone, or does not say how the run began.
        """
        try:
            if self.exists():
                return fold(self.events())
        except FileNotFoundError:  # it was removed meanwhile
            pass
        except ValueError as error:
            if self.exists():
                raise JournalError(f"the journal in {self.path} does not say how its run began.") from error
        raise JournalError(f"the journal of run {self.run_id} is gone: every store holds the run.")

    def keeps_journal(self) -> bool:
        """Tell whether the journal is to stay when every store holds the run."""
        return self._keep.exists()

    def remove_journal(self) -> None:
        """Remove what every store now holds, unless it is to be kept; the receipts stay."""
        if self.keeps_journal():
            return
        removed = self.path / "removed"
        with suppress(OSError):
            self._segments.rename(removed)  # at once: who reads it meanwhile meets all of it or nothing
        for folder in (removed, self._segments, self.artifacts):
            shutil.rmtree(folder, ignore_errors=True)
