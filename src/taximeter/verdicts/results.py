"""What was found about a tracker, and the files that keep it: dated, by machine, and never written over."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from taximeter.archive import save
from taximeter.errors import InputError
from taximeter.record import Environment

FORMAT: Final = 1


class Verdict(StrEnum):
    """What became of a fact."""

    IDENTICAL = "identical"
    UNDONE = "changed without loss"
    LOSS = "changed with loss"
    REFUSED = "refused"
    DROPPED = "dropped"
    UNSUPPORTED = "unsupported"

    @property
    def glyph(self) -> str:
        """The verdict as one character."""
        return _GLYPHS[self]

    @property
    def meaning(self) -> str:
        """The verdict in a sentence."""
        return _MEANINGS[self]


_GLYPHS = dict(zip(Verdict, "●◐◑✕○–", strict=True))
_MEANINGS = {
    Verdict.IDENTICAL: "what was read is what was written, bit for bit and in its type",
    Verdict.UNDONE: "what was written can be computed from what was read, knowing its kind but not its value",
    Verdict.LOSS: "something else was read, and what was written cannot be computed from it",
    Verdict.REFUSED: "an error was raised, the process died, or it did not come back in time",
    Verdict.DROPPED: "nothing was raised, and what was written is not there",
    Verdict.UNSUPPORTED: "there is no call for it, or no reader of what it keeps; the reason says whose gap it is",
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one fact, and its evidence.

    Attributes:
        fact: its number.
        theme: its theme, so that a result can be read without the facts of its day.
        name: its name.
        sentence: what is written, and when it has come back.
        verdict: what became of it.
        written: the value, as short text.
        read: likewise; empty where nothing was read.
        reason: the error that was raised, or whose gap it is.
        said: warnings, log records and lines on standard error that a run without this fact does not cause.
    """

    fact: int
    theme: str
    name: str
    sentence: str
    verdict: Verdict
    written: str
    read: str = ""
    reason: str = ""
    said: tuple[str, ...] = ()

    @property
    def is_silent_loss(self) -> bool:
        """Whether something was lost and nobody was told."""
        return self.verdict in {Verdict.LOSS, Verdict.DROPPED} and not self.said


class TrackerVerdicts(msgspec.Struct, frozen=True, kw_only=True):
    """All findings about one tracker, on one machine, at one time (microseconds since 1970 in UTC)."""

    format: int = FORMAT
    tracker: str
    vendor: str | None
    version: str | None
    taximeter: str
    made: int
    seconds: float
    environment: Environment
    findings: list[Finding]
    issues: dict[str, str] = {}
    """Known upstream issues: the number of a fact to an address."""

    @property
    def silent_losses(self) -> int:
        """The silent-loss score: how many facts were lost without a word."""
        return sum(finding.is_silent_loss for finding in self.findings)

    @property
    def judged(self) -> int:
        """How many facts the tracker has a call for."""
        return sum(finding.verdict != Verdict.UNSUPPORTED for finding in self.findings)

    def without_distributions(self) -> "TrackerVerdicts":
        """Return the same with the machine alone in place of all that is installed on it."""
        environment = msgspec.structs.replace(self.environment, distributions={})
        return msgspec.structs.replace(self, environment=environment)


def save_verdicts(verdicts: TrackerVerdicts, folder: Path) -> Path:
    """Write verdicts among all results, and return the file."""
    return save(verdicts, folder, f"verdicts-{verdicts.tracker}")


def read_verdicts(file: Path) -> TrackerVerdicts:
    """Return the verdicts in a file.

    Raises:
        InputError: it holds none, or none of this version.
    """
    try:
        verdicts = msgspec.json.decode(file.read_bytes(), type=TrackerVerdicts)
    except (OSError, msgspec.MsgspecError) as error:
        raise InputError(f"{file} is no file of verdicts: {error}.") from error
    if verdicts.format != FORMAT:
        raise InputError(f"{file} has format {verdicts.format}; this version of taximeter reads {FORMAT}.")
    return verdicts


def newest_verdicts(folder: Path, trackers: Iterable[str]) -> list[TrackerVerdicts]:
    """Return the latest saved verdicts of each tracker that has any, whatever the machine."""
    wanted = list(trackers)
    newest: dict[str, TrackerVerdicts] = {}
    for file in sorted(folder.glob("*/*/verdicts-*.json")):
        found = read_verdicts(file)
        held = newest.get(found.tracker)
        if held is None or held.made < found.made:
            newest[found.tracker] = found
    return [newest[name] for name in wanted if name in newest]
