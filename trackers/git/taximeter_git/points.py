"""The points of a run on their way into files: columns step, value and time, separated by tabs."""

import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from taximeter.events import MetricsLogged
from taximeter.record import Series
from taximeter.values import float_from_text, float_to_text
from taximeter_git.content import Chunks
from taximeter_git.texts import read_int64, read_time, time_text

_HEADER = b"step\tvalue\ttime\n"
_MEMORY = 1 << 22  # bytes
_CHUNK = 1 << 20


class Points:
    """The points of every metric; most of a long run's lie in a temporary folder."""

    def __init__(self) -> None:
        self._columns: dict[str, Column] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._held = 0
        self.last: dict[str, float] = {}
        self.count = 0

    def append(self, rows: Iterable[MetricsLogged]) -> "Mapping[str, Column]":
        """Add points, and return the files of the metrics that have got any."""
        lines: dict[str, list[str]] = {}
        for row in rows:
            time = time_text(row.time)
            for key, value in row.values.items():
                lines.setdefault(key, []).append(f"{row.step}\t{_value_text(value)}\t{time}\n")
                self.last[key] = value
                self.count += 1
        for key, texts in lines.items():
            content = "".join(texts).encode()
            self._columns.setdefault(key, Column()).append(content)
            self._held += len(content)
        if self._held > _MEMORY:
            self._spill()
        return {key: self._columns[key] for key in lines}

    def close(self) -> None:
        """Remove the temporary folder."""
        if self._folder:
            self._folder.cleanup()

    def _spill(self) -> None:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="taximeter-")
        for number, column in enumerate(self._columns.values()):
            column.spill(Path(self._folder.name, str(number)))
        self._held = 0


class Column(Chunks):
    """The file of one metric as it stands: its size in bytes, and its content in chunks."""

    def __init__(self) -> None:
        self.size = len(_HEADER)
        self._held = bytearray(_HEADER)
        self._file: Path | None = None

    def append(self, content: bytes) -> None:
        """Add lines."""
        self._held += content
        self.size += len(content)

    def spill(self, file: Path) -> None:
        """Move what is held in memory to the end of `file`."""
        with file.open("ab") as stream:
            stream.write(self._held)
        self._file = file
        self._held.clear()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the content."""
        if self._file:
            with self._file.open("rb") as stream:
                while chunk := stream.read(_CHUNK):
                    yield chunk
        yield bytes(self._held)


def read_points(lines: Iterable[bytes]) -> Series:
    """Return the points of a file.

    Raises:
        ValueError: a line is none.
    """
    series = Series()
    rows = iter(lines)
    next(rows, None)
    for line in rows:
        step, value, time = line.decode().rstrip("\n").split("\t")
        series.append(float_from_text(value), read_int64(step), read_time(time))
    return series


def _value_text(value: float) -> str:
    return repr(value) if math.isfinite(value) else float_to_text(value)
