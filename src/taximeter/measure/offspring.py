"""What a training leaves running when it ends, such as a vendor's service that still writes."""

import os
from collections.abc import Iterable
from contextlib import suppress
from time import monotonic, sleep
from typing import Final

import psutil

from taximeter.measure.ways import Way

SETTLE_SECONDS: Final = 120.0
"""So long after the end of a training what it started, or a courier, may still write to the store."""
_LOOK_SECONDS = 0.05


def children_of(process: int, way: Way) -> set[psutil.Process]:
    """Return what a living process started, and all that this started in turn, without couriers."""
    try:
        found = psutil.Process(process).children(recursive=True)
    except psutil.NoSuchProcess:
        return set()
    return {each for each in found if way == "vendor" or _session_of(each.pid) == _session_of(process)}


def session_of(leader: int) -> set[psutil.Process]:
    """Return what is left of the session that a process had led, whoever its parents are now."""
    found = set()
    for process in psutil.pids():
        if process != leader and _session_of(process) == leader:
            with suppress(psutil.NoSuchProcess):
                found.add(psutil.Process(process))
    return found


def see_out(processes: Iterable[psutil.Process]) -> list[str]:
    """Give processes as long as a courier has, end those that are left, and return their names."""
    left, deadline = [*processes], monotonic() + SETTLE_SECONDS
    while left := [each for each in left if _is_at_work(each)]:
        if monotonic() > deadline:
            break
        sleep(_LOOK_SECONDS)
    names = []
    for process in left:
        with suppress(psutil.NoSuchProcess):
            names.append(process.name())
            process.kill()
    return sorted(names)


def _session_of(process: int) -> int | None:
    with suppress(ProcessLookupError, PermissionError):
        return os.getsid(process)
    return None


def _is_at_work(process: psutil.Process) -> bool:
    """Tell whether a process runs; one that has ended may wait to be reaped by a parent that is not ours."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
