"""Reads YAML, by a loader that makes plain values only."""

from typing import IO, Any

import yaml  # type: ignore[import-untyped]

from taximeter.errors import InputError

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(stream: IO[bytes], name: object) -> dict[str, Any]:
    """Return the mapping that a file holds, an empty one where it holds something else.

    Raises:
        InputError: it is no YAML.
    """
    try:
        tree = yaml.load(stream, Loader=_LOADER)  # noqa: S506 - one of the two safe ones
    except yaml.YAMLError as error:
        raise InputError(f"{name} is damaged: {error}") from error
    return tree if isinstance(tree, dict) else {}
