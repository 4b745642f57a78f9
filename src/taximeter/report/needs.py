"""Which tracker for whom: needs as rows, and in every cell a glyph with the figure behind it."""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from taximeter.measure.kind import Measurement
from taximeter.measure.statistics import Estimate
from taximeter.report.costs import first_point, scalar_found
from taximeter.report.fates import Fate, Hardship, crash, crowd, fate, faulty
from taximeter.report.material import Material
from taximeter.report.matrix import Mark
from taximeter.report.numbers import number
from taximeter.report.samples import NOT_MEASURED, spread
from taximeter.report.text import listed
from taximeter.results import TrackerResult
from taximeter.verdicts.results import TrackerVerdicts, Verdict

MEANINGS: Final = (
    ("identical", "●", "met"),
    ("changed", "◐", "nearly"),
    ("dropped", "○", "not met"),
    ("refused", "✕", "nothing was acknowledged, so nothing could be lost"),
    ("unsupported", "–", "not measured, or no such thing"),
)

_GLYPHS: Final = ("identical", "changed", "dropped")
_GRADES: Final = {verdict: grade for grade, verdict in enumerate(_GLYPHS)} | {"refused": 2}
_STANDINGS: Final = ("active", "dormant", "legacy")
_FULL_DISK: Final = "disk full"
_NUMBERS: Final = ("values of metrics", "steps")
_TYPES: Final = ("params",)
_CROWD: Final = 8
_NEARLY_ALL: Final = 0.9
_WRITES_NOTHING: Final = "no metric is kept point by point, so a call writes nothing"
_UNMEASURED: Final = ("search", "a server for a team", "the size of an installation")


class Tracker(NamedTuple):
    """All that is known of one tracker, by kind."""

    name: str
    measured: dict[str, Measurement[Any, Any]]
    verdicts: TrackerVerdicts | None
    result: TrackerResult | None
    keeps_metrics: bool = True


class Need(NamedTuple):
    """A need, what meets it in words, and how a tracker is judged on a way."""

    name: str
    words: str
    judge: Callable[[Tracker, str], Mark]


class NeedsTable(NamedTuple):
    """The needs by trackers, on both ways; `unmeasured` says what nobody measured."""

    trackers: list[str]
    rows: list[tuple[Need, dict[str, list[Mark]]]]
    unmeasured: str


def needs_table(material: Material, trackers: Sequence[str], ways: Sequence[str]) -> NeedsTable | None:
    """Return the needs that something is known of; None where there is none."""
    known = [each for each in (_gather(material, name) for name in trackers) if not _keeps_nothing(each)]
    rows = [(need, {way: [need.judge(each, way) for each in known] for way in ways}) for need in NEEDS]
    used = [row for row in rows if any(mark.rank is not None for marks in row[1].values() for mark in marks)]
    unused = [need.name for need, _ in rows if need.name not in {row[0].name for row in used}]
    if not used:
        return None
    return NeedsTable([each.name for each in known], used, f"Not measured: {listed([*unused, *_UNMEASURED])}.")


def _gather(material: Material, name: str) -> Tracker:
    measured = {each.kind: each.content for each in material.measured if each.tracker == name}
    verdicts = next((each for each in material.verdicts if each.tracker == name), None)
    results = material.comparison.trackers if material.comparison else []
    result = next((each for each in results if each.name == name), None)
    return Tracker(name, measured, verdicts, result, material.keeps_metrics(name))


def _keeps_nothing(tracker: Tracker) -> bool:
    return tracker.result is not None and tracker.result.state == "keeps nothing"


def _unknown(reason: str = NOT_MEASURED) -> Mark:
    return Mark(verdict="unsupported", says=reason)


def _graded(grade: int, figure: str, says: str, rank: float) -> Mark:
    return Mark(verdict=_GLYPHS[grade], text=figure, says=says, rank=rank)


def _below(value: float, first: float, second: float) -> int:
    """Return the grade of a value that should be small."""
    return 0 if value <= first else 1 if value <= second else 2


def _median(found: Estimate, grade: int, unit: str, problem: str) -> Mark:
    says = "; ".join(filter(None, (spread(found, unit), problem)))
    return _graded(grade, f"{number(found.median).text} {unit}", says, found.median)


def _call(tracker: Tracker, way: str) -> Mark:
    found = scalar_found(tracker.measured.get("cost"), way)
    p50 = found.estimate(lambda sample: sample.p50)
    if p50 is None:
        return _unknown(found.problem)
    mute = _WRITES_NOTHING if way == "vendor" and not tracker.keeps_metrics else ""
    problem = "; ".join(filter(None, (found.problem, mute)))
    return _median(p50, _below(p50.median, 100, 1_000), "µs", problem)


def _start(tracker: Tracker, way: str) -> Mark:
    found = scalar_found(tracker.measured.get("cost"), way)
    first = found.estimate(first_point)
    if first is None:
        return _unknown(found.problem)
    return _median(first, _below(first.median, 0.5, 2), "s", found.problem)


