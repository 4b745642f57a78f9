"""A tracker for the tests of verdicts: a folder of JSON files, which loses things in every way there is."""

import json
import logging
import math
import os
import signal
import sys
import time as clock
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from taximeter.errors import InputError
from taximeter.events import Started
from taximeter.plain import PlainRun
from taximeter.record import RunRecord, Series, Status
from taximeter.tracker import Feature, Gap, RunWriter, Tracker


class LossyTracker(Tracker):
    """A folder with a file for each run; its reader dies of a list, and never returns from a mapping."""

    name = "lossy"
    vendor = "lossy"
    features = frozenset({Feature.PARAMS, Feature.METRICS, Feature.READ})
    gaps: ClassVar = {Feature.TAGS: Gap("never", "it is against labels")}
    issues: ClassVar = {27: "https://example.org/issues/1"}

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return a folder of its own."""
        return str(folder / "lossy")

    def open_run(self, started: Started) -> RunWriter:
        """Refuse: only its plain run matters."""
        raise NotImplementedError(started)

    def start_plain(self, experiment: str, name: str) -> PlainRun:
        """Start a run."""
        return _LossyRun(Path(self.location), experiment, name)

    def read_native(self, run_id: str) -> RunRecord:
        """Read the run's file."""
        file = Path(self.location, f"{run_id}.json")
        if not file.exists():
            raise InputError(f"{self.location} holds no run {run_id!r}.")
        tree = json.loads(file.read_text())
        if isinstance(tree["params"].get("lr"), list):
            os._exit(3)
        if isinstance(tree["params"].get("lr"), dict):
            clock.sleep(600)
        return RunRecord(
            run_id=run_id,
            experiment=tree["experiment"],
            name=tree["name"],
            status=tree["status"],
            started=0,
            params=tree["params"],
            metrics={key: Series(*zip(*points, strict=True)) for key, points in tree["metrics"].items() if points},
        )


class _LossyRun(PlainRun):
    """Params: numbers become text, None and texts that are too long are dropped, a changed one is refused.

    Points: float32; NaN is dropped with a log record, infinities with a warning, backward steps with a line on
    standard error; a step that is no integer kills the process, and a key that is empty never returns.
    """

    tracker = LossyTracker

    def __init__(self, folder: Path, experiment: str, name: str) -> None:
        folder.mkdir(exist_ok=True)
        self.id = str(len(list(folder.iterdir())))
        self._file = folder / f"{self.id}.json"
        self._tree: dict[str, Any] = {"experiment": experiment, "name": name, "status": "running"}
        self._tree |= {"params": {}, "metrics": {}}
        self._save()
        sys.stderr.write(f"welcome to run {self.id}; errors are ignored\n")

    def log_params(self, params: Mapping[str, Any]) -> None:
        for name, value in params.items():
            if name in self._tree["params"]:
                raise KeyError(f"{name} has a value")
            if value is not None and not (isinstance(value, str) and len(value) > 100):
                self._tree["params"][name] = value if isinstance(value, str | list | dict) else repr(value)

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        if isinstance(step, float):
            os.kill(os.getpid(), signal.SIGKILL)
        for key, value in metrics.items():
            if not key:
                clock.sleep(600)
            points = self._tree["metrics"].setdefault(key, [])
            if math.isnan(value):
                logging.getLogger("lossy").error("%s is no number", key)
            elif math.isinf(value):
                warnings.warn(f"{key} is too much", UserWarning, stacklevel=2)
            elif points and step is not None and step < points[-1][1]:
                sys.stderr.write(f"ignored: {key} at {step}\n")
            else:
                points.append([float(np.float32(value)), len(points) if step is None else step, time or 0])

    def finish(self, status: Status = "finished") -> None:
        self._tree["status"] = status
        self._save()

    def _save(self) -> None:
        self._file.write_text(json.dumps(self._tree))
