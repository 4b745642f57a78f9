"""Artifacts as W&B's own media, so that its UI shows them: images, tables and pages."""

import html
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import wandb
from pyarrow import csv, parquet

_TEXT_BYTES = 1 << 20
_BATCH_ROWS = 1000

_logger = logging.getLogger(__name__)


def as_image(file: Path, media_type: str) -> wandb.Image | wandb.Html | None:
    """Return an image file as media, or None where it cannot be shown."""
    if media_type == "image/svg+xml":
        return as_page(file, "text/html")
    try:
        return wandb.Image(str(file))
    except Exception as error:  # noqa: BLE001 - Pillow's decoders raise anything at a damaged file
        _warn(file, error)
        return None


def as_table(file: Path, media_type: str) -> wandb.Table | None:
    """Return a CSV or Parquet file as media, as many of its first rows as W&B shows and as are sound."""
    columns: list[str | int] = []
    rows: list[Iterable[Any]] = []
    try:
        for batch in _csv_batches(file) if media_type == "text/csv" else _parquet_batches(file):
            columns = batch.schema.names
            rows += zip(*(map(_cell, column.to_pylist()) for column in batch.columns), strict=True)
            if len(rows) >= wandb.Table.MAX_ROWS:
                break
    except (pa.ArrowException, OSError, ValueError) as error:
        _warn(file, error)
    if not columns:
        return None
    return wandb.Table(columns=columns, data=rows[: wandb.Table.MAX_ROWS], allow_mixed_types=True)


def as_page(file: Path, media_type: str) -> wandb.Html:
    """Return a text file, up to its first mebibyte, as the page that W&B shows; HTML as it is."""
    with file.open("rb") as stream:
        text = stream.read(_TEXT_BYTES).decode(errors="replace")
    page = text if media_type == "text/html" else f"<pre>{html.escape(text)}</pre>"
    return wandb.Html(page, inject=False, data_is_not_path=True)


def _csv_batches(file: Path) -> Iterator[pa.RecordBatch]:
    with csv.open_csv(file) as reader:
        yield from reader


def _parquet_batches(file: Path) -> Iterator[pa.RecordBatch]:
    with parquet.ParquetFile(file) as reader:
        yield from reader.iter_batches(_BATCH_ROWS)


def _cell(value: Any) -> bool | float | str | None:
    """Return a value as a table of W&B's holds it."""
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _warn(file: Path, error: Exception) -> None:
    _logger.warning("W&B cannot show %s (%s); it is kept as a file", file.name, error)
