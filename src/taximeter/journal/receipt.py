"""What a courier says of a run that it has delivered, or could not deliver."""

from typing import Literal

import msgspec

State = Literal["verified", "kept nothing", "differs", "failed"]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one run in one store.

    `seconds` says where the courier's time went, by stage; `problem` is for a person, and empty when all is well.
    """

    state: State
    events: int = 0
    problem: str = ""
    differences: tuple[str, ...] = ()
    seconds: dict[str, float] = {}

    @property
    def is_good(self) -> bool:
        """Whether the store holds all that it was to hold."""
        return self.state in {"verified", "kept nothing"} and not self.problem
