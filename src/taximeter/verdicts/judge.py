"""Turns what was written and what was read into a verdict."""

from typing import Any

import msgspec

from taximeter.diff import ABSENT
from taximeter.redact import redact
from taximeter.values import pack
from taximeter.verdicts.facts import Fact
from taximeter.verdicts.results import Finding, Verdict
from taximeter.verdicts.said import without_scratch

_LONGEST = 200


def judge(fact: Fact, found: Any, said: tuple[str, ...] = ()) -> Finding:
    """Return the finding about a fact that was written without an error.

    A change is without loss if the fact's `undo`, given what was read and nothing else, returns what was written.
    """
    if _is_absent(found):
        verdict = Verdict.DROPPED
    elif _same(found, fact.written):
        verdict = Verdict.IDENTICAL
    elif _same(fact.undo(found), fact.written):
        verdict = Verdict.UNDONE
    else:
        verdict = Verdict.LOSS
    return finding_of(fact, verdict, read="" if _is_absent(found) else show(found), said=said)


def finding_of(
    fact: Fact, verdict: Verdict, *, read: str = "", reason: str = "", said: tuple[str, ...] = ()
) -> Finding:
    """Return a finding, with the fact as it now is."""
    return Finding(
        fact=fact.number,
        theme=str(fact.theme),
        name=fact.name,
        sentence=fact.sentence,
        verdict=verdict,
        written=show(fact.written),
        read=read,
        reason=redact(shorten(without_scratch(reason))),
        said=said,
    )


def show(value: Any) -> str:
    """Return a value as short text."""
    return redact(shorten(repr(value)))


def shorten(text: str, longest: int = _LONGEST) -> str:
    """Return text of at most about `longest` characters, saying how many there were."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _is_absent(found: Any) -> bool:
    return isinstance(found, str) and found == ABSENT


def _same(left: Any, right: Any) -> bool:
    """Compare exactly: types, bits, and NaN with NaN."""
    return _exact(left) == _exact(right)


def _exact(value: Any) -> bytes:
    return msgspec.json.encode(pack(value), order="sorted")
