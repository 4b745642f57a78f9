"""Reads runs from their logs and files, without SwanLab, its service, or the network."""

import json
import logging
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO

from taximeter.artifact_files import find_artifact
from taximeter.errors import InputError
from taximeter.files import describe_stream
from taximeter.record import Artifact, RunRecord
from taximeter.record_log import Problem
from taximeter.tracker import RECORD_PATH, RunSummary
from taximeter_swanlab.about import environment_in, source_in
from taximeter_swanlab.backup import describe
from taximeter_swanlab.config import read_config
from taximeter_swanlab.fold import Fold
from taximeter_swanlab.log import SwanLabLog
from taximeter_swanlab.names import ARTIFACTS, OURS, run_id_for
from taximeter_swanlab.records import parse
from taximeter_swanlab.store import RunFolder, run_folders

_HEAD_RECORDS = 3
"""The records that a log's head may take: one, but three before SwanLab 0.8."""

_logger = logging.getLogger(__name__)


def find_run(location: str, run_id: str) -> RunFolder:
    """Return the run with our id or SwanLab's.

    Raises:
        InputError: there is none.
    """
    names = {run_id, run_id_for(run_id)}
    for part in (run_id_for(run_id), ""):  # most folders are named after their run
        for run in run_folders(location, part):
            if run.name in names or (not part and _vendor_id(run) in names):
                return run
    raise InputError(f"{location} has no SwanLab run {run_id!r}.")


def summaries(location: str) -> list[RunSummary]:
    """Return every run at `location`, oldest first."""
    found = map(_summarise, run_folders(location))
    return sorted(found, key=lambda summary: (summary.started, summary.vendor_id))


def read_exact(run: RunFolder) -> RunRecord | None:
    """Return the exact record among the run's files; None where there is none."""
    try:
        with run.file_inside(run.exact_record).open("rb") as lines:
            return RunRecord.from_lines(lines)
    except FileNotFoundError:
        return None


def read_native(run: RunFolder) -> RunRecord:
    """Return what the run's log and files say by themselves; damage in the log is passed over and logged."""
    log, fold = SwanLabLog(run.log), Fold()
    for payload in log:
        if (record := parse(payload)) is not None:
            fold.add(record)
    level = logging.INFO if fold.finish is None else logging.WARNING  # a log without an end is torn by nature
    for problem in log.problems:
        _logger.log(level, "%s at byte %d: %s", run.log, problem.offset, problem.reason)
    config, ours = _config(run)
    start, metadata = fold.start, _metadata(run)
    return RunRecord(
        **_head(run, fold, ours),
        ended=fold.ended,
        parent_id=ours.get("parent") if ours else None,
        hypothesis=ours.get("hypothesis") if ours else None,
        notes=tuple(_notes(fold, ours)),
        params=config,
        metrics=fold.metrics,
        tags=_tags(list(start.tags) if start else [], ours),
        artifacts=dict(_artifacts(run, fold, ours)),
        source=source_in(metadata),
        environment=environment_in(metadata, _text(run, "requirements.txt")),
    )


def last_point(run: RunFolder, key: str) -> tuple[Any, Any]:
    """Return the value and step of a metric's last point.

    Raises:
        InputError: the run has no such metric.
    """
    scalars = (record.scalar for record in map(parse, SwanLabLog(run.log)) if record and record.HasField("scalar"))
    for scalar in deque((scalar for scalar in scalars if scalar.key == key), maxlen=1):
        return scalar.value.number, scalar.step
    raise InputError(f"the SwanLab run {run.name!r} has no metric {key!r}.")


def problems_in(run: RunFolder) -> list[Problem]:
    """Return the places in the run's log that cannot be read."""
    log = SwanLabLog(run.log)
    for _ in log:
        pass
    return log.problems


