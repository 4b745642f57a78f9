"""Writes one run with DVCLive."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from taximeter.artifact_files import keep_artifact
from taximeter.events import MetricsLogged, Started
from taximeter.record import Dataset, Model, Point, RunRecord, pack_dataset
from taximeter.tracker import RECORD_PATH, RunWriter
from taximeter_dvclive import DVCLiveTracker
from taximeter_dvclive.about import About
from taximeter_dvclive.live import LocalLive
from taximeter_dvclive.names import IMAGES, OURS, artifact_path, file_path, param_key, param_value
from taximeter_dvclive.points import append_points, summary_of
from taximeter_dvclive.registry import dataset_entry, model_entry

_LIVE_SECONDS = 5.0
_SHARE = 10
"""DVCLive writes its summaries whole; it spends at most one part in so many on them."""


class DVCLiveWriter(RunWriter):
    """Writes one run into its folder; points are there at once, the summaries a few seconds later.

    Args:
        folder: new, and the run's own.
        started: the run's first event.
    """

    tracker = DVCLiveTracker

    def __init__(self, folder: Path, started: Started) -> None:
        self._folder = folder
        self._live = LocalLive(folder)
        self._about = About(
            run=started.run_id,
            experiment=started.experiment,
            name=started.name,
            status="running",
            started=started.time,
            parent=started.parent_id,
            hypothesis=started.hypothesis,
        )
        self._params: dict[str, Any] = {}
        self._files: dict[str, Path] = {}
        self._last: dict[str, float] = {}
        self._cards = 0
        self._sync()

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log the params."""
        self._params |= {param_key(name): param_value(value) for name, value in params.items()}
        self._sync_now_and_then()

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Append the points to a file for each metric."""
        points: dict[str, list[Point]] = {}
        for row in rows:
            for key, value in row.values.items():
                points.setdefault(file_path(key), []).append(Point(value, row.step, row.time))
        for name, new in points.items():
            if name not in self._files:
                self._files[name] = self._live.add_metric(name)
            append_points(self._files[name], name.rpartition("/")[2], new)
            self._last[name] = new[-1].value
        self._live.step = rows[-1].step
        self._sync_now_and_then()

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - DVC keeps no types
        """Keep a copy where `Live.log_artifact` keeps one, which does nothing outside of a DVC repository."""
        keep_artifact(file, Path(self._live.artifacts_dir), artifact_path(path))

    def log_figure(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - its name says it
        """Keep the image among the plots, as it is; `Live.log_image` would encode it anew."""
        suffix = Path(path).suffix
        if suffix in IMAGES:
            shutil.copyfile(file, self._live.add_image(file_path(path.removesuffix(suffix)) + suffix))
            self._sync_now_and_then()

    def log_dataset(self, dataset: Dataset) -> None:
        """Register the dataset, with a card that describes it; the data stay where they are."""
        self._cards += 1
        card = self._folder / "datasets" / f"{self._cards}.json"
        card.parent.mkdir(exist_ok=True)
        card.write_bytes(msgspec.json.encode(pack_dataset(dataset)))
        self._live.add_artifact(*dataset_entry(str(card), dataset))
        self._sync_now_and_then()

    def log_model(self, path: str, folder: Path, model: Model) -> None:  # noqa: ARG002 - its files are kept already
        """Register the model, whose files the run keeps."""
        kept = Path(self._live.artifacts_dir, artifact_path(path))
        self._live.add_artifact(*model_entry(path, str(kept), model))
        self._sync_now_and_then()

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Say how the run ended, then keep the exact record, all of it or nothing."""
        self._about.status, self._about.ended = record.status, record.ended
        self._sync()
        partial = self._folder / f"{RECORD_PATH}.partial"
        shutil.copyfile(record_file, partial)
        partial.replace(self._folder / RECORD_PATH)

    def _sync_now_and_then(self) -> None:
        if monotonic() > self._next_sync:
            self._sync()

    def _sync(self) -> None:
        """Let DVCLive write its summaries."""
        began = monotonic()
        self._live.log_params({OURS: param_value(msgspec.to_builtins(self._about)), **self._params})
        self._live.summary = summary_of(self._last)
        self._live.make_summary()  # type: ignore[no-untyped-call]
        self._live.make_dvcyaml()
        ended = monotonic()
        self._next_sync = ended + max(_LIVE_SECONDS, _SHARE * (ended - began))
