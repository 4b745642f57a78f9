"""The rows of CSV and Parquet files, for trackers that show tables."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import csv, parquet

UNREADABLE: Final = (pa.ArrowException, OSError, ValueError)
"""What is raised where a file, or the rest of it, is no table."""

_ROWS = 1_000


def row_batches(file: Path, media_type: str) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a CSV file, or else of a Parquet file, some at a time."""
    if media_type == "text/csv":
        with csv.open_csv(file) as reader:
            yield from reader
    else:
        with parquet.ParquetFile(file) as reader:
            yield from reader.iter_batches(_ROWS)


def plain_cell(value: Any) -> bool | float | str | None:
    """Return a value in a type that JSON has."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
