"""What a store holds of the points that a training was acknowledged."""

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from taximeter.errors import InputError, TaximeterError
from taximeter.measure.ways import value_of
from taximeter.record import RunRecord, Series
from taximeter.redact import redact
from taximeter.store.client import Store


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Points, counted once each.

    Attributes:
        found: the acknowledged ones that are there with their value.
        altered: those that are there with another value.
        doubled: further points with a step that is there already.
        invented: points that were never logged.
    """

    found: int
    altered: int
    doubled: int
    invented: int


class Reading(NamedTuple):
    """A run as a store has it; where there is none, what reading it said, and whether that was just that."""

    record: RunRecord | None
    problem: str = ""
    is_absent: bool = False

    @property
    def status(self) -> str:
        """Of the run, or ``absent`` or ``unreadable``."""
        if self.record:
            return self.record.status
        return "absent" if self.is_absent else "unreadable"


def read_run(store: Store, run_id: str, *, native: bool) -> Reading:
    """Read a run of a store that may have lost it, or may be broken."""
    try:
        return Reading(store.read(run_id, native=native))
    except TaximeterError as error:
        return Reading(None, redact(str(error)), isinstance(error, InputError))


def points_of(record: RunRecord | None) -> Series:
    """Return the points of the one metric that is logged."""
    return record.metrics.get("loss", Series()) if record else Series()


def count_held(record: RunRecord | None, acknowledged: Collection[int], attempted: Collection[int]) -> Held:
    """Count what a record holds.

    Args:
        record: None where the store has no such run.
        acknowledged: the numbers of the points whose call returned.
        attempted: further ones, which may be there or not: their call was being made, or raised.
    """
    values: dict[int, float] = {}
    doubled = 0
    for value, step, _ in points_of(record):
        doubled += step in values
        values[step] = value
    known = [number for number in acknowledged if number in values]
    found = sum(values[number] == value_of(number) for number in known)
    return Held(
        found=found,
        altered=len(known) - found,
        doubled=doubled,
        invented=sum(step not in acknowledged and step not in attempted for step in values),
    )
