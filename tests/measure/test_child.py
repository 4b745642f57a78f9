"""A process that measures fails as one sentence, whatever happens to it."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from taximeter.errors import TrackerError
from taximeter.measure import child
from taximeter.measure.child import ask


class Order(msgspec.Struct, frozen=True):
    """What the worker of these tests is to do: a line of Python."""

    code: str


class Report(msgspec.Struct, frozen=True):
    """What it answers."""

    answer: int


WORKER = """
import sys
import msgspec
from taximeter.measure.child import answer_order
class Order(msgspec.Struct):
    code: str
class Report(msgspec.Struct):
    answer: int
def carry_out(order):
    exec(order.code, globals())
    return Report(42)
answer_order(Order, carry_out)
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what asks a worker that does as it is told."""
    (tmp_path / "obedient_worker.py").write_text(WORKER)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    return lambda code: ask("obedient_worker", Order(code), Report, folder=tmp_path)


def test_what_a_vendor_prints_is_no_answer(worker: Any, tmp_path: Path) -> None:
    """It is kept beside."""
    assert worker("print('a banner'); import os; os.write(1, b'noise')").answer == 42
    assert {"a banner", "noise"} <= set((tmp_path / "said").read_text().replace("noise", "\nnoise\n").splitlines())


def test_a_worker_that_raises_is_told_by_its_last_line(worker: Any) -> None:
    """Not by its traceback."""
    with pytest.raises(TrackerError) as raised:
        worker("raise RuntimeError('the vendor is out')")
    assert str(raised.value) == "RuntimeError: the vendor is out"


@pytest.mark.parametrize(
    "code", ["import os; os._exit(3)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
)
def test_a_worker_that_dies_without_a_word_is_told(worker: Any, code: str) -> None:
    """However it dies."""
    with pytest.raises(TrackerError, match="without a word"):
        worker(code)


def test_a_worker_that_goes_without_an_answer_is_told(worker: Any) -> None:
    """Its answer is missing, though it ended well."""
    with pytest.raises(TrackerError, match="no report"):
        worker("import os; os._exit(0)")


def test_a_secret_in_its_last_line_is_not(worker: Any) -> None:
    """It would stay in the results."""
    with pytest.raises(TrackerError) as raised:
        worker("raise RuntimeError('password=canary-0815')")
    assert "canary" not in str(raised.value)


def test_a_worker_that_hangs_is_ended_with_all_it_started(
    worker: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample counts as failed."""
    monkeypatch.setattr(child, "PATIENCE_SECONDS", 20.0)
    started = tmp_path / "started"
    code = (
        "import subprocess, time; helper = subprocess.Popen(['sleep', '60']); "
        f"open({str(started)!r}, 'w').write(str(helper.pid)); time.sleep(60)"
    )
    with pytest.raises(TrackerError, match="not done after 20 seconds"):
        worker(code)
    assert not _is_alive(int(started.read_text()))


def _is_alive(process: int) -> bool:
    """Tell whether a process is there a moment after it was killed."""
    for _ in range(100):
        if not psutil.pid_exists(process) or psutil.Process(process).status() == psutil.STATUS_ZOMBIE:
            return False
        time.sleep(0.05)
    os.kill(process, signal.SIGKILL)
    return True
