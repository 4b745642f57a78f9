"""The files of a run: JSON with a line for each fact, so that a diff reads well, and notes as Markdown."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

_BETWEEN_NOTES = "\n\n---\n\n"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_INT64_BITS = 63


def mapping_text(tree: Mapping[str, Any]) -> bytes:
    """Return a JSON object with a line for each name, sorted."""
    lines = [b"  %b: %b" % (_encode(name), _encode(tree[name])) for name in sorted(tree)]
    return b"{\n" + b",\n".join(lines) + b"\n}\n" if lines else b"{}\n"


def indented_text(tree: Any) -> bytes:
    """Return JSON with a line for each fact, at any depth."""
    return msgspec.json.format(_encode(tree), indent=2) + b"\n"


def notes_text(notes: Iterable[str]) -> bytes:
    """Return notes as Markdown with a rule between them; a rule inside one gets a backslash."""
    return (_BETWEEN_NOTES.join(re.sub(r"(?m)^(?=\\*---$)", r"\\", note) for note in notes) + "\n").encode()


def read_notes(content: bytes) -> tuple[str, ...]:
    """Return the notes that `notes_text` was given."""
    text = content.decode(errors="replace").removesuffix("\n")
    return tuple(re.sub(r"(?m)^\\(?=\\*---$)", "", note) for note in text.split(_BETWEEN_NOTES))


def time_text(time: int) -> str:
    """Return microseconds since 1970 as ISO 8601 in UTC, or as they are where no calendar reaches."""
    try:
        return (
            f"{(_EPOCH + timedelta(microseconds=time)).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
        )
    except OverflowError:
        return str(time)


def read_time(text: str) -> int:
    """Return the microseconds since 1970 that a text names.

    Raises:
        ValueError: it names none of 64 bits.
    """
    if re.fullmatch("-?[0-9]+", text):
        return read_int64(text)
    time = datetime.fromisoformat(text)
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND


def read_int64(text: str) -> int:
    """Return an integer.

    Raises:
        ValueError: it is none of 64 bits.
    """
    number = int(text)
    if number.bit_length() > _INT64_BITS and number != -(1 << _INT64_BITS):
        raise ValueError(f"{text} has more than 64 bits")
    return number


def _encode(tree: Any) -> bytes:
    return msgspec.json.encode(tree)
