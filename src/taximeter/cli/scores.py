"""The tables that end a training and a comparison."""

from pathlib import Path
from typing import Any

from taximeter.cli.output import console, print_table, short_number, size
from taximeter.results import Results, TrackerResult


def print_result(result: dict[str, Any]) -> None:
    """Print what a training scored, beside the mean."""
    console.print(
        f"[bold]{result['experiment']['model']}[/bold] on {result['kind']} data, {result['colour']} taxis"
    )
    rows = [
        (
            role,
            *(short_number(source[role][name], 4) for name in ("rmse", "mae", "r2") for source in _sides(result)),
        )
        for role in result["metrics"]
    ]
    columns = ("set", "rmse, min", "(mean)", "mae, min", "(mean)", "r2", "(mean)")
    print_table("Scores, each beside that of the mean duration", columns, rows, right=columns[1:])


def _sides(result: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return result["metrics"], result["baseline"]


def print_results(results: Results, page: Path) -> None:
    """Print what a comparison found: the scores, each store, the differences, and where the page is."""
    print_result(results.experiment)
    columns = ("tracker", "state", "validation rmse", "native", "seconds", "bytes")
    rows = [_tracker_row(tracker) for tracker in results.trackers]
    title = "Each store, read back; native: the facts that its own view keeps"
    print_table(title, columns, rows, right=columns[2:])
    for tracker in results.trackers:
        for difference in tracker.differences[:5]:
            console.print(f"{tracker.name}: {difference}", markup=False)
        if tracker.problem:
            console.print(f"{tracker.name}: {tracker.problem}", markup=False)
    console.print(f"[bold]{verdict_of(results)}[/bold]")
    console.print(f"report: {page}", highlight=False, soft_wrap=True)


def _tracker_row(tracker: TrackerResult) -> tuple[str, ...]:
    kept = sum(part.kept for part in tracker.native or ())
    facts = sum(part.facts for part in tracker.native or ())
    rmse = (tracker.metrics or {}).get("validation/rmse")
    return (
        tracker.name,
        tracker.state,
        "" if rmse is None else repr(rmse),
        f"{kept}/{facts}" if facts else "",
        short_number(sum(tracker.seconds.values())),
        size(tracker.bytes),
    )


def verdict_of(results: Results) -> str:
    """Return how many stores hold the same run, in a sentence without its end."""
    equal = sum(bool(tracker.equal) for tracker in results.holding)
    return f"{equal} of {len(results.holding)} trackers hold the same run"
