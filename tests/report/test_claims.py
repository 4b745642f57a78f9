"""Every question that a claim may ask has an answer, or says that there is none."""

from typing import Any, get_args

import msgspec
import pytest
from report_cases import make_contention, make_cost, make_crash, make_growth, make_results, make_verdicts

from taximeter.report.claims import Claim, Known, Question, answer
from taximeter.report.samples import NOT_MEASURED, WAYS
from taximeter.verdicts.results import Verdict

ELSEWHERE = "no single facts were written on this way"
POINTS = "acknowledged points kept"
ANSWERS: dict[Question, tuple[str, str]] = {
    "call": ("a call to csv took 11.0 µs (p99 88.0 µs, ", "a call to csv took 2.75 µs (p99 22.0 µs, "),
    "kill": (f"csv, killed by SIGKILL: 750 of 1,500 {POINTS}", f"csv, killed by SIGKILL: 1,500 of 1,500 {POINTS}"),
    "writers": (f"csv, 8 processes into a new store: 640 of 640 {POINTS}",) * 2,
    "runs": ("csv wrote 1,000 runs in a store in 316 s, growing with the power 1.50; listing then takes 1.00 s",)
    * 2,
    "points": (f"csv: {NOT_MEASURED}",) * 2,
    "silent losses": ("csv lost 2 of 6 facts without a word", ELSEWHERE),
    "same verdicts": ("1 of 6 facts get another verdict with csv than with git", ELSEWHERE),
    "nothing": ("no measurement here speaks to it",) * 2,
}


def claim_of(question: Question) -> Claim:
    """Return a claim that asks it of csv."""
    return Claim(group="", who="", words="", source="", tracker="csv", other="git", question=question)


@pytest.fixture(scope="module")
def known() -> Known:
    """Return measurements of csv, and verdicts of it and of git, of which one is another."""
    made = (make_cost("csv", 10.0), make_growth("csv", 1.5), make_crash("csv", 0.5), make_contention("csv", 4))
    environment = make_results().environment
    csv = make_verdicts("csv", environment)
    other = msgspec.structs.replace(csv.findings[0], verdict=Verdict.IDENTICAL)
    verdicts = [csv, make_verdicts("git", environment, findings=[other, *csv.findings[1:]])]
    measured: dict[tuple[str, str], Any] = {(each.kind, each.tracker): each for each in made}
    return Known(measured, {each.tracker: each for each in verdicts})


@pytest.mark.parametrize("question", get_args(Question))
def test_every_question_is_answered_by_what_was_measured(question: Question, known: Known) -> None:
    """On each way."""
    found = answer(claim_of(question), known).measured
    assert [*found] == [*WAYS]
    for way, beginning in zip(WAYS, ANSWERS[question], strict=True):
        assert found[way].startswith(beginning)


@pytest.mark.parametrize("question", [each for each in get_args(Question) if each != "nothing"])
def test_a_question_without_a_measurement_says_so(question: Question) -> None:
    """Of the tracker that it is about."""
    found = answer(claim_of(question), Known({}, {})).measured
    for words in found.values():
        assert words.startswith(ELSEWHERE) or (words.startswith("csv") and words.endswith(NOT_MEASURED))
