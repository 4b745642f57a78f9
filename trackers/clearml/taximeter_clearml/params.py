"""Params as ClearML keeps them: text, and the name of its type."""

import json
from typing import Any

from taximeter.values import Value

_TEXT_BITS = 13_000
"""An integer of more bits is written in hexadecimal: Python refuses to write that many decimal digits."""


def param_text(value: Value) -> str:
    """Return a value as `Task.connect` writes it."""
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return json.dumps(_shortened(value))
    return str(_shortened(value))


def param_type(value: Value) -> str | None:
    """Return the name of a value's type as `Task.connect` writes it, with that of its members if they agree."""
    if value is None:
        return None
    name = type(value).__name__
    members = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    kinds = {type(member).__name__ for member in members}
    return f"{name}/{kinds.pop()}" if len(kinds) == 1 else name


def param_value(text: Any, kind: Any) -> Value:
    """Return what a text and a type stand for, as `Task.get_parameters(cast=True)` does, or the text."""
    try:
        match str(kind or "").partition("/")[0]:
            case "":
                return None if text in {"", None} else str(text)
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "bool":
                return {"True": True, "False": False}[text]
            case "list" | "tuple" | "dict":
                value: Value = json.loads(text)
                return value
    except (KeyError, TypeError, ValueError, RecursionError):
        pass
    return str(text)


def _shortened(value: Value) -> Any:
    if isinstance(value, list):
        return [_shortened(item) for item in value]
    if isinstance(value, dict):
        return {key: _shortened(item) for key, item in value.items()}
    is_long = isinstance(value, int) and value.bit_length() > _TEXT_BITS
    return hex(value) if is_long else value  # type: ignore[arg-type]
