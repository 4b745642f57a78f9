"""Reads what a DVCLive folder holds by itself, without DVCLive or DVC."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from taximeter.artifact_files import file_inside
from taximeter.files import describe_file
from taximeter.record import Artifact, RunRecord, Series
from taximeter.tracker import RunSummary
from taximeter_dvclive.about import About, take_about
from taximeter_dvclive.names import key_param, path_artifact, path_text
from taximeter_dvclive.points import ENDINGS, int64, read_points
from taximeter_dvclive.registry import read_datasets, read_models
from taximeter_dvclive.store import RunFolder
from taximeter_dvclive.yamls import read_mapping

_BOOKKEEPING = {".gitignore", "dvc.yaml", "metrics.json", "params.yaml", "report.html", "report.md"}
_ELSEWHERE = ("artifacts/", "plots/metrics/", "static/")
_STEP = "step"


def read_native(run: RunFolder) -> RunRecord:
    """Return the run as DVC shows it; what DVC has no place for is among the params of a run that we wrote."""
    params = run.read_params()
    about = take_about(params) if run.is_ours else None
    written = _last_written(run)
    metrics = {key: read_points(file, written) for key, file in point_files(run).items()}
    if not run.is_ours:
        metrics = _only_last_values(run, written) | metrics
    times = [series.times[0] for series in metrics.values() if len(series)]
    entries = _entries(run)
    return RunRecord(
        **_head(run, about, min(times, default=written), written),
        params={key_param(key): value for key, value in params.items()} if run.is_ours else params,
        metrics=metrics,
        artifacts=dict(_artifacts(run)),
        datasets=read_datasets(entries),
        models=read_models(entries),
    )


def summarise(run: RunFolder) -> RunSummary:
    """Return a run's line in the list of runs, from its exact record or from its params."""
    if record := run.read_head():
        return RunSummary(
            record.run_id, run.vendor_id, record.experiment, record.name, record.status, record.started
        )
    written = _last_written(run)
    about = take_about(run.read_params()) if run.is_ours else None
    head = _head(run, about, written, written)
    names = ("experiment", "name", "status", "started")
    return RunSummary(head["run_id"], run.vendor_id, *(head[name] for name in names))


def _head(run: RunFolder, about: About | None, began: int, ended: int) -> dict[str, Any]:
    """Return what is known of a run: of one that DVCLive's own users wrote, its folder's name and its times."""
    if about is None:
        about = About(run.vendor_id, run.experiment, run.name, "finished", began, ended)
        if run.is_ours:  # a crash left half of the params
            about.run, about.status, about.ended = run.token, "running", None
    head = msgspec.structs.asdict(about)
    del head["parent"]  # DVCLive's own readers know of none
    return head | {"run_id": head.pop("run")}


def point_files(run: RunFolder) -> dict[str, Path]:
    """Return the files of the metrics' points by the keys of the metrics."""
    files = {}
    for path, file in run.files_in(run.points):
        if file.suffix in ENDINGS:
            name = path.removesuffix(file.suffix)
            files[path_text(name) if run.is_ours else name] = file
    return files


def _only_last_values(run: RunFolder, time: int) -> dict[str, Series]:
    """Return the numbers of a summary; none where a crash left half of its file."""
    try:
        file = run.path / "metrics.json"
        summary = json.loads(file.read_bytes()) if run.holds(file) else {}
        step = int64(summary.pop(_STEP, 0))
        return {name: Series([value], [step], [time]) for name, value in _leaves(summary, "")}
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}


def _leaves(tree: dict[str, Any], above: str) -> Iterator[tuple[str, float]]:
    """Yield numbers by the path of their names; DVCLive writes NaN and infinities as text."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{key}/")
        elif isinstance(value, int | float) or value in ("nan", "inf", "-inf"):
            yield f"{above}{key}", float(value)


def _entries(run: RunFolder) -> list[dict[str, Any]]:
    """Return the artifacts in the ``dvc.yaml`` of the run, or beside its folder, where DVCLive's users have it."""
    found = []
    for folder in (run.path,) if run.is_ours else (run.path.parent, run.path):
        listing = file_inside(folder, folder / "dvc.yaml")
        entries = read_mapping(listing).get("artifacts") if listing else None
        for entry in entries.values() if isinstance(entries, dict) else ():
            file = folder / str(entry.get("path")) if isinstance(entry, dict) else folder
            if file.is_relative_to(run.artifacts):
                found.append(entry | {"path": file.relative_to(run.artifacts).as_posix()})
            elif file.is_relative_to(run.path):
                found.append(entry | {"path": file.relative_to(run.path).as_posix()})
    return found


def _artifacts(run: RunFolder) -> Iterator[tuple[str, Artifact]]:
    """Yield the files that were logged: of others' runs, whatever is neither bookkeeping nor points."""
    if run.is_ours:
        found = [(path_artifact(path), file) for path, file in run.files_in(run.artifacts)]
    else:
        files = [*run.files_in(run.artifacts), *run.files_in(run.path)]
        found = [(path, file) for path, file in files if not _is_bookkeeping(path, file)]
    for path, file in found:
        yield path, describe_file(file, path)


def _is_bookkeeping(path: str, file: Path) -> bool:
    """Tell whether a file is DVCLive's own, or what DVC writes beside a file that it tracks."""
    tracked = file.suffix == ".dvc" and file.with_suffix("").exists()
    return tracked or path in _BOOKKEEPING or path.startswith(_ELSEWHERE)


def _last_written(run: RunFolder) -> int:
    """Return when DVCLive last wrote its summaries, in microseconds."""
    files: list[Path] = [file for name in ("metrics.json", "params.yaml") if (file := run.path / name).exists()]
    return max(file.stat().st_mtime_ns for file in files or [run.path]) // 1000
