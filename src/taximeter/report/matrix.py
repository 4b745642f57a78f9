"""The matrices: what each native view kept, and what each tracker can do, with the evidence behind every cell."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from taximeter.diff import ABSENT, Difference
from taximeter.native import NativePart
from taximeter.report.text import capital, counted
from taximeter.results import TrackerResult
from taximeter.tracker import Feature, Gap

VERDICTS: Final = {
    "identical": ("●", "kept as logged"),
    "changed": ("◐", "some facts changed"),
    "dropped": ("○", "some facts are missing"),
    "differs": ("◑", "another run than was logged"),
    "unsupported": ("–", "not a thing that the tracker keeps"),
    "refused": ("✕", "the store could not be read"),
}
"""The glyph of each verdict and what it says of a cell."""

_PARTS: Final = (
    "run",
    "params",
    "metrics",
    "metric times",
    "tags",
    "artifacts",
    "models",
    "datasets",
    "source",
    "environment",
)
_FEATURES: Final = {"metric times": str(Feature.METRICS)}
"""The features that keep parts of another name."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What lies behind one or several cells of a tracker.

    Attributes:
        id: unique on the page.
        title: the tracker, and what of it.
        sentences: what is known.
        examples: what was logged beside what came back.
        command: shows it in the vendor's own view.
    """

    id: str
    title: str
    sentences: list[str]
    examples: list[Difference] = []
    command: str = ""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """A cell.

    Attributes:
        verdict: the name of its glyph.
        says: all of it, in words.
        problem: why it has no figure, or what speaks against it.
        text: the figure.
        state: a state, in words.
        shares: by verdict.
        evidence: what lies behind it.
        rank: among others; None where it has none.
    """

    verdict: str
    says: str
    problem: str = ""
    text: str = ""
    state: str = ""
    shares: dict[str, int] = {}
    evidence: Evidence | None = None
    rank: float | None = None

    @property
    def glyph(self) -> str:
        """The verdict as a glyph."""
        return VERDICTS[self.verdict][0]


class Matrix(msgspec.Struct, frozen=True, kw_only=True):
    """Rows by trackers; `first` is the place of the first tracker that keeps anything."""

    id: str
    caption: str
    head: str
    trackers: list[str]
    first: int
    rows: list[tuple[str, list[Mark]]]

    @property
    def evidence(self) -> list[Evidence]:
        """All the evidence, row by row, each once."""
        found = [mark.evidence for _, marks in self.rows for mark in marks if mark.evidence]
        return list({evidence.id: evidence for evidence in found}.values())


def native_matrix(trackers: Sequence[TrackerResult]) -> Matrix:
    """Return what each tracker's native view kept of each part of the run."""
    found = {part.part for tracker in trackers for part in tracker.native or ()}
    parts = [*(part for part in _PARTS if part in found), *sorted(found.difference(_PARTS))]
    columns = [_native_column(f"native-{place}", parts, tracker) for place, tracker in enumerate(trackers)]
    names = ["all facts", *parts] if parts else []
    return Matrix(
        id="native",
        caption=_native_finding(trackers),
        head="part of the run",
        trackers=[tracker.name for tracker in trackers],
        first=_first(trackers),
        rows=[(name, [column[row] for column in columns]) for row, name in enumerate(names)],
    )


def feature_matrix(trackers: Sequence[TrackerResult]) -> Matrix:
    """Return which features each tracker declares, and whose gap it is where it does not."""
    named = {feature for tracker in trackers for feature in (*tracker.features, *tracker.gaps)}
    known = [str(feature) for feature in Feature]
    features = [*(feature for feature in known if feature in named), *sorted(named.difference(known))]
    columns = [_feature_column(f"features-{place}", features, tracker) for place, tracker in enumerate(trackers)]
    return Matrix(
        id="features",
        caption="Features that each tracker has in its own concepts",
        head="feature",
        trackers=[tracker.name for tracker in trackers],
        first=_first(trackers),
        rows=[(feature, [column[row] for column in columns]) for row, feature in enumerate(features)],
    )


def _first(trackers: Sequence[TrackerResult]) -> int:
    return next((place for place, tracker in enumerate(trackers) if tracker.state != "keeps nothing"), 0)


def kept_facts(tracker: TrackerResult) -> tuple[int, int] | None:
    """Return how many facts the native view holds as logged, and of how many; None where it was not read."""
    if tracker.native is None:
        return None
    return sum(part.kept for part in tracker.native), sum(part.facts for part in tracker.native)


def _native_finding(trackers: Sequence[TrackerResult]) -> str:
    """Return how many native views hold everything, and which holds least."""
    known = {tracker.name: kept for tracker in trackers if (kept := kept_facts(tracker))}
    if not known:
        return "No native view could be read"
    whole = sum(kept == facts for kept, facts in known.values())
    finding = (
        f"{whole} of {counted(len(known), 'native view')} {'holds' if whole == 1 else 'hold'} every fact as logged"
    )
    if whole == len(known):
        return finding
    least = min(known, key=lambda name: known[name][0])
    return f"{finding}; that of {least} holds {known[least][0]} of {known[least][1]}"


