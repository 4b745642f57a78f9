"""Tables in the form that Comet shows: CSV."""

import io
import logging
from pathlib import Path

import pyarrow as pa
from pyarrow import csv, parquet

ROWS_SHOWN = 10_000
"""The rows of a Parquet file that a run shows."""

_logger = logging.getLogger(__name__)


def table_as_csv(file: Path) -> bytes | None:
    """Return the first rows of a Parquet file as CSV; None where it is no such file."""
    content = io.BytesIO()
    try:
        with parquet.ParquetFile(file) as reader:
            batch = next(reader.iter_batches(ROWS_SHOWN), None)
            rows = pa.Table.from_batches([] if batch is None else [batch], reader.schema_arrow)
        csv.write_csv(rows, content)
    except (pa.ArrowException, OSError, ValueError) as error:
        _logger.warning("Comet cannot show %s (%s); it is kept as a file", file.name, error)
        return None
    return content.getvalue()
