"""The results of a comparison, as JSON that the report is made of and nothing else."""

from pathlib import Path
from typing import Any, Literal

import msgspec

from taximeter.diff import Difference
from taximeter.errors import InputError
from taximeter.native import NativePart
from taximeter.record import Environment
from taximeter.tracker import Gap, Standing
from taximeter.verdicts.results import TrackerVerdicts, newest_verdicts

FORMAT = 1
FILE = "results.json"
STORES = "stores"

State = Literal["holds the run", "differs", "failed", "keeps nothing"]


class TrackerResult(msgspec.Struct, frozen=True, kw_only=True):
    """What one tracker made of the run.

    `equal` and `metrics` (the last value of each metric, as read back from the store) are null where the store
    could not be read, and `problem` says why.
    Seconds are the courier's: open includes the vendor's import; verify is the read-back.
    """

    name: str
    vendor: str | None
    version: str | None
    standing: Standing = Standing()
    location: str
    ui: str | None
    features: list[str]
    gaps: dict[str, Gap]
    state: State
    equal: bool | None
    problem: str
    differences: list[Difference]
    metrics: dict[str, Any] | None
    native: list[NativePart] | None
    seconds: dict[str, float]
    bytes: int | None


class Screenshot(msgspec.Struct, frozen=True, kw_only=True):
    """The run in a tracker's own UI: a picture, or the reason why there is none.

    `command` opens the UI in the report's folder, where `file` lies too; `refused` are the hosts that its page
    asked for, and did not get.
    """

    tracker: str
    caption: str = ""
    command: str | None = None
    file: str | None = None
    reason: str = ""
    refused: list[str] = []


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """One comparison: the experiment, its one run, and every tracker's result.

    `experiment` is what the training returned; `run` is the record without its points; `made` is microseconds
    since 1970 in UTC; `verdicts` are of another day, and say of which.
    """

    format: int = FORMAT
    name: str
    made: int
    command: str
    taximeter: str
    run: dict[str, Any]
    points: int
    experiment: dict[str, Any]
    environment: Environment
    trackers: list[TrackerResult]
    verdicts: list[TrackerVerdicts] = []
    screenshots: list[Screenshot] = []

    @property
    def holding(self) -> list[TrackerResult]:
        """The trackers that are to hold the run."""
        return [tracker for tracker in self.trackers if tracker.state != "keeps nothing"]

    @property
    def all_equal(self) -> bool:
        """Whether every one of them does."""
        return all(tracker.equal for tracker in self.holding)

    def to_json(self) -> bytes:
        """Return the results as JSON for people and machines."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"


def add_verdicts(results: Results, folder: Path, saved: Path) -> Results:
    """Return the results with the latest saved verdicts on each of their trackers, and keep them in a folder.

    Args:
        results: of a comparison.
        folder: the report's; its results are replaced.
        saved: where `taximeter verdicts --save` keeps verdicts.

    Raises:
        InputError: there are none.
    """
    found = newest_verdicts(saved, [tracker.name for tracker in results.trackers])
    if not found:
        raise InputError(f"{saved} holds no verdicts on these trackers; `taximeter verdicts --save` makes them.")
    results = msgspec.structs.replace(results, verdicts=[each.without_distributions() for each in found])
    (folder / FILE).write_bytes(results.to_json())
    return results


def read_results(folder: Path) -> Results:
    """Return the results that lie in a report's folder.

    Raises:
        InputError: there are none, or not of this version.
    """
    file = folder / FILE
    try:
        results = msgspec.json.decode(file.read_bytes(), type=Results)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{file} does not exist; `taximeter compare` writes it.") from None
    except msgspec.MsgspecError as error:
        raise InputError(f"{file} is no results file of this version: {error}.") from error
    if results.format != FORMAT:
        raise InputError(f"{file} has format {results.format}; this version of taximeter reads {FORMAT}.")
    return results
