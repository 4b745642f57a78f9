"""What a session's files say of a run, in the terms of a run's record and in the types that ClearML returns."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from taximeter.files import describe_stream
from taximeter.record import (
    Dataset,
    Environment,
    Model,
    RunRecord,
    Source,
    Status,
    unpack_dataset,
    unpack_model,
)
from taximeter.times import text_time
from taximeter.tracker import RECORD_PATH, RunSummary
from taximeter_clearml.files import LOG, METRICS, SessionFiles
from taximeter_clearml.names import our_name
from taximeter_clearml.params import param_value
from taximeter_clearml.points import microseconds, series_in

OURS = "taximeter"
"""The user property that holds the id of a run that we wrote."""

PARAMS, PROPERTIES = "General", "properties"
"""The sections of hyperparameters that `Task.connect` and `Task.set_user_properties` take."""

DATASET = "dataset"
"""The type of the artifacts that describe datasets."""

COMMAND, MACHINE = "command", "machine"
"""The configuration objects that hold what a script has no place for."""

STATUSES = {"running": "in_progress", "finished": "completed", "failed": "failed", "killed": "stopped"}
_OUR_STATUSES: dict[Any, Status] = {theirs: ours for ours, theirs in STATUSES.items()}  # type: ignore[misc]
_IMAGE = "training_debug_image"
_FOLDER = re.compile(r"data/(.*?[.]offline-[0-9a-f]+/)?(metrics/)?")
_REQUIREMENT = re.compile(r"([^\s#=<>~!]+) *==+ *(\S+)")


def record_of(files: SessionFiles) -> RunRecord:
    """Return the run."""
    task, summary = files.task, summary_of(files)
    properties, kept = properties_of(task), artifacts_of(files)
    kept.pop(RECORD_PATH, None)
    return RunRecord(
        run_id=summary.run_id,
        experiment=str(task.get("project_name") or ""),
        name=str(task.get("name") or ""),
        status=_status(files),
        started=summary.started,
        ended=text_time(properties.get("ended")),
        parent_id=None if OURS in properties else _text(task.get("parent")),
        hypothesis=properties.get("hypothesis") if OURS in properties else None,
        notes=(str(task["comment"]),) if task.get("comment") else (),
        params=dict(_params(task)),
        metrics=series_in(files.events(), files.vendor_id),
        tags={name: text for name, _, text in (str(tag).partition("=") for tag in _list(task.get("tags")))},
        artifacts={path: _describe(files, path, name) for path, name in (samples_of(files) | kept).items()},
        datasets=tuple(_datasets(task)),
        models=dict(_models(task)),
        source=_source(task),
        environment=_environment(task),
    )


def summary_of(files: SessionFiles) -> RunSummary:
    """Return a session's line in the list of runs."""
    task = files.task
    properties = properties_of(task)
    name, project = (str(task.get(field) or "") for field in ("name", "project_name"))
    if OURS in properties:
        name, project = our_name(name), our_name(project)
    run_id = properties.get(OURS, files.vendor_id)
    return RunSummary(run_id, files.vendor_id, project, name, _status(files), _started(files))


def properties_of(task: dict[str, Any]) -> dict[str, str]:
    """Return the user properties."""
    return {
        name: str(item.get("value") or "") for section, name, item in _hyperparams(task) if section == PROPERTIES
    }


def artifacts_of(files: SessionFiles) -> dict[str, str]:
    """Return the files of artifacts and models: their names in the session by the artifacts' names.

    Weights of models that are no artifacts have the names of their files.
    """
    entries = ((str(entry.get("key")), files.local_name(entry.get("uri"))) for entry in _artifacts(files.task))
    found = {key: name for key, name in entries if name and files.has(name)}
    return _named(files, map(files.local_name, _weights(files.task)), set(found.values())) | found


def samples_of(files: SessionFiles) -> dict[str, str]:
    """Return the files of debug samples that are no artifacts, by their own names."""
    keys = (event.get("key") for event in files.events() if event.get("type") == _IMAGE)
    return _named(files, (f"data/{key}" for key in keys if key), set(artifacts_of(files).values()))


def _named(files: SessionFiles, names: Iterable[str | None], taken: set[str]) -> dict[str, str]:
    """Return files by their own names, without the folders that ClearML has for every task."""
    return {
        _FOLDER.sub("", name, count=1): name for name in names if name and name not in taken and files.has(name)
    }


