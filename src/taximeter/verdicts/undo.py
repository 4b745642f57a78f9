"""How a change is undone, knowing of what kind a value was and not which it was.

Each function takes what was read and gives back what must have been written, or what was read where it cannot tell.
"""

import ast
import json
import math
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from taximeter.diff import ABSENT

_BOOLS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_NOTHING = {"none", "null", "~"}


def to_number(found: Any) -> Any:
    """A number from its digits."""
    if not isinstance(found, str):
        return found
    for kind in (int, float):
        with suppress(ValueError):
            return kind(found)
    return found


def to_integer(found: Any) -> Any:
    """An integer from its digits, or from a float that is whole."""
    number = to_number(found)
    is_whole = isinstance(number, float) and math.isfinite(number) and number.is_integer()
    return int(number) if is_whole else number


def to_float(found: Any) -> Any:
    """A float from its digits, or from an integer."""
    number = to_number(found)
    is_integer = isinstance(number, int) and not isinstance(number, bool)
    return float(number) if is_integer else number


def to_floats(found: Any) -> Any:
    """Floats from their digits, each by itself."""
    return {name: to_float(value) for name, value in found.items()} if isinstance(found, dict) else found


def to_numbers(found: Any) -> Any:
    """Numbers from their digits, each by itself."""
    return {name: to_number(value) for name, value in found.items()} if isinstance(found, dict) else found


def integers_to_numbers(found: Any) -> Any:
    """Integers from floats that are whole; text stays text."""
    if not isinstance(found, dict):
        return found
    return {name: value if isinstance(value, str) else to_integer(value) for name, value in found.items()}


def to_bool(found: Any) -> Any:
    """A truth value from its word, or from 1 and 0."""
    return _BOOLS.get(str(found).lower(), found)


def to_nothing(found: Any) -> Any:
    """None from the word for it."""
    return None if isinstance(found, str) and found.lower() in _NOTHING else found


def to_tree(found: Any) -> Any:
    """Lists and mappings from their text, in Python or JSON, or from params whose names are joined."""
    if isinstance(found, dict) and all(name and name[0] in "/.|[" for name in found):
        return _joined(found)
    if not isinstance(found, str):
        return found
    for parse in (ast.literal_eval, json.loads):
        with suppress(ValueError, SyntaxError):
            return parse(found)
    return found


def to_name(found: Any) -> Any:
    """A name from its percent-encoding."""
    return unquote(found) if isinstance(found, str) and found != ABSENT else found


def to_text(found: Any) -> Any:
    """The text of a value that is no text."""
    return found if isinstance(found, str) else str(found)


def _joined(parts: dict[str, Any]) -> Any:
    """Return the tree whose leaves have these joined names; it is a list where all names are numbers."""
    branches: dict[str, dict[str, Any]] = {}
    for name, value in parts.items():
        joint, rest = name[0], name[1:].replace("]", "")
        head, _, tail = rest.partition(joint)
        branches.setdefault(head, {})[joint + tail if tail else ""] = value
    tree = {head: below[""] if "" in below else _joined(below) for head, below in branches.items()}
    return list(tree.values()) if all(head.isdecimal() for head in tree) else tree
