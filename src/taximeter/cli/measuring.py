"""The command that measures: ``measure``."""

import math
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from taximeter.cli.environments import make
from taximeter.cli.output import console, print_json, stderr
from taximeter.cli.reports import RESULTS
from taximeter.environments import lacks_environment
from taximeter.measure.kind import Depth
from taximeter.plugins import installed
from taximeter.store.address import parse_store


def measure_trackers(
    kinds: Annotated[list[str] | None, typer.Argument(metavar="[KIND…]", help="All kinds by default.")] = None,
    tracker: Annotated[
        list[str] | None,
        typer.Option("--tracker", "-t", help="TRACKER or TRACKER==VERSION; every installed one by default."),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="A first impression, in about two minutes; faults only if named.")
    ] = False,
    results: Annotated[Path, typer.Option(help="The folder of all results.")] = RESULTS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the files that were written as JSON.")] = False,
) -> None:
    """Measure what trackers cost, survive and lose, and keep the results.

    It can be stopped, and goes on where it was when it is started again.
    A version, TRACKER==VERSION, is measured in an environment of its own, which is made where it is missing.

    Example: taximeter measure cost --tracker csv
    """
    from taximeter.measure.kinds import kinds_for  # noqa: PLC0415 - the help needs none of it
    from taximeter.measure.measuring import measure, plan  # noqa: PLC0415 - as above

    depth = Depth.QUICK if quick else Depth.FULL
    chosen = kinds_for(kinds or (), depth)
    trackers = tracker or list(installed())
    for one in trackers:
        if lacks_environment(one):
            make(one)
        parse_store(one, Path.cwd())
    steps = plan(chosen, trackers, depth)
    jobs = 2 * (os.cpu_count() or 1)
    minutes = sum(step.seconds / step.jobs(jobs) for step in steps) / 60
    stderr.print(f"taximeter: {len(steps)} samples, about {math.ceil(minutes)} min", highlight=False)
    with _bar() as bar:
        task = bar.add_task("", total=len(steps))
        written = measure(
            steps, results, jobs=jobs, on_step=lambda step: bar.update(task, advance=1, description=str(step))
        )
    if as_json:
        print_json([str(file) for file in written])
        return
    for file in written:
        console.print(str(file), markup=False, highlight=False, soft_wrap=True)


def _bar() -> Progress:
    """Return a bar, on standard error."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=stderr,
    )
