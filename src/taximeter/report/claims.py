"""What others say of trackers, with where they say it, beside what was measured about it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from taximeter.errors import InputError
from taximeter.report.costs import scalar_found
from taximeter.report.fates import crash, crowd, fate
from taximeter.report.growth import curve
from taximeter.report.numbers import number
from taximeter.report.samples import NOT_MEASURED, WAYS
from taximeter.verdicts.results import TrackerVerdicts, Verdict

CLAIMS: Final = "claims.json"
"""The file with all claims, in the folder of all reports."""

_ELSEWHERE: Final = "no single facts were written on this way: what came back of the run stands above"

Question = Literal["call", "kill", "writers", "runs", "points", "silent losses", "same verdicts", "nothing"]


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What was said, by whom and where, and which measurement speaks to it.

    Attributes:
        group: claims of one sort stand together.
        who: said it.
        words: as they stand at the source.
        source: its address, or a place in words.
        seen: the day on which the words stood there.
        tracker: whose measurements.
        question: which of them; ``nothing`` where none can.
        other: a second tracker, for ``same verdicts``.
        both: the conditions under which words and measurement are both true.
    """

    group: str
    who: str
    words: str
    source: str
    seen: str = ""
    tracker: str
    question: Question
    other: str = ""
    both: str = ""


class Answer(NamedTuple):
    """A claim, and by way what was measured about it."""

    claim: Claim
    measured: dict[str, str]

    @property
    def link(self) -> str:
        """The source, if it is an address."""
        return self.claim.source if self.claim.source.startswith("https://") else ""


class Known(NamedTuple):
    """Measurements by kind and tracker, and verdicts by tracker."""

    measured: dict[tuple[str, str], Any]
    verdicts: dict[str, TrackerVerdicts]


def read_claims(file: Path) -> list[Claim]:
    """Return all claims; none where there is no such file.

    Raises:
        InputError: it holds no claims.
    """
    if not file.exists():
        return []
    try:
        return msgspec.json.decode(file.read_bytes(), type=list[Claim])
    except msgspec.MsgspecError as error:
        raise InputError(f"{file} is no file of claims: {error}.") from error


def answer(claim: Claim, known: Known) -> Answer:
    """Return what was measured about a claim, on both ways."""
    return Answer(claim, {way: _ANSWERS[claim.question](claim, known, way) for way in WAYS})


def _call(claim: Claim, known: Known, way: str) -> str:
    found = scalar_found(known.measured.get(("cost", claim.tracker)), way)
    values = [found.estimate(of) for of in (lambda it: it.p50, lambda it: it.p99, lambda it: it.longest)]
    if not all(values):
        return f"{claim.tracker}: {found.problem}"
    p50, p99, longest = (number(value.median).text for value in values if value)
    words = f"a call to {claim.tracker} took {p50} µs (p99 {p99} µs, the longest {longest} µs)"
    return "; ".join(filter(None, (words, found.problem)))


def _kill(claim: Claim, known: Known, way: str) -> str:
    of = fate(known.measured.get(("crash", claim.tracker)), way, crash())
    return f"{claim.tracker}, killed by SIGKILL: {of.sentence}"


def _writers(claim: Claim, known: Known, way: str) -> str:
    measurement = known.measured.get(("contention", claim.tracker))
    if measurement is None:
        return f"{claim.tracker}: {NOT_MEASURED}"
    most = max(row.settings.writers for row in measurement.rows)
    of = fate(measurement, way, crowd(most, fresh=True))
    return f"{claim.tracker}, {most} processes into a new store: {of.sentence}"


def _grows(growth: str) -> Callable[[Claim, Known, str], str]:
    def say(claim: Claim, known: Known, way: str) -> str:
        measurement = known.measured.get(("growth", claim.tracker))
        writing = curve(measurement, way, growth)
        listing = curve(measurement, way, growth, lambda sample: sample.list_all)
        if not writing.points:
            return f"{claim.tracker}: {writing.problem}"
        size, seconds = writing.points[-1]
        listed = f"; listing then takes {number(listing.points[-1][1]).text} s" if listing.points else ""
        slope = "" if writing.slope is None else f", growing with the power {writing.slope:.2f}"
        words = f"{claim.tracker} wrote {size:,.0f} {growth} in {number(seconds).text} s{slope}{listed}"
        return "; ".join(filter(None, (words, writing.problem)))

    return say


def _silent(claim: Claim, known: Known, way: str) -> str:
    found = known.verdicts.get(claim.tracker)
    if way == "interface":
        return _ELSEWHERE
    if found is None:
        return f"{claim.tracker}: {NOT_MEASURED}"
    return f"{claim.tracker} lost {found.silent_losses} of {found.judged} facts without a word"


def _same(claim: Claim, known: Known, way: str) -> str:
    both = [known.verdicts.get(claim.tracker), known.verdicts.get(claim.other)]
    if way == "interface":
        return _ELSEWHERE
    if not all(both):
        return f"{claim.tracker} and {claim.other}: {NOT_MEASURED}"
    mine, theirs = ({each.fact: each.verdict for each in of.findings} for of in both if of)
    shared = sorted(
        fact for fact in mine.keys() & theirs.keys() if Verdict.UNSUPPORTED not in (mine[fact], theirs[fact])
    )
    other = sum(mine[fact] != theirs[fact] for fact in shared)
    return f"{other} of {len(shared)} facts get another verdict with {claim.tracker} than with {claim.other}"


def _nothing(_claim: Claim, _known: Known, _way: str) -> str:
    return "no measurement here speaks to it"


_ANSWERS: Final[dict[str, Callable[[Claim, Known, str], str]]] = {
    "call": _call,
    "kill": _kill,
    "writers": _writers,
    "runs": _grows("runs in a store"),
    "points": _grows("points in a run"),
    "silent losses": _silent,
    "same verdicts": _same,
    "nothing": _nothing,
}
