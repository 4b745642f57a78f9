"""Waits for what another process does."""

from collections.abc import Callable
from time import monotonic, sleep


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    """Wait until a condition holds.

    Raises:
        AssertionError: it never did.
    """
    deadline = monotonic() + seconds
    while not condition():
        assert monotonic() < deadline, f"it was not so within {seconds:g} s"
        sleep(0.02)
