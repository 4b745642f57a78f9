"""What the process that examines a tracker and the one that writes facts tell each other."""

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


Message = Begun | Written
