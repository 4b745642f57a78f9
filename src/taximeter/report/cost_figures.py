"""The charts of a comparison's costs: a tracker's seconds by stage, and its bytes."""

from collections.abc import Mapping, Sequence
from typing import Final

from taximeter.report.figures import ALWAYS, Figure, Plot, axis_of, bar, beside, rows_chart, with_unit
from taximeter.report.numbers import number, unit_of_bytes
from taximeter.report.tables import Sheet
from taximeter.results import TrackerResult

STAGES: Final = {
    "open": "import and open",
    "write": "write",
    "finish": "finish",
    "verify": "verify",
    "read": "read again",
}
"""A tracker's stages in their order, and what a report calls them."""

_TONES: Final = {"open": "dark", "write": "strong", "finish": "medium", "verify": "pale", "read": "paler"}
_SECONDS: Final = ("{} took {} s", "{} took {} times as long as {}", "No seconds were measured")
_BYTES: Final = (
    "{}'s store takes {} bytes",
    "{}'s store takes {} times the bytes of {}'s",
    "No store could be measured",
)
_ENDS: Final = 96


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
    names = stages(trackers)
    pieces = {
        tracker.name: [
            (
                _TONES.get(stage, "paler"),
                tracker.seconds[stage],
                f"{STAGES.get(stage, stage)}: {tracker.seconds[stage]!r} s",
            )
            for stage in names
            if stage in tracker.seconds
        ]
        for tracker in trackers
    }
    rows = [(each.name, *(each.seconds.get(stage) for stage in names)) for each in trackers]
    return Figure(
        id="seconds",
        title={ALWAYS: _ratio(trackers, totals, _SECONDS)},
        note=f"n = 1 run for each tracker, all couriers at the same time, so no spread and upper bounds; {where}",
        alternative="A bar for each tracker, in pieces: the seconds of each stage.",
        plots={ALWAYS: [_bars(_by_size(trackers, totals), pieces, totals, "s")]},
        sheet=Sheet(head=["tracker", *(f"{stage}, s" for stage in names)], rows=rows),
        legend=[(_TONES.get(stage, "paler"), STAGES.get(stage, stage)) for stage in names],
    )


def _bytes(trackers: Sequence[TrackerResult], where: str) -> Figure:
    unit, factor = unit_of_bytes(tracker.bytes for tracker in trackers)
    sizes = {each.name: None if each.bytes is None else each.bytes / factor for each in trackers}
    pieces = {
        each.name: [("strong", each.bytes / factor, f"{each.bytes:,} bytes")]
        for each in trackers
        if each.bytes is not None
    }
    return Figure(
        id="bytes",
        title={ALWAYS: _ratio(trackers, {tracker.name: tracker.bytes for tracker in trackers}, _BYTES)},
        note=f"n = 1 store for each tracker with this one run, its artifacts and our exact record in it; {where}",
        alternative="A bar for each tracker: the size of its store.",
        plots={ALWAYS: [_bars(_by_size(trackers, sizes), pieces, sizes, unit)]},
        sheet=Sheet(head=["tracker", "bytes"], rows=[(tracker.name, tracker.bytes) for tracker in trackers]),
    )


def _bars(
    trackers: Sequence[TrackerResult],
    pieces: Mapping[str, list[tuple[str, float, str]]],
    sizes: Mapping[str, float | None],
    unit: str,
) -> Plot:
    """Return bars to the right, a row for each tracker, its size at the end; pieces have tone, size and words."""
    names, traces = [tracker.name for tracker in trackers], []
    for row, tracker in enumerate(trackers):
        name, size = tracker.name, sizes[tracker.name]
        traces += [bar(part, row, name, tone, f"{name}: {words}") for tone, part, words in pieces.get(name, ())]
        words = tracker.state if size is None else with_unit(size, unit)
        traces.append(beside(size or 0.0, row, name, words))
    axis = axis_of("seconds" if unit == "s" else unit, list(sizes.values()))
    return Plot(rows_chart(names, traces, axis, right=_ENDS))


def _by_size(trackers: Sequence[TrackerResult], sizes: Mapping[str, float | None]) -> list[TrackerResult]:
    return sorted(trackers, key=lambda tracker: (sizes[tracker.name] is None, sizes[tracker.name] or 0))


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
