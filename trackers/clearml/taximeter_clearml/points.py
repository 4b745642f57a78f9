"""The points among a session's events, in the terms of a run's record."""

from collections.abc import Container, Iterable
from contextlib import suppress
from typing import Any

from taximeter.record import Series
from taximeter_clearml.names import SINGLE_VALUE, metric_key

_SCALAR = "training_stats_scalar"
_INT64 = 2**63


def series_in(events: Iterable[dict[str, Any]], task_id: str) -> dict[str, Series]:
    """Return the points of a task's metrics, in the order in which they were written."""
    found: dict[str, Series] = {}
    keys: dict[tuple[str, str], str] = {}
    for event in events:
        if event.get("type") != _SCALAR or event.get("task") != task_id:
            continue
        with suppress(KeyError, TypeError, ValueError, OverflowError):
            value, step = float(event["value"]), _int64(event.get("iter") or 0)
            place = _place(event, step)
            if place not in keys:
                keys[place] = _free_key(metric_key(*place), found)
                found[keys[place]] = Series()
            found[keys[place]].append(value, step, microseconds(event.get("timestamp")))
    return found


def microseconds(milliseconds: Any) -> int:
    """Return a time of ClearML's in microseconds; zero where it has none."""
    try:
        return _int64(int(milliseconds or 0) * 1000)
    except (TypeError, ValueError, OverflowError):
        return 0


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
