"""Artifacts as W&B's own media, so that its UI shows them: images, tables and pages."""

import html
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import wandb

from taximeter.table_files import UNREADABLE, plain_cell, row_batches

_TEXT_BYTES = 1 << 20

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
        for batch in row_batches(file, media_type):
            columns = batch.schema.names
            rows += zip(*(map(plain_cell, column.to_pylist()) for column in batch.columns), strict=True)
            if len(rows) >= wandb.Table.MAX_ROWS:
                break
    except UNREADABLE as error:
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


def _warn(file: Path, error: Exception) -> None:
    _logger.warning("W&B cannot show %s (%s); it is kept as a file", file.name, error)
