"""Reads the files of MLflow's file store, without MLflow."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from taximeter.errors import InputError
from taximeter.record import Series
from taximeter_mlflow import tags as tag
from taximeter_mlflow.artifacts import Artifacts, LocalArtifacts, is_outside, locate
from taximeter_mlflow.datasets import StoredDataset
from taximeter_mlflow.location import Location
from taximeter_mlflow.reading import Reader, StoredFacts, StoredModel, StoredRun, microseconds
from taximeter_mlflow.yamls import read_yaml

_META = "meta.yaml"
_NO_RUNS = {"tags", "datasets", "traces", "models"}
_STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}
_RUN_DEPTH = 3


class FolderReader(Reader):
    """Reads a folder of experiments, each a folder of runs."""

    def __init__(self, place: Location) -> None:
        self._root = place.path
        self._ids: dict[Path, str | None] = {}

    def stored_runs(self) -> Iterator[StoredRun]:
        """Yield the runs, experiment by experiment."""
        for experiment in self._experiments():
            name = str(_meta(experiment).get("name", ""))
            for run in _run_folders(experiment):
                if meta := _active(run):
                    yield self._stored_run(run, meta, name)

    def find(self, run_id: str) -> str | None:
        """Return MLflow's id of a run."""
        runs = [run for experiment in self._experiments() for run in _run_folders(experiment)]
        named = [run for run in runs if self._run_id(run) == run_id] or [run for run in runs if run.name == run_id]
        active = [run for run in named if _active(run)]
        return max(active, key=lambda run: run.stat().st_mtime_ns).name if active else None

    def stored_run(self, vendor_id: str) -> StoredRun:
        """Return what a run's ``meta.yaml`` says."""
        run = self._folder(vendor_id)
        return self._stored_run(run, _meta(run), str(_meta(run.parent).get("name", "")))

    def facts(self, vendor_id: str) -> StoredFacts:
        """Return what lies in a run's folder."""
        run = self._folder(vendor_id)
        return StoredFacts(
            params=_texts(run / "params"),
            tags=_texts(run / "tags"),
            metrics={key: _series(file) for key, file in _files(run / "metrics")},
            datasets=list(_datasets(run)),
        )

    def artifacts(self, vendor_id: str) -> Artifacts:
        """Return the artifacts in the run's folder, or elsewhere in the store."""
        run = self._folder(vendor_id)
        own = run / "artifacts"
        folder = own if own.is_dir() and any(own.iterdir()) else None
        found = folder or locate(_meta(run).get("artifact_uri"), self._root, [self._root], _RUN_DEPTH)
        return LocalArtifacts(found, self._root)

    def models(self, vendor_id: str) -> list[StoredModel]:
        """Return the models of the experiment that name the run as their source."""
        models = [
            (_meta(meta.parent), meta.parent) for meta in self._folder(vendor_id).parent.glob(f"models/*/{_META}")
        ]
        chosen = [
            (meta, folder)
            for meta, folder in models
            if meta.get("source_run_id") == vendor_id and meta.get("lifecycle_stage", "active") == "active"
        ]
        chosen.sort(key=lambda model: (model[0].get("creation_timestamp", 0), model[1].name))
        return [
            StoredModel(
                str(meta["name"]), _texts(folder / "tags"), LocalArtifacts(folder / "artifacts", self._root)
            )
            for meta, folder in chosen
        ]

    def mend(self, vendor_id: str) -> None:
        """Cut off lines of a run's metrics that a full disk has torn: the next point would be put onto them."""
        for _, file in _files(self._folder(vendor_id) / "metrics"):
            text = file.read_bytes()
            if not text.endswith(b"\n"):
                os.truncate(file, text.rfind(b"\n") + 1)

    def _experiments(self) -> list[Path]:
        if not self._root.is_dir():
            raise InputError(f"there is no folder {self._root}.")
        metas = sorted([*self._root.glob(f"*/{_META}"), *self._root.glob(f".trash/*/{_META}")])
        if not metas:
            raise InputError(
                f"{self._root} is no file store of MLflow; a database is named like sqlite:///mlflow.db."
            )
        return [meta.parent for meta in metas if not meta.parent.is_symlink()]

    def _folder(self, vendor_id: str) -> Path:
        for experiment in self._experiments():
            if not is_outside(vendor_id) and (experiment / vendor_id / _META).is_file():
                return experiment / vendor_id
        raise InputError(f"{self._root} holds no run {vendor_id!r}.")

    def _run_id(self, run: Path) -> str | None:
        """Return our id of a run; it is read once, for it does not change."""
        if not self._ids.get(run):
            self._ids[run] = _text(run / "tags" / tag.RUN_ID) or None
        return self._ids[run]

    def _stored_run(self, run: Path, meta: dict[str, Any], experiment: str) -> StoredRun:
        name = meta.get("run_name") or meta.get("name") or _text(run / "tags" / tag.RUN_NAME) or ""
        status = meta.get("status")
        return StoredRun(
            vendor_id=run.name,
            experiment=experiment,
            name=str(name),
            status=_STATUSES.get(status, "") if isinstance(status, int) else str(status),
            started=meta.get("start_time"),
            ended=meta.get("end_time"),
            run_id=self._run_id(run),
        )