def _describe(files: SessionFiles, path: str, name: str) -> Any:
    with files.whole(), files.open(name) as stream:
        return describe_stream(stream, path)


def _status(files: SessionFiles) -> Status:
    """Return the status; a session that others wrote has none, but a zip file once its process has ended."""
    by_end: Status = "finished" if files.is_closed else "running"
    return _OUR_STATUSES.get(str(files.task.get("status")), by_end)


def _started(files: SessionFiles) -> int:
    """Return when the run began; a session that others wrote says so by its first event alone."""
    if (time := text_time(properties_of(files.task).get("started"))) is not None:
        return time
    first = (next(files.events(name), {}) for name in (LOG, METRICS))
    return min((microseconds(event.get("timestamp")) for event in first if event), default=0)


def _hyperparams(task: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the section, name and content of every hyperparameter."""
    for section, items in _mapping(task.get("hyperparams")).items():
        for name, item in _mapping(items).items():
            yield section, name, _mapping(item)


def _params(task: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for section, name, item in _hyperparams(task):
        if section != PROPERTIES:
            shown = name if section == PARAMS else f"{section}/{name}"
            yield shown, param_value(item.get("value"), item.get("type"))


def _artifacts(task: dict[str, Any]) -> list[dict[str, Any]]:
    return list(map(_mapping, _list(_mapping(task.get("execution")).get("artifacts"))))


def _datasets(task: dict[str, Any]) -> Iterator[Dataset]:
    for entry in _artifacts(task):
        if entry.get("type") == DATASET:
            try:
                card = json.loads(_mapping(entry.get("type_data")).get("preview") or "")
                yield unpack_dataset(msgspec.convert(card, Dataset))
            except (ValueError, msgspec.ValidationError):
                continue


def _output_models(task: dict[str, Any]) -> list[dict[str, Any]]:
    return list(map(_mapping, _list(task.get("offline_output_models"))))


def _weights(task: dict[str, Any]) -> Iterator[Any]:
    for entry in _output_models(task):
        yield _mapping(entry.get("weights")).get("weights_filename")


def _models(task: dict[str, Any]) -> Iterator[tuple[str, Model]]:
    """Yield the models; the configuration of one that we wrote is all that we know of it."""
    for entry in _output_models(task):
        about = _mapping(entry.get("init"))
        try:
            ours = json.loads(about.get("config_text") or "")
            yield str(ours.pop("path")), unpack_model(msgspec.convert(ours, Model))
        except (ValueError, TypeError, AttributeError, KeyError, msgspec.ValidationError):
            yield str(about.get("name") or entry.get("id")), Model(str(about.get("framework") or ""))


def _source(task: dict[str, Any]) -> Source | None:
    script = _mapping(task.get("script"))
    commit, branch, diff = (_text(script.get(field)) for field in ("version_num", "branch", "diff"))
    if "entry_point" not in script:
        return None
    arguments = _configuration(task, COMMAND)
    argv = tuple(map(str, arguments)) if isinstance(arguments, list) else ()
    return Source(str(script["entry_point"]), argv, commit, branch, diff)


def _environment(task: dict[str, Any]) -> Environment | None:
    requirements = _mapping(_mapping(task.get("script")).get("requirements")).get("pip")
    if not isinstance(requirements, str):
        return None
    found = filter(None, map(_REQUIREMENT.fullmatch, requirements.splitlines()))
    distributions = {match[1]: match[2] for match in found}
    python = re.match("# Python (.*)", requirements)
    machine = {"python": python[1] if python else "", "os": "", "cpu": "", "cores": 0, "memory": 0}
    ours = _configuration(task, MACHINE)
    try:
        return msgspec.convert(machine | _mapping(ours) | {"distributions": distributions}, Environment)
    except msgspec.ValidationError:
        return Environment(str(machine["python"]), "", "", 0, 0, distributions=distributions)


def _configuration(task: dict[str, Any], name: str) -> Any:
    """Return the content of a configuration object that we wrote."""
    try:
        return json.loads(_mapping(_mapping(task.get("configuration")).get(name)).get("value") or "")
    except (TypeError, ValueError):
        return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
