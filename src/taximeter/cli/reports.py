"""Commands that show again what was compared and measured: ``report`` and ``screenshots``."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from taximeter.cli.output import console, print_json, print_table, progress, stderr
from taximeter.errors import InputError, TaximeterError
from taximeter.results import Results, add_verdicts, read_results

REPORTS: Final = Path("reports")
"""The folder of all reports."""

RESULTS: Final = REPORTS / "results"
"""The folder of what was measured and judged."""

Verdicts = Annotated[bool, typer.Option("--verdicts", help="Add the latest saved verdicts on each tracker.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def render_report(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A comparison's folder; without it, the page of everything that was measured."),
    ] = None,
    comparison: Annotated[
        str | None, typer.Option(help="The name of the comparison that this page shows; the newest by default.")
    ] = None,
    verdicts: Verdicts = False,
) -> None:
    """Write the page of all results below reports/ again, or that of one comparison.

    The page of all results always has the latest verdicts.

    Example: taximeter report reports/demo
    """
    if folder is None:
        page = _write_project(comparison)
    elif comparison is not None:
        raise InputError("--comparison chooses for the page of all results: leave the folder out.")
    else:
        results = read_results(folder)
        page = write_report(add_verdicts(results, folder, RESULTS) if verdicts else results, folder)
    console.print(f"{page}", highlight=False, soft_wrap=True)


def photograph_report(
    folder: Annotated[Path, typer.Argument(help="The report's folder.")] = REPORTS / "compare",
    as_json: Json = False,
) -> None:
    """Photograph a comparison's run in each tracker's own UI, and write its pages again.

    The pictures lie in the report's folder, in screenshots/.

    Example: taximeter screenshots reports/demo
    """
    take_screenshots = photographer()
    with progress() as on_stage:
        results = take_screenshots(read_results(folder), folder, on_stage=on_stage)
        on_stage("writing the report")
        write_report(results, folder)
    if as_json:
        print_json(results.screenshots)
        return
    rows = [(shot.tracker, shot.file or "", shot.reason or shot.caption) for shot in results.screenshots]
    print_table("The run in each tracker's own UI", ("tracker", "picture", "what it shows, or why none"), rows)


def photographer() -> Any:
    """Return what takes screenshots, before anything takes time.

    Raises:
        InputError: something that it needs is not installed.
    """
    try:
        from taximeter.screenshots import take_screenshots  # noqa: PLC0415 - an extra, which few need
        from taximeter.screenshots.browser import find_chromium  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise InputError(
            f"screenshots need {error.name}, which is not installed; `pip install playwright pyte` adds it."
        ) from error
    find_chromium()
    return take_screenshots


def write_report(results: Results, folder: Path) -> Path:
    """Write the page of a comparison, and return it."""
    from taximeter.report import write_report  # noqa: PLC0415 - Jinja2 is needed here only

    return write_report(results, folder)


def _write_project(comparison: str | None) -> Path:
    from taximeter.report import write_figures, write_project  # noqa: PLC0415 - as above

    page = write_project(REPORTS, comparison)
    try:
        photographer()
        write_figures(page)
    except TaximeterError as error:
        stderr.print(f"taximeter: the charts were not drawn as PNG: {error}", highlight=False, soft_wrap=True)
    return page
