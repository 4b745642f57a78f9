"""Writes a run's points, many at once, as Aim's `Run.track` lays them out."""

import math
from collections.abc import Sequence
from typing import Any

from aim.storage.context import Context
from aim.storage.encoding import encode, encode_path  # type: ignore[attr-defined]
from aim.storage.hashing import hash_auto  # type: ignore[attr-defined]
from aim.storage.utils import ArrayFlag

from taximeter.events import MetricsLogged
from taximeter_aim.names import metric_key

_MICROSECONDS = 1_000_000
_EXACT = 2**53
_BEFORE_ALL = -(2**63) - 1
_VERSION = 2
_ARRAY = encode(ArrayFlag)
_COLUMNS = ("epoch", "step", "time", "val")


class Points:
    """The metrics of an open run.

    `Run.track` keeps a point under a hash of its step as float64, so that of two points at one step, or at 2**53
    and 2**53 + 1, the last one stays; it takes no time but now, and writes each point in six transactions.
    Here a point whose step is no new maximum has a key of its own, and a batch is one transaction; Aim's readers,
    which sort by step, find nothing unusual.
    """

    def __init__(self, run: Any) -> None:
        self._run = run
        self._series: dict[str, _Series] = {}
        self._context = Context({})
        self._meta = run.repo.request_container("meta", run.hash, read_only=False)
        self._sequences = run.repo.request_container("seqs", run.hash, read_only=False)

    def log(self, rows: Sequence[MetricsLogged]) -> None:
        """Append points."""
        batch = self._sequences.batch()
        touched: dict[str, _Series] = {}
        for row in rows:
            for key, value in row.values.items():
                series = touched[key] = self._series.get(key) or self._begin(key, value, row.step, batch)
                series.add(batch, value, row.step, row.time)
        self._sequences.commit(batch)
        batch = self._meta.batch()
        for series in touched.values():
            series.summarise(batch)
        self._meta.commit(batch)

    def _begin(self, key: str, value: float, step: int, batch: Any) -> "_Series":
        """Announce a metric where `Run.track` does."""
        run, name = self._run, metric_key(key)
        run._tracker._update_context_data(self._context)  # noqa: SLF001 - what the documented call does
        place = self._context.idx, name
        run.meta_tree["traces_types", "float", *place] = 1
        run.meta_run_tree["typed_traces", "metric", *place] = 1
        about = {"dtype": "float", "version": _VERSION, "first": value, "first_step": step}
        run.meta_run_tree["traces", *place] = about
        series = self._series[key] = _Series(
            encode_path(("seqs", f"v{_VERSION}", "chunks", run.hash, *place)),
            encode_path(("meta", "chunks", run.hash, "traces", *place)),
        )
        for column in _COLUMNS:
            batch.put(series.places[column], _ARRAY)
        return series


class _Series:
    """The state of one metric: how many points it has, its last step, and its range."""

    def __init__(self, place: bytes, about: bytes) -> None:
        self.places = {column: place + encode_path((column,)) for column in _COLUMNS}
        self._about = about
        self._count = 0
        self._last, self._last_step = 0.0, _BEFORE_ALL
        self._least, self._greatest = float("inf"), float("-inf")

    def add(self, batch: Any, value: float, step: int, time: int) -> None:
        key = encode_path((self._key(step),))
        point = {"epoch": None, "step": step, "time": time / _MICROSECONDS, "val": value}
        for column, content in point.items():
            batch.put(self.places[column] + key, encode(content))
        self._count += 1
        if step >= self._last_step:
            self._last, self._last_step = value, step
        if not math.isnan(value):
            self._least, self._greatest = min(self._least, value), max(self._greatest, value)

    def summarise(self, batch: Any) -> None:
        about = {"last": self._last, "last_step": self._last_step, "min": self._least, "max": self._greatest}
        for name, value in about.items():
            batch.put(self._about + encode_path((name,)), encode(value))

    def _key(self, step: int) -> int:
        """Return the key of a point: Aim's own where the step tells it from all the others."""
        is_new = self._last_step < step and abs(step) <= _EXACT
        return int(hash_auto(step if is_new else [step, self._count]))
