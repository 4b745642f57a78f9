"""Reads a store without meeting its vendor: a process of its own does."""

import contextlib
import logging
import subprocess
import tempfile
from pathlib import Path
from threading import Timer
from types import TracebackType
from typing import IO, Any, Self, cast

import msgspec

from taximeter import errors
from taximeter.environments import python_for
from taximeter.journal.home import Destination
from taximeter.record import RunRecord
from taximeter.redact import redact
from taximeter.store.server import Answer, Request
from taximeter.tracker import RunSummary
from taximeter.values import unpack

_LAST_WORDS = 2000

_logger = logging.getLogger(__name__)


class Store:
    """A tracker's store, open for reading; use it as a context manager.

    Args:
        destination: the store.
        patience: seconds after which a read is given up; none is where it is None.

    Every method raises `InputError` where the store has no such thing, `Unsupported` where the tracker cannot
    be read, and `TrackerError` where its software fails.

    Attributes:
        warnings: what was read around, such as damage; each is logged too.
    """

    def __init__(self, destination: Destination, patience: float | None = None) -> None:
        self.destination = destination
        self._patience = patience
        self.warnings: list[str] = []

    def __enter__(self) -> Self:
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            [python_for(self.destination.tracker), "-P", "-m", "taximeter.store.server"],
            cwd=self.destination.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)
        self._requests.write(msgspec.json.encode(self.destination) + b"\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(BrokenPipeError):  # it has died already
            self._process.communicate()
        self._log.close()

    def runs(self) -> list[RunSummary]:
        """Return every run of the store, oldest first."""
        return msgspec.json.decode(self._ask(Request("runs")), type=list[RunSummary])

    def read(self, run_id: str, *, native: bool = False) -> RunRecord:
        """Read a run; see `taximeter.tracker.Tracker.read`."""
        return RunRecord.from_bytes(self._ask(Request("run", run_id, native)))

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read the last point of a metric; see `taximeter.tracker.Tracker.read_last`."""
        value, step = msgspec.json.decode(self._ask(Request("last", run_id, key=key)), type=tuple[Any, Any])
        return unpack(value), unpack(step)

    def copy_artifact(self, run_id: str, path: str, target: Path) -> None:
        """Copy an artifact's bytes to the file `target`."""
        self._ask(Request("artifact", run_id, path=path, target=str(target)))

    def size(self) -> int:
        """Return the bytes that the store takes on this machine."""
        return msgspec.json.decode(self._ask(Request("size")), type=int)

    def _ask(self, request: Request) -> bytes:
        if self._patience is None:
            return self._answer_to(request)
        timer = Timer(self._patience, self._process.kill)
        timer.start()
        try:
            return self._answer_to(request)
        finally:
            timer.cancel()

    def _answer_to(self, request: Request) -> bytes:
        try:
            self._requests.write(msgspec.json.encode(request) + b"\n")
            self._requests.flush()
            header = self._answers.readline()
        except BrokenPipeError:
            header = b""
        if not header:
            raise self._failed()
        answer = msgspec.json.decode(header, type=Answer)
        self._warn(answer.warnings)
        if answer.error:
            raise getattr(errors, answer.error)(redact(answer.message))
        body = self._answers.read(answer.size)
        if len(body) != answer.size:
            raise self._failed()
        return body

    def _warn(self, messages: list[str]) -> None:
        """Hand on what the reader warned of, each warning once."""
        for message in map(redact, messages):
            if message not in self.warnings:
                self.warnings.append(message)
                _logger.warning("%s", message)

    def _failed(self) -> errors.TrackerError:
        return errors.TrackerError(f"reading {redact(str(self.destination))} failed: {self._last_words()}")

    def _last_words(self) -> str:
        self._log.seek(0)
        return redact(self._log.read().decode(errors="backslashreplace")[-_LAST_WORDS:].strip())
