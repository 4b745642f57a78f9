"""What a training leaves running has time to end, and is ended after that."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

import psutil
import pytest

from taximeter.measure import offspring
from taximeter.measure.offspring import children_of, see_out, session_of
from taximeter.measure.ways import Way

PARENT = """
import subprocess, sys
own = sys.argv[2] == "own session"
code = f"import time; time.sleep({sys.argv[1]})"
print(subprocess.Popen([sys.executable, "-c", code], start_new_session=own).pid, flush=True)
sys.stdin.read()
"""


@contextmanager
def parent_of(seconds: float, session: str = "its session") -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a process with a session of its own and a child that runs for some seconds; yield it and the child."""
    command = [sys.executable, "-c", PARENT, str(seconds), session]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout
        child = psutil.Process(int(process.stdout.readline()))
        try:
            yield process, child.pid
        finally:
            process.kill()
            if child.is_running():
                child.kill()


def test_a_child_that_outlives_its_parent_has_time_to_end() -> None:
    """It is waited for, and not ended."""
    with parent_of(1.0) as (process, child):
        started = children_of(process.pid, "vendor")
        assert {each.pid for each in started} == {child}
        process.kill()
        process.wait()
        assert see_out(started) == []
        assert not _is_at_work(child)


def test_a_child_that_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time, and by its name."""
    monkeypatch.setattr(offspring, "SETTLE_SECONDS", 0.2)
    with parent_of(600.0) as (process, child):
        started, name = children_of(process.pid, "vendor"), psutil.Process(child).name()
        process.kill()
        began = monotonic()
        assert see_out(started) == [name]
        assert monotonic() - began < 60
        _wait_until_gone(child)


def test_what_a_dead_process_left_is_found_by_its_session() -> None:
    """Its parent is another one by then."""
    with parent_of(600.0) as (process, child):
        process.kill()
        process.wait()
        assert {each.pid for each in session_of(process.pid)} == {child}
        assert children_of(process.pid, "vendor") == set()


@pytest.mark.parametrize(("way", "is_found"), [("vendor", True), ("interface", False)])
def test_a_courier_is_left_out(way: Way, *, is_found: bool) -> None:
    """It has a session of its own, as some vendors' services have."""
    with parent_of(600.0, "own session") as (process, child):
        assert {each.pid for each in children_of(process.pid, way)} == ({child} if is_found else set())


def test_a_process_that_waits_to_be_reaped_has_ended() -> None:
    """Nobody waits for it."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    process = psutil.Process(child.pid)
    while process.status() != psutil.STATUS_ZOMBIE:
        sleep(0.01)
    began = monotonic()
    assert see_out([process]) == []
    assert monotonic() - began < 60
    child.wait()


def _is_at_work(process: int) -> bool:
    return psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE


def _wait_until_gone(process: int) -> None:
    for _ in range(1000):
        if not _is_at_work(process):
            return
        sleep(0.01)
    os.kill(process, 9)
    pytest.fail("it goes on")
