"""What the records of a W&B log add up to, in the types that W&B returns."""

import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from taximeter.record import Series, Status
from taximeter_wandb.native import OURS, STEP
from taximeter_wandb.records import to_dict

_INTERNAL = {"_step", "_timestamp", "_runtime", "_wandb"}
_INT64 = 2**63
_MICROSECONDS = 1_000_000
_SIGNAL = 128


class LoggedArtifact(NamedTuple):
    """A W&B artifact that the run logged, without its files."""

    kind: str
    name: str
    metadata: dict[str, Any]


class Fold:
    """The state of a run after the records that were added to it."""

    def __init__(self) -> None:
        self.head: Any = None
        self.exit: Any = None
        self.config: dict[str, Any] = {}
        self.metrics: dict[str, Series] = {}
        self.artifacts: list[LoggedArtifact] = []
        self._environment: Any = None
        self._summary: dict[str, float] = {}
        self._last_step = 0
        self._last_time = 0

    def add(self, record: Any) -> None:
        """Take up the next record."""
        match record.WhichOneof("record_type"):
            case "history":
                self._add_history(record.history)
            case "summary":
                self._add_summary(record.summary)
            case "run":
                self.head = record.run
                self._add_config(record.run.config)
            case "config":
                self._add_config(record.config)
            case "environment":
                self._add_environment(record.environment)
            case "artifact":
                self._add_artifact(record.artifact)
            case "exit":
                self.exit = record.exit

    @property
    def ours(self) -> dict[str, Any] | None:
        """What we keep in the config of the runs that we write."""
        ours = self.config.get(OURS)
        return ours if isinstance(ours, dict) and "run" in ours and "experiment" in ours else None

    @property
    def started(self) -> int:
        """When the run began, in microseconds."""
        if self._environment is not None and self._environment.HasField("started_at"):
            time = self._environment.started_at
        elif self.head is not None:
            time = self.head.start_time
        else:
            return 0
        return int(time.seconds * _MICROSECONDS + time.nanos // 1000)

    @property
    def ended(self) -> int | None:
        """When the run ended, in microseconds: W&B keeps the seconds that it ran."""
        return None if self.exit is None else self.started + self.exit.runtime * _MICROSECONDS

    @property
    def environment(self) -> dict[str, Any]:
        """What W&B shows of the machine and the code, as its ``wandb-metadata.json``."""
        return {} if self._environment is None else to_dict(self._environment)

    def all_metrics(self) -> dict[str, Series]:
        """Return the metrics, and as one point each what stands in the summary alone."""
        only = {key: value for key, value in self._summary.items() if key not in self.metrics}
        points = {key: Series([value], [self._last_step], [self._last_time]) for key, value in only.items()}
        return self.metrics | ({} if self.ours else points)

    def _add_history(self, history: Any) -> None:
        row = dict(row_of(history.item))
        columns = _INTERNAL | {STEP} if self.ours else _INTERNAL
        steps = (_integer(row.get(STEP, "")) if self.ours else None, _integer(row.get("_step", "")))
        step = next((step for step in steps if step is not None), history.step.num)
        time = _microseconds(row.get("_timestamp", ""))
        self._last_step, self._last_time = step, self.started if time is None else time
        for key, text in row.items():
            number = None if key in columns else _number(text)
            if number is not None:
                self.metrics.setdefault(key, Series()).append(number, self._last_step, self._last_time)

    def _add_summary(self, summary: Any) -> None:
        for key, text in row_of(summary.update):
            number = None if key.startswith("_") else _number(text)
            if number is not None:
                self._summary[key] = number
        for item in summary.remove:
            self._summary.pop(".".join(_path(item)), None)

    def _add_config(self, config: Any) -> None:
        for item in config.update:
            *parents, last = _path(item)
            tree = self.config
            for parent in parents:
                if not isinstance(tree.get(parent), dict):
                    tree[parent] = {}
                tree = tree[parent]
            tree[last] = json.loads(item.value_json or "null")
        for item in config.remove:
            self.config.pop(_path(item)[0], None)

    def _add_environment(self, environment: Any) -> None:
        if self._environment is None:
            self._environment = environment
        else:
            self._environment.MergeFrom(environment)

    def _add_artifact(self, artifact: Any) -> None:
        metadata = json.loads(artifact.metadata or "{}")
        self.artifacts.append(LoggedArtifact(artifact.type, artifact.name, metadata))


def status_of(end: Any) -> Status | None:
    """Return the status that an exit record stands for; None where there is none."""
    if end is None:
        return None
    if end.exit_code == 0:
        return "finished"
    return "killed" if end.exit_code > _SIGNAL else "failed"


def row_of(items: Any) -> Iterator[tuple[str, str]]:
    """Yield the key and JSON of each item, except those that describe media (their sizes are no metrics)."""
    found = [(_path(item), _text(item)) for item in items]
    media = {path[:-1] for path, _ in found if len(path) > 1 and path[-1] == "_type"}
    for path, text in found:
        if path[:-1] in media:
            continue
        if text.startswith("{"):
            yield from _flattened(".".join(path), json.loads(text))
        else:
            yield ".".join(path), text


def _flattened(key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the leaves of a nested value, which W&B before 0.17 wrote whole; media have none."""
    if not isinstance(value, dict):
        yield key, json.dumps(value)
    elif "_type" not in value:
        for name, inner in value.items():
            yield from _flattened(f"{key}.{name}", inner)


def _path(item: Any) -> tuple[str, ...]:
    return tuple(item.nested_key) or (item.key,)


def _text(item: Any) -> str:
    """Return an item's JSON, whichever of W&B's two forms it has."""
    if item.value_json or "integer" not in item.DESCRIPTOR.fields_by_name:
        return str(item.value_json)
    if item.HasField("integer"):
        return str(item.integer)
    return repr(item.number) if item.HasField("number") else ""


def _number(text: str) -> float | None:
    """Return the number that a JSON text is, the sign of zero, NaN and the infinities included."""
    try:
        return float(text)
    except ValueError:
        return None


def _integer(text: str) -> int | None:
    """Return the int64 that a JSON text is."""
    try:
        number = int(text)
    except ValueError:
        return None
    return number if -_INT64 <= number < _INT64 else None


def _microseconds(text: str) -> int | None:
    seconds = _number(text)
    if seconds is None or not math.isfinite(seconds) or abs(seconds) * _MICROSECONDS >= _INT64:
        return None
    return round(seconds * _MICROSECONDS)
