"""What a report is made of: a comparison, measurements, verdicts and claims, each from files and nothing else."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from taximeter.errors import InputError, TaximeterError
from taximeter.measure.kind import Measurement
from taximeter.measure.kinds import KINDS
from taximeter.plugins import load, tracker_name
from taximeter.report.claims import CLAIMS, Claim, read_claims
from taximeter.report.gallery import Gallery, make_gallery
from taximeter.report.text import listed
from taximeter.results import FILE, Results, read_results
from taximeter.tracker import Feature
from taximeter.verdicts.results import TrackerVerdicts, read_verdicts

RESULTS: Final = "results"
"""The folder of dated results below that of all reports."""

_VERDICTS: Final = "verdicts"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a report is made of: what it holds, and its address from the page."""

    address: str
    kind: str
    tracker: str
    content: Any


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; whatever there is nothing of is left out of the report."""

    comparison: Results | None = None
    comparison_address: str = FILE
    gallery: Gallery = Gallery()
    measured: Sequence[Source] = ()
    verdicts: Sequence[TrackerVerdicts] = ()
    claims: Sequence[Claim] = ()

    @property
    def shown(self) -> list[Source]:
        """The files that stand for their tracker."""
        return _shown(self.measured)

    @property
    def names(self) -> list[str]:
        """Every tracker that anything is known of, by name; a release is one where it stands for its tracker."""
        compared = [tracker.name for tracker in self.comparison.trackers] if self.comparison else []
        return sorted({*compared, *(source.tracker for source in self.shown)})

    def of(self, kind: str) -> list[Measurement[Any, Any]]:
        """Return the measurements of a kind, by the names of the trackers."""
        return [source.content for source in self.shown if source.kind == kind]

    def releases(self, kind: str) -> list[Measurement[Any, Any]]:
        """Return the measurements of a kind of trackers with several releases of their vendors, oldest first.

        A release that is alone is among the trackers.
        """
        measured = [source.content for source in self.measured if source.kind == kind and source.content.version]
        counts = Counter(tracker_name(each.tracker) for each in measured)
        several = [each for each in measured if counts[tracker_name(each.tracker)] > 1]
        return sorted(several, key=lambda each: (tracker_name(each.tracker), _numbers(each.version), each.tracker))

    @property
    def left_out(self) -> list[Source]:
        """The files of releases that are shown nowhere: beside their trackers only the costs of releases are."""
        shown = self.shown
        return [each for each in self.measured if each.kind != "cost" and each not in shown]

    @property
    def vendorless(self) -> list[str]:
        """The trackers that keep something and have no vendor, by name."""
        compared = self.comparison.holding if self.comparison else []
        names = [each.name for each in compared if each.vendor is None]
        names += [each.tracker for each in self.shown if each.content.vendor is None and _is_written(each.content)]
        return sorted(set(names))

    def keeps_metrics(self, name: str) -> bool:
        """Tell whether a tracker keeps metrics point by point: as it was compared, or else as it is installed.

        Of one that is neither it is taken for granted, as nearly all of them do.
        """
        for each in self.comparison.trackers if self.comparison else ():
            if each.name == tracker_name(name):
                return Feature.METRICS in each.features
        try:
            return Feature.METRICS in load(name).features
        except TaximeterError:
            return True

    @property
    def is_project(self) -> bool:
        """Whether there is more than a comparison."""
        return bool(self.measured or self.claims or not self.comparison)


def _is_written(content: Any) -> bool:
    """Tell whether anything was written without the interface."""
    if isinstance(content, TrackerVerdicts):
        return content.judged > 0
    return any(row.samples for row in content.rows if row.settings.way == "vendor")


def _shown(sources: Sequence[Source]) -> list[Source]:
    """Return all but those of a release whose tracker itself has one of the same kind."""
    known = {(source.kind, source.tracker) for source in sources}
    return [
        source
        for source in sources
        if source.tracker == (plain := tracker_name(source.tracker)) or (source.kind, plain) not in known
    ]


def _numbers(version: str) -> list[int]:
    """Return what orders the releases of a vendor."""
    return [int(number) for number in re.findall(r"[0-9]+", version)]


def read_material(folder: Path, comparison: str | None = None) -> Material:
    """Return the newest of everything below the folder of all reports.

    Args:
        folder: of the reports.
        comparison: the name of one, in place of the newest.

    Raises:
        InputError: there is nothing, or what is there is not of this version.
    """
    found = _newest_comparison(folder) if comparison is None else folder / comparison
    results = read_results(found) if found else None
    sources = _newest(folder)
    if results is None and not sources:
        raise InputError(f"{folder} holds no results; `taximeter compare` and `taximeter measure` write them.")
    return Material(
        comparison=results,
        comparison_address=f"{found.name}/{FILE}" if found else FILE,
        gallery=make_gallery(results.screenshots, found, found.name) if results and found else Gallery(),
        measured=sources,
        verdicts=[
            source.content.without_distributions() for source in _shown(sources) if source.kind == _VERDICTS
        ],
        claims=read_claims(folder / CLAIMS),
    )


def _newest_comparison(folder: Path) -> Path | None:
    made = [(read_results(file.parent).made, file.parent) for file in sorted(folder.glob(f"*/{FILE}"))]
    return max(made)[1] if made else None


def _newest(folder: Path) -> list[Source]:
    """Return the latest file of each kind and tracker, whatever the machine."""
    newest: dict[tuple[str, str], Source] = {}
    for source in _sources(folder):
        held = newest.get((source.kind, source.tracker))
        if held is None or held.content.made < source.content.made:
            newest[source.kind, source.tracker] = source
    return [newest[key] for key in sorted(newest)]


def _sources(folder: Path) -> Iterator[Source]:
    for file in sorted(folder.glob(f"{RESULTS}/*/*/*.json")):
        content = _read(file)
        if content is not None:
            kind = content.kind if isinstance(content, Measurement) else _VERDICTS
            yield Source(
                address=file.relative_to(folder).as_posix(), kind=kind, tracker=content.tracker, content=content
            )


def _read(file: Path) -> Any:
    """Return what a file holds; None where it is of no kind that a report shows."""
    kind = file.name.partition("-")[0]
    if kind == _VERDICTS:
        return read_verdicts(file)
    return KINDS[kind].read(file) if kind in KINDS else None


def versions_of(material: Material) -> str:
    """Return the trackers' vendors with their versions in a sentence."""
    known: dict[str, set[str]] = {}
    compared = material.comparison.trackers if material.comparison else []
    for each in (*(source.content for source in material.shown), *compared):
        if each.vendor:
            known.setdefault(each.vendor, set()).add(each.version or "(not installed)")
    vendors = [f"{name} {' / '.join(sorted(versions, key=_numbers))}" for name, versions in sorted(known.items())]
    return listed(vendors) if vendors else "No tracker here has software of its own."
