"""What a ClearML server accepts, and the nearest form of what it does not; no two names become one."""

import re

from taximeter.artifact_files import name_digest

SINGLE_VALUE = ("Summary", -(2**31))
"""The title and step of a value that ClearML shows in a table, without a step."""

_SHORTEST = 3
_PADDING = "_" * _SHORTEST


def vendor_id_for(run_id: str) -> str:
    """Return the id of an offline task: ``offline-`` and 32 hex digits."""
    return f"offline-{run_id if re.fullmatch('[0-9a-f]{32}', run_id) else name_digest(run_id)}"


def server_name(name: str) -> str:
    """Return the name of a project or task; a server refuses one with less than three characters."""
    return name + _PADDING if len(name.rstrip("_").strip()) < _SHORTEST else name


def our_name(name: str) -> str:
    """Return the name that `server_name` was given."""
    return name.removesuffix(_PADDING) if server_name(name) != name else name


def visible(name: str) -> str:
    """Return a name that can be seen: the empty one is an underscore."""
    return name if name.strip("_") else f"{name}_"


def metric_place(key: str) -> tuple[str, str]:
    """Return the title of a metric's plot and the name of its series: ``val/loss`` is the series loss of val."""
    shown = visible(key)
    title, _, series = shown.partition("/")
    if not title or not series or title in {series, SINGLE_VALUE[0]}:
        return shown, shown
    return title, series


def metric_key(title: str, series: str) -> str:
    """Return the key of a series; the inverse of `metric_place`."""
    return title if title == series else f"{title}/{series}"


def tag_for(name: str, text: str) -> str:
    """Return a tag: ClearML's are bare text."""
    return f"{name.replace('%', '%25').replace('=', '%3D')}={text}"
