"""The difference in short: what the ways cost and keep, side by side."""

from collections.abc import Callable, Sequence
from typing import Any

from taximeter.report.costs import scalar_found
from taximeter.report.fates import Fate, Hardship, crash, crowd, fate, faulty
from taximeter.report.material import Material
from taximeter.report.numbers import number
from taximeter.report.samples import WAYS
from taximeter.report.tables import Table, text
from taximeter.report.text import counted


def story_table(material: Material) -> Table | None:
    """Return the few figures that tell the ways apart, from least to greatest tracker; None without any."""
    rows = [
        ("a call that logs one value, p50", _range(material, lambda sample: sample.p50, "µs")),
        ("until the first point can be logged", _range(material, lambda it: it.imported + it.started, "s")),
        ("keep every acknowledged point of a kill", _whole(material, crash())),
        ("keep every acknowledged point on a full disk", _whole(material, faulty("disk full"))),
        ("bear 8 writers into a new store", _whole(material, crowd(8, fresh=True), "0 of")),
        ("facts lost without a word", _silent(material)),
    ]
    known = [(name, cells) for name, cells in rows if cells]
    if not known:
        return None
    return Table(
        id="story",
        caption="The difference in short",
        columns=["", *WAYS.values()],
        rows=[[text(name), *map(text, cells)] for name, cells in known],
    )


def _range(material: Material, value: Callable[[Any], float], unit: str) -> list[str]:
    return _unless_empty([_ends(material, value, unit, way) for way in WAYS])


def _ends(material: Material, value: Callable[[Any], float], unit: str, way: str) -> str:
    found = [scalar_found(each, way) for each in material.of("cost")]
    keeping = [each.estimate(value) for each in found if any(sample.size for sample in each.samples)]
    known = sorted(each.median for each in keeping if each)
    if not known:
        return ""
    ends = list(dict.fromkeys(number(each).text for each in (known[0], known[-1])))
    return f"{' to '.join(ends)} {unit}"


def _whole(material: Material, hardship: Hardship, begins: str = "") -> list[str]:
    """Return how many trackers keep everything; `begins` is how their states must begin besides."""
    fates = {way: [fate(each, way, hardship) for each in material.of(hardship.kind)] for way in WAYS}
    return _unless_empty([_count([each for each in fates[way] if each.acknowledged], begins) for way in WAYS])


def _count(fates: Sequence[Fate], begins: str) -> str:
    if not fates:
        return ""
    whole = sum(each.kept >= each.acknowledged and each.states.startswith(begins) for each in fates)
    return f"{whole} of {counted(len(fates), 'tracker')}"


def _silent(material: Material) -> list[str]:
    judged = [each for each in material.verdicts if each.judged]
    if not judged:
        return []
    losses = sorted(each.silent_losses for each in judged)
    least = f"{losses[0]} to {losses[-1]}" if losses[0] != losses[-1] else f"{losses[0]}"
    compared = material.comparison.holding if material.comparison else []
    equal = sum(each.equal is True for each in compared)
    exact = f"none of the run, in {equal} of {counted(len(compared), 'tracker')}" if compared else "–"
    return [f"{least} of up to {max(each.judged for each in judged)}", exact]


def _unless_empty(cells: list[str]) -> list[str]:
    return [cell or "not measured" for cell in cells] if any(cells) else []
