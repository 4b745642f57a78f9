"""A run's ``config.yaml``, in which SwanLab has for each param its value, a description and its place."""

import logging
from typing import Any

import yaml  # type: ignore[import-untyped]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # both make plain values only
_ATTEMPTS = 8

_logger = logging.getLogger(__name__)


def read_config(text: str, name: object) -> dict[str, Any]:
    """Return the params in their order.

    Args:
        text: the file, whose end may be missing: SwanLab does not write it in one go.
        name: what to call it in a warning.
    """
    tree = _tree(text, name)
    entries = [(key, entry) for key, entry in tree.items() if isinstance(entry, dict) and "value" in entry]
    entries.sort(key=lambda item: _place(item[1].get("sort")))
    return {_text(key): _plain(entry["value"]) for key, entry in entries}


def _tree(text: str, name: object) -> dict[Any, Any]:
    """Return the mapping in `text`, without the last entries if they are torn."""
    sound = text if text.endswith("\n") else _without_last_entry(text)  # a number may have lost digits
    for _ in range(_ATTEMPTS):
        try:
            tree = yaml.load(sound, Loader=_LOADER)  # noqa: S506 - one of the two safe ones
        except (yaml.YAMLError, ValueError, RecursionError):
            sound = _without_last_entry(sound)
        else:
            break
    else:
        tree = None
    if sound != text:
        _logger.warning("%s is damaged from character %d on, and read without its end.", name, len(sound))
    return tree if isinstance(tree, dict) else {}


def _without_last_entry(text: str) -> str:
    lines = text.splitlines(keepends=True)
    starts = [number for number, line in enumerate(lines) if not line.startswith((" ", "\n"))]
    return "".join(lines[: starts[-1]]) if starts else ""


def _place(sort: object) -> int:
    return sort if isinstance(sort, int) else 0


def _plain(value: Any) -> Any:
    """Return a value without what YAML knows and no record holds, dates and sets, which become text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {_text(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else _text(value)


def _text(value: object) -> str:
    """Return a value as text that UTF-8 can hold."""
    return str(value).encode(errors="replace").decode()
