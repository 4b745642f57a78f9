"""The tables of the trackers: what each holds, where it differs, what it cost, and what it says of the metrics."""

from collections.abc import Sequence
from typing import Any, Final

from taximeter.report.cost_figures import STAGES, stages, total_seconds
from taximeter.report.matrix import is_absent, kept_facts
from taximeter.report.numbers import as_number, column, unit_of_bytes
from taximeter.report.tables import Cell, Table, code, figure, figures, mixed_figures, text
from taximeter.report.text import counted, shorten
from taximeter.results import Results, TrackerResult

STATE_VERDICTS: Final = {
    "holds the run": "identical",
    "differs": "differs",
    "failed": "refused",
    "keeps nothing": "unsupported",
}
"""The verdict of each state."""

VALIDATION: Final = "validation/rmse"

_MOST_DIFFERENCES = 100


def trackers_table(trackers: Sequence[TrackerResult]) -> Table:
    """Return one row for each tracker, with all that is known of it in short."""
    unit, factor = unit_of_bytes(tracker.bytes for tracker in trackers)
    seconds = figures([total_seconds(tracker) for tracker in trackers])
    sizes = column([None if tracker.bytes is None else tracker.bytes / factor for tracker in trackers])
    errors = figures([as_number((tracker.metrics or {}).get(VALIDATION)) for tracker in trackers])
    return Table(
        id="trackers",
        caption="What each tracker holds of the run",
        columns=[
            "tracker",
            "version",
            "state",
            "same as logged",
            "native view, facts kept",
            "all stages, s",
            f"store, {unit}",
            "validation rmse, min",
            "its own view",
        ],
        rows=[
            [
                text(tracker.name),
                text(_version(tracker)),
                text(tracker.state, STATE_VERDICTS[tracker.state]),
                text(_same(tracker)),
                _kept(tracker),
                seconds[place],
                figure(sizes[place]._replace(exact="" if tracker.bytes is None else f"{tracker.bytes} bytes")),
                errors[place],
                code(tracker.ui) if tracker.ui else text("–"),
            ]
            for place, tracker in enumerate(trackers)
        ],
        note="The error is as read back from each store. Run the commands in the folder of the comparison.",
    )


def difference_tables(trackers: Sequence[TrackerResult]) -> list[Table]:
    """Return, for each tracker that does not hold the run, where it differs."""
    return [_differences(place, tracker) for place, tracker in enumerate(trackers) if tracker.differences]


def costs_table(trackers: Sequence[TrackerResult]) -> Table:
    """Return seconds by stage and bytes, a row for each tracker."""
    names = stages(trackers)
    by_stage = [figures([tracker.seconds.get(stage) for tracker in trackers]) for stage in names]
    totals = figures([total_seconds(tracker) for tracker in trackers])
    unit, factor = unit_of_bytes(tracker.bytes for tracker in trackers)
    sizes = column([None if tracker.bytes is None else tracker.bytes / factor for tracker in trackers])
    times = [_ratios(trackers, [total_seconds(each) for each in trackers])]
    times.append(_ratios(trackers, [each.bytes for each in trackers]))
    return Table(
        id="costs",
        caption="Seconds and bytes of each tracker",
        columns=[
            "tracker",
            *(f"{STAGES.get(stage, stage)}, s" for stage in names),
            "all, s",
            "× least",
            f"store, {unit}",
            "× fewest",
        ],
        rows=[
            [
                text(tracker.name),
                *(cells[place] for cells in by_stage),
                totals[place],
                times[0][place],
                figure(sizes[place]._replace(exact="" if tracker.bytes is None else f"{tracker.bytes} bytes")),
                times[1][place],
            ]
            for place, tracker in enumerate(trackers)
        ],
        note="Verify is the courier reading back what it wrote; read again is the comparison, in another process. "
        "Multiples are among those that hold the run; seconds of another machine are others.",
    )


def metrics_table(results: Results) -> Table:
    """Return the last value of every metric, and what each store says it is."""
    readable = [tracker for tracker in results.trackers if tracker.metrics is not None]
    keys = sorted({key for tracker in readable for key in tracker.metrics or ()})
    by_tracker = {
        tracker.name: mixed_figures([as_number((tracker.metrics or {}).get(key)) for key in keys])
        for tracker in results.trackers
    }
    return Table(
        id="metrics",
        caption="The last value of every metric, as read back from each store",
        columns=["metric", *by_tracker],
        rows=[
            [code(shorten(key)), *(cells[row] for cells in by_tracker.values())] for row, key in enumerate(keys)
        ],
    )


def distributions_table(distributions: dict[str, str]) -> Table:
    """Return every installed distribution."""
    return Table(
        id="distributions",
        caption=f"{counted(len(distributions), 'distribution')} installed",
        columns=["distribution", "version"],
        rows=[[code(name), code(version)] for name, version in sorted(distributions.items())],
    )


def artifacts_table(run: dict[str, Any]) -> Table:
    """Return the files that the run keeps."""
    artifacts = run.get("artifacts") or {}
    unit, factor = unit_of_bytes(artifact["size"] for artifact in artifacts.values())
    sizes = column([artifact["size"] / factor for artifact in artifacts.values()])
    return Table(
        id="artifacts",
        caption="Artifacts of the run",
        columns=["path", "type", f"size, {unit}", "sha256"],
        rows=[
            [
                code(shorten(path)),
                text(artifact["media_type"]),
                figure(size._replace(exact=f"{artifact['size']} bytes")),
                code(artifact["sha256"][:12], artifact["sha256"]),
            ]
            for (path, artifact), size in zip(artifacts.items(), sizes, strict=True)
        ],
    )


def _differences(place: int, tracker: TrackerResult) -> Table:
    shown = tracker.differences[:_MOST_DIFFERENCES]
    others = len(tracker.differences) - len(shown)
    return Table(
        id=f"differences-{place}",
        caption=f"{tracker.name} differs in {counted(len(tracker.differences), 'place')}",
        columns=["where", "logged", "came back"],
        rows=[[code(each.path), _side(each.left), _side(each.right)] for each in shown],
        note=f"{others:,} more are in results.json." if others else "",
    )


def _side(value: str) -> Cell:
    return text("absent", "dropped") if is_absent(value) else code(value)


def _same(tracker: TrackerResult) -> str:
    if tracker.equal is None:
        return "–"
    return "yes, bit for bit" if tracker.equal else f"no, {counted(len(tracker.differences), 'difference')}"


def _version(tracker: TrackerResult) -> str:
    """Return the vendor's version, and its name where it is not the tracker's."""
    name = "" if tracker.vendor == tracker.name else tracker.vendor
    return f"{name or ''} {tracker.version or ''}".strip() or "–"


def _kept(tracker: TrackerResult) -> Cell:
    facts = kept_facts(tracker)
    return text("–") if facts is None else text(f"{facts[0]:,} of {facts[1]:,}")


def _ratios(trackers: Sequence[TrackerResult], values: Sequence[float | None]) -> list[Cell]:
    known = [value if tracker.equal else None for tracker, value in zip(trackers, values, strict=True)]
    least = min((value for value in known if value), default=None)
    return figures([None if least is None or value is None else value / least for value in known])
