"""One training that dies: how it is started, when it is ended and by what, and what it was acknowledged."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from enum import Enum, StrEnum, auto
from pathlib import Path
from typing import Final

import msgspec
import psutil

from taximeter.errors import TrackerError
from taximeter.journal.home import Destination
from taximeter.measure.child import last_words, python_of, start
from taximeter.measure.crash_worker import RUN_ID, Order, Progress, Stage, read_progress
from taximeter.measure.offspring import children_of, see_out, session_of
from taximeter.measure.ways import Way

POINTS: Final = 1_500
"""So many are logged where nothing ends the training before."""
FEWEST_POINTS: Final = 100
MOST_POINTS: Final = POINTS // 2
"""A kill comes after so many points."""
PATIENCE_SECONDS: Final = 120.0
"""So long a start, or an end by itself, may take."""
_LOOK_SECONDS = 0.0005


class Death(StrEnum):
    """How a training ends."""

    KILL = "SIGKILL"
    TERM = "SIGTERM"
    GROUP = "SIGKILL to its group"
    FORGET = "no finish"
    FINISHING = "killed in finish"


class Outcome(Enum):
    """Whether it ended so: it did, or it was done before, or the signal did not end it."""

    DIED = auto()
    WAS_DONE = auto()
    WENT_ON = auto()


class Training:
    """One training of `crash_worker`.

    Args:
        way: how it logs.
        store: where to.
        folder: in which it runs, empty before.

    Attributes:
        left: names of processes that it had started, and that had to be ended long after it.
    """

    def __init__(self, way: Way, store: Destination, folder: Path) -> None:
        self._way = way
        self._store = store
        self._folder = folder
        self._started: set[psutil.Process] = set()
        self.left: list[str] = []

    @property
    def run_id(self) -> str:
        """The vendor's id of its run, or ours."""
        return (self._folder / RUN_ID).read_text()

    @property
    def progress(self) -> Progress:
        """How far it came."""
        return read_progress(self._folder)

    def live(self) -> float:
        """Let it finish its run, and return the seconds that this took.

        Raises:
            TrackerError: it did not.
        """
        self._train(self._order(_some_points(), finish=True))
        return self.progress.finish / 1e9

    def die(self, death: Death, finish: float) -> Outcome:
        """End it.

        Args:
            death: by what.
            finish: the seconds that finishing a run takes, for a death inside.

        Raises:
            TrackerError: it could not start, or ended by itself in an error.
        """
        match death:
            case Death.FORGET:
                self._train(self._order(_some_points()))
                return Outcome.DIED
            case Death.FINISHING:
                delay = random.uniform(0, finish)  # noqa: S311 - not a secret
                code = self._train(self._order(_some_points(), finish=True, dies_after=delay))
                is_inside = code == -signal.SIGALRM and self.progress.stage == Stage.LOGGED
                return Outcome.DIED if is_inside else Outcome.WAS_DONE
            case Death.TERM:
                code = self._train(self._order(POINTS), death)
                has_ended = code is not None and self.progress.stage == Stage.LOGGING
                return Outcome.DIED if has_ended else Outcome.WENT_ON
            case _:
                code = self._train(self._order(POINTS), death)
                return Outcome.DIED if code == -signal.SIGKILL else Outcome.WAS_DONE

    def _order(self, points: int, *, finish: bool = False, dies_after: float | None = None) -> Order:
        return Order(
            way=self._way,
            tracker=self._store.tracker,
            location=self._store.location,
            points=points,
            finish=finish,
            dies_after=dies_after,
        )

    def _train(self, order: Order, death: Death | None = None) -> int | None:
        """Start it, send it the signal of a death at work, and return its exit code; None where it did not end.

        Raises:
            TrackerError: it could not start, ended by itself in an error, or did not end by itself.
        """
        python = python_of(self._way, self._store.tracker)
        with start("taximeter.measure.crash_worker", python, self._folder) as process:
            if process.stdin:
                process.stdin.write(msgspec.json.encode(order) + b"\n")
                process.stdin.close()
            self._wait_for_points(process, 1)
            self._started |= children_of(process.pid, self._way)
            if death:
                self._wait_for_points(process, _some_points())
                self._started |= children_of(process.pid, self._way)
                _send(process, death)
            code = _wait(process)
            self._started |= session_of(process.pid)
        self.left = see_out(self._started)
        if not death and code is None:
            raise TrackerError(f"it did not end by itself within {PATIENCE_SECONDS:g} seconds")
        if not death and code:
            self._check_code(code, order)
        return code

    def _check_code(self, code: int, order: Order) -> None:
        """Raise where a training that nobody sent a signal ended otherwise than it was to."""
        if order.dies_after is None or code != -signal.SIGALRM:
            raise TrackerError(last_words(self._folder))

    def _wait_for_points(self, process: subprocess.Popen[bytes], points: int) -> None:
        """Wait until so many points are acknowledged."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.progress.acknowledged < points:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise TrackerError(last_words(self._folder))
            time.sleep(_LOOK_SECONDS)


def _send(process: subprocess.Popen[bytes], death: Death) -> None:
    with suppress(ProcessLookupError):
        match death:
            case Death.GROUP:
                os.killpg(process.pid, signal.SIGKILL)
            case Death.TERM:
                process.terminate()
            case _:
                process.kill()


def _some_points() -> int:
    """Return how many points come before the end, another number each time."""
    return random.randint(FEWEST_POINTS, MOST_POINTS)  # noqa: S311 - not a secret


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    """Wait for the end, and return the exit code; where it does not come, bring it about and return None."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(PATIENCE_SECONDS)
    process.kill()
    return None
