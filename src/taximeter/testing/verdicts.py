"""Verdicts for tests: each tracker is examined once, however many tests and processes ask."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec
from filelock import FileLock

from taximeter.verdicts import FACTS, Finding, TrackerVerdicts, examine
from taximeter.verdicts.examine import PATIENCE_SECONDS
from taximeter.verdicts.facts import Fact
from taximeter.verdicts.results import read_verdicts

VerdictsOf: TypeAlias = Callable[[str], TrackerVerdicts]


def kept_verdicts(
    name: str, folder: Path, facts: Sequence[Fact] = FACTS, *, patience: float = PATIENCE_SECONDS
) -> TrackerVerdicts:
    """Return a tracker's verdicts, kept in a folder that the processes of a test session share."""
    file = folder / f"verdicts-{name}.json"
    with FileLock(f"{file}.lock"):
        if not file.exists():
            file.write_bytes(msgspec.json.encode(examine(name, facts, patience=patience)))
        return read_verdicts(file)


def by_name(verdicts: TrackerVerdicts, theme: str) -> dict[str, Finding]:
    """Return the findings of a theme by their names."""
    return {finding.name: finding for finding in verdicts.findings if finding.theme == theme}
