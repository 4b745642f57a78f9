"""CSV files: read as any program writes them, rewritten whole or not at all, and appended to.

They are UTF-8 with a byte order mark, without which Excel takes them for another encoding.
"""

import codecs
import csv
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from taximeter_csv import BASE_COLUMNS

_BOM = "\ufeff"
_DELIMITERS = ",;\t"

# Cells are cut where Excel cuts them, but a table from somewhere else may hold longer ones.
csv.field_size_limit(sys.maxsize)


def read_rows(file: Path) -> Iterator[list[str]]:
    """Yield the rows of a CSV file, the header first; a last line without its end is a row too."""
    with _opened(file) as stream:
        delimiter = _delimiter(stream.readline())
        stream.seek(0)
        yield from csv.reader(stream, delimiter=delimiter)


def write_rows(file: Path, rows: Iterable[Sequence[str]], delimiter: str = ",") -> None:
    """Put a CSV file of these rows in the place of `file`, in one step."""
    partial = file.parent / f".{file.name}-{os.getpid()}-{os.urandom(4).hex()}"
    try:
        with partial.open("x", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream, delimiter=delimiter).writerows(rows)
        if file.exists():
            partial.chmod(file.stat().st_mode)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def append_rows(file: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Add rows at the end of a CSV file, which begins with `header`, in one write."""
    text = io.StringIO()
    writer = csv.writer(text)
    with file.open("ab") as stream:
        if stream.tell() == 0:
            text.write(_BOM)
            writer.writerow(header)
        writer.writerows(rows)
        stream.write(text.getvalue().encode())


def delimiter_of(file: Path) -> str:
    """Return what separates the cells: Excel writes semicolons where the comma is the decimal point."""
    with _opened(file) as stream:
        return _delimiter(stream.readline())


def _delimiter(header: str) -> str:
    ours = (delimiter for delimiter in _DELIMITERS if header.startswith(delimiter.join(BASE_COLUMNS)))
    unquoted = re.sub('"[^"]*"', "", header)
    return next(ours, max(_DELIMITERS, key=unquoted.count))


def _opened(file: Path) -> TextIO:
    return file.open(encoding=_encoding(file), errors="replace", newline="")


def _encoding(file: Path) -> str:
    """Return UTF-8, or one of the two other encodings in which Excel saves text."""
    with file.open("rb") as stream:
        decoder = codecs.getincrementaldecoder("utf-8")()
        if stream.peek(2)[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            return "utf-16"
        try:
            while data := stream.read(1 << 20):
                decoder.decode(data)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"
