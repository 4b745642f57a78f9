"""What a page shows of what stores survived: a matrix of everything that went wrong, and a chart of a kill."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from taximeter.measure.kind import Measurement
from taximeter.report.fates import Fate, Hardship, crash, fate, hardships
from taximeter.report.figures import Figure, Plot, bar, beside, rows_chart
from taximeter.report.matrix import Evidence, Mark, Matrix
from taximeter.report.samples import NOT_MEASURED, WAYS
from taximeter.report.tables import Sheet
from taximeter.report.text import counted, ranged

_ENDS: Final = 250
_PARTS: Final = (("identical", "kept"), ("changed", "altered"), ("dropped", "lost"))


def survival_matrix(kinds: dict[str, list[Measurement[Any, Any]]], trackers: Sequence[str], way: str) -> Matrix:
    """Return what became of every tracker in every hardship, on one way."""
    by_kind = {kind: {each.tracker: each for each in found} for kind, found in kinds.items()}
    rows = []
    for line, hardship in enumerate(hardships(kinds)):
        measured = by_kind[hardship.kind]
        marks = [
            _mark(f"survival-{way}-{line}-{place}", name, hardship, measured.get(name), way)
            for place, name in enumerate(trackers)
        ]
        rows.append((hardship.name, marks))
    return Matrix(
        id=f"survival-{way}",
        caption=f"Kept of what was acknowledged, {WAYS[way]}",
        head="what went wrong",
        trackers=list(trackers),
        first=0,
        rows=rows,
    )


def _mark(id_: str, name: str, hardship: Hardship, measurement: Measurement[Any, Any] | None, way: str) -> Mark:
    of = fate(measurement, way, hardship)
    if not of.samples:
        evidence = None
        if of.problem != NOT_MEASURED:
            evidence = Evidence(id=id_, title=f"{name}: {hardship.name}", sentences=[of.problem])
        return Mark(verdict="unsupported", says=of.problem, problem=of.problem, evidence=evidence)
    command = f"taximeter measure {hardship.kind} --tracker {name}"
    evidence = Evidence(
        id=id_,
        title=f"{name}: {hardship.name}, {WAYS[way]}",
        sentences=[f"{of.sentence}.", *of.details, f"Again: {command}"],
    )
    shares = {"identical": of.kept, "changed": of.altered, "dropped": of.lost}
    return Mark(
        verdict=of.verdict,
        says=of.sentence,
        problem="; ".join(of.flaws),
        text=of.text,
        state=of.state,
        shares=shares,
        evidence=evidence,
    )


def killed_figure(measurements: Sequence[Measurement[Any, Any]], where: str) -> Figure:
    """Return the chart of what is left of a training that was killed at once."""
    hardship = crash()
    fates = {way: {each.tracker: fate(each, way, hardship) for each in measurements} for way in WAYS}
    order = sorted(fates["vendor"], key=lambda name: _order(fates["vendor"][name]))
    trials = ranged(
        (each.samples for by_name in fates.values() for each in by_name.values() if each.samples), "training"
    )
    return Figure(
        id="killed",
        title={way: _title(fates[way]) for way in WAYS},
        note=f"n = {trials} for each bar, killed by SIGKILL at another point each time; through taximeter "
        f"the exact record is read, after the courier has delivered; {where}",
        alternative="A bar for each tracker: the shares of acknowledged points that were kept, altered and lost.",
        plots={way: [_plot(order, fates[way])] for way in WAYS},
        sheet=Sheet(
            head=["tracker", "way", "acknowledged", "kept", "altered", "lost", "afterwards"],
            rows=[
                (name, way, each.acknowledged, *_counts(each), each.state if each.samples else each.problem)
                for way, by_name in fates.items()
                for name, each in by_name.items()
            ],
        ),
        is_wide=True,
        legend=_legend(each for by_name in fates.values() for each in by_name.values()),
    )


def _legend(fates: Iterable[Fate]) -> list[tuple[str, str]]:
    """Return the parts that occur."""
    totals = map(sum, zip(*(_counts(each) for each in fates), strict=True))
    return [part for part, total in zip(_PARTS, totals, strict=True) if total]


def _counts(of: Fate) -> tuple[int, int, int]:
    return of.kept, of.altered, of.lost


def _order(of: Fate) -> tuple[bool, float]:
    return (not of.samples, of.lost / of.acknowledged if of.acknowledged else 0.0)


def _title(fates: dict[str, Fate]) -> str:
    tried = {name: each for name, each in fates.items() if each.acknowledged}
    whole = [name for name, each in tried.items() if each.is_whole]
    if not tried:
        return "No training was killed on this way"
    worst = min(tried, key=lambda name: tried[name].kept / tried[name].acknowledged)
    least = f"; {worst} keeps {tried[worst].text}" if tried[worst].kept < tried[worst].acknowledged else ""
    verb = "keeps" if len(whole) == 1 else "keep"
    return f"{len(whole)} of {counted(len(tried), 'tracker')} {verb} every acknowledged point of a kill{least}"


def _plot(names: Sequence[str], fates: dict[str, Fate]) -> Plot:
    traces = [trace for row, name in enumerate(names) for trace in _row(row, name, fates[name])]
    axis = {"title": {"text": "per cent of the acknowledged points"}, "range": [0, 100]}
    return Plot(rows_chart(names, traces, axis, right=_ENDS))


def _row(row: int, name: str, of: Fate) -> list[Any]:
    if not of.acknowledged:
        return [beside(0, row, name, of.sentence, tone="muted")]
    bars = [
        bar(100 * size / of.acknowledged, row, name, tone, f"{name}: {of.sentence}")
        for (tone, _), size in zip(_PARTS, _counts(of), strict=True)
        if size
    ]
    return [*bars, beside(100, row, name, f"{of.kept:,} of {of.acknowledged:,}; {of.state}", hint=of.sentence)]
