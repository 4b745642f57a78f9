"""What Aim's databases say of a run, in the terms of a run's record and in the types that Aim returns."""

import json
import math
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import msgspec

from taximeter.numbers import stored_int
from taximeter.record import Environment, RunRecord, Series, Source, Status
from taximeter_aim.database import StoredRun
from taximeter_aim.names import FAILED, KILLED, OURS, SYSTEM_METRICS, SYSTEM_PARAMS, contextual_key, tag_of
from taximeter_aim.rocks import Database
from taximeter_aim.tree import INT_KEY, Blob, Node, path_to, tree_of, value_of

_NUMBERS = {"int", "float", "float64", "number"}
_MICROSECONDS = 1_000_000


class Trace(msgspec.Struct, frozen=True):
    """A sequence: the key that we give it, its type, and where its columns lie."""

    key: str
    kind: str
    place: bytes
    has_steps: bool
    """Whether a column has the steps; else its keys are the steps."""


class Facts(msgspec.Struct, frozen=True):
    """What Aim knows of a run, but for its sequences."""

    attributes: Node
    artifacts: Node
    traces: tuple[Trace, ...]
    ended: Any

    @property
    def ours(self) -> dict[Any, Any] | None:
        """What we keep in the params of the runs that we write."""
        ours = self.attributes.get(OURS)
        return ours if isinstance(ours, dict) and "run" in ours else None


def facts_of(database: Database, run_hash: str) -> Facts:
    """Read what Aim knows of a run."""
    prefix = path_to("meta", "chunks", run_hash)
    found = tree_of(database.entries(prefix), prefix)
    root = found if isinstance(found, Node) else Node()
    return Facts(
        _mapping(root.get("attrs")),
        _mapping(root.get("artifacts")),
        tuple(_traces(root, run_hash)),
        root.get("end_time"),
    )


def record_of(run: StoredRun, facts: Facts, series: dict[str, Series], *, is_whole: bool) -> RunRecord:
    """Return the run, but for its artifacts; `is_whole` tells of a run of ours that it was written to its end."""
    ours = facts.ours
    system = _mapping(facts.attributes.get(SYSTEM_PARAMS))
    hidden = {SYSTEM_PARAMS, OURS} if ours else {SYSTEM_PARAMS}
    ended = run.ended if facts.ended is None else _microseconds(facts.ended)
    described = [run.description] if run.description and not ours else []
    return RunRecord(
        run_id=id_of(run.vendor_id, facts),
        experiment=run.experiment,
        name=run.name,
        status="running" if ended is None else status_in(run.tags, is_whole=is_whole) if ours else "finished",
        started=run.started,
        ended=ended,
        hypothesis=run.description if ours else None,
        notes=(*described, *run.notes),
        params={str(key): _plain(value) for key, value in facts.attributes.items() if key not in hidden},
        metrics=series,
        tags=_tags(run, is_ours=bool(ours)),
        source=_source(system),
        environment=_environment(system),
    )


def id_of(vendor_id: str, facts: Facts) -> str:
    """Return our id of a run, which is Aim's where we did not write it."""
    return str(facts.ours["run"]) if facts.ours else vendor_id


def series_of(database: Database, facts: Facts) -> dict[str, Series]:
    """Read the points, by their steps, and at one step by their times, as Aim's own readers sort them."""
    numeric = (trace for trace in facts.traces if trace.kind in _NUMBERS)
    return {trace.key: _series(database, trace) for trace in numeric if not trace.key.startswith(SYSTEM_METRICS)}


def last_of(database: Database, facts: Facts, key: str) -> tuple[Any, Any] | None:
    """Return the value and step of a metric's last point, as they are kept; None where there is no such metric."""
    for trace in facts.traces:
        if trace.key == key and trace.kind in _NUMBERS and (points := _points(database, trace)):
            step, _, value = points[-1]
            return value, step
    return None


