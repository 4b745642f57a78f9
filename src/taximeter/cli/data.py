"""Commands about trips: ``data fetch``, ``data sample``, ``data describe``."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from taximeter.cli.output import console, print_json, print_table, stderr

app = typer.Typer(
    help="Months of trips: download them, make the synthetic sample, look at them.", no_args_is_help=True
)

Months = Annotated[list[str], typer.Argument(metavar="MONTH…", help="Months such as 2025-01, or URLs.")]
Folder = Annotated[str | None, typer.Option("--data", help="The folder; else TAXIMETER_DATA, then data/.")]
Colour = Annotated[str, typer.Option(help="green or yellow.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command("fetch")
def fetch_months(months: Months, data: Folder = None, colour: Colour = "green", as_json: Json = False) -> None:
    """Download months from the TLC's public address, going on where an earlier download stopped.

    Example: taximeter data fetch 2025-01 2025-02
    """
    from taximeter.taxi.fetch import fetch  # noqa: PLC0415 - the help needs none of it
    from taximeter.taxi.months import data_folder  # noqa: PLC0415 - as above

    paths = []
    with _bars() as bars:
        for month in months:
            advance = _advance(bars, bars.add_task(month, total=None))
            paths.append(fetch(month, data_folder(data), colour=colour, on_progress=advance))
    _print_paths(paths, as_json)


@app.command("sample")
def write_sample_months(
    folder: Annotated[Path, typer.Argument(help="Where the files go.")] = Path("data"), as_json: Json = False
) -> None:
    """Write the three months of the synthetic sample as parquet files.

    Example: taximeter data sample sample-data
    """
    from taximeter.taxi.sample import write_sample  # noqa: PLC0415 - as above

    _print_paths(write_sample(folder), as_json)


@app.command("describe")
def describe_months(
    months: Annotated[list[str], typer.Argument(metavar="MONTH…", help="Months, paths or URLs.")],
    data: Folder = None,
    colour: Colour = "green",
    as_json: Json = False,
) -> None:
    """Show what months hold: rows, columns, nulls, and how many trips are odd.

    Example: taximeter data describe 2025-01 --data sample
    """
    from taximeter.taxi.describe import describe  # noqa: PLC0415 - as above
    from taximeter.taxi.months import find_months  # noqa: PLC0415 - as above

    found = [describe(month) for month in find_months(months, data=data, colour=colour)]
    if as_json:
        print_json(found)
        return
    for description in map(msgspec.to_builtins, found):
        _print_description(description)


def _advance(bars: Progress, task: TaskID) -> Callable[[int, int | None], None]:
    return lambda done, total: bars.update(task, completed=done, total=total)


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=stderr,
    )


def _print_paths(paths: list[Path], as_json: bool) -> None:
    if as_json:
        print_json([str(path) for path in paths])
        return
    for path in paths:
        console.print(str(path), highlight=False, soft_wrap=True)


def _print_description(description: dict[str, Any]) -> None:
    report = description.pop("report")
    columns, odd, minutes, miles = (report.pop(part) for part in ("columns", "odd", "minutes", "miles"))
    nulls = description.pop("nulls")
    facts = report | description
    print_table(
        report["source"], ("fact", "value"), [(name, value) for name, value in facts.items() if value is not None]
    )
    print_table("Odd trips", ("what", "trips"), odd.items(), right=("trips",))
    ranges = [
        (name, *part.values()) for name, part in (("minutes, kept trips", minutes), ("miles, all trips", miles))
    ]
    print_table("Ranges", ("of", *minutes), ranges, right=tuple(minutes))
    rows = [(name, kind, nulls.get(name, 0)) for name, kind in columns.items()]
    print_table("Columns", ("column", "type", "nulls"), rows, right=("nulls",))