def _survives(hardship: Hardship) -> Callable[[Tracker, str], Mark]:
    def judge(tracker: Tracker, way: str) -> Mark:
        of = fate(tracker.measured.get(hardship.kind), way, hardship)
        if not of.acknowledged:
            return _nothing(of)
        part = of.kept / of.acknowledged
        grade = 0 if of.is_whole else 1 if part >= _NEARLY_ALL else 2
        return _graded(grade, of.text, of.sentence, -part)

    return judge


def _nothing(of: Fate) -> Mark:
    """Return the mark of a tracker that acknowledged nothing, if it was tried at all."""
    if not of.samples:
        return _unknown(of.problem)
    return Mark(verdict=of.verdict, text=of.text, says=of.sentence, rank=math.inf)


def _crowd(tracker: Tracker, way: str) -> Mark:
    of = fate(tracker.measured.get("contention"), way, crowd(_CROWD, fresh=True))
    if not of.acknowledged:
        return _nothing(of)
    part = of.kept / of.acknowledged * (1 - of.died / max(of.begun, 1))
    grade = 0 if of.is_whole else 1 if part >= _NEARLY_ALL else 2
    figure = f"{of.died} of {of.begun} died" if of.died else of.text
    return _graded(grade, figure, of.sentence, -part)


def _keeps(themes: Sequence[str]) -> Callable[[Tracker, str], Mark]:
    def judge(tracker: Tracker, way: str) -> Mark:
        if way == "interface":
            return _exact(tracker)
        findings = [each for each in tracker.verdicts.findings if each.theme in themes] if tracker.verdicts else []
        judged = [each for each in findings if each.verdict != Verdict.UNSUPPORTED]
        if not judged:
            return _unknown()
        same = sum(each.verdict == Verdict.IDENTICAL for each in judged)
        undone = sum(each.verdict == Verdict.UNDONE for each in judged)
        says = f"{same} of {len(judged)} facts identical, {undone} more changed without loss"
        part = (same + undone) / len(judged)
        grade = 0 if same == len(judged) else 1 if part >= _NEARLY_ALL else 2
        return _graded(grade, f"{same} of {len(judged)}", says, -part - same / 1000)

    return judge


def _exact(tracker: Tracker) -> Mark:
    if tracker.result is None or tracker.result.equal is None:
        return _unknown("not in the comparison" if tracker.result is None else tracker.result.state)
    how, grade = ("exact", 0) if tracker.result.equal else ("differs", 2)
    says = f"of the comparison's run, which is {how}; the facts were not written on this way"
    return _graded(grade, f"run {how}", says, 0.0)


def _live(tracker: Tracker, _way: str) -> Mark:
    if tracker.result is None:
        return _unknown("not in the comparison")
    if "live view" in tracker.result.features:
        return _graded(0, "", "its own view shows a run while it goes on", 0.0)
    gap = tracker.result.gaps.get("live view")
    return Mark(verdict="dropped", says=f"{gap.whose}: {gap.reason}" if gap else "no live view", rank=1.0)


def _offline(tracker: Tracker, way: str) -> Mark:
    found = scalar_found(tracker.measured.get("cost"), way)
    if not found.samples:
        return _unknown(found.problem)
    says = "; ".join(filter(None, ("everything here was measured without its vendor's service", found.problem)))
    return _graded(0, "", says, 0.0)


def _maintained(tracker: Tracker, _way: str) -> Mark:
    if tracker.result is None:
        return _unknown("not in the comparison")
    standing = tracker.result.standing
    grade = _STANDINGS.index(standing.state)
    return _graded(grade, standing.state, standing.reason or "released lately", float(grade))


NEEDS: Final = (
    Need("cheap in the training loop", "a call takes at most 100 µs; nearly: 1 ms", _call),
    Need("starts at once", "the first point within 0.5 s; nearly: 2 s", _start),
    Need("survives a kill", "all acknowledged points; nearly: 90 %", _survives(crash())),
    Need("survives a full disk", "all acknowledged points; nearly: 90 %", _survives(faulty(_FULL_DISK))),
    Need(
        "keeps exact numbers",
        "all facts on values and steps identical; nearly: 90 % without loss",
        _keeps(_NUMBERS),
    ),
    Need("keeps types", "all facts on params identical; nearly: 90 % without loss", _keeps(_TYPES)),
    Need("many writers", "8 processes into a new store, nothing lost, no run dies; nearly: 90 %", _crowd),
    Need("live view", "its own view shows a run while it goes on", _live),
    Need("works offline", "measured without its vendor's service", _offline),
    Need("still maintained", "active; nearly: dormant", _maintained),
)


def rank_text(mark: Mark) -> str:
    """Return a mark's rank for the page: the grade first, then the figure; the last of all where there is none."""
    grade = _GRADES.get(mark.verdict, len(_GLYPHS))
    inner = 0.0 if mark.rank is None else math.atan(mark.rank) / 4
    return f"{grade + inner:.6f}"
