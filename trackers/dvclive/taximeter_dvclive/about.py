"""What DVCLive has no place for, kept among the params of a run that we write."""

from typing import Any

import msgspec

from taximeter.record import Status
from taximeter_dvclive.names import OURS


class About(msgspec.Struct, omit_defaults=True):
    """A run's id, names, status and times; `parent` is the id of the run above."""

    run: str
    experiment: str
    name: str
    status: Status
    started: int
    ended: int | None = None
    parent: str | None = None
    hypothesis: str | None = None


def take_about(params: dict[str, Any]) -> About | None:
    """Take it out of the params; None where it is not there, or not whole."""
    try:
        return msgspec.convert(params.pop(OURS, None), About)
    except msgspec.ValidationError:
        return None
