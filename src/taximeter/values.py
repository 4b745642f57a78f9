"""Exact JSON for the values that params and points may have.

JSON has no NaN, no infinities and no promise about large integers, so those few values are written as tagged
objects (``{"$float": "nan"}``, ``{"$int": "0x…"}``) and every other value as itself.
Types survive: ``1``, ``1.0``, ``true`` and ``-0.0`` stay four different values.
"""

import math
import struct
from collections.abc import Mapping
from typing import Any, TypeAlias

from taximeter.errors import InputError

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"

_INT64_BITS = 63
_CANONICAL_NAN = "7ff8000000000000"
_DEEPEST = 100


def float_to_text(value: float) -> str:
    """Return a float64 that JSON cannot write as text: ``inf``, ``-inf``, ``nan``, or ``nan:<bits>``."""
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    bits = struct.pack(">d", value).hex()
    return "nan" if bits == _CANONICAL_NAN else f"nan:{bits}"


def float_from_text(text: str) -> float:
    """Return the float64 that `float_to_text` wrote, bit for bit."""
    kind, _, bits = text.partition(":")
    if bits:
        return float(struct.unpack(">d", bytes.fromhex(bits))[0])
    return float(kind)


def pack(value: Value) -> Any:
    """Return `value` as a tree that JSON keeps exactly."""
    if isinstance(value, float):
        return value if math.isfinite(value) else {"$float": float_to_text(value)}
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= _INT64_BITS else {"$int": hex(value)}
    if isinstance(value, list):
        return [pack(item) for item in value]
    return {f"${key}" if key.startswith("$") else key: pack(item) for key, item in value.items()}


def unpack(tree: Any) -> Value:
    """Return the value that `pack` was given."""
    if isinstance(tree, list):
        return [unpack(item) for item in tree]
    if not isinstance(tree, dict):
        return tree  # type: ignore[no-any-return]
    match tree:
        case {"$float": str(text)}:
            return float_from_text(text)
        case {"$int": str(text)}:
            return int(text, 16)
    return {key.removeprefix("$"): unpack(item) for key, item in tree.items()}


def check_text(text: Any, what: str) -> str:
    """Return `text` if it is a string that UTF-8 can hold.

    Raises:
        InputError: it is another type, or holds half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise InputError(f"{what} must be a string, not {type(text).__name__}.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InputError(f"{what} holds half of a surrogate pair: {text!r}; encode it first.") from None
    return str.__str__(text)


def check_value(value: Any, what: str, *, depth: int = 0) -> Value:
    """Return `value` as one of the types of `Value`; numpy scalars and tuples become Python's own.

    Raises:
        InputError: a type that no record can hold; `what` names the place in the message.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return check_text(value, what)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if depth > _DEEPEST:
        raise InputError(f"{what} is nested more than {_DEEPEST} levels deep; flatten it.")
    if isinstance(value, Mapping):
        return {
            check_text(key, f"a key of {what}"): check_value(item, f"{what}[{key!r}]", depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [check_value(item, f"{what}[{place}]", depth=depth + 1) for place, item in enumerate(value)]
    return _check_scalar(value, what)


def _check_scalar(value: Any, what: str) -> Value:
    """Return the Python scalar inside a numpy or tensor scalar."""
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "ndim", 0) == 0:
        inner = item()
        if inner is None or isinstance(inner, bool | int | float | str):
            return inner
    raise InputError(
        f"{what} is a {type(value).__name__}, which no record can hold; "
        "give None, bool, int, float, str, or lists and mappings of them, for example str(value)."
    )
