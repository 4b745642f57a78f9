"""Tables as ClearML shows them: a plot of the first rows."""

import json
import logging
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from clearml.utilities.plotly_reporter import create_plotly_table

from taximeter.table_files import UNREADABLE, plain_cell, row_batches

_ROWS_SHOWN = 1_000

_logger = logging.getLogger(__name__)


def table_plot(file: Path, media_type: str, title: str, series: str) -> str | None:
    """Return the plot of a CSV or Parquet file in JSON; None if the file is no table."""
    try:
        batches = row_batches(file, media_type)
        rows = _first_rows(batches)
    except UNREADABLE as error:
        _logger.warning("ClearML cannot show %s (%s); it is kept as a file", file.name, error)
        return None
    return json.dumps(create_plotly_table(rows, title, series)) if rows else None


def _first_rows(batches: Iterator[pa.RecordBatch]) -> list[list[Any]]:
    """Return the names of the columns and the first rows."""
    rows: list[list[Any]] = []
    for batch in batches:
        rows = rows or [list(batch.schema.names)]
        columns = [column.slice(0, _ROWS_SHOWN).to_pylist() for column in batch.columns]
        rows += ([_cell(value) for value in row] for row in zip(*columns, strict=True))
        if len(rows) > _ROWS_SHOWN:
            break
    return rows[: _ROWS_SHOWN + 1]


def _cell(value: Any) -> bool | float | str | None:
    """Return a value as the JSON of a plot holds it, which has no NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return plain_cell(value)
