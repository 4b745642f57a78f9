"""The runs at one location: DVCLive folders, and the experiments of the repository around them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from taximeter.errors import InputError
from taximeter.record import RunRecord
from taximeter.tracker import RunSummary
from taximeter_dvclive.experiments import Experiments
from taximeter_dvclive.native import point_files, read_native, summarise
from taximeter_dvclive.points import read_last
from taximeter_dvclive.store import RunFolder, find_run, run_folders

_MICROSECONDS = 1_000_000


class Runs:
    """A store to be read."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._experiments = Experiments(store)

    def summaries(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first."""
        runs = [*map(summarise, run_folders(self._store)), *self._saved()]
        yield from sorted(runs, key=lambda run: (run.started, run.vendor_id))

    def native(self, run_id: str) -> RunRecord:
        """Return a run as DVC shows it."""
        return read_native(self.find(run_id))

    def last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Return the value and step of a metric's last point, by the digits in its file.

        Raises:
            InputError: the run has no such metric.
        """
        run = self.find(run_id)
        file = point_files(run).get(key)
        if file is None:
            raise InputError(f"the DVCLive run {run_id!r} has no metric {key!r}.")
        return read_last(file)

    def find(self, run_id: str) -> RunFolder:
        """Return the run with our id, with this path below the store, or with an experiment's name.

        Raises:
            InputError: there is none.
        """
        run = find_run(self._store, run_id) or self._experiments.find(run_id)
        if run is None:
            raise InputError(f"{self._store} has no DVCLive run {run_id!r}.")
        return run

    def _saved(self) -> Iterator[RunSummary]:
        repository = self._experiments.repository
        for name, _, saved in self._experiments:
            yield RunSummary(name, name, repository, name, "finished", saved * _MICROSECONDS)
