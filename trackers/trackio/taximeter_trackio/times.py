"""The times of rows, which Trackio writes as texts."""

from contextlib import suppress

from taximeter.times import EARLIEST, LATEST, text_time

_MICROSECONDS = 1_000_000


def row_time(text: object) -> int | None:
    """Return the microseconds that a text names: a date or, as an import may have them, seconds."""
    if (time := text_time(text)) is not None:
        return time
    with suppress(ValueError, OverflowError):
        return min(max(round(float(str(text)) * _MICROSECONDS), EARLIEST), LATEST)
    return None
