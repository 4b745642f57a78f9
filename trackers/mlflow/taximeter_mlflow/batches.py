"""What one call of MLflow's client may hold, and the keys it is written under."""

import math
from collections.abc import Callable, Iterable, Iterator
from json import dumps
from pathlib import PurePosixPath
from typing import TypeAlias, TypeVar

from mlflow.entities import Metric, Param, RunTag

from taximeter.events import MetricsLogged
from taximeter_mlflow.names import clash, escape_key

POINTS = 1000
PARAMS = 100
TAGS = 100
_REQUEST_BYTES = 700_000  # MLflow's servers take a million
_OVERHEAD_BYTES = 150
_LARGEST = 1.7976931348623157e308

Identity: TypeAlias = tuple[str, int, int, float, bool]
Item = TypeVar("Item", Metric, Param, RunTag)


class Keys:
    """The keys of one kind in one run.

    Args:
        as_files: MLflow makes files of them, so one cannot be the folder of another.
        is_reserved: whether a name has a meaning of its own.
        taken: keys that are written without being asked for.
    """

    def __init__(
        self,
        *,
        as_files: bool,
        is_reserved: Callable[[str], bool] = lambda _: False,
        taken: Iterable[str] = (),
    ) -> None:
        self._as_files = as_files
        self._is_reserved = is_reserved
        self._known: dict[str, str] = {}
        self._files: set[str] = set(taken)
        self._folders: set[str] = set()

    def __getitem__(self, name: str) -> str:
        """Return the key for a name; always the same one for the same names in the same order."""
        known = self._known.get(name)
        if known is None:
            known = escape_key(name, reserved=self._is_reserved(name), in_bytes=self._as_files)
            if self._as_files:
                known = self._place(known)
            self._known[name] = known
        return known

    def _place(self, key: str) -> str:
        parents = {str(parent) for parent in PurePosixPath(key).parents}
        if key in self._folders or parents & self._files:
            return clash(key)
        self._files.add(key)
        self._folders |= parents
        return key


def points(rows: Iterable[MetricsLogged], keys: Keys) -> Iterator[Metric]:
    """Yield the points of some rows, in milliseconds."""
    for row in rows:
        time = max(row.time // 1000, 0)
        for name, value in row.values.items():
            yield Metric(keys[name], float(value), time, row.step)


def distinct(metrics: Iterable[Metric]) -> list[Metric]:
    """Return points of which no two are the same row of a database, which has neither NaN nor infinities."""
    return list({identity(metric): metric for metric in metrics}.values())


def identity(metric: Metric) -> Identity:
    """Return what makes a point a row of its own: key, time, step, value, and whether the value is NaN."""
    is_nan = math.isnan(metric.value)
    value = 0.0 if is_nan else min(max(metric.value, -_LARGEST), _LARGEST)
    return metric.key, metric.timestamp, metric.step, value, is_nan


def batches(items: Iterable[Item], most: int, *, is_server: bool) -> Iterator[list[Item]]:
    """Yield lists of at most `most` items, and of what one request may hold where there is a server."""
    batch: list[Item] = []
    size = 0
    for item in items:
        added = _bytes(item) if is_server else 0
        if batch and (len(batch) == most or size + added > _REQUEST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += added
    if batch:
        yield batch


def _bytes(item: Metric | Param | RunTag) -> int:
    return _OVERHEAD_BYTES + len(dumps(item.key)) + len(dumps(item.value))
