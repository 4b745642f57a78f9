"""What either client does for the run that is being written."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from taximeter.values import Value


class Row(NamedTuple):
    """What one call logged: a point for each path."""

    values: Mapping[str, float]
    step: int
    time: int


class Session(Protocol):
    """One run that is open in a store; when a method returns, the operating system has the data.

    Every method raises `TrackerError` where the vendor failed.
    """

    @property
    def files(self) -> Path:
        """The run's folder for files."""

    def assign(self, values: Mapping[str, Value]) -> None:
        """Set fields; what Neptune has no type for becomes JSON."""

    def log(self, rows: Sequence[Row]) -> None:
        """Append points."""

    def log_text(self, path: str, text: str, step: int, time: int) -> None:
        """Append to a series of texts."""

    def change_tags(self, added: Sequence[str], removed: Sequence[str]) -> None:
        """Change the run's tags."""

    def set_group(self, tag: str) -> None:
        """Say which group the run belongs to."""

    def attach(self, path: str, file: Path, media_type: str) -> None:
        """Set a field to a file that lies in the run's folder for files."""

    def mark_failed(self) -> None:
        """Say that the run failed, if the client has a way."""

    def close(self) -> None:
        """End the vendor's run."""
