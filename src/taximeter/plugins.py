"""The trackers that are installed, found by their entry points."""

import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import NamedTuple

from taximeter.distributions import distributions
from taximeter.errors import InputError, TrackerError
from taximeter.tracker import Tracker

GROUP = "taximeter.trackers"


class EntryPoint(NamedTuple):
    """How a tracker is found: its name, ``module:class``, and the distribution that says so."""

    name: str
    value: str
    distribution: str

    def load(self) -> type[Tracker]:
        """Return the class."""
        module, _, attribute = self.value.partition(":")
        loaded: type[Tracker] = attrgetter(attribute)(import_module(module))
        return loaded


def installed() -> dict[str, EntryPoint]:
    """Return the entry point of every installed tracker, by name."""
    return dict(_installed(tuple(sys.path)))


@cache
def _installed(_path: tuple[str, ...]) -> dict[str, EntryPoint]:
    """Look every distribution through, once for a path: that takes milliseconds."""
    found = {}
    for name, dist in {dist.name: dist for dist in reversed([*distributions()])}.items():
        for entry in _entries(dist.read_text("entry_points.txt") or ""):
            found[entry[0]] = EntryPoint(*entry, name)
    return dict(sorted(found.items()))


def _entries(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of each entry of our group."""
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line.strip("[]")
        elif group == GROUP and not line.startswith("#"):
            name, is_entry, value = line.partition("=")
            if is_entry:
                yield name.strip(), value.partition("[")[0].strip()


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


def distribution_of(name: str) -> str:
    """Return the name of the distribution that an installed tracker came with."""
    return installed()[name].distribution


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
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow to import

    try:
        return version(tracker.vendor) if tracker.vendor else None
    except PackageNotFoundError:
        return None
