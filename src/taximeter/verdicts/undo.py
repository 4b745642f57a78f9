"""How a change is undone, knowing of what kind a value was and not which it was.

Each function takes what was read, and gives back what must have been written, or what was read where it cannot
tell.
"""

import ast
import json
import math
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote

from taximeter.diff import ABSENT

_BOOLS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_NOTHING = {"none", "null", "~"}


def to_number(found: Any) -> Any:
    """Return a number from its digits."""
    if not isinstance(found, str):
        return found
    for kind in (int, float):
        with suppress(ValueError):
            return kind(found)
    return found


def to_integer(found: Any) -> Any:
    """Return an integer from its digits, or from a float that is whole."""
    number = to_number(found)
    is_whole = isinstance(number, float) and math.isfinite(number) and number.is_integer()
    return int(number) if is_whole else number


def to_float(found: Any) -> Any:
    """Return a float from its digits, or from an integer."""
    number = to_number(found)
    is_integer = isinstance(number, int) and not isinstance(number, bool)
    return float(number) if is_integer else number


def to_floats(found: Any) -> Any:
    """Return floats from their digits, each by itself."""
    return {name: to_float(value) for name, value in found.items()} if isinstance(found, dict) else found


def to_numbers(found: Any) -> Any:
    """Return numbers from their digits, each by itself."""
    return {name: to_number(value) for name, value in found.items()} if isinstance(found, dict) else found


def integers_to_numbers(found: Any) -> Any:
    """Return integers from floats that are whole; text stays text."""
    if not isinstance(found, dict):
        return found
    return {name: value if isinstance(value, str) else to_integer(value) for name, value in found.items()}


def to_bool(found: Any) -> Any:
    """Return a truth value from its word, or from 1 and 0."""
    return _BOOLS.get(str(found).lower(), found)


def to_nothing(found: Any) -> Any:
    """Return None from the word for it."""
    return None if isinstance(found, str) and found.lower() in _NOTHING else found


def to_tree(found: Any) -> Any:
    """Return lists and mappings from their text, in Python or JSON, or from params whose names are joined."""
    if isinstance(found, dict) and all(name and name[0] in "/.|[" for name in found):
        return _joined(found)
    if not isinstance(found, str):
        return found
    for parse in (ast.literal_eval, json.loads):
        with suppress(ValueError, SyntaxError):
            return parse(found)
    return found


def to_name(found: Any) -> Any:
    """Return a name from its percent-encoding."""
    return unquote(found) if isinstance(found, str) and found != ABSENT else found


def without_index(found: Any) -> Any:
    """Return a table without a column that has no name and only counts the rows."""
    is_counted = isinstance(found, dict) and found.get("") == list(range(len(found.get("", ()))))
    return {name: column for name, column in found.items() if name} if is_counted else found


def to_digest(found: Any) -> Any:
    """Return a sha256 from the text around it."""
    digests = _DIGEST.findall(found) if isinstance(found, str) else []
    return digests[0] if len(digests) == 1 else found


def _joined(parts: dict[str, Any]) -> Any:
    """Return the tree whose leaves have these joined names; it is a list where all names are numbers."""
    branches: dict[str, dict[str, Any]] = {}
    for name, value in parts.items():
        joint, rest = name[0], name[1:].replace("]", "")
        head, _, tail = rest.partition(joint)
        branches.setdefault(head, {})[joint + tail if tail else ""] = value
    tree = {head: below[""] if "" in below else _joined(below) for head, below in branches.items()}
    return list(tree.values()) if all(head.isdecimal() for head in tree) else tree


WORDS: Final[dict[Callable[[Any], Any], str]] = {
    to_number: "a number from its digits",
    to_integer: "an integer from its digits, or from a float that is whole",
    to_float: "a float from its digits, or from an integer",
    to_floats: "floats from their digits, each by itself",
    to_numbers: "numbers from their digits, each by itself",
    integers_to_numbers: "integers from floats that are whole; text stays text",
    to_bool: "a truth value from its word, or from 1 and 0",
    to_nothing: "None from the word for it",
    to_tree: "lists and mappings from their text, in Python or JSON, or from params whose names are joined",
    to_name: "a name from its percent-encoding",
    without_index: "a table from one with a column more, which has no name and only counts the rows",
    to_digest: "a sha256 from the text around it",
}
"""What each of them does, for people."""
