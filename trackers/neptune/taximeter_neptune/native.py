"""What a run's fields say of it, in the terms of a run's record and in the types that Neptune returns."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from taximeter.record import Artifact, RunRecord, Status
from taximeter_neptune.about import datasets_of, environment_of, models_of, source_of, tracked_datasets
from taximeter_neptune.fields import Fields
from taximeter_neptune.names import ARTIFACTS, METRICS, OURS, PARAMS, SOURCE, SYS, decode, lengthen, tag_from

_NOT_THE_USERS = (SYS, SOURCE, OURS, "monitoring", "runtime")
_STATUSES: dict[Any, Status] = {status: status for status in ("running", "finished", "failed", "killed")}


def record_of(
    fields: Fields,
    run_id: str,
    began: int,
    artifacts: Mapping[str, Artifact],
    text_of: Callable[[str], str | None],
) -> RunRecord:
    """Return the run.

    Args:
        fields: all of them.
        run_id: the one to be shown.
        began: when the client began it.
        artifacts: its files, by the names that `file_names` gives them.
        text_of: returns the text of the file that a field refers to.
    """
    ours = is_ours(fields)
    description = fields.atoms.get(f"{SYS}/description") or None
    return RunRecord(
        run_id=run_id,
        experiment=experiment_of(fields),
        name=name_of(fields),
        status=status_of(fields),
        started=started_of(fields, began),
        ended=fields.atoms.get(f"{OURS}/ended"),
        parent_id=next(iter(fields.sets.get(f"{SYS}/group_tags", ())), None) if ours else None,
        hypothesis=description if ours else None,
        notes=tuple(_notes(fields, None if ours else description)),
        params=_our_params(fields) if ours else _params(fields),
        metrics={name: fields.series[path] for name, path in metric_paths(fields).items()},
        tags=dict(map(tag_from, _tags(fields))) if ours else dict.fromkeys(_tags(fields), ""),
        artifacts=dict(artifacts),
        datasets=tuple(datasets_of(fields) if ours else tracked_datasets(fields)),
        models=dict(models_of(fields)) if ours else {},
        source=source_of(fields, text_of),
        environment=environment_of(fields, text_of) if ours else None,
    )


def our_id(fields: Fields) -> str | None:
    """Return our id of a run that has been written here."""
    found = fields.atoms.get(f"{OURS}/run_id")
    return None if found is None else str(found)


def is_ours(fields: Fields) -> bool:
    """Tell whether the run has been written here."""
    return our_id(fields) is not None


def experiment_of(fields: Fields) -> str:
    """Return the experiment: of a run that we did not write its project, where the client keeps that."""
    return str(fields.atoms.get(f"{OURS}/experiment", fields.project.partition("/")[2]))


def started_of(fields: Fields, began: int) -> int:
    """Return when the run started, which for one that we did not write is when the client began it."""
    started = fields.atoms.get(f"{OURS}/started")
    return started if isinstance(started, int) else began


def name_of(fields: Fields) -> str:
    """Return the run's name."""
    return str(fields.atoms.get(f"{SYS}/name", fields.name))


def status_of(fields: Fields) -> Status:
    """Return the status; a run of Neptune's users has no mark of its end, so it counts as finished."""
    if is_ours(fields):
        return _STATUSES.get(fields.atoms.get(f"{OURS}/status"), "running")
    return "failed" if fields.atoms.get(f"{SYS}/failed") is True else "finished"


def metric_paths(fields: Fields) -> dict[str, str]:
    """Return the paths of the series of points, by the keys of the metrics that they are."""
    if is_ours(fields):
        names = _long_names(fields)
        return {decode(lengthen(below, names)): path for below, path in _below(fields.series, METRICS)}
    return _shown({path: path for path in fields.series if _is_the_users(path)}, METRICS)


def file_names(fields: Fields) -> dict[str, str]:
    """Return the paths of the fields that are the user's files, by the names of the files."""
    if is_ours(fields):
        names = _long_names(fields)
        return {decode(lengthen(below, names)): path for below, path in _below(fields.files, ARTIFACTS)}
    shown = [path for path in fields.files if _is_the_users(path)]
    return {_with_ending(path, fields.files[path].ending): path for path in shown}


def _with_ending(path: str, ending: str) -> str:
    """Return the name that a file has when Neptune's users download it."""
    return path if not ending or path.endswith(f".{ending}") else f"{path}.{ending}"


def _notes(fields: Fields, description: str | None) -> Iterator[str]:
    if description is not None:
        yield description
    for path, texts in fields.texts.items():
        if _is_the_users(path):
            yield from texts


def _tags(fields: Fields) -> Iterator[str]:
    return iter(fields.sets.get(f"{SYS}/tags", ()))


def _params(fields: Fields) -> dict[str, Any]:
    """Return the single values; those in the namespace that Neptune's documentation uses go without its name."""
    found = fields.atoms | {path: list(texts) for path, texts in fields.sets.items()}
    return _shown({path: value for path, value in found.items() if _is_the_users(path)}, PARAMS)


def _shown(found: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Return what was found with its usual namespace left out, unless a name would then be taken twice."""
    short = {path: path.removeprefix(f"{namespace}/") for path in found}
    return {name if name == path or name not in found else path: found[path] for path, name in short.items()}


def _is_the_users(path: str) -> bool:
    return path.partition("/")[0] not in _NOT_THE_USERS


def _our_params(fields: Fields) -> dict[str, Any]:
    """Return the params with their nested values put together again."""
    names = _long_names(fields)
    params: dict[str, Any] = {}
    for below, path in _below(fields.atoms | fields.sets, PARAMS):
        *parents, last = map(decode, lengthen(below, names).split("/"))
        tree: dict[str, Any] = params
        for parent in parents:
            tree = tree.setdefault(parent, {})
        tree[last] = fields.atoms[path] if path in fields.atoms else list(fields.sets[path])
    return params


def _below(paths: Mapping[str, Any], namespace: str) -> Iterator[tuple[str, str]]:
    """Yield what follows the namespace, and the whole path."""
    start = f"{namespace}/"
    return ((path[len(start) :], path) for path in paths if path.startswith(start))


def _long_names(fields: Fields) -> dict[str, Any]:
    return fields.below(f"{OURS}/names")
