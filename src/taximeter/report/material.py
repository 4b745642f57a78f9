"""What a report is made of: a comparison, measurements, verdicts and claims, each from files and nothing else."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from taximeter.errors import InputError
from taximeter.measure.contention import CONTENTION
from taximeter.measure.cost import COST
from taximeter.measure.crash import CRASH
from taximeter.measure.growth import GROWTH
from taximeter.measure.kind import FORMAT, Kind, Measurement
from taximeter.report.claims import CLAIMS, Claim, read_claims
from taximeter.report.faults import FaultSample, FaultSettings
from taximeter.report.gallery import Gallery, make_gallery
from taximeter.report.text import listed
from taximeter.results import FILE, Results, read_results
from taximeter.verdicts.results import TrackerVerdicts, read_verdicts

RESULTS: Final = "results"
"""The folder of dated results below that of all reports."""

_KINDS: Final[dict[str, Kind[Any, Any]]] = {kind.name: kind for kind in (COST, GROWTH, CRASH, CONTENTION)}
_FAULTS: Final = "faults"
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

    def of(self, kind: str) -> list[Measurement[Any, Any]]:
        """Return the measurements of a kind, by the names of the trackers."""
        return [source.content for source in self.measured if source.kind == kind]

    @property
    def is_project(self) -> bool:
        """Whether there is more than a comparison."""
        return bool(self.measured or self.claims or not self.comparison)


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
        verdicts=[source.content.without_distributions() for source in sources if source.kind == _VERDICTS],
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
    if kind == _FAULTS:
        return _read_faults(file)
    return _KINDS[kind].read(file) if kind in _KINDS else None


def _read_faults(file: Path) -> Measurement[FaultSettings, FaultSample]:
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Measurement[FaultSettings, FaultSample])
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"{file} is no file of faults measurements: {error}.") from error
    if found.format != FORMAT:
        raise InputError(f"{file} has format {found.format}; this version of taximeter reads {FORMAT}.")
    return found


def tracker_names(material: Material) -> list[str]:
    """Return every tracker that anything is known of, in the order of their names."""
    compared = [tracker.name for tracker in material.comparison.trackers] if material.comparison else []
    return sorted({*compared, *(source.tracker for source in material.measured)})


def versions_of(material: Material) -> str:
    """Return the trackers' vendors with their versions in a sentence."""
    known: dict[str, str] = {}
    for source in material.measured:
        if source.content.vendor:
            known[source.content.vendor] = f"{source.content.vendor} {source.content.version or '(not installed)'}"
    for tracker in material.comparison.trackers if material.comparison else ():
        if tracker.vendor:
            known.setdefault(tracker.vendor, f"{tracker.vendor} {tracker.version or '(not installed)'}")
    return listed(known[name] for name in sorted(known)) if known else "No tracker here has software of its own."
