"""Reads YAML as DVC does, by a loader that makes plain values only."""

import logging
import math
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

_MOST_VALUES = 1_000_000
_DEEPEST = 110

_logger = logging.getLogger(__name__)


def read_mapping(file: Path) -> dict[str, Any]:
    """Return the mapping that a file holds, its keys as text.

    It is empty where there is no file, and where a crash left half of one, which is logged.
    """
    try:
        tree = YAML(typ="safe", pure=True).load(file.read_bytes().decode())
        return _Plain().mapping(tree, 0) if isinstance(tree, dict) else {}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError, YAMLError) as error:
        _logger.warning("%s cannot be read, and is left out: %s", file, error)
        return {}


class _Plain:
    """Copies a tree; what YAML writes once and names many times may be far larger than its file."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def mapping(self, tree: dict[Any, Any], depth: int) -> dict[str, Any]:
        return {str(key): self._value(value, depth) for key, value in tree.items()}

    def _value(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            raise ValueError("it holds too many values, or too deep ones")
        if isinstance(value, float) and math.isnan(value):
            return math.nan  # the loader's own has a sign
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, dict):
            return self.mapping(value, depth + 1)
        if isinstance(value, list | tuple | set):
            return [self._value(item, depth + 1) for item in value]
        return str(value)
