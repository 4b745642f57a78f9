"""How artifacts look in TensorBoard: the size of an image, a table's first rows and text as Markdown."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

_ROWS = 20
_TABLE_BYTES = 1 << 16
_CELL = 80
_TEXT = 100_000
_FENCED = re.compile(r"(`{3,})[^`\n]*\n(.*)\n\1", re.DOTALL)
_SUFFIXES = {b"\x89PNG": ".png", b"GIF8": ".gif", b"\xff\xd8\xff": ".jpg", b"BM": ".bmp", b"<svg": ".svg"}
_JPEG_SIZE = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def image_size(content: bytes) -> tuple[int, int] | None:
    """Return (width, height) of a PNG, GIF, BMP or JPEG, all that TensorBoard shows; None for anything else."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if content.startswith((b"GIF87a", b"GIF89a")):
        return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")
    if content.startswith(b"BM"):
        return int.from_bytes(content[18:22], "little"), abs(int.from_bytes(content[22:26], "little", signed=True))
    return _jpeg_size(content) if content.startswith(b"\xff\xd8\xff") else None


def image_suffix(content: bytes) -> str:
    """Return the file name suffix of an image by its first bytes."""
    return next((suffix for start, suffix in _SUFFIXES.items() if content.startswith(start)), ".bin")


def fenced(text: str, language: str = "") -> str:
    """Return text as a Markdown block that is shown letter by letter."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def unfenced(markdown: str) -> str:
    """Return the text that `fenced` was given, or what is no such block as it is."""
    match = _FENCED.fullmatch(markdown)
    return match[2] if match else markdown


def text_preview(file: Path, media_type: str) -> str:
    """Return a text file as Markdown; a very long one is cut, and says so."""
    with file.open(encoding="utf-8", errors="replace", newline="") as stream:
        text = stream.read(_TEXT)
        more = bool(stream.read(1))
    shown = text if media_type == "text/markdown" else fenced(text)
    return f"{shown}\n\n*(cut: the first {_TEXT} characters)*" if more else shown


def table_preview(file: Path, media_type: str) -> str:
    """Return the first rows of a CSV or Parquet file as a Markdown table."""
    try:
        rows = list(_csv_rows(file) if media_type == "text/csv" else _parquet_rows(file))
    except (csv.Error, ValueError, OverflowError, OSError) as error:
        return f"*(no table that can be shown: {_cell(error)})*"
    if not rows:
        return "*(an empty table)*"
    width = max(map(len, rows))
    lines = ["|".join(["", *map(_cell, row), *[""] * (width - len(row)), ""]) for row in rows]
    lines.insert(1, "|---" * width + "|")
    return "\n".join(lines) + f"\n\n*(at most the first {_ROWS} rows)*"


def _csv_rows(file: Path) -> Iterator[Sequence[Any]]:
    with file.open("rb") as stream:
        text = stream.read(_TABLE_BYTES).decode("utf-8-sig", errors="replace")
    return islice(csv.reader(text.splitlines(keepends=True)), _ROWS + 1)


def _parquet_rows(file: Path) -> Iterator[Sequence[Any]]:
    from pyarrow import ArrowException  # noqa: PLC0415 - it is slow to import
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415 - as above

    try:
        with ParquetFile(file) as table:
            yield table.schema_arrow.names
            batch = next(table.iter_batches(_ROWS), None)
            if batch:
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
    except ArrowException as error:
        raise ValueError(str(error)) from error


def _cell(value: Any) -> str:
    text = " ".join(str(value).split()).replace("\\", "\\\\").replace("|", "\\|")
    return text if len(text) <= _CELL else f"{text[:_CELL]}…"


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Walk through the segments of a JPEG to the one that holds its size."""
    place = 2
    while place + 9 <= len(content) and content[place] == 0xFF:  # noqa: PLR2004 - every marker begins so
        if content[place + 1] in _JPEG_SIZE:
            height, width = content[place + 5 : place + 7], content[place + 7 : place + 9]
            return int.from_bytes(width), int.from_bytes(height)
        place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return None
