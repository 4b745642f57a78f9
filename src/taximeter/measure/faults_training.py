"""Follows a training through a fault: what it was told, what it logged, and whether it went on."""

import mmap
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import IO, cast

import msgspec
import psutil

from taximeter.measure.child import python_of
from taximeter.measure.faults_causes import Cause
from taximeter.measure.faults_worker import HUNG, POINTS, PROGRESS, UNSUPPORTED, Order, Stage, Word
from taximeter.measure.offspring import children_of, see_out
from taximeter.redact import redact

PATIENCE_SECONDS = 90.0
"""A training that neither logs a point nor says anything for so long hangs."""
_LOOK_SECONDS = 0.1
_LAST_SECONDS = 2.0
_LONGEST = 500
_PROBLEM = re.compile(
    r"(?i)error|exception|traceback|warn|fail|cannot|can't|could not|denied|no space|too large|refused|unreachable"
    r"|read-only|not saved|retry|tries again"
)


class Outcome(StrEnum):
    """Whether a training went on."""

    WENT_ON = "went on"
    RAISED = "met exceptions"
    HUNG = "hung"
    DIED = "died"


class Training:
    """One training of `faults_worker`, and all that is known of it.

    Args:
        order: for it.
        cause: of the fault.
        folder: in which it runs.
        warm_up: called before the fault, with the run's id.
    """

    def __init__(self, order: Order, cause: Cause, folder: Path, warm_up: Callable[[str], None]) -> None:
        self._order = order
        self._cause = cause
        self._folder = folder
        self._warm_up = warm_up
        self._began = self._ended = False
        self._deadline: float | None = None
        self._stage: Stage | None = None
        self._errors = bytearray()
        self._started: set[psutil.Process] = set()
        self._deaf_until = 0
        self.outcome = Outcome.WENT_ON
        self.at = ""
        self.run_id = ""
        self.longest = 0.0
        self.said: dict[str, str] = {}
        progress = Path(order.folder) / PROGRESS
        progress.write_bytes(bytes(POINTS))
        with progress.open("rb") as file:
            self._progress = mmap.mmap(file.fileno(), POINTS, access=mmap.ACCESS_READ)

    def carry_out(self) -> None:
        """Let it train, with the fault at its time, until it ends or hangs."""
        python = python_of(self._order.way, self._order.tracker)
        scratch = Path(self._order.folder) / "scratch"  # where vendors go that cannot write to the store
        scratch.mkdir()
        with subprocess.Popen(
            [python.path, "-P", "-m", "taximeter.measure.faults_worker"],
            cwd=self._folder,
            env=python.environment | {"TMPDIR": str(scratch)} | self._cause.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            self._process = process
            if self._cause.when == "from the start":
                self._begin()
            requests = cast("IO[bytes]", process.stdin)
            reader = Thread(target=self._collect, args=(process.stderr,), daemon=True)
            reader.start()
            try:
                _send(requests, msgspec.json.encode(self._order))
                for stage in self._stages():
                    self._act(stage)
                    _send(requests, b"")
            finally:
                with suppress(BrokenPipeError):  # it died, and what it was sent is still to be written
                    requests.close()
                self._see_off()
            reader.join(_LAST_SECONDS)  # what it started may hold the pipe for longer
        self._conclude()

    def numbers(self, *states: int) -> set[int]:
        """Return the points whose calls ended so."""
        return {number for number, state in enumerate(self._progress[:]) if state in states}

    def put_right(self) -> None:
        """End the fault, if it has begun and has not ended."""
        if self._began and not self._ended:
            self._ended = True
            self._cause.end()

    def hear(self, how: str, words: str) -> None:
        """Keep the first thing that was said in a way."""
        self.said.setdefault(how, redact(words)[:_LONGEST])

    def _begin(self) -> None:
        self._began = True
        self._deaf_until = len(self._errors)
        self._cause.begin(self._process.pid)
        if self._cause.seconds is not None:
            self._deadline = monotonic() + self._cause.seconds

    def _act(self, stage: Stage) -> None:
        """Begin or end the fault where the training has come to."""
        self._started |= children_of(self._process.pid, self._order.way)
        if stage == Stage.BEFORE and self._cause.when == "in the middle":
            self._warm_up(self.run_id)
            self._begin()
        elif stage == Stage.UNFINISHED:
            self.put_right()

    def _stages(self) -> Iterator[Stage]:
        """Yield the stages at which it waits for a line; it hangs where neither a word nor a point comes."""
        words: SimpleQueue[bytes] = SimpleQueue()
        Thread(target=_lines, args=(self._process.stdout, words), daemon=True).start()
        progress, patience = b"", monotonic() + PATIENCE_SECONDS
        while self._stage != Stage.DONE:
            if self._deadline and monotonic() > self._deadline:
                self.put_right()
            try:
                line = words.get(timeout=_LOOK_SECONDS)
            except Empty:
                if self._progress[:] != progress:
                    progress, patience = self._progress[:], monotonic() + PATIENCE_SECONDS
                if monotonic() > patience:
                    self._stop_at(Outcome.HUNG)
                    return
                continue
            if not line:
                self._stop_at(Outcome.DIED)
                return
            word = msgspec.json.decode(line, type=Word)
            if word.stage is None:
                self._heed(word)
            else:
                self._stage, self.longest = word.stage, word.longest
                self.run_id = self.run_id or word.run_id
                if word.stage != Stage.DONE:
                    yield word.stage
            patience = monotonic() + PATIENCE_SECONDS

    def _heed(self, word: Word) -> None:
        if word.how == HUNG:
            self._stop_at(Outcome.HUNG)
        elif word.how == "exception" and self.outcome == Outcome.WENT_ON:
            self._stop_at(Outcome.RAISED)
        if self._began or word.how in {"exception", HUNG, UNSUPPORTED}:
            self.hear(word.how, word.words)

    def _stop_at(self, outcome: Outcome) -> None:
        """Note that it does not simply go on, and where it is."""
        self.outcome = outcome
        if self._stage is None:
            self.at = "start"
        else:
            self.at = "a call" if 0 in self._progress[:] else "finish"

    def _see_off(self) -> None:
        """Wait for the end of the process, once the training is done; one that does not end by itself is ended."""
        if self._stage == Stage.DONE:
            try:
                self._process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                self.outcome, self.at = Outcome.HUNG, "exit"
            else:
                return
        self._kill()

    def _kill(self) -> None:
        """End it, and the fault, and then what it started, once that has had its time."""
        self._started |= children_of(self._process.pid, self._order.way)
        self._process.kill()
        self.put_right()
        see_out(self._started)

    def _collect(self, stream: IO[bytes]) -> None:
        with suppress(ValueError):  # it was closed meanwhile
            while data := os.read(stream.fileno(), 1 << 16):
                self._errors += data

    def _conclude(self) -> None:
        """Keep the first line of standard error, since the fault began, that speaks of a problem."""
        lines = bytes(self._errors[self._deaf_until :]).decode(errors="replace").splitlines()
        found = next((line.strip() for line in lines if _PROBLEM.search(line)), None)
        if found and self._began:
            self.hear("standard error", found)


def _send(stream: IO[bytes], line: bytes) -> None:
    with suppress(BrokenPipeError):  # it died, and what it says ends
        stream.write(line + b"\n")
        stream.flush()


def _lines(stream: IO[bytes], words: "SimpleQueue[bytes]") -> None:
    """Hand on each line, and an empty one at the end."""
    for line in stream:
        words.put(line)
    words.put(b"")