def _native_column(name: str, parts: Sequence[str], tracker: TrackerResult) -> list[Mark]:
    if tracker.native is None:
        return [_unread_mark(name, tracker)] * (1 + len(parts))
    by_name = {part.part: part for part in tracker.native}
    marks = [
        _part_mark(f"{name}-{row}", by_name.get(part) or NativePart(part, 0, 0, 0, 0, 0, ()), tracker)
        for row, part in enumerate(parts)
    ]
    return [_total_mark(tracker, tracker.native), *marks]


def _unread_mark(name: str, tracker: TrackerResult) -> Mark:
    if tracker.state == "keeps nothing":
        gap = tracker.gaps.get(str(Feature.READ))
        verdict, reason = (
            "unsupported",
            f"It keeps nothing ({gap.whose}: {gap.reason})" if gap else "It keeps nothing",
        )
    else:
        verdict, reason = "refused", f"Its store was not read: {tracker.problem or 'no reason is known'}"
    evidence = Evidence(id=name, title=tracker.name, sentences=[reason])
    return Mark(verdict=verdict, says=reason, evidence=evidence)


def _part_mark(name: str, part: NativePart, tracker: TrackerResult) -> Mark:
    title = f"{tracker.name}: {part.part}"
    if gap := _gap(part, tracker):
        reason = capital(f"{gap.whose}: {gap.reason}")
        evidence = Evidence(id=name, title=title, sentences=[f"{reason}."])
        return Mark(verdict="unsupported", says=reason, text=f"0/{part.facts}", evidence=evidence)
    return Mark(
        verdict=_verdict(part),
        says=_counts(part),
        text=f"{part.kept}/{part.facts}",
        shares=_shares(part),
        evidence=_part_evidence(name, title, part, tracker) if part.changed + part.dropped else None,
    )


def _total_mark(tracker: TrackerResult, parts: Sequence[NativePart]) -> Mark:
    whole = _sum([part for part in parts if not _gap(part, tracker)])
    left_out = sum(part.facts for part in parts if _gap(part, tracker))
    return Mark(
        verdict=_verdict(whole),
        says=_counts(whole) + (f"; {left_out:,} more are of no kind that it keeps" if left_out else ""),
        text=f"{whole.kept}/{whole.facts + left_out}",
        shares=_shares(whole) | {"unsupported": left_out},
    )


def _sum(parts: Sequence[NativePart]) -> NativePart:
    def total(field: str) -> int:
        return sum(getattr(part, field) for part in parts)

    return NativePart("", total("facts"), total("kept"), total("changed"), total("dropped"), total("added"), ())


def _shares(part: NativePart) -> dict[str, int]:
    return {"identical": part.kept, "changed": part.changed, "dropped": part.dropped}


def _gap(part: NativePart, tracker: TrackerResult) -> Gap | None:
    """Return whose gap it is that a part is missing altogether, if it is a declared one."""
    return None if part.kept + part.changed else tracker.gaps.get(_FEATURES.get(part.part, part.part))


def _verdict(part: NativePart) -> str:
    if part.dropped:
        return "dropped"
    return "changed" if part.changed else "identical"


def _counts(part: NativePart) -> str:
    added = f", {part.added:,} added by the vendor" if part.added else ""
    return f"{part.kept:,} of {part.facts:,} kept, {part.changed:,} changed, {part.dropped:,} missing{added}"


def _part_evidence(name: str, title: str, part: NativePart, tracker: TrackerResult) -> Evidence:
    all_facts = part.changed + part.dropped
    shown = "The results hold no example."
    if part.examples:
        is_all = len(part.examples) >= all_facts
        shown = (
            "What was logged, and what came back:" if is_all else f"The first {len(part.examples)} differences:"
        )
    return Evidence(
        id=name,
        title=title,
        sentences=[f"{_counts(part)}.", shown],
        examples=list(part.examples),
        command=tracker.ui or "",
    )


def _feature_column(name: str, features: Sequence[str], tracker: TrackerResult) -> list[Mark]:
    """Return a mark for each feature; gaps with the same reason share their evidence."""
    lacking: dict[str, list[str]] = {}
    for feature in features:
        if feature not in tracker.features:
            lacking.setdefault(_reason(feature, tracker), []).append(feature)
    evidence = {
        reason: Evidence(
            id=f"{name}-{place}", title=f"{tracker.name}: {', '.join(names)}", sentences=[f"{reason}."]
        )
        for place, (reason, names) in enumerate(lacking.items())
    }
    return [_feature_mark(feature, tracker, evidence) for feature in features]


def _feature_mark(feature: str, tracker: TrackerResult, evidence: dict[str, Evidence]) -> Mark:
    if feature in tracker.features:
        return Mark(verdict="identical", says="yes")
    gap = tracker.gaps.get(feature)
    reason = _reason(feature, tracker)
    return Mark(verdict="unsupported", says=reason, text=gap.whose if gap else "", evidence=evidence[reason])


def _reason(feature: str, tracker: TrackerResult) -> str:
    gap = tracker.gaps.get(feature)
    return capital(f"{gap.whose}: {gap.reason}") if gap else "No reason is given"


def is_absent(text: str) -> bool:
    """Tell whether a side of a difference is no value but a gap."""
    return text == ABSENT


def legend(marks: Iterable[Mark]) -> list[tuple[str, str, str]]:
    """Return verdict, glyph and meaning of those that occur, in their usual order."""
    used = {mark.verdict for mark in marks}
    return [(verdict, *VERDICTS[verdict]) for verdict in VERDICTS if verdict in used]
