"""Artifacts in the forms that Trackio's dashboard shows: tables, reports and pages."""

import logging
from pathlib import Path
from typing import Any

from taximeter.table_files import UNREADABLE, plain_cell, row_batches

ROWS_SHOWN = 1_000
"""The rows of a table that a run shows; the dashboard loads all of a run's tables at once."""

_TEXT_BYTES = 100_000

_logger = logging.getLogger(__name__)


def table_rows(file: Path, media_type: str) -> list[dict[str, Any]]:
    """Return the first rows of a CSV or Parquet file, as many as are sound."""
    rows: list[dict[str, Any]] = []
    try:
        for batch in row_batches(file, media_type):
            columns = [map(plain_cell, column.to_pylist()) for column in batch.columns]
            rows += (dict(zip(batch.schema.names, row, strict=True)) for row in zip(*columns, strict=True))
            if len(rows) >= ROWS_SHOWN:
                break
    except UNREADABLE as error:
        _logger.warning("Trackio cannot show %s (%s); it is kept as a file", file.name, error)
    return rows[:ROWS_SHOWN]


def report_text(file: Path) -> str:
    """Return a text file, up to the size of a long report."""
    with file.open("rb") as stream:
        return stream.read(_TEXT_BYTES).decode(errors="replace")
