"""The difference in short: what the ways cost and keep, side by side."""

from collections.abc import Callable, Sequence
from typing import Any

from taximeter.report.costs import scalar_found
from taximeter.report.fates import Fate, Hardship, crash, crowd, fate, faulty
from taximeter.report.material import Material
from taximeter.report.numbers import number
from taximeter.report.samples import NOT_MEASURED, WAYS
from taximeter.report.tables import Cell, Table, text
from taximeter.report.text import counted


def story_table(material: Material) -> Table | None:
    """Return the few figures that tell the ways apart, from least to greatest tracker; None without any."""
    rows = [
        ("a call that logs one value, p50", _range(material, lambda sample: sample.p50, "µs")),
        ("until the first point can be logged", _range(material, lambda it: it.imported + it.started, "s")),
        ("keep every acknowledged point of a kill", _whole(material, crash())),
        ("keep every acknowledged point on a full disk", _whole(material, faulty("disk full"))),
        ("bear 8 writers into a new store", _whole(material, crowd(8, fresh=True))),
        ("facts lost without a word", _silent(material)),
    ]
    known = [(name, cells) for name, cells in rows if cells]
    if not known:
        return None
    return Table(
        id="story",
        caption="The difference in short",
        columns=["", *WAYS.values()],
        rows=[[text(name), *cells] for name, cells in known],
    )


def _range(material: Material, value: Callable[[Any], float], unit: str) -> list[Cell]:
    return _unless_empty([_ends(material, value, unit, way) for way in WAYS])


def _ends(material: Material, value: Callable[[Any], float], unit: str, way: str) -> Cell:
    """Return the least and the greatest value of the trackers that keep metrics: calls to others write nothing."""
    keeping = [each for each in material.of("cost") if material.keeps_metrics(each.tracker)]
    found = {each.tracker: scalar_found(each, way) for each in keeping}
    known = sorted(each.median for each in (one.estimate(value) for one in found.values()) if each)
    ends = dict.fromkeys(number(each).text for each in (*known[:1], *known[-1:]))
    problems = [f"{name}: {each.problem}" for name, each in found.items() if each.samples and each.problem]
    return Cell(text=f"{' to '.join(ends)} {unit}" if ends else "", problem="; ".join(problems))


def _whole(material: Material, hardship: Hardship) -> list[Cell]:
    """Return how many trackers keep everything, of those that acknowledged anything or whose runs died."""
    fates = {way: [fate(each, way, hardship) for each in material.of(hardship.kind)] for way in WAYS}
    tried = {way: [each for each in found if each.acknowledged or each.died] for way, found in fates.items()}
    return _unless_empty([text(_count(tried[way])) for way in WAYS])


def _count(fates: Sequence[Fate]) -> str:
    return f"{sum(each.is_whole for each in fates)} of {counted(len(fates), 'tracker')}" if fates else ""


def _silent(material: Material) -> list[Cell]:
    judged = [each for each in material.verdicts if each.judged]
    if not judged:
        return []
    losses = sorted(each.silent_losses for each in judged)
    least = f"{losses[0]} to {losses[-1]}" if losses[0] != losses[-1] else f"{losses[0]}"
    compared = material.comparison.holding if material.comparison else []
    equal = sum(each.equal is True for each in compared)
    exact = f"none of the run, in {equal} of {counted(len(compared), 'tracker')}"
    cells = [
        f"{least} of up to {max(each.judged for each in judged)}",
        exact if compared else "nothing was compared",
    ]
    return list(map(text, cells))


def _unless_empty(cells: list[Cell]) -> list[Cell]:
    return (
        [cell if cell.text else text(NOT_MEASURED) for cell in cells] if any(cell.text for cell in cells) else []
    )
