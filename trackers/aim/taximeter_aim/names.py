"""What Aim accepts, and the nearest form of what it does not.

Every function is the identity for what Aim takes as it is, and no two names become one.
"""

import re
from typing import Any

from taximeter.artifact_files import name_digest
from taximeter.values import Value

OURS = "taximeter"
"""The param that tells that we wrote a run: its id, and its parent's."""

FAILED, KILLED = "failed", "killed"
"""The tags of runs that did not end well; Aim itself only knows whether a run has ended."""

SYSTEM_PARAMS = "__system_params"
"""The param that Aim keeps source and environment in."""

SYSTEM_METRICS = "__system__"
"""How the keys of Aim's own measurements begin."""

_INT_BITS = 63
_TEXT_BITS = 13_000


def hash_for(run_id: str) -> str:
    """Return Aim's id of a run, which is the name of folders and files."""
    return run_id if re.fullmatch(r"[A-Za-z0-9_]{1,64}", run_id) else f"run-{name_digest(run_id)}"


def metric_key(key: str) -> str:
    """Return the key of a metric: no key may be empty, and Aim shows its own measurements elsewhere."""
    return f"_{key}" if re.fullmatch(rf"_*({SYSTEM_METRICS}.*)?", key, re.DOTALL) else key


def param_key(key: str) -> str:
    """Return the key of a param."""
    return f"_{key}" if re.fullmatch(rf"_*({SYSTEM_PARAMS}|{OURS})?", key) else key


def param_value(value: Value) -> Any:
    """Return a param's value: integers of more than 64 bits become text, and no key is empty."""
    if isinstance(value, list):
        return [param_value(item) for item in value]
    if isinstance(value, dict):
        return {f"_{key}" if not key.strip("_") else key: param_value(item) for key, item in value.items()}
    if isinstance(value, int) and value.bit_length() > _INT_BITS:
        return str(value) if value.bit_length() <= _TEXT_BITS else hex(value)
    return value


def tag_for(name: str, text: str) -> str:
    """Return a tag as Aim has them, bare text: ``name=text``."""
    return f"{name.replace('%', '%25').replace('=', '%3D')}={text}"


def tag_of(tag: str) -> tuple[str, str] | None:
    """Return the name and text that `tag_for` was given; None for a tag that has no text."""
    name, equals, text = tag.partition("=")
    return (name.replace("%3D", "=").replace("%25", "%"), text) if equals else None


def contextual_key(name: str, context: str) -> str:
    """Return the key of a sequence: the name, and the context as JSON unless it is empty.

    A name that ends as a context does always has it, so that no two keys are the same.
    """
    return name if context == "{}" and not name.endswith("}") else f"{name} {context}"
