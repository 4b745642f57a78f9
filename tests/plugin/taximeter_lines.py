"""A tracker for the tests of couriers: a folder of text files, with a switch that makes it fail.

A file `fail` in its folder holds how often the next writes are to fail; `hang` makes them wait.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from taximeter.errors import InputError
from taximeter.events import MetricsLogged, Started
from taximeter.files import keep_copy
from taximeter.record import RunRecord
from taximeter.tracker import Feature, RunSummary, RunWriter, Tracker


class LinesTracker(Tracker):
    """A folder for each run: `log`, `record.jsonl` and `artifacts`."""

    name = "lines"
    features = frozenset({Feature.PARAMS, Feature.METRICS, Feature.ARTIFACTS, Feature.READ})

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return its folder."""
        return str(folder / "lines")

    def open_run(self, started: Started) -> RunWriter:
        """Begin a run, from the first line."""
        run = Path(self.location, started.run_id)
        run.mkdir(parents=True, exist_ok=True)
        (run / "log").write_text(f"pid {os.getpid()}\n")
        return _LinesWriter(run)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run."""
        for run in sorted(Path(self.location).glob("*/record.jsonl")):
            record = RunRecord.from_bytes(run.read_bytes())
            yield RunSummary(
                record.run_id, record.run_id, record.experiment, record.name, record.status, record.started
            )

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the record."""
        file = Path(self.location, run_id, "record.jsonl")
        if not file.exists():
            raise InputError(f"{self.location} holds no run {run_id!r}.")
        return RunRecord.from_bytes(file.read_bytes())

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open an artifact, kept under its sha256."""
        record = RunRecord.from_bytes(Path(self.location, run_id, "record.jsonl").read_bytes())
        return Path(self.location, run_id, "artifacts", record.artifacts[path].sha256).open("rb")


class _LinesWriter(RunWriter):
    tracker = LinesTracker

    def __init__(self, run: Path) -> None:
        self._run = run

    def log_params(self, params: Mapping[str, Any]) -> None:
        self._write("params", params)

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        for row in rows:
            self._write("metrics", row)

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:
        self._write("artifact", path, media_type)
        keep_copy(file, self._run / "artifacts", path)

    def finish(self, record: RunRecord, record_file: Path) -> None:
        self._write("finished", record.status)
        (self._run / "record.jsonl").write_bytes(record_file.read_bytes())

    def _write(self, *words: object) -> None:
        fail, hang = self._run.parent / "fail", self._run.parent / "hang"
        while hang.exists():
            time.sleep(0.01)
        if fail.exists() and (left := int(fail.read_text())) > 0:
            fail.write_text(str(left - 1))
            raise ConnectionError("the server of the tests is away")
        with (self._run / "log").open("a") as log:
            print(*words, file=log)
