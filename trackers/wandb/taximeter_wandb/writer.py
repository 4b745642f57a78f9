"""Writes one run with W&B's own interface, offline."""

import contextlib
import glob
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import wandb

from taximeter.errors import TrackerError
from taximeter.events import MetricsLogged, Started
from taximeter.record import Dataset, Environment, Model, RunRecord, Source, pack_dataset, pack_model
from taximeter.tracker import RECORD_PATH, RunWriter
from taximeter_wandb import WandbTracker, media
from taximeter_wandb.native import (
    OURS,
    STEP,
    artifact_name_for,
    file_path_for,
    metric_key,
    param_key,
    param_value,
    tag_for,
)
from taximeter_wandb.records import exit_in
from taximeter_wandb.session import KILLED, SERVICE_GONE, begin, describe, end, together
from taximeter_wandb.store import RunFolder, attempts

_EXIT_CODES = {"finished": 0, "failed": 1, "killed": KILLED, "running": KILLED}
_MICROSECONDS = 1_000_000
_ROWS_TOGETHER = 100
_LARGEST_STEP = 2**53
_LIVE_NOTES = 100
_MEDIA_NAME_BYTES = 200
_CLOSING_SECONDS = 30.0
_UINT32 = 2**32 - 1
_UINT64 = 2**64 - 1


