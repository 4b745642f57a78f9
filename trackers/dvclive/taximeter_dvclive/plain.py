"""A run as DVCLive's documentation has its users write it, in a DVC repository without Git."""

import shutil
from collections.abc import Mapping
from contextlib import chdir
from itertools import count
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

import joblib
import msgspec
from dvc.exceptions import NotDvcRepoError  # type: ignore[import-untyped]
from dvc.repo import Repo  # type: ignore[import-untyped]
from dvclive.live import Live

from taximeter.plain import PlainRun
from taximeter.record import Dataset, Status
from taximeter_dvclive import DVCLiveTracker


class DVCLivePlainRun(PlainRun):
    """A `dvclive.Live`; no experiment is saved, as that would commit the work tree around the store.

    Args:
        store: becomes a DVC repository, which `Live.log_artifact` needs, where it lies in none.
        name: of the run's folder in it, with a number where the name is taken.
    """

    tracker = DVCLiveTracker

    def __init__(self, store: Path, name: str) -> None:
        store.mkdir(parents=True, exist_ok=True)
        try:
            Repo.find_root(str(store))
        except NotDvcRepoError:
            Repo.init(str(store), no_scm=True)
        self._store = store
        self.id = next(free for free in _numbered(name) if not (store / free).exists())
        with chdir(store):
            self._live = Live(str(store / self.id), dvcyaml=str(store / self.id / "dvc.yaml"), save_dvc_exp=False)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Call `Live.log_params`."""
        self._live.log_params(dict(params))

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Call `Live.log_metric` for each; without a step, `Live.next_step` counts."""
        if time is not None:
            self._refuse("no time of a point", "not theirs: `timestamp=True` notes its own clock")
        if step is not None:
            self._live.step = step
        for key, value in metrics.items():
            self._live.log_metric(key, value)
        if step is None:
            with chdir(self._store):
                self._live.next_step()  # type: ignore[no-untyped-call]

    def finish(self, status: Status = "finished") -> None:
        """Call `Live.end`."""
        with chdir(self._store):
            self._live.end()  # type: ignore[no-untyped-call]
        if status != "finished":
            self._refuse(f"no status {status}", "not theirs: it does not say how a run ended")

    def log_artifact(self, file: Path, name: str) -> None:
        """Call `Live.log_artifact`, which takes the file's own name."""
        with TemporaryDirectory(prefix="taximeter-") as folder:
            self._log(shutil.copyfile(file, Path(folder, Path(name).name)))

    def log_figure(self, figure: Any, name: str) -> None:
        """Call `Live.log_image`, which takes the name of a file."""
        self._live.log_image(name if PurePosixPath(name).suffix else f"{name}.png", figure)

    def log_dataset(self, dataset: Dataset) -> None:
        """Call `Live.log_artifact` with a file that describes the dataset, and what it says as metadata."""
        about = msgspec.to_builtins(dataset)
        with TemporaryDirectory(prefix="taximeter-") as folder:
            card = Path(folder, f"{dataset.name}.json")
            card.write_bytes(msgspec.json.encode(about))
            self._log(card, type="dataset", name=dataset.name, meta=about)

    def log_model(self, model: Any, name: str) -> None:
        """Save the model with joblib, and call `Live.log_artifact`."""
        with TemporaryDirectory(prefix="taximeter-") as folder:
            file = Path(folder, f"{Path(name).name}.joblib")
            joblib.dump(model, file)
            self._log(file, type="model", name=name)

    def _log(self, file: Path, **about: Any) -> None:
        with chdir(self._store):
            self._live.log_artifact(file, copy=True, **about)


def _numbered(name: str) -> Any:
    yield name
    yield from (f"{name}-{number}" for number in count(2))
