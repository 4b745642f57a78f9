"""Turns what callers give as a metric's value, step and time into float64 and int64, exactly or not at all."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from taximeter.errors import InputError

_INT64 = range(-(2**63), 2**63)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_float(key: str, value: Any) -> float:
    """Return a metric's value as float64."""
    try:
        number = None if isinstance(value, str | bytes) else float(value)
    except OverflowError:
        number = math.nan  # differs from every integer
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise InputError(f"metric {key!r} must be a number, not {type(value).__name__} ({value!r}).")
    if not isinstance(value, float) and not _equals(number, value):
        raise InputError(f"metric {key!r} is a number that float64 cannot hold; log it as a param.")
    return number


def _equals(number: float, value: Any) -> bool:
    """Tell whether a number of another type is exactly this float64; NaN is NaN."""
    exact = value.item() if hasattr(value, "item") else value
    return bool(number == exact) or (math.isnan(number) and exact != exact)  # noqa: PLR0124 - NaN only


def to_step(step: Any) -> int:
    """Return a step as int64; a float that is whole will do."""
    try:
        number = step.__index__()
    except (AttributeError, TypeError):
        number = int(step) if isinstance(step, float) and step.is_integer() else None
    if number is None or number not in _INT64:
        raise InputError(f"a step must be an integer of 64 bits, not a {type(step).__name__} such as this.")
    return int(number)


def to_microseconds(time: int | datetime) -> int:
    """Return a time as microseconds since 1970 in UTC."""
    if isinstance(time, datetime):
        if time.tzinfo is None:
            raise InputError(f"the time {time} has no time zone; give it one, such as datetime.UTC.")
        return (time - _EPOCH) // timedelta(microseconds=1)
    if isinstance(time, int) and time in _INT64:
        return time
    raise InputError(f"a time is microseconds since 1970 as an int of 64 bits, or a datetime, not {time!r}.")
