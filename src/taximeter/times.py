"""Times as texts: ISO 8601 in UTC, to the microsecond."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
EARLIEST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def time_text(time: int) -> str:
    """Return microseconds since 1970 as text; what no calendar reaches becomes its first or last instant."""
    moment = _EPOCH + timedelta(microseconds=min(max(time, EARLIEST), LATEST))
    return moment.isoformat(timespec="microseconds")


def text_time(text: object) -> int | None:
    """Return the microseconds that a text names: a date, in UTC unless it says otherwise."""
    with suppress(ValueError):
        moment = datetime.fromisoformat(str(text))
        return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
    return None
