"""A spreadsheet as the tutorials write it, without a lock: two of them at once lose each other's rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd

from taximeter.errors import Unsupported
from taximeter.plain import PlainRun
from taximeter.record import Status
from taximeter_csv.spreadsheet import SpreadsheetTracker


class PlainSpreadsheetRun(PlainRun):
    """A dictionary that becomes a row when the run ends.

    Args:
        file: the spreadsheet, which is read whole and written whole.
        experiment: a cell of the row.
        name: another one.
    """

    tracker = SpreadsheetTracker

    def __init__(self, file: Path, experiment: str, name: str) -> None:
        self._file = file
        self.id = uuid4().hex
        self._row: dict[str, Any] = {"run_id": self.id, "experiment": experiment, "name": name}

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Set a cell for each param."""
        self._row |= params

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:  # noqa: ARG002 - lost
        """Set a cell for each metric; the tutorials' dictionary has no place for a step."""
        if time is not None:
            raise Unsupported("a row of a spreadsheet has one value of a metric, and no time for it (not theirs).")
        self._row |= metrics

    def add_note(self, text: str) -> None:
        """Set the cell of notes."""
        self._row["notes"] = text

    def log_artifact(self, file: Path, name: str) -> None:  # noqa: ARG002 - as its base has it
        """Raise: a file is copied by hand, and nothing in the row knows of it."""
        raise Unsupported(f"a spreadsheet has no place for a file, {name!r} (not theirs: a cell holds no file).")

    def finish(self, status: Status = "finished") -> None:
        """Read the spreadsheet, add the row, and write it."""
        self._row["status"] = status
        runs = pd.read_csv(self._file) if self._file.exists() else pd.DataFrame()
        runs = pd.concat([runs, pd.DataFrame([self._row])], ignore_index=True)
        runs.to_csv(self._file, index=False)
