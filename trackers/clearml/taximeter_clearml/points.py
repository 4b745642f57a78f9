"""The points among a session's events, in the terms of a run's record."""

from collections import deque
from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from typing import Any

from taximeter.record import Series
from taximeter_clearml.names import SINGLE_VALUE, metric_key

_SCALAR = "training_stats_scalar"
_INT64 = 2**63


def series_in(events: Iterable[dict[str, Any]], task_id: str) -> dict[str, Series]:
    """Return the points of a task's metrics, in the order in which they were written."""
    found: dict[str, Series] = {}
    for key, event in _scalars(events, task_id):
        series = found.get(key) or found.setdefault(key, Series())
        series.append(float(event["value"]), _step(event), microseconds(event.get("timestamp")))
    return found


def last_in(events: Iterable[dict[str, Any]], task_id: str, key: str) -> tuple[Any, Any] | None:
    """Return the value and step of a metric's last point, as they were written; None where it has none."""
    values = ((event["value"], event.get("iter")) for found, event in _scalars(events, task_id) if found == key)
    return next(iter(deque(values, maxlen=1)), None)


def microseconds(milliseconds: Any) -> int:
    """Return a time of ClearML's in microseconds; zero where it has none."""
    try:
        return _int64(int(milliseconds or 0) * 1000)
    except (TypeError, ValueError, OverflowError):
        return 0


def _scalars(events: Iterable[dict[str, Any]], task_id: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a task's points, each with the key of its metric; what is no point is passed over."""
    keys: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for event in events:
        if event.get("type") != _SCALAR or event.get("task") != task_id:
            continue
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            float(event["value"])
            place = _place(event, _step(event))
            if place not in keys:
                keys[place] = _free_key(metric_key(*place), taken)
                taken.add(keys[place])
            yield keys[place], event


def _step(event: dict[str, Any]) -> int:
    return _int64(event.get("iter") or 0)


def _place(event: dict[str, Any], step: int) -> tuple[str, str]:
    """Return the title and the series; a single value has its name alone."""
    title, series = (str(event.get(field) or "") for field in ("metric", "variant"))
    return (series, series) if (title, step) == SINGLE_VALUE else (title, series)


def _free_key(key: str, taken: Container[str]) -> str:
    """Return a key that no other series has: ClearML's users may have series whose titles hold slashes."""
    while key in taken:
        key += "_"
    return key


def _int64(number: Any) -> int:
    return min(max(int(number), -_INT64), _INT64 - 1)
