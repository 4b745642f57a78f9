"""Commands about environments of their own: ``environment add``, ``list``, ``remove``."""

from collections.abc import Iterable
from typing import Annotated

import typer

from taximeter.cli.output import console, plain, print_json, print_table, stderr
from taximeter.environments import Environment, add_environment, check_new, list_environments, remove_environment

app = typer.Typer(
    help="Environments of their own for trackers: another version, or dependencies that fit with no other's.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="TRACKER[==VERSION]", help="An installed tracker.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command("add")
def add(
    name: Name,
    extra: Annotated[
        list[str] | None, typer.Option("--with", help="A further requirement; may be given again.")
    ] = None,
    exclude_newer: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Take the vendor and what it needs from before this date (2025-05-01)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make an environment with uv; the tracker's couriers and readers then run in it.

    With a version, the tracker is written with it everywhere: --tracker NAME==VERSION.

    Example: taximeter environment add NAME==1.2.3 --with 'numpy<2'
    """
    _print([make(name, extra or (), exclude_newer)], as_json=as_json)


@app.command("list")
def list_all(as_json: Json = False) -> None:
    """List the environments.

    Example: taximeter environment list
    """
    _print(list_environments(), as_json=as_json)


@app.command("remove")
def remove(name: Name) -> None:
    """Remove an environment; stores that were written from it stay.

    Example: taximeter environment remove NAME==1.2.3
    """
    remove_environment(name)
    console.print(f"{name} has no environment any more.", markup=False, highlight=False)


def make(name: str, extra: Iterable[str] = (), exclude_newer: str | None = None) -> Environment:
    """Make an environment, and show what uv does; see `add_environment`."""
    check_new(name)
    what = f"making an environment for {name}"
    if not stderr.is_terminal:
        stderr.print(f"taximeter: {what}", markup=False, highlight=False)
    with stderr.status(plain(what)) as status:
        return add_environment(
            name, extra, exclude_newer=exclude_newer, on_line=lambda line: status.update(plain(line))
        )


def _print(environments: list[Environment], *, as_json: bool) -> None:
    if as_json:
        print_json(environments)
        return
    rows = [(one.name, one.vendor, one.version, one.python) for one in environments]
    print_table(f"{len(rows)} environments", ("environment", "vendor", "version", "python"), rows)
