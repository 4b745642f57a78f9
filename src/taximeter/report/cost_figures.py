"""The charts of the costs: a tracker's seconds by stage, and its bytes."""

from collections.abc import Mapping, Sequence
from typing import Final

import plotly.graph_objects as go

from taximeter.report.figures import DARK, INK, MEDIUM, PALE, PALER, STRONG, Figure, draw, label, named_rows
from taximeter.report.numbers import number, unit_of_bytes
from taximeter.report.tables import csv_link
from taximeter.results import TrackerResult

STAGES: Final = {
    "open": "import and open",
    "write": "write",
    "finish": "finish",
    "verify": "verify",
    "read": "read again",
}
"""A tracker's stages in their order, and what a report calls them."""

_COLOURS: Final = {"open": DARK, "write": STRONG, "finish": MEDIUM, "verify": PALE, "read": PALER}
_SECONDS: Final = ("{} took {} s", "{} took {} times as long as {}", "No seconds were measured")
_BYTES: Final = (
    "{}'s store takes {} bytes",
    "{}'s store takes {} times the bytes of {}'s",
    "No store could be measured",
)
_ROW = 34
_AXIS = 80


def cost_figures(trackers: Sequence[TrackerResult], where: str) -> list[Figure]:
    """Return the charts of what the trackers cost; `where` names the machine."""
    return [_seconds(trackers, where), _bytes(trackers, where)]


def total_seconds(tracker: TrackerResult) -> float | None:
    """Return all seconds that a tracker took, or None where none were measured."""
    return sum(tracker.seconds.values()) if tracker.seconds else None


def stages(trackers: Sequence[TrackerResult]) -> list[str]:
    """Return the stages that any tracker has seconds for, in their order."""
    measured = {stage for tracker in trackers for stage in tracker.seconds}
    return [stage for stage in STAGES if stage in measured] + sorted(measured - STAGES.keys())


def _seconds(trackers: Sequence[TrackerResult], where: str) -> Figure:
    totals = {tracker.name: total_seconds(tracker) for tracker in trackers}
    ordered = _by_size(trackers, totals)
    names = stages(trackers)
    rows = [(each.name, *(each.seconds.get(stage) for stage in names)) for each in trackers]
    return Figure(
        id="seconds",
        title=_ratio(trackers, totals, _SECONDS),
        note=f"n = 1 run for each tracker, all couriers at the same time, so no spread and upper bounds; {where}",
        alternative="A bar for each tracker, in pieces: the seconds of each stage.",
        plot=_bars([_stage(stage, ordered) for stage in names], ordered, totals, ("s", "seconds")),
        csv=csv_link(["tracker", *(f"{stage}, s" for stage in names)], rows),
        height=_AXIS + _ROW * len(ordered),
        legend=[(_COLOURS.get(stage, PALER), STAGES.get(stage, stage)) for stage in names],
    )


def _stage(stage: str, trackers: Sequence[TrackerResult]) -> go.Bar:
    return go.Bar(
        x=[tracker.seconds.get(stage) for tracker in trackers],
        y=list(range(len(trackers))),
        orientation="h",
        marker={"color": _COLOURS.get(stage, PALER), "line": {"width": 0}},
        hovertemplate=f"{label(STAGES.get(stage, stage))}: %{{x:.3g}} s<extra></extra>",
    )


def _bytes(trackers: Sequence[TrackerResult], where: str) -> Figure:
    unit, factor = unit_of_bytes(tracker.bytes for tracker in trackers)
    sizes = {each.name: None if each.bytes is None else each.bytes / factor for each in trackers}
    ordered = _by_size(trackers, sizes)
    bar = go.Bar(
        x=[sizes[tracker.name] for tracker in ordered],
        y=list(range(len(ordered))),
        orientation="h",
        marker={"color": STRONG, "line": {"width": 0}},
        customdata=[tracker.bytes for tracker in ordered],
        hovertemplate="%{customdata:,} bytes<extra></extra>",
    )
    return Figure(
        id="bytes",
        title=_ratio(trackers, {tracker.name: tracker.bytes for tracker in trackers}, _BYTES),
        note=f"n = 1 store for each tracker with this one run, its artifacts and our exact record in it; {where}",
        alternative="A bar for each tracker: the size of its store.",
        plot=_bars([bar], ordered, sizes, (unit, unit)),
        csv=csv_link(["tracker", "bytes"], [(tracker.name, tracker.bytes) for tracker in trackers]),
        height=_AXIS + _ROW * len(ordered),
    )


def _bars(
    bars: Sequence[go.Bar],
    trackers: Sequence[TrackerResult],
    sizes: Mapping[str, float | None],
    unit: tuple[str, str],
) -> str:
    """Draw bars to the right, one row for each tracker, its size at the end; `unit` short and long."""
    ends = [sizes[tracker.name] or 0.0 for tracker in trackers]
    fixed = {"xanchor": "left", "xshift": 6, "showarrow": False, "font": {"color": INK}}
    notes = [
        {"x": end, "y": row, "text": _with_unit(sizes[tracker.name], unit[0], tracker), **fixed}
        for row, (tracker, end) in enumerate(zip(trackers, ends, strict=True))
    ]
    return draw(
        bars,
        x={"title": {"text": unit[1]}, "range": [0, (max(ends, default=0) or 1) * 1.25]},
        y=named_rows([tracker.name for tracker in trackers]),
        layout={"barmode": "stack", "bargap": 0.4, "annotations": notes},
    )


def _by_size(trackers: Sequence[TrackerResult], sizes: Mapping[str, float | None]) -> list[TrackerResult]:
    return sorted(trackers, key=lambda tracker: (sizes[tracker.name] is None, sizes[tracker.name] or 0))


def _with_unit(value: float | None, unit: str, tracker: TrackerResult) -> str:
    return tracker.state if value is None else f"{number(value).text} {unit}"


def _ratio(
    trackers: Sequence[TrackerResult], sizes: Mapping[str, float | None], words: tuple[str, str, str]
) -> str:
    """Return the largest as a multiple of the smallest: ratios travel, seconds do not.

    Only trackers that hold the run are compared: to keep less of it may cost less.

    Args:
        trackers: whose sizes.
        sizes: by their names.
        words: for one size alone, for a multiple, and for none.
    """
    alone, multiple, none = words
    known = {tracker.name: sizes[tracker.name] or 0 for tracker in trackers if tracker.equal}
    known = {name: size for name, size in known.items() if size}
    if not known:
        return none
    least, most = min(known, key=known.__getitem__), max(known, key=known.__getitem__)
    if least == most:
        return alone.format(most, number(known[most]).text)
    return multiple.format(most, number(known[most] / known[least]).text, least)
