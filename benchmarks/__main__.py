"""Measures taximeter's targets, and prints whether each holds: ``python -m benchmarks``."""

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.samples import (
    MANY_POINTS,
    POINTS,
    Sampler,
    sample_fault,
    sample_kill,
    sample_store,
    sample_training,
    sample_writers,
)
from benchmarks.targets import (
    CALL,
    DATABASE,
    FAULT,
    KILL,
    MEMORY,
    SERVER,
    START,
    STORE,
    WRITE,
    Taken,
    Target,
    judge,
)
from taximeter.errors import TaximeterError, Unsupported
from taximeter.measure.faults_stage import SERVER_FAULTS
from taximeter.measure.faults_worker import Fault
from taximeter.plugins import installed, load
from taximeter.redact import redact
from taximeter.tracker import Feature

_stderr = Console(stderr=True)


def main(
    repetitions: Annotated[int, typer.Option(min=1, help="How often each is measured.")] = 3,
    tracker: Annotated[
        list[str] | None, typer.Option("--tracker", "-t", help="Every installed one by default.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the targets as JSON.")] = False,
) -> None:
    """Measure taximeter's targets; the exit code is 1 when one does not hold."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has its bytecode
    trackers = tracker or list(installed())
    targets = _measure(trackers, repetitions)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode([*map(_described, targets)])) + b"\n")
    else:
        Console().print(*tables_of(targets), sep="\n")
    raise typer.Exit(any(target.holds is False for target in targets))


def _samplers(trackers: Sequence[str], repetition: int) -> list[Sampler]:
    """Return what is measured in one repetition; one tracker alone is another one each time.

    A vendor with a server writes each call through to its database, and must be outrun; with others we keep up.
    """
    readable, served = _readable(trackers), _served(trackers)
    alone = trackers[repetition % len(trackers)]
    return [
        Sampler(CALL, f"{len(trackers)} trackers", sample_training(trackers, POINTS)),
        Sampler(START, "one tracker", sample_training([alone], POINTS)),
        Sampler(MEMORY, "the training", sample_training([], MANY_POINTS)),
        *(Sampler(DATABASE if name in served else STORE, name, sample_store(name)) for name in readable),
        *(Sampler(SERVER, name, sample_store(name, served=True)) for name in served),
        *(Sampler(KILL, name, sample_kill(name)) for name in readable),
        *(Sampler(WRITE, name, sample_writers(name)) for name in readable),
    ]


def _fault_samplers(trackers: Sequence[str]) -> list[Sampler]:
    return [
        Sampler(FAULT, fault, sample_fault(name, fault), name)
        for fault in Fault
        for name in _readable(trackers)
        if _can_meet(name, fault)
    ]


def _can_meet(tracker: str, fault: Fault) -> bool:
    """Tell whether there is something that could go wrong: a server, or a vendor's package."""
    if fault == Fault.VENDOR_BROKEN:
        return load(tracker).vendor is not None
    return fault not in SERVER_FAULTS or tracker in _served([tracker])


def _readable(trackers: Sequence[str]) -> list[str]:
    return [name for name in trackers if Feature.READ in load(name).features]


def _served(trackers: Sequence[str]) -> list[str]:
    return [name for name in _readable(trackers) if "serve" in vars(load(name))]


def _measure(trackers: Sequence[str], repetitions: int) -> list[Target]:
    """Take all samples in turns, and each fault once; the first training only warms the disk's cache."""
    turns = [sampler for repetition in range(repetitions) for sampler in _samplers(trackers, repetition)]
    turns += _fault_samplers(trackers)
    taken: dict[tuple[str, str], Taken] = {}
    with _bar() as bar:
        task = bar.add_task("warming up", total=len(turns))
        _take(turns[0], Taken())
        for sampler in turns:
            bar.update(task, description=f"{sampler.title}: {sampler.subject}")
            _take(sampler, taken.setdefault((sampler.title, sampler.subject), Taken()))
            bar.advance(task)
    return [target for (title, subject), found in taken.items() for target in judge(title, subject, found)]


def _take(sampler: Sampler, taken: Taken) -> None:
    folder = Path(tempfile.mkdtemp(prefix="taximeter-bench-"))
    try:
        taken.samples.append(sampler.take(folder))
        taken.trackers.append(sampler.tracker)
    except Unsupported as error:
        taken.gap = str(error)
    except TaximeterError as error:
        taken.problems.append(redact(f"{sampler.tracker}: {error}" if sampler.tracker else str(error)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tables_of(targets: Sequence[Target]) -> list[Table]:
    """Return a table for each target, with a row for each thing that it was measured on."""
    tables: dict[str, Table] = {}
    for target in targets:
        found = target.estimate
        table = tables.get(target.name) or tables.setdefault(target.name, _table(target))
        table.add_row(
            target.subject,
            f"{found.median:.3g}" if found else "",
            f"{found.spread}: {found.low:.3g} – {found.high:.3g}" if found and found.low is not None else "",
            str(len(target.reached)),
            {True: "yes", False: "[bold red]NO", None: "–"}[target.holds],
            "; ".join(filter(None, (target.gap, *target.problems, target.beside))),
        )
    return [*tables.values()]


def _table(target: Target) -> Table:
    limit = f"{'≥' if target.at_least else '≤'} {target.limit:g} {target.unit}"
    title = f"\n{target.name}: {limit}"
    table = Table(title=title, title_justify="left", title_style="bold", header_style="dim", show_edge=False)
    for name in ("for", "reached", "spread", "n", "holds"):
        table.add_column(name, justify="right" if name in {"reached", "spread", "n"} else "left", no_wrap=True)
    table.add_column("its own call, p99, store; courier" if target.unit == "×" else "")
    return table


def _described(target: Target) -> dict[str, object]:
    found = target.estimate
    described = found._asdict() | {"spread": found.spread} if found else None
    return msgspec.structs.asdict(target) | {"estimate": described, "holds": target.holds}


def _bar() -> Progress:
    """Return a bar, on standard error."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    return Progress(*columns, TimeElapsedColumn(), console=_stderr)


if __name__ == "__main__":
    typer.run(main)
