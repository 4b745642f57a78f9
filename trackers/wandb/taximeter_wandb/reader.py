"""Reads runs from their logs and files, without W&B, its service, or the network."""

import contextlib
import json
import logging
import os
from collections import deque
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import psutil

from taximeter.errors import InputError
from taximeter.files import describe_file
from taximeter.record import Artifact, RunRecord, Status
from taximeter.record_log import Problem
from taximeter.tracker import RECORD_FOLDER, RunSummary
from taximeter_wandb.about import (
    datasets_of,
    distributions_in,
    environment_of,
    models_of,
    params_of,
    source_of,
    tags_of,
)
from taximeter_wandb.fold import Fold, row_of, status_of
from taximeter_wandb.log import WandbLog
from taximeter_wandb.native import file_path_for
from taximeter_wandb.records import exit_in, parse
from taximeter_wandb.store import RunFolder

_BOOKKEEPING = {"config.yaml", "diff.patch", "requirements.txt", "wandb-metadata.json", "wandb-summary.json"}
_SERVICE = "wandb-core"
_HEAD_RECORDS = 16

_logger = logging.getLogger(__name__)


def read_exact(run: RunFolder) -> RunRecord | None:
    """Return the exact record among the run's files; None where there is none."""
    try:
        with run.file_inside(run.exact_record).open("rb") as lines:
            return RunRecord.from_lines(lines)
    except FileNotFoundError:
        return None


def read_native(run: RunFolder) -> RunRecord:
    """Return what the run's log and files say by themselves; damage in the log is passed over and logged."""
    log, fold = WandbLog(run.log), Fold()
    for record in _records(log):
        fold.add(record)
    level = logging.INFO if fold.exit is None else logging.WARNING  # a log without an end is torn by nature
    for problem in log.problems:
        _logger.log(level, "%s at byte %d: %s", run.log, problem.offset, problem.reason)
    metadata = fold.environment or _metadata_in(run)
    head, ours = fold.head, fold.ours or {}
    return RunRecord(
        run_id=str(ours.get("run", run.vendor_id)),
        experiment=head.project if head else "",
        name=head.display_name if head else "",
        status=_status(run, fold),
        started=fold.started,
        ended=fold.ended,
        parent_id=head.run_group or None if head and ours else None,
        hypothesis=ours.get("hypothesis"),
        notes=(head.notes,) if head and head.notes else (),
        params=params_of(fold),
        metrics=fold.all_metrics(),
        tags=tags_of(fold),
        artifacts=dict(_artifacts(run, fold)),
        datasets=datasets_of(fold.artifacts),
        models=models_of(fold.artifacts),
        source=source_of(metadata, fold, _text_in(run, "diff.patch")),
        environment=environment_of(
            metadata, distributions_in((_text_in(run, "requirements.txt") or "").split("\n"))
        ),
    )


def problems_in(run: RunFolder) -> list[Problem]:
    """Return the places in the run's log that cannot be read."""
    log = WandbLog(run.log)
    for _ in log:
        pass
    return log.problems


def last_point(run: RunFolder, key: str) -> tuple[Any, Any]:
    """Return the value and step of a metric's last point, as their JSON has them.

    Raises:
        InputError: the run has no such metric.
    """
    histories = (record.history for record in _records(WandbLog(run.log)) if record.HasField("history"))
    rows = (dict(row_of(history.item)) for history in histories)
    last = next(iter(deque((row for row in rows if key in row), maxlen=1)), None)
    if last is None:
        raise InputError(f"the W&B run {run.vendor_id!r} has no metric {key!r}.")
    return json.loads(last[key]), json.loads(last["_step"])


def summarise(run: RunFolder) -> RunSummary:
    """Return a run's line in the list of runs, from its exact record or from both ends of its log."""
    with contextlib.suppress(FileNotFoundError):  # it has none, or one that lies elsewhere
        with run.file_inside(run.exact_record).open("rb") as lines:
            record = RunRecord.from_first_line(lines.readline())
        return RunSummary(
            record.run_id, run.vendor_id, record.experiment, record.name, record.status, record.started
        )
    fold = Fold()
    for record in islice(_records(WandbLog(run.log)), _HEAD_RECORDS):
        fold.add(record)
    fold.exit = exit_in(run.log)
    run_id = str((fold.ours or {}).get("run", run.vendor_id))
    project, name = (fold.head.project, fold.head.display_name) if fold.head else ("", "")
    return RunSummary(run_id, run.vendor_id, project, name, _status(run, fold), fold.started)


def open_artifact(run: RunFolder, path: str) -> BinaryIO:
    """Open an artifact of the run.

    Raises:
        FileNotFoundError: the run has none of that name inside its folder.
    """
    ours = run.artifacts / file_path_for(path)
    if run.exact_record.is_file() or ours.exists():
        return run.file_inside(ours).open("rb")
    return run.file_inside(run.files / path).open("rb")


def _records(log: WandbLog) -> Iterator[Any]:
    return (record for payload in log if (record := parse(payload)) is not None)


def _status(run: RunFolder, fold: Fold) -> Status:
    """Return how the run ended; one without an end is running only while W&B's service has its log open."""
    return status_of(fold.exit) or ("running" if run.log.resolve() in _open_logs() else "killed")


def _open_logs() -> Iterator[Path]:
    """Yield the files that W&B's services on this machine have open."""
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == _SERVICE:
            with contextlib.suppress(psutil.Error):  # it ended, or is another user's
                yield from (Path(file.path) for file in process.open_files())


def _artifacts(run: RunFolder, fold: Fold) -> Iterator[tuple[str, Artifact]]:
    """Yield the run's files by name: ours lie in a folder of their own, a W&B user's beside W&B's."""
    root = run.artifacts if fold.ours else run.files
    for path in sorted(_files_below(root)):
        if fold.ours is None and (path in _BOOKKEEPING or path.startswith(f"{RECORD_FOLDER}/")):
            continue
        try:
            yield path, describe_file(run.file_inside(root / path), path)
        except FileNotFoundError:
            _logger.warning("%s leads out of the run's folder and is left out", root / path)


def _files_below(root: Path) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        yield from (Path(folder, name).relative_to(root).as_posix() for name in names)


def _text_in(run: RunFolder, name: str) -> str | None:
    """Return the text of one of the files that W&B keeps beside the user's."""
    try:
        return run.file_inside(run.files / name).read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return None


def _metadata_in(run: RunFolder) -> dict[str, Any]:
    """Return what W&B before 0.20 kept in a file, and later keeps in the log."""
    try:
        metadata = json.loads(_text_in(run, "wandb-metadata.json") or "{}")
    except ValueError:
        return {}
    return metadata if isinstance(metadata, dict) else {}
