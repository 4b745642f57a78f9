"""What distributions ask for: the releases of a vendor that an adapter knows, and what makes an environment."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, packages_distributions

import msgspec
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from taximeter.plugins import distribution_of
from taximeter.tracker import Tracker

_CORE = "taximeter"
_OF_EVERY_ENVIRONMENT = ("pip", "setuptools")


def vendor_requirement(tracker: type[Tracker]) -> Requirement | None:
    """Return what a tracker's distribution asks for of its vendor."""
    found = _requirements(distribution(distribution_of(tracker.name)))
    return next((one for one in found if _is_of(one.name, tracker.vendor)), None)


def install_steps(
    tracker: type[Tracker], version: str, extra: Sequence[str], exclude_newer: str | None
) -> list[list[str]]:
    """Return what uv is to install, one call after the other; a later one keeps what an earlier one chose.

    Where a version is asked for, the vendor's bounds decide, and what taximeter needs comes in whatever version
    fits with them: couriers, readers and measurements use little of it.

    Args:
        tracker: whose environment it is.
        version: of its vendor; empty for any that the tracker asks for.
        extra: further requirements.
        exclude_newer: a date; the vendor and all that it needs are then what there was before it.
    """
    vendor = [f"{tracker.vendor}=={version}" if version else tracker.vendor] if tracker.vendor else []
    dated = [*vendor, *_besides(tracker, version), *extra]
    early = [["--exclude-newer", exclude_newer, *dated]] if exclude_newer and vendor else []
    distributions = [distribution(_CORE), distribution(distribution_of(tracker.name))]
    ours = [word for one in distributions for word in _same(one)]
    if not version:
        return [*early, [*ours, *extra]]
    names = dict.fromkeys(one.name for each in distributions for one in _requirements(each))
    others = [name for name in names if not _is_of(name, _CORE, tracker.vendor)]
    return [*early, [*dated, *others], ["--no-deps", *ours]]


@cache
def strangers_to(vendor: str) -> tuple[str, ...]:
    """Return the names of the modules that are installed here and that neither a vendor nor taximeter needs."""
    known = _needed_by(vendor, _CORE, *_OF_EVERY_ENVIRONMENT)
    return tuple(sorted(name for name, owners in _modules().items() if known.isdisjoint(owners)))


@cache
def _modules() -> dict[str, set[str]]:
    """Return the names of all modules that are installed here, with the distributions that they are of."""
    return {name: {*map(canonicalize_name, owners)} for name, owners in packages_distributions().items()}


def _needed_by(*names: str) -> set[str]:
    """Return these distributions, what they need, what that needs in turn, and so on."""
    known: set[tuple[str, str]] = set()
    found = [(name, "") for name in map(canonicalize_name, names)]
    while found:
        name, extra = one = found.pop()
        if one in known:
            continue
        known.add(one)
        with suppress(PackageNotFoundError):
            for wanted in _requirements(distribution(name), extra):
                found += [(canonicalize_name(wanted.name), each) for each in ("", *wanted.extras)]
    return {name for name, _ in known}


def _besides(tracker: type[Tracker], version: str) -> list[str]:
    """Return what a release of the vendor needs besides what it asks for."""
    ranges = tracker.old_requirements.items() if version else ()
    fitting = (needed for versions, needed in ranges if SpecifierSet(versions).contains(version, prereleases=True))
    return [one for needed in fitting for one in needed]


def _requirements(found: Distribution, extra: str = "") -> Iterator[Requirement]:
    """Yield what a distribution needs on this machine, with an extra or without any."""
    for text in found.requires or ():
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            yield wanted


def _is_of(name: str, *distributions: str | None) -> bool:
    """Tell whether a name is that of one of some distributions, however it is spelt."""
    return canonicalize_name(name) in {canonicalize_name(one) for one in distributions if one}


def _same(installed: Distribution) -> list[str]:
    """Return what asks for the same distribution: its folder where it came from one, else its version."""
    origin = msgspec.json.decode(installed.read_text("direct_url.json") or "{}")
    if "url" not in origin:
        return [f"{installed.name}=={installed.version}"]
    is_editable = origin.get("dir_info", {}).get("editable")
    return ["--editable", origin["url"].removeprefix("file://")] if is_editable else [origin["url"]]
