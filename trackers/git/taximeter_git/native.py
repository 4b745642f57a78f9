"""Reads a run from the message and the files of its commit."""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import msgspec

from taximeter.errors import InputError
from taximeter.files import describe_stream
from taximeter.record import (
    Artifact,
    Dataset,
    Environment,
    Model,
    RunRecord,
    Series,
    Source,
    unpack_dataset,
    unpack_model,
)
from taximeter.values import unpack
from taximeter_git import layout
from taximeter_git.commit import RunCommit
from taximeter_git.names import metric_file
from taximeter_git.points import read_points
from taximeter_git.texts import read_notes
from taximeter_git.tree import Tree


def native_record(commit: RunCommit, tree: Tree) -> RunRecord:
    """Return the run of a commit.

    Raises:
        InputError: one of its files is damaged.
    """
    hypothesis = tree.read(layout.HYPOTHESIS)
    models = tree.convert(layout.MODELS, dict[str, Model]) or {}
    return RunRecord(
        run_id=commit.run_id,
        experiment=commit.experiment,
        name=commit.name,
        status=commit.status,
        started=commit.started,
        ended=commit.ended,
        parent_id=commit.parent_id,
        hypothesis=None if hypothesis is None else hypothesis.decode(errors="replace"),
        notes=_notes(commit, tree),
        params=_values(tree, layout.PARAMS),
        metrics=_metrics(commit, tree),
        tags=tree.convert(layout.TAGS, dict[str, str]) or {},
        artifacts=_artifacts(tree),
        datasets=tuple(map(unpack_dataset, tree.convert(layout.DATASETS, list[Dataset]) or [])),
        models={path: unpack_model(model) for path, model in models.items()},
        source=_source(tree),
        environment=tree.convert(layout.ENVIRONMENT, Environment),
    )


def _source(tree: Tree) -> Source | None:
    source, diff = tree.convert(layout.SOURCE, Source), tree.read(layout.SOURCE_DIFF)
    if source is None or diff is None:
        return source
    return msgspec.structs.replace(source, diff=diff.decode(errors="replace"))


def _artifacts(tree: Tree) -> dict[str, Artifact]:
    artifacts = {}
    for path, (file, kind) in tree.artifacts.items():
        if stream := tree.open(file):
            with stream:
                artifacts[path] = msgspec.structs.replace(describe_stream(stream, path), media_type=kind)
    return artifacts


def _metrics(commit: RunCommit, tree: Tree) -> dict[str, Series]:
    metrics = {}
    for key, value in _numbers(_values(tree, layout.LAST_VALUES), ""):
        points = tree.open(metric_file(key))
        if points is None:
            metrics[key] = Series([value], [0], [commit.started if commit.ended is None else commit.ended])
            continue
        with points:
            metrics[key] = _points(points, key)
    return metrics


def _points(stream: BinaryIO, key: str) -> Series:
    try:
        return read_points(stream)
    except ValueError as error:
        raise InputError(f"the points of the metric {key!r} cannot be read: {error}") from error


def _numbers(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, float]]:
    """Yield the numbers of a tree, which others may have nested."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _numbers(value, f"{prefix}{name}/")
        elif isinstance(value, int | float):
            yield f"{prefix}{name}", float(value)


def _notes(commit: RunCommit, tree: Tree) -> tuple[str, ...]:
    content = tree.read(layout.NOTES)
    if content is not None:
        return read_notes(content)
    return (commit.body,) if commit.body and not commit.ours else ()


def _values(tree: Tree, file: str) -> dict[str, Any]:
    return {name: unpack(value) for name, value in (tree.convert(file, dict[str, Any]) or {}).items()}
