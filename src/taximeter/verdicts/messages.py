"""What the process that examines a tracker and the one that writes facts tell each other."""

import signal
from typing import Any, Final, Literal

import msgspec

CONTROL: Final = 0
"""In place of a fact's number: a run that is like those of the facts, and has none of them."""


class Order(msgspec.Struct, frozen=True):
    """Which facts are to be written, and where."""

    tracker: str
    location: str
    facts: tuple[int, ...]


class Begun(msgspec.Struct, frozen=True, tag="begun"):
    """A fact is about to be written."""

    fact: int


class Written(msgspec.Struct, frozen=True, tag="written"):
    """A fact has been written, or an error has been raised: ``error`` by the vendor, ``unsupported`` by us."""

    fact: int
    run_ids: list[str]
    notes: dict[str, Any]
    said: list[str]
    problem: Literal["", "error", "unsupported"] = ""
    message: str = ""


class Died(msgspec.Struct, frozen=True, tag="died"):
    """A process that was to write these facts has died; which of them it had written was told before."""

    facts: tuple[int, ...]
    how: str


Message = Begun | Written | Died


def how_it_died(exit_code: int) -> str:
    """Return how a process died: by a signal, where its exit code is negative."""
    how = f"signal {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exit code {exit_code}"
    return f"the process died with {how}"
