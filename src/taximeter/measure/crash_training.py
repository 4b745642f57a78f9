"""One training that dies: how it is started, when it is ended and by what, and what it was acknowledged."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec
import psutil

from taximeter.errors import TrackerError
from taximeter.journal.home import Destination
from taximeter.measure.child import last_words, offspring, python_of, see_out, start
from taximeter.measure.crash_worker import RUN_ID, Order, Progress, Stage, read_progress
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


class Training:
    """One training of `crash_worker`.

    Args:
        way: how it logs.
        store: where to.
        folder: in which it runs, empty before.

    Attributes:
        ended: names of processes that it had started, and that had to be ended long after it.
    """

    def __init__(self, way: Way, store: Destination, folder: Path) -> None:
        self._way = way
        self._store = store
        self._folder = folder
        self._offspring: set[psutil.Process] = set()
        self.ended: list[str] = []

    @property
    def run_id(self) -> str:
        """The vendor's id of its run, or ours."""
        return (self._folder / RUN_ID).read_text()

    @property
    def progress(self) -> Progress:
        """How far it came."""
        return read_progress(self._folder)

    def live(self) -> float:
        """Let it finish its run, and return the seconds that this took."""
        self._train(_some_points(), finish=True)
        return self.progress.finish

    def die(self, death: Death, finish: float = 0.0) -> bool:
        """End it.

        Args:
            death: by what.
            finish: the seconds that finishing a run takes, for a death inside.

        Returns:
            Whether it died of that: it may have gone on, or been done already.
        """
        match death:
            case Death.FORGET:
                self._train(_some_points())
                return True
            case Death.FINISHING:
                delay = random.uniform(0, finish)  # noqa: S311 - not a secret
                code = self._train(_some_points(), finish=True, dies_after=delay)
                return code == -signal.SIGALRM and self.progress.stage == Stage.LOGGED
            case Death.TERM:
                self._train(POINTS, death=death)
                return self.progress.stage == Stage.LOGGING
            case _:
                return self._train(POINTS, death=death) == -signal.SIGKILL

    def _train(
        self, points: int, *, finish: bool = False, dies_after: float | None = None, death: Death | None = None
    ) -> int:
        """Start it, end it where it is to be ended at work, and return its exit code."""
        order = Order(
            way=self._way,
            tracker=self._store.tracker,
            location=self._store.location,
            points=points,
            finish=finish,
            dies_after=dies_after,
        )
        python = python_of(self._way, self._store.tracker)
        with start("taximeter.measure.crash_worker", python, self._folder) as process:
            if process.stdin:
                process.stdin.write(msgspec.json.encode(order) + b"\n")
                process.stdin.close()
            self._wait_until_it_logs(process)
            self._offspring |= offspring(process.pid, self._way)
            if death:
                self._wait_until_its_time(process)
                self._offspring |= offspring(process.pid, self._way)
                _end(process, death)
            code = _wait(process)
        self.ended = see_out(self._offspring)
        return code

    def _wait_until_it_logs(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.progress.acknowledged < 1:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise TrackerError(last_words(self._folder))
            time.sleep(_LOOK_SECONDS)

    def _wait_until_its_time(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for some points, another number each time."""
        goal, deadline = _some_points(), time.monotonic() + PATIENCE_SECONDS
        while self.progress.acknowledged < goal and process.poll() is None and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)


def _end(process: subprocess.Popen[bytes], death: Death) -> None:
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


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end, which is brought about where it does not come, and return the exit code."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(PATIENCE_SECONDS)
    process.kill()
    return process.wait()