def _run_folders(experiment: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(experiment), key=lambda entry: entry.name):
        if entry.name not in _NO_RUNS and entry.is_dir(follow_symlinks=False):
            yield Path(entry)


def _active(run: Path) -> dict[str, Any]:
    """Return a run's ``meta.yaml``, empty where it is deleted or no run."""
    meta = _meta(run)
    return meta if meta.get("lifecycle_stage", "active") == "active" else {}


def _meta(folder: Path) -> dict[str, Any]:
    file = folder / _META
    if not file.is_file() or _is_linked(folder, file):
        return {}
    with file.open("rb") as stream:
        return read_yaml(stream, file)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield every file below a folder under its relative path."""
    for place, folders, names in os.walk(folder) if not _is_linked(folder) else ():
        folders.sort()
        for name in sorted(names):
            file = Path(place, name)
            if not _is_linked(file):
                yield file.relative_to(folder).as_posix(), file


def _is_linked(*paths: Path) -> bool:
    """Tell whether a path, or the folder it is in, is a link, which may lead out of the store."""
    return any(path.is_symlink() or path.parent.is_symlink() for path in paths)


def _text(file: Path) -> str | None:
    """Return what a file says; None where there is none, or a link, which may lead out of the store."""
    return file.read_bytes().decode(errors="replace") if file.is_file() and not _is_linked(file) else None


def _texts(folder: Path) -> dict[str, str]:
    return {name: file.read_bytes().decode(errors="replace") for name, file in _files(folder)}


def _series(file: Path) -> Series:
    """Return a metric's points, a line each: time, value, step, and the dataset's name and digest."""
    series = Series()
    for line in file.read_bytes().decode().splitlines(keepends=True):
        parts = line.split()
        try:
            step = _whole(parts[2]) if len(parts) > 2 else 0  # noqa: PLR2004 - MLflow 0 had none
            series.append(float(parts[1]), step, microseconds(_whole(parts[0])))
        except (IndexError, ValueError) as error:
            if line.endswith("\n"):
                raise InputError(f"{file} is damaged: {line!r}") from error
    return series


def _whole(text: str) -> int:
    """Return a step or a time, which MLflow writes as it was given."""
    return int(float(text)) if "." in text or "e" in text else int(text)


def _datasets(run: Path) -> Iterator[StoredDataset]:
    """Yield the datasets of a run in the order in which they were noted."""
    for file in sorted(run.glob(f"inputs/*/{_META}"), key=lambda file: (file.stat().st_mtime_ns, file)):
        edge = _meta(file.parent)
        source, tags = str(edge.get("source_id")), edge.get("tags") or {}
        if edge.get("source_type") != "DATASET" or is_outside(source):
            continue
        meta = _meta(run.parent / "datasets" / source)
        if meta:
            yield StoredDataset(
                name=str(meta["name"]),
                digest=str(meta["digest"]),
                source_type=str(meta["source_type"]),
                source=str(meta["source"]),
                schema=meta.get("schema"),
                profile=meta.get("profile"),
                context=tags.get(tag.CONTEXT),
            )