class WandbWriter(RunWriter):
    """A W&B run that is open.

    W&B cannot go on with a run that another process left behind: the run is written anew in a folder of its own,
    and when that is whole, folders of earlier attempts are removed.
    """

    tracker = WandbTracker

    def __init__(self, location: str, started: Started) -> None:
        self._run = begin(location, started)
        log = Path(self._run.settings.sync_file)
        self._kept = RunFolder(log.parent, log, self._run.id)
        self._location = location
        self._next_step = 0
        self._ours: dict[str, Any] = dict(self._run.config[OURS])
        self._tags: dict[str, str] = {}
        self._notes: list[str] = []
        self._cards = 0

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Update the run's config."""
        config = {param_key(name): param_value(value) for name, value in params.items()}
        self._update_config(config)

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Log each call as one row of the history, with its step as a column, and its time.

        W&B drops rows whose own step does not grow, so that step is ours only where it grows too.
        """
        for first in range(0, len(rows), _ROWS_TOGETHER):
            with together(self._run):
                for row in rows[first : first + _ROWS_TOGETHER]:
                    self._log_row(row)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set W&B's tags, which are bare text: ``name=value``; those that do not fit stand in the config."""
        self._tags |= tags
        texts = {name: tag_for(name, text) for name, text in self._tags.items()}
        self._run.tags = tuple(text for text in texts.values() if text)
        odd = {name: param_value(self._tags[name]) for name, text in texts.items() if text is None}
        if odd != self._ours.get("tags", {}):
            self._ours["tags"] = odd
            self._update_config({OURS: dict(self._ours)})

    def add_note(self, text: str) -> None:
        """Add to the run's notes, which W&B sends whole each time: the first at once, the rest at the end."""
        self._notes.append(text)
        if len(self._notes) <= _LIVE_NOTES:
            self._run.notes = "\n\n".join(self._notes)

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - W&B keeps no types
        """Keep a copy among the run's files."""
        self._save(file, self._kept.artifacts / file_path_for(path))

    def log_figure(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - the kept copy has a name
        """Log an image."""
        self._log_media(path, media.as_image(self._artifact(path), media_type))

    def log_table(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - as above
        """Log a table."""
        table = media.as_table(self._artifact(path), media_type)
        if table is not None:
            # Unless the table is bound already, W&B adds an artifact whose bytes lie outside the run's folder.
            table.bind_to_run(self._run, _media_key(path), self._next_step)  # type: ignore[no-untyped-call]
            self._log_media(path, table)

    def log_text(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - as above
        """Log a page."""
        self._log_media(path, media.as_page(self._artifact(path), media_type))

    def log_dataset(self, dataset: Dataset) -> None:
        """Log an artifact of the type dataset: a card that describes the data, which stay where they are."""
        card: dict[str, Any] = msgspec.to_builtins(pack_dataset(dataset))
        artifact = wandb.Artifact(artifact_name_for(dataset.name), "dataset", dataset.source, card)
        self._cards += 1
        file = self._kept.files / "datasets" / f"{self._cards}.json"
        self._save(msgspec.json.encode(card), file)
        artifact.add_file(str(file), "dataset.json", skip_cache=True, policy="immutable")
        self._run.log_artifact(artifact)

    def log_model(self, path: str, folder: Path, model: Model) -> None:  # noqa: ARG002 - its files are kept already
        """Log an artifact of the type model, made of the files that the run keeps."""
        about = {"path": path} | msgspec.to_builtins(pack_model(model))
        artifact = wandb.Artifact(artifact_name_for(path), "model", metadata=about)
        kept = self._artifact(path)
        if kept.is_dir():
            artifact.add_dir(str(kept), skip_cache=True, policy="immutable")
        self._run.log_artifact(artifact)

    def capture_source(self, source: Source) -> None:
        """Describe the program, its arguments and its commit, and keep the diff as W&B does."""
        git = {"git": {"commit": source.commit}} if source.commit is not None else {}
        describe(self._run, {"program": source.entry_point, "args": source.argv, **git})
        if source.diff is not None:
            self._save(source.diff.encode(), self._kept.files / "diff.patch")

    def capture_environment(self, environment: Environment) -> None:
        """Describe the machine, and list the distributions as W&B does."""
        machine: dict[str, Any] = {"os": environment.os, "python": environment.python}
        machine |= {"cpu": {"model": environment.cpu}, "cpu_count_logical": min(environment.cores, _UINT32)}
        machine |= {"memory": {"total": min(environment.memory, _UINT64)}}
        if environment.gpus:
            machine |= {"gpu_type": environment.gpus[0], "gpu_count": len(environment.gpus)}
        describe(self._run, machine)
        lines = "".join(f"{name}=={version}\n" for name, version in environment.distributions.items())
        self._save(lines.encode(), self._kept.files / "requirements.txt")

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Store the exact record among the run's files, end the run, and remove what earlier attempts left."""
        if record.notes:
            self._run.notes = "\n\n".join(record.notes)
        self._save(record_file, self._kept.files / RECORD_PATH)
        end(self._run, _EXIT_CODES[record.status])
        self._wait_for_end()
        for folder in list(attempts(self._location, self._kept.vendor_id)):
            if not folder.samefile(self._kept.folder):
                shutil.rmtree(folder)

    def close(self) -> None:
        """End the run as killed."""
        with contextlib.suppress(*SERVICE_GONE):
            end(self._run, KILLED)

    def _log_row(self, row: MetricsLogged) -> None:
        data: dict[str, Any] = {metric_key(key): value for key, value in row.values.items()}
        data[STEP] = row.step
        data["_timestamp"] = row.time / _MICROSECONDS
        if self._next_step < row.step < _LARGEST_STEP:
            self._run.log(data, step=row.step, commit=True)
            self._next_step = row.step
        else:
            self._run.log(data)
        self._next_step += 1

    def _update_config(self, config: dict[str, Any]) -> None:
        self._run.config.update(config, allow_val_change=True)  # type: ignore[no-untyped-call]

    def _artifact(self, path: str) -> Path:
        return self._kept.artifacts / file_path_for(path)

    def _save(self, content: Path | bytes, target: Path) -> None:
        """Place a file in the run's folder, all of it or nothing, and tell W&B to upload it one day."""
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = self._kept.folder / "tmp" / "partial"
        if isinstance(content, bytes):
            partial.write_bytes(content)
        else:
            shutil.copyfile(content, partial)
        partial.replace(target)
        self._run.save(glob.escape(str(target)), base_path=self._run.dir, policy="now")

    def _log_media(self, path: str, shown: wandb.Image | wandb.Table | wandb.Html | None) -> None:
        """Add media to the next row, so that they take no step of their own."""
        if shown is not None:
            self._run.log({_media_key(path): shown}, commit=False)

    def _wait_for_end(self) -> None:
        """Wait until W&B's service has written the last record of the log.

        Raises:
            TrackerError: it did not; it says nothing by itself when it cannot write.
        """
        deadline = time.monotonic() + _CLOSING_SECONDS
        while time.monotonic() < deadline:
            if exit_in(self._kept.log) is not None:
                return
            time.sleep(0.002)
        raise TrackerError(f"W&B did not write {self._kept.log} to its end; is the disk full?")


def _media_key(path: str) -> str:
    return file_path_for(path, _MEDIA_NAME_BYTES)
