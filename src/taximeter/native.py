"""What a tracker keeps of a run by itself: the native view held against the record, part by part."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from taximeter.diff import ABSENT, Difference, diff
from taximeter.record import RunRecord

_RUN_FIELDS = ("experiment", "name", "status", "started", "ended", "parent_id", "hypothesis", "notes")
_TIMES = "metric times"
_EXAMPLES = 5
_FACT = re.compile(r"""\w+(?:\[(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\d+)\])?""")
_TIME = re.compile(r"\[\d+\]\.time")


class NativePart(msgspec.Struct, frozen=True):
    """How many of a part's facts the native view holds as they were logged.

    A fact is a param, a metric with its values and steps, the times of a metric, a tag, a field of the run, and so
    on; `added` counts what the vendor put there itself.
    """

    part: str
    facts: int
    kept: int
    changed: int
    dropped: int
    added: int
    examples: tuple[Difference, ...]


def compare_native(record: RunRecord, native: RunRecord) -> list[NativePart]:
    """Return, for each part of the record that holds anything, what the native view made of it."""
    sides = zip(_parts(record).items(), _parts(native).values(), strict=True)
    parts = [_compare_part(name, facts, theirs) for (name, facts), theirs in sides]
    examples = diff(record, native)
    return [
        msgspec.structs.replace(part, examples=tuple(_examples(part.part, examples)))
        for part in parts
        if part.facts
    ]


def _parts(record: RunRecord) -> dict[str, dict[str, bytes]]:
    """Return every fact of a record as bytes that differ wherever the fact does."""
    head = record.head()
    run = {field: head[field] for field in _RUN_FIELDS if head[field] not in (None, [])}
    parts: dict[str, Mapping[str, Any]] = {"run": run}
    for part in ("params", "tags", "artifacts", "models", "source", "environment"):
        parts[part] = head[part] or {}
    parts["datasets"] = {f"{place['role']} {place['name']}": place for place in head["datasets"]}
    written = {part: {name: _bytes(value) for name, value in facts.items()} for part, facts in parts.items()}
    columns = {key: series.columns for key, series in record.metrics.items()}
    written["metrics"] = {key: values + steps for key, (values, steps, _) in columns.items()}
    written[_TIMES] = {key: times for key, (_, _, times) in columns.items()}
    return written


def _bytes(value: Any) -> bytes:
    """Return a tree as text that is the same whatever the order of its names."""
    return msgspec.json.encode(value, order="sorted")


def _compare_part(name: str, facts: Mapping[str, bytes], theirs: Mapping[str, bytes]) -> NativePart:
    kept = sum(theirs.get(fact) == written for fact, written in facts.items())
    dropped = len(facts.keys() - theirs.keys())
    added = len(theirs.keys() - facts.keys())
    return NativePart(name, len(facts), kept, len(facts) - kept - dropped, dropped, added, ())


def _examples(part: str, found: list[Difference]) -> list[Difference]:
    """Return the first differences of a part, leaving out what the vendor added."""
    chosen = [difference for difference in found if difference.left != ABSENT and part_of(difference.path) == part]
    return chosen[:_EXAMPLES]


def part_of(path: str) -> str:
    """Return the part of the record that a difference is in, by its path."""
    field = path.partition("[")[0].partition(".")[0]
    if field == "metrics" and _TIME.match(path, len(fact_of(path))):
        return _TIMES
    return "run" if field in _RUN_FIELDS else field


def fact_of(path: str) -> str:
    """Return the path of the fact that a difference is in: a field of the run, or one name or place of a part."""
    found = _FACT.match(path)
    return found[0] if found else path
