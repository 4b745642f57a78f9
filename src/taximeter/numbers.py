"""Turns a metric's value, step and time into float64 and int64.

What callers give is taken exactly or not at all; what stores of others hold is taken as nearly as it can be.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from taximeter.errors import InputError

NAMED_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
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


def stored_float(value: Any) -> float | None:
    """Return a value of a store as float64, also one that JSON has only a name for; None where it is no number."""
    if isinstance(value, str):
        return NAMED_NUMBERS.get(value)
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:
        return None


def stored_int(value: Any) -> int:
    """Return the int64 nearest to a step of a store, which may be a fraction or a text; 0 where it is none."""
    try:
        return min(max(int(value), _INT64.start), _INT64.stop - 1)
    except (TypeError, ValueError, OverflowError):
        return 0
