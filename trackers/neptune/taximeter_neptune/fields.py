"""What a run's operations add up to: typed fields by their paths, whichever client wrote them."""

import math
from pathlib import Path
from typing import Any, NamedTuple

from taximeter.record import Series

_INT64 = 2**63


class StoredFile(NamedTuple):
    """A file that a field refers to."""

    place: Path | None
    """None where it never was in the store: Neptune's clients note only the path of a file on disk."""
    ending: str


class Fields:
    """The state of a run after the operations that were applied to it."""

    def __init__(self) -> None:
        self.project = ""
        self.name = ""
        self.began = 0
        """When the run was begun, in microseconds."""
        self.atoms: dict[str, Any] = {}
        self.series: dict[str, Series] = {}
        self.last: dict[str, tuple[Any, Any]] = {}
        """The value and the step of each series' last point as they were written."""
        self.texts: dict[str, list[str]] = {}
        self.sets: dict[str, dict[str, None]] = {}
        self.files: dict[str, StoredFile] = {}
        self.tracked: dict[str, str] = {}
        """Where data lie that a field tracks."""

    def log(self, path: str, value: Any, step: float | None, time: int) -> None:
        """Append a point; one without a step is counted on."""
        number = float(value)
        series = self.series.get(path)
        if series is None:
            series = self.series[path] = Series()
        if step is None:
            step = series.steps[-1] + 1 if series.steps else 0
        series.append(number, int64(step), time)
        self.last[path] = (value, step)

    def add_text(self, path: str, text: str) -> None:
        """Append to a series of texts."""
        self.texts.setdefault(path, []).append(text)

    def change_set(self, path: str, added: list[str], removed: list[str]) -> None:
        """Add to a set of texts, and remove from it."""
        kept = self.sets.setdefault(path, {})
        kept |= dict.fromkeys(added)
        for text in removed:
            kept.pop(text, None)

    def delete(self, path: str) -> None:
        """Forget a field."""
        for kind in (self.atoms, self.series, self.last, self.texts, self.sets, self.files, self.tracked):
            kind.pop(path, None)

    def below(self, namespace: str) -> dict[str, Any]:
        """Return the values in a namespace, by the rest of their paths."""
        start = f"{namespace}/"
        return {path[len(start) :]: value for path, value in self.atoms.items() if path.startswith(start)}


def int64(number: float) -> int:
    """Return a number as an integer of 64 bits: Neptune takes fractions as steps too."""
    whole = int(number) if isinstance(number, int) or math.isfinite(number) else 0
    return min(max(whole, -_INT64), _INT64 - 1)
