"""What each tracker holds through taximeter: the exact record, part by part of the comparison's run."""

from collections.abc import Sequence

from taximeter.native import fact_of, part_of
from taximeter.report.matrix import Evidence, Mark, Matrix
from taximeter.results import TrackerResult


def exact_matrix(trackers: Sequence[TrackerResult]) -> Matrix | None:
    """Return how many facts of each part of the run were read back bit for bit; None where none was counted."""
    parts = {part.part: part.facts for tracker in trackers for part in tracker.native or ()}
    if not parts:
        return None
    return Matrix(
        id="exact",
        caption="Facts of the comparison's run that came back bit for bit, through taximeter",
        head="part of the run",
        trackers=[tracker.name for tracker in trackers],
        first=next((place for place, each in enumerate(trackers) if each.state != "keeps nothing"), 0),
        rows=[
            (
                part,
                [_mark(f"exact-{row}-{place}", part, facts, tracker) for place, tracker in enumerate(trackers)],
            )
            for row, (part, facts) in enumerate(parts.items())
        ],
    )


def _mark(id_: str, part: str, facts: int, tracker: TrackerResult) -> Mark:
    title = f"{tracker.name}: {part}, exactly"
    if tracker.equal is None:
        verdict = "unsupported" if tracker.state == "keeps nothing" else "refused"
        says = f"{tracker.state}: {tracker.problem}" if tracker.problem else f"It {tracker.state}"
        return Mark(verdict=verdict, says=says, evidence=Evidence(id=id_, title=title, sentences=[says]))
    wrong = [each for each in tracker.differences if part_of(each.path) == part]
    differing = len({fact_of(each.path) for each in wrong})
    if not wrong:
        says = f"{facts:,} of {facts:,} came back bit for bit"
        return Mark(verdict="identical", says=says, text=f"{facts:,}")
    says = f"{differing:,} of {facts:,} differ"
    evidence = Evidence(id=id_, title=title, sentences=[says], examples=wrong[:20])
    return Mark(verdict="differs", says=says, text=f"{max(0, facts - differing):,}/{facts:,}", evidence=evidence)
