"""A spreadsheet: one row a run in experiments.csv, and a folder with its points and artifacts."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from taximeter.errors import InputError
from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Tracker
from taximeter.ui import TerminalUI

if TYPE_CHECKING:
    from taximeter_csv.store import Store

TABLE = "experiments.csv"
BASE_COLUMNS = ("run_id", "experiment", "name", "status", "started", "ended", "hypothesis", "notes")
LEFT_OUT = "left out"
"""The last column that Excel shows; it names what has found no column of its own."""

_HEAD_BYTES = 200


class CsvTracker(Tracker):
    """A folder with ``experiments.csv``, or a spreadsheet of somebody else's that is only read."""

    name = "csv"
    features = frozenset(Feature) - {Feature.FIGURES, Feature.TABLES, Feature.TEXTS, Feature.MODELS}
    gaps: ClassVar = {
        Feature.FIGURES: Gap("not theirs", "a CSV file shows no image; it is a file in the run's folder"),
        Feature.TABLES: Gap("not theirs", "a cell holds no table; it is a file in the run's folder"),
        Feature.TEXTS: Gap("not theirs", "a cell is for a line; the text is a file in the run's folder"),
        Feature.MODELS: Gap("not theirs", "a cell holds no model; its files are in the run's folder"),
    }
    ui = TerminalUI(
        command=f"libreoffice --calc {{location}}/{TABLE}",
        show=f"python -m taximeter_csv.sideways {{location}}/{TABLE} {{run}}",
        shows=("{name}", "metric.{metric}"),
        caption=f"The run's row of {TABLE}, on its side, printed by taximeter: no spreadsheet program.",
        lines=90,
    )

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the folder itself."""
        return str(folder)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is a CSV file, or a folder whose table begins with our columns."""
        from taximeter_csv.spreadsheet import SpreadsheetTracker  # noqa: PLC0415 - the two tell their files apart

        if path.is_file():
            return path.suffix.lower() == ".csv" and not SpreadsheetTracker.recognises(path)
        table = path / TABLE
        if not table.is_file():
            return False
        with table.open("rb") as stream:
            head = stream.read(_HEAD_BYTES).decode("utf-8-sig", errors="replace")
        return any(head.startswith(delimiter.join(BASE_COLUMNS)) for delimiter in ",;\t")

    def open_run(self, started: Started) -> RunWriter:
        """Add the run's row, or begin it anew.

        Raises:
            InputError: the location is somebody else's spreadsheet.
        """
        from taximeter_csv.writer import CsvWriter  # noqa: PLC0415 - what a reader does not need

        store = self._store()
        if store.folder is None:
            raise InputError(f"{self.location} is a spreadsheet of its own; give a folder to write runs to.")
        return CsvWriter(store.folder, started)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every row, oldest first."""
        yield from self._store().list_runs()

    def read_native(self, run_id: str) -> RunRecord:
        """Read the run's row, points and artifacts, in the types that their form suggests."""
        return self._store().read_native(run_id)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the run's ``record.jsonl``."""
        return self._store().read_exact(run_id)

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open a file of the run's ``artifacts`` folder."""
        return self._store().open_artifact(run_id, path)

    def files(self) -> Iterator[Path]:
        """Yield the table and the folder of the runs."""
        yield from self._store().files()

    def _store(self) -> "Store":
        from taximeter_csv.store import Store  # noqa: PLC0415 - what a listing of trackers does not need

        return Store(Path(self.location))
