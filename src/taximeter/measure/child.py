"""Has a process of its own carry out an order, and returns its report."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import msgspec

from taximeter.environments import check_version, python_for
from taximeter.errors import TrackerError
from taximeter.measure.ways import HIDDEN, Way
from taximeter.plugins import load, tracker_name
from taximeter.redact import redact
from taximeter.requirements import strangers_to

PATIENCE_SECONDS: Final = 600.0
"""After so long a process is ended, and what it measured counts as failed."""

O = TypeVar("O", bound=msgspec.Struct)  # noqa: E741 - an order
R = TypeVar("R", bound=msgspec.Struct)


class Python(NamedTuple):
    """An interpreter, and the modules that it is not to find."""

    path: str = sys.executable
    hidden: tuple[str, ...] = ()

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a process that it runs."""
        return os.environ | {HIDDEN: " ".join(self.hidden)}


_OURS: Final = Python()


def python_of(way: Way, tracker: str) -> Python:
    """Return the interpreter that logs on a way: the vendor's own where the vendor is met.

    A vendor that shares an environment with others finds what it would in one of its own.

    Raises:
        InputError: the way is ours, and the adapter cannot write with this version of the vendor.
    """
    if way != "vendor":
        check_version(tracker)
        return _OURS if way == "interface" else Python(python_for(tracker))
    vendor = load(tracker).vendor
    is_shared = vendor and tracker_name(tracker) == tracker
    return Python(python_for(tracker), strangers_to(vendor) if is_shared else ())


def ask(
    module: str,
    order: msgspec.Struct,
    answer: type[R],
    *,
    folder: Path,
    python: Python = _OURS,
    prefix: Sequence[str] = (),
    watch: Callable[[int], AbstractContextManager[object]] = lambda _: nullcontext(),
) -> R:
    """Run a module that calls `answer_order`, in a folder.

    Args:
        module: its name.
        order: for its standard input.
        answer: the type of its report.
        folder: the current folder of the process; `said` in it gets what is printed.
        python: the interpreter.
        prefix: a command that the interpreter is started with.
        watch: given the process's id, returns what is entered while it works.

    Raises:
        TrackerError: it failed, or was not done in time; the message ends with its last line.
    """
    with (
        start(module, python, folder, prefix) as process,
        watch(process.pid),
    ):
        try:
            output, _ = process.communicate(msgspec.json.encode(order) + b"\n", PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise TrackerError(f"it was not done after {PATIENCE_SECONDS:g} seconds") from None
    if process.returncode:
        raise TrackerError(last_words(folder))
    if not output:
        raise TrackerError(f"it ended with no report: {last_words(folder)}")
    return msgspec.json.decode(output, type=answer)


def start(module: str, python: Python, folder: Path, prefix: Sequence[str] = ()) -> subprocess.Popen[bytes]:
    """Start a module that waits for its order, in a process group of its own."""
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(
            [*prefix, python.path, "-P", "-m", module],
            cwd=folder,
            env=python.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            start_new_session=True,
        )


def last_words(folder: Path) -> str:
    """Return the last line that a process in this folder printed."""
    lines = (folder / "said").read_text(errors="replace").strip().splitlines()
    return redact(lines[-1]) if lines else "the process ended without a word"


def answer_order(order: type[O], carry_out: Callable[[O], msgspec.Struct]) -> None:
    """Read an order, carry it out, and write the report; what a vendor prints goes to standard error."""
    given = msgspec.json.decode(sys.stdin.buffer.readline(), type=order)
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        out.write(msgspec.json.encode(carry_out(given)) + b"\n")


def settle(run: object) -> None:
    """Wait until the stores hold a run of the interface; any other run is there already.

    Raises:
        TrackerError: one of them does not hold it.
    """
    wait = getattr(run, "wait", None)
    problems = [receipt.problem for receipt in wait().values() if receipt.problem] if wait else []
    if problems:
        raise TrackerError(problems[0])
