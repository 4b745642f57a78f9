"""The difference in short: what the ways cost and keep, side by side."""

from collections.abc import Callable, Iterator
from typing import Any

from taximeter.measure.kind import Measurement
from taximeter.report.costs import SCALAR, first_point, workload_found
from taximeter.report.fates import Fate, Hardship, crash, crowd, fate, faulty
from taximeter.report.material import Material
from taximeter.report.numbers import number
from taximeter.report.samples import NOT_MEASURED, WAYS
from taximeter.report.tables import Cell, Table, text
from taximeter.report.text import counted, listed


def story_table(material: Material) -> Table | None:
    """Return the few figures that tell the ways apart, from least to greatest tracker; None without any."""
    rows = [
        ("a call that logs one value, p50", _range(material, SCALAR, lambda it: it.p50, "µs")),
        ("a call that logs a model, p50", _range(material, "model", lambda it: it.p50 / 1000, "ms")),
        ("a call that logs 10 MB, p50", _range(material, "artifact", lambda it: it.p50 / 1000, "ms")),
        ("until the first point can be logged", _range(material, SCALAR, first_point, "s")),
        ("memory of all that was started", _range(material, SCALAR, lambda it: it.memory_all / 1e6, "MB")),
        ("keep every acknowledged point of a kill", _kept(material, crash())),
        ("keep every acknowledged point of a full disk, once there is room", _kept(material, faulty("disk full"))),
        ("keep every acknowledged point with a flipped byte", _kept(material, faulty("flipped byte"))),
        ("bear 8 writers into a new store", _kept(material, crowd(8, fresh=True), lambda of: of.is_whole)),
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
        note=" ".join(_notes(material)),
    )


def _notes(material: Material) -> Iterator[str]:
    """Yield what the figures leave out."""
    if material.vendorless:
        yield f"Without {listed(material.vendorless)} {WAYS['vendor']}: of these there is no vendor."
    if material.verdicts:
        yield f"The facts were not written {WAYS['interface']}: there it is the comparison's run."


def _range(material: Material, workload: str, value: Callable[[Any], float], unit: str) -> list[Cell]:
    return _unless_empty([_ends(material, workload, value, unit, way) for way in WAYS])


def _ends(material: Material, workload: str, value: Callable[[Any], float], unit: str, way: str) -> Cell:
    """Return the least and the greatest value of the trackers that keep metrics: calls to others write nothing."""
    keeping = [each for each in _on_way(material, "cost", way) if material.keeps_metrics(each.tracker)]
    found = {each.tracker: workload_found(each, way, workload) for each in keeping}
    known = sorted(each.median for each in (one.estimate(value) for one in found.values()) if each)
    ends = dict.fromkeys(number(each).text for each in (*known[:1], *known[-1:]))
    problems = [f"{name}: {each.problem}" for name, each in found.items() if each.samples and each.problem]
    return Cell(text=f"{' to '.join(ends)} {unit}" if ends else "", problem="; ".join(problems))


def _on_way(material: Material, kind: str, way: str) -> list[Measurement[Any, Any]]:
    """Return the measurements of a kind, as the vendor ships it only of trackers that have one."""
    left_out = material.vendorless if way == "vendor" else ()
    return [each for each in material.of(kind) if each.tracker not in left_out]


def _kept(
    material: Material, hardship: Hardship, is_enough: Callable[[Fate], bool] = lambda of: of.keeps_all
) -> list[Cell]:
    """Return how many trackers keep enough, of those that acknowledged anything or whose runs died."""
    cells = []
    for way in WAYS:
        fates = [fate(each, way, hardship) for each in _on_way(material, hardship.kind, way)]
        tried = [each for each in fates if each.acknowledged or each.died]
        cells.append(text(f"{sum(map(is_enough, tried))} of {counted(len(tried), 'tracker')}" if tried else ""))
    return _unless_empty(cells)


def _silent(material: Material) -> list[Cell]:
    judged = [each for each in material.verdicts if each.judged and each.tracker not in material.vendorless]
    if not judged:
        return []
    losses = sorted(each.silent_losses for each in judged)
    least = f"{losses[0]} to {losses[-1]}" if losses[0] != losses[-1] else f"{losses[0]}"
    compared = material.comparison.holding if material.comparison else []
    equal = sum(each.equal is True for each in compared)
    exact = f"of the run none, in {equal} of {counted(len(compared), 'tracker')}"
    cells = [
        f"{least} of up to {max(each.judged for each in judged)}",
        exact if compared else "nothing was compared",
    ]
    return list(map(text, cells))


def _unless_empty(cells: list[Cell]) -> list[Cell]:
    return (
        [cell if cell.text else text(NOT_MEASURED) for cell in cells] if any(cell.text for cell in cells) else []
    )
