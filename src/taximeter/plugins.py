"""The trackers that are installed, found by their entry points."""

import sys
from functools import cache
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, entry_points, version

from taximeter.errors import InputError, TrackerError
from taximeter.tracker import Tracker

GROUP = "taximeter.trackers"


def installed() -> dict[str, EntryPoint]:
    """Return the entry point of every installed tracker, by name."""
    return dict(_installed(tuple(sys.path)))


@cache
def _installed(_path: tuple[str, ...]) -> dict[str, EntryPoint]:
    """Look every distribution through, once for a path: that takes milliseconds."""
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    return dict(sorted(found.items()))


def tracker_name(text: str) -> str:
    """Return the tracker in ``<tracker>==<version>``, or the text itself."""
    return text.partition("==")[0]


def load(text: str) -> type[Tracker]:
    """Return an installed tracker's class.

    Args:
        text: its name, with or without ``==`` and a version of its vendor.

    Raises:
        InputError: no such tracker is installed; the message lists those that are.
        TrackerError: it is installed, and cannot be imported.
    """
    trackers, name = installed(), tracker_name(text)
    if name not in trackers:
        raise InputError(not_installed(name, list(trackers)))
    try:
        loaded: type[Tracker] = trackers[name].load()
    except Exception as error:
        raise TrackerError(f"the tracker {name!r} is installed but cannot be loaded: {error!r}.") from error
    return loaded


def distribution_of(name: str) -> Distribution:
    """Return the distribution that an installed tracker came with."""
    found = installed()[name].dist
    if found is None:
        raise TrackerError(f"the tracker {name!r} belongs to no distribution.")
    return found


def load_all() -> tuple[list[type[Tracker]], dict[str, str]]:
    """Return every tracker that can be loaded, and what is wrong with each of the others, by name."""
    loaded, broken = [], {}
    for name in installed():
        try:
            loaded.append(load(name))
        except TrackerError as error:
            broken[name] = str(error)
    return loaded, broken


def not_installed(name: str, names: list[str]) -> str:
    """Return the sentence that says that `name` is not installed, and what to do."""
    known = ", ".join(names) or "none"
    return f"{name!r} is not an installed tracker (installed: {known}); `pip install taximeter-{name}` adds it."


def vendor_version(tracker: type[Tracker]) -> str | None:
    """Return the version of the tracker's own software, or None where it has none or lacks it."""
    try:
        return version(tracker.vendor) if tracker.vendor else None
    except PackageNotFoundError:
        return None
