"""Reads the operations that the client kept on disk, without the client.

A run's folder holds ``data-<number>.log`` files, each a sequence of JSON documents ``{"obj": …, "at": …}``.
"""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from taximeter.files import whole_lines

_DECODER = json.JSONDecoder(strict=False)
_NAME = "data-*.log"
_NEXT = re.compile(r"\S")

_logger = logging.getLogger(__name__)


def has_log(folder: Path) -> bool:
    """Tell whether this is a folder with operations of the client's."""
    first = next(iter(logs_in(folder)), None)
    if first is None or (not (folder / "metadata.json").is_file() and not (folder / "last_put_version").is_file()):
        return False
    with first.open("rb") as file:
        return file.read(7) in {b'{"obj":', b""}


def logs_in(folder: Path) -> list[Path]:
    """Return the files with operations, in their order."""
    found = [(_number(file), file) for file in folder.glob(_NAME)]
    return [file for number, file in sorted(found) if number >= 0]


def operations_in(file: Path, *mentioning: bytes, limit: int = -1) -> Iterator[dict[str, Any]]:
    """Yield the operations of a file; what is damaged or torn is passed over.

    Args:
        file: a log.
        mentioning: if given, only lines with any of these.
        limit: the bytes to be read, if not all.
    """
    with file.open("rb") as stream:
        read = 0
        for line in whole_lines(stream):
            read += len(line)
            if not mentioning or any(text in line for text in mentioning):
                yield from _documents(line, file)
            if 0 <= limit <= read:
                return


def _documents(line: bytes, file: Path) -> Iterator[dict[str, Any]]:
    """Yield the documents in a line: the client breaks lines between them, its first versions did not."""
    text, place = line.decode(errors="replace").strip(), 0
    while place < len(text):
        try:
            document, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            _logger.info("%s: %d characters cannot be read", file, len(text) - place)
            return
        if isinstance(document, dict) and isinstance(document.get("obj"), dict):
            yield document
        following = _NEXT.search(text, place)
        place = following.start() if following else len(text)


def _number(file: Path) -> int:
    digits = file.stem.removeprefix("data-")
    return int(digits) if digits.isdecimal() else -1
