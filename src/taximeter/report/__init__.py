"""The report of a comparison: a page and the same in Markdown, made of its results and nothing else."""

from pathlib import Path

from taximeter.journal.home import write_whole
from taximeter.report.context import make_report
from taximeter.report.markdown import render_markdown
from taximeter.report.page import render_page
from taximeter.results import Results

__all__ = ["PAGE", "TEXT", "write_report"]

PAGE = "index.html"
TEXT = "report.md"


def write_report(results: Results, folder: Path) -> Path:
    """Write the page and the Markdown of a comparison; the same results give the same bytes.

    Args:
        results: of the comparison.
        folder: gets the two files, and is made where it does not exist.

    Returns:
        The page.

    Raises:
        InputError: the results hold no experiment that can be shown.
    """
    report = make_report(results)
    texts = {TEXT: render_markdown(report), PAGE: render_page(report)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_whole(folder / name, text.encode(errors="backslashreplace"))
    return folder / PAGE
