"""Shares facts out among processes that are forked from one that has imported the vendor."""

import os
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing import get_context
from typing import BinaryIO, Final

import msgspec

from taximeter.verdicts.messages import Died, Message, how_it_died

_PROCESSES: Final = 12
"""What they do is wait; the more of them, the more of them start at once."""


class Sender:
    """Sends messages as lines of JSON; processes that are forked take turns."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._turn = get_context("fork").Lock()

    def send(self, message: Message) -> None:
        """Send a message."""
        with self._turn:
            self._out.write(msgspec.json.encode(message) + b"\n")
            self._out.flush()


def in_a_fork(write: Callable[[Sequence[int]], None], facts: Sequence[int]) -> int:
    """Write facts in a process of their own, and return its exit code."""
    _, status = os.waitpid(_fork(write, facts), 0)
    return os.waitstatus_to_exitcode(status)


def share_out(
    facts: Sequence[int], size: int, write: Callable[[Sequence[int]], None], send: Callable[[Message], None]
) -> None:
    """Have processes write some facts each, several at once, and send a message about those that die."""
    waiting = deque(facts[start : start + size] for start in range(0, len(facts), size))
    running: dict[int, Sequence[int]] = {}
    while waiting or running:
        while waiting and len(running) < _PROCESSES:
            share = waiting.popleft()
            running[_fork(write, share)] = share
        pid, status = os.wait()
        share = running.pop(pid, ())
        if share and status:
            send(Died(tuple(share), how_it_died(os.waitstatus_to_exitcode(status))))


def _fork(write: Callable[[Sequence[int]], None], share: Sequence[int]) -> int:
    """Return the id of a new process, which writes its share and ends."""
    pid = os.fork()
    if pid == 0:
        exit_code = 1
        try:
            write(share)
            exit_code = 0
        finally:
            os._exit(exit_code)  # without what else is to be done at exit: it is the first process's
    return pid
