"""Artifacts in the forms that SwanLab shows: images, tables, texts and pages."""

# mypy: disable-error-code="import-untyped"

import logging
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from swanlab.proto.swanlab.metric.column.v1.column_pb2 import ColumnType
from swanlab.proto.swanlab.metric.data.v1.data_pb2 import MediaItem
from swanlab.sdk.internal.pkg import adapter
from swanlab.sdk.internal.run.transforms import echarts

from taximeter.table_files import UNREADABLE, plain_cell, row_batches

_LARGEST = 10 << 20
"""The bytes of the largest medium that SwanLab takes."""

_ROWS_SHOWN = 1_000
_IMAGES = {".png": b"\x89PNG\r\n\x1a\n", ".jpg": b"\xff\xd8\xff", ".jpeg": b"\xff\xd8\xff", ".bmp": b"BM"}

_logger = logging.getLogger(__name__)


class Medium(NamedTuple):
    """A medium, as SwanLab keeps it in a file of its own."""

    kind: Any
    suffix: str
    content: bytes

    @property
    def folder(self) -> str:
        """The name of the folder for media of this kind."""
        return str(adapter.medium[self.kind])

    def item(self, step: int, caption: str) -> MediaItem:
        """Return how a record refers to it."""
        digest = sha256(self.content).hexdigest()
        name = f"{step:03d}-{digest[:8]}{self.suffix}"
        return MediaItem(filename=name, sha256=digest, size=len(self.content), caption=caption)


def as_image(file: Path, path: str, media_type: str) -> Medium | None:
    """Return an image, or None where it is of no format that SwanLab shows; a vector graphic is a page."""
    if media_type == "image/svg+xml":
        return as_page(file, "text/html")
    suffix, content = Path(path).suffix.lower(), _content(file)
    if content is None or suffix not in _IMAGES or not content.startswith(_IMAGES[suffix]):
        return None
    return Medium(ColumnType.COLUMN_TYPE_IMAGE, suffix, content)


def as_table(file: Path, media_type: str) -> Medium | None:
    """Return a CSV or Parquet file as a table of its first rows, as many as are sound."""
    columns: list[str] = []
    rows: list[Any] = []
    try:
        for batch in row_batches(file, media_type):
            columns = batch.schema.names
            rows += zip(*(map(plain_cell, column.to_pylist()) for column in batch.columns), strict=True)
            if len(rows) >= _ROWS_SHOWN:
                break
    except UNREADABLE as error:
        _logger.warning("SwanLab cannot show %s (%s); it is kept as a file", file.name, error)
    if not columns or len(set(columns)) < len(columns):
        return None
    table = echarts.Table().add(columns, rows[:_ROWS_SHOWN])
    return _fitting(Medium(ColumnType.COLUMN_TYPE_ECHARTS, ".json", table.dump_options().encode()))


def as_page(file: Path, media_type: str) -> Medium | None:
    """Return a text, or a page."""
    content = _content(file)
    if content is None:
        return None
    text = content.decode(errors="replace").encode()
    if media_type == "text/html":
        return Medium(ColumnType.COLUMN_TYPE_HTML, ".html", text)
    return Medium(ColumnType.COLUMN_TYPE_TEXT, ".txt", text)


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.stat().st_size <= _LARGEST else None


def _fitting(medium: Medium) -> Medium | None:
    return medium if len(medium.content) <= _LARGEST else None
