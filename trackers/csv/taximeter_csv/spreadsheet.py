"""The spreadsheet of the tutorials: read it whole, add a row, write it whole; the baseline that nobody should use.

A run is a row of ``log.csv``, written when it ends: its params and the last value of each metric side by side.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar

from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Tracker
from taximeter.ui import TerminalUI

if TYPE_CHECKING:
    from taximeter.plain import PlainRun
    from taximeter_csv.store import SpreadsheetStore

TABLE = "log.csv"
COLUMNS = ("run_id", "name", "experiment", "started", "ended", "status", "notes")

_NO_CELL = "a row has a cell for a number or a line of text, and nothing else"


class SpreadsheetTracker(Tracker):
    """A file ``log.csv``, and beside it a folder ``log`` with the artifacts and the exact record of each run."""

    name = "spreadsheet"
    features = frozenset({Feature.PARAMS, Feature.NOTES, Feature.ARTIFACTS, Feature.READ})
    gaps: ClassVar = dict.fromkeys(frozenset(Feature) - features, Gap("not theirs", _NO_CELL)) | {
        Feature.METRICS: Gap("not theirs", "a row has one cell for a metric: its last value"),
        Feature.TAGS: Gap("not theirs", "a column is a column; nothing tells a tag from a param"),
        Feature.CHILD_RUNS: Gap("not theirs", "a row is below another one by accident only"),
        Feature.LIVE: Gap("not theirs", "a run's row is written when the run has ended"),
    }
    ui = TerminalUI(
        command="libreoffice --calc {location}",
        show="python -m taximeter_csv.sideways {location} {run}",
        shows=("{name}", "{metric}"),
        caption=f"The run's row of {TABLE}, on its side, printed by taximeter: no spreadsheet program.",
        lines=90,
    )

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the file that the tutorials write."""
        return str(folder / TABLE)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is a CSV file with a folder of our records beside it."""
        return (
            path.suffix.lower() == ".csv" and path.is_file() and any(path.with_suffix("").glob("*/record.jsonl"))
        )

    def open_run(self, started: Started) -> RunWriter:
        """Begin a row, which is written when the run ends."""
        from taximeter_csv.spreadsheet_writer import SpreadsheetWriter  # noqa: PLC0415 - what a reader does not need

        return SpreadsheetWriter(Path(self.location), started)

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a row as the tutorials do."""
        from taximeter_csv.plain import PlainSpreadsheetRun  # noqa: PLC0415 - for measurements only

        return PlainSpreadsheetRun(Path(self.location), experiment, name)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every row, oldest first."""
        yield from self._store().list_runs()

    def read_native(self, run_id: str) -> RunRecord:
        """Read a row: what is called like a metric and is a number is one, all else are params."""
        return self._store().read_native(run_id)

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read the cell of a metric."""
        return self._store().read_last(run_id, key)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the record in the run's folder."""
        return self._store().read_exact(run_id)

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open a file of the run's folder."""
        return self._store().open_artifact(run_id, path)

    def files(self) -> Iterator[Path]:
        """Yield the file and the folder beside it."""
        table = Path(self.location)
        yield from filter(Path.exists, (table, table.with_suffix("")))

    def _store(self) -> "SpreadsheetStore":
        from taximeter_csv.store import SpreadsheetStore  # noqa: PLC0415 - what a listing of trackers does not need

        return SpreadsheetStore(Path(self.location))
