"""What a measurement of faults left, as far as a report shows it."""

import msgspec

from taximeter.measure.kind import Settings
from taximeter.measure.ways import Way


class FaultSettings(Settings, frozen=True, kw_only=True):
    """One row: what went wrong, and on which way the training logged."""

    way: Way
    fault: str


class FaultSample(msgspec.Struct, frozen=True, kw_only=True):
    """One training to which something went wrong.

    Attributes:
        means: how the fault was made.
        training: whether it went on.
        at: where it did not.
        said: the first words that told of the fault, by how they were said.
        acknowledged: points whose call returned.
        found: those that the store holds natively at the end.
        altered: those that it holds with another value.
        artifact: what the store holds of it; None where there is none.
        status: of the run at the end.
        recovered: those that the exact record holds after `recover`; None without one.
        exact: whether that record holds each of them once and nothing else.
    """

    means: str = ""
    training: str = ""
    at: str = ""
    said: dict[str, str] = {}
    acknowledged: int
    found: int
    altered: int
    artifact: str | None = None
    status: str
    recovered: int | None = None
    exact: bool | None = None