def open_artifact(run: RunFolder, path: str) -> BinaryIO:
    """Open an artifact of the run.

    Raises:
        FileNotFoundError: the run has none of that name inside its folder.
    """
    kept = find_artifact(run.artifacts, path, run.folder)
    if kept is None and path.startswith("media/"):
        kept = run.file_inside(run.folder / path)
    return (kept or run.file_inside(run.files / path)).open("rb")


def _summarise(run: RunFolder) -> RunSummary:
    """Return a run's line in the list of runs, from its exact record or from both ends of its log."""
    fold = _ends(run)
    vendor_id = fold.start.id if fold.start else run.name
    try:
        with run.file_inside(run.exact_record).open("rb") as lines:
            head = RunRecord.from_first_line(lines.readline())
        return RunSummary(head.run_id, vendor_id, head.experiment, head.name, head.status, head.started)
    except (FileNotFoundError, InputError):
        return RunSummary(vendor_id=vendor_id, **_head(run, fold, _config(run)[1]))


def _ends(run: RunFolder) -> Fold:
    """Return the head of a run's log, and its end if there is one."""
    fold = Fold()
    for kind, payloads in (
        ("start", islice(SwanLabLog(run.log), _HEAD_RECORDS)),
        ("finish", SwanLabLog(run.log).last_payloads()),
    ):
        for record in map(parse, payloads):
            if record is not None and record.HasField(kind):
                fold.add(record)
    return fold


def _vendor_id(run: RunFolder) -> str | None:
    start = _ends(run).start
    return start.id if start else None


def _head(run: RunFolder, fold: Fold, ours: dict[str, Any] | None) -> dict[str, Any]:
    """Return the fields of a record that a summary has too."""
    start, ours = fold.start, ours or {}
    return {
        "run_id": str(ours.get("run") or (start.id if start else run.name)),
        "experiment": str(ours.get("experiment", start.project if start else "")),
        "name": start.name if start else "",
        "status": fold.status,
        "started": fold.started,
    }


def _config(run: RunFolder) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the run's params, and the entry that we keep among them in a run of ours."""
    config = read_config(_text(run, "config.yaml"), run.files / "config.yaml")
    ours = config.get(OURS)
    if not isinstance(ours, dict) or not {"run", "experiment"} <= ours.keys():
        return config, None
    return {key: value for key, value in config.items() if key != OURS}, ours


def _notes(fold: Fold, ours: dict[str, Any] | None) -> Iterator[str]:
    """Yield the description, and why the run failed; in a run of ours that is one of the notes."""
    if fold.start and fold.start.description:
        yield fold.start.description
    if fold.finish and fold.finish.error and ours is None:
        yield fold.finish.error


def _tags(texts: list[str], ours: dict[str, Any] | None) -> dict[str, str]:
    """Return SwanLab's tags: in a run of ours ``name=value`` each, else names without a value."""
    if ours is None:
        return dict.fromkeys(texts, "")
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


def _artifacts(run: RunFolder, fold: Fold, ours: dict[str, Any] | None) -> Iterator[tuple[str, Artifact]]:
    """Yield the run's files by name; in a run of ours every medium is among them already."""
    paths = [name.removeprefix(f"{ARTIFACTS}/") if ours else name for name in fold.saved if name != RECORD_PATH]
    for path in (*paths, *([] if ours else fold.media)):
        try:
            with open_artifact(run, path) as stream:
                yield path, describe_stream(stream, path)
        except FileNotFoundError as error:  # SwanLab only links to a file that its user saved
            _logger.warning("%s, and is left out", error)


def _metadata(run: RunFolder) -> dict[str, Any]:
    try:
        metadata = json.loads(_text(run, "swanlab-metadata.json") or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(metadata, dict):
        return {}
    return metadata if "_version" in metadata else describe(metadata)


def _text(run: RunFolder, name: str) -> str:
    """Return the text of one of the files that SwanLab keeps beside the user's; none where it is missing."""
    try:
        return run.file_inside(run.files / name).read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""
