"""The pages: of a comparison, and of everything that was measured; made of files and nothing else."""

from pathlib import Path

from taximeter.journal.home import write_whole
from taximeter.report.context import Report, make_report
from taximeter.report.gallery import make_gallery
from taximeter.report.markdown import render_markdown
from taximeter.report.material import Material, read_material
from taximeter.report.page import render_page
from taximeter.results import Results

__all__ = ["PAGE", "TEXT", "write_figures", "write_project", "write_report"]

PAGE = "index.html"
TEXT = "report.md"
TABLES = "tables"
FIGURES = "figures"


def write_report(results: Results, folder: Path) -> Path:
    """Write the page and the Markdown of a comparison; the same results give the same bytes.

    Args:
        results: of the comparison.
        folder: has the screenshots, gets the two files, and is made where it does not exist.

    Returns:
        The page.

    Raises:
        InputError: the results hold no experiment that can be shown.
    """
    gallery = make_gallery(results.screenshots, folder)
    material = Material(comparison=results, verdicts=results.verdicts, gallery=gallery)
    return _write_texts(make_report(material), folder)


def write_project(folder: Path, comparison: str | None = None) -> Path:
    """Write the page of the newest results of every kind, with its tables as CSV.

    Args:
        folder: of all reports.
        comparison: the name of one, in place of the newest.

    Returns:
        The page.

    Raises:
        InputError: there is nothing to show, or not of this version.
    """
    report = make_report(read_material(folder, comparison))
    _write_all(folder / TABLES, "csv", _tables(report))
    return _write_texts(report, folder)


def write_figures(page: Path) -> None:
    """Write the charts of a page of all results as PNG beside it, photographed from the page.

    Raises:
        InputError: there is no Chromium.
        TrackerError: it does not draw them.
    """
    from taximeter.screenshots.browser import Chromium  # noqa: PLC0415 - an extra, and the page needs none of it

    with Chromium() as chromium:
        _write_all(
            page.parent / FIGURES, "png", chromium.cut_out(page.read_text(encoding="utf-8"), "data-picture")
        )


def _write_texts(report: Report, folder: Path) -> Path:
    texts = {TEXT: render_markdown(report), PAGE: render_page(report)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_whole(folder / name, text.encode(errors="backslashreplace"))
    return folder / PAGE


def _tables(report: Report) -> dict[str, bytes]:
    sheets = {name: table.sheet for name, table in report.tables.items()}
    sheets |= {f"chart-{name}": figure.sheet for name, figure in report.figures.items()}
    if report.verdict_matrix:
        sheets["verdicts"] = report.verdict_matrix.sheet
    return {name: sheet.csv.encode(errors="backslashreplace") for name, sheet in sheets.items()}


def _write_all(folder: Path, ending: str, files: dict[str, bytes]) -> None:
    """Write files into a folder that is the report's own, and remove those of an earlier report."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_whole(folder / f"{name}.{ending}", content)
    for old in folder.glob(f"*.{ending}"):
        if old.stem not in files:
            old.unlink()