def _series(database: Database, trace: Trace) -> Series:
    series = Series()
    for step, time, value in _points(database, trace):
        series.append(float(value), stored_int(step), time)
    return series


def _points(database: Database, trace: Trace) -> list[tuple[Any, int, Any]]:
    """Return step, time and value of each point, sorted; the step and the value as they are kept."""
    columns: dict[str, dict[bytes, Any]] = {}
    for name in ("val", "time", "step"):
        entries = database.entries(trace.place + path_to(name))
        columns[name] = {key: value_of(value) for key, value in entries if len(key) == INT_KEY and value}
    steps = columns["step"] if trace.has_steps else {key: _key_step(key) for key in columns["val"]}
    points = [
        (steps[key], _microseconds(columns["time"].get(key)) or 0, value)
        for key, value in columns["val"].items()
        if key in steps and isinstance(value, int | float)
    ]
    return sorted(points, key=lambda point: (stored_int(point[0]), point[1]))


def _traces(root: Node, run_hash: str) -> Iterator[Trace]:
    contexts = _mapping(root.get("contexts"))
    for index, names in _mapping(root.get("traces")).items():
        context = json.dumps(_plain(contexts.get(index, Node())), sort_keys=True, ensure_ascii=False)
        for name, about in _mapping(names).items():
            has_steps = _mapping(about).get("version", 1) != 1
            version = ("v2",) if has_steps else ()
            place = path_to("seqs", *version, "chunks", run_hash, index, name)
            kind = str(_mapping(about).get("dtype", "float"))
            yield Trace(contextual_key(str(name), context), kind, place, has_steps)


def status_in(tags: tuple[str, ...], *, is_whole: bool) -> Status:
    """Return the status of a run of ours that has ended; Aim itself only knows that it has."""
    return "killed" if KILLED in tags or not is_whole else "failed" if FAILED in tags else "finished"


def _tags(run: StoredRun, *, is_ours: bool) -> dict[str, str]:
    """Return the tags: in a run that we wrote ``name=text`` each, else names without a text."""
    pairs = [tag_of(tag) if is_ours else (tag, "") for tag in run.tags]
    return dict(pair for pair in pairs if pair)


def _source(system: Node) -> Source | None:
    """Return the code, where Aim was told to note it."""
    git, arguments = _mapping(system.get("git_info")), _plain(system.get("arguments"))
    if not (git or arguments):
        return None
    argv = tuple(map(str, arguments)) if isinstance(arguments, list) else ()
    commit = _text(_mapping(git.get("commit")).get("hash"))
    return Source(PurePath(argv[0]).name if argv else "", argv, commit, _text(git.get("branch")))


def _environment(system: Node) -> Environment | None:
    """Return the distributions; Aim notes nothing else of the machine that lasts."""
    packages = system.get("packages")
    if not isinstance(packages, Node):
        return None
    distributions = {str(name): str(version) for name, version in packages.items()}
    return Environment("", "", "", 0, 0, distributions=distributions)


def _plain(value: Any) -> Any:
    """Return a tree in Python's own types; bytes and what lies elsewhere are told by their sort."""
    if isinstance(value, Node) and value.kind == "array":
        return [_plain(value.get(place)) for place in range(len(value))]
    if isinstance(value, Node):
        return {str(key): _plain(item) for key, item in value.items()}
    return f"<{type(value).__name__}>" if isinstance(value, Blob | bytes) else value


def _mapping(value: Any) -> Node:
    return value if isinstance(value, Node) else Node()


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _key_step(key: bytes) -> int:
    """Return the step that a column's key is, in the layout of Aim's earlier releases and of media."""
    return int.from_bytes(key[1:-1], "big", signed=True)


def _microseconds(seconds: Any) -> int | None:
    """Return a time in microseconds, which float64 holds exactly for two centuries more."""
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return None
    return stored_int(round(seconds * _MICROSECONDS))
