"""The message of a run's commit: how the run stands, what it was to show, and trailers that name it."""

import json
import re
from collections.abc import Iterable, Mapping

_TRAILER = re.compile(r"([A-Za-z][A-Za-z0-9-]*): (.*)")
_PREFIX = "Taximeter-"
_SUBJECT_LENGTH = 60


def write_message(subject: str, paragraphs: Iterable[str], trailers: Mapping[str, str | None]) -> str:
    """Return a message whose last paragraph are the trailers that have a text."""
    named = [f"{_PREFIX}{name}: {_line(text)}" for name, text in trailers.items() if text is not None]
    shown = [text for text in map(shown_text, paragraphs) if text]
    return "\n\n".join([subject, *shown, "\n".join(named)]) + "\n"


def write_subject(name: str, state: str) -> str:
    """Return the first line: the run's name in brief, and how the run stands."""
    brief = " ".join(shown_text(name).split())
    brief = brief if len(brief) <= _SUBJECT_LENGTH else f"{brief[: _SUBJECT_LENGTH - 1]}…"
    return f"{brief}: {state}" if brief else state


def read_message(message: str) -> tuple[str, str, dict[str, str]]:
    """Return the subject, the paragraphs below it, and our trailers."""
    subject, _, rest = message.strip("\n").partition("\n")
    body, _, last = rest.strip("\n").rpartition("\n\n")
    found = [_TRAILER.fullmatch(line) for line in last.split("\n")]
    if not all(found):
        return subject, rest.strip("\n"), {}
    named = [(trailer[1], trailer[2]) for trailer in found if trailer]
    ours = {name.removeprefix(_PREFIX): _text(line) for name, line in named if name.startswith(_PREFIX)}
    return subject, body.strip("\n"), ours


def shown_text(text: str) -> str:
    """Return text without what a terminal would obey; git ends a message at a zero byte."""
    clean = "".join(sign if sign.isprintable() or sign in "\n\t" else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return re.sub(r"\n{3,}", "\n\n", clean).strip()


def _line(text: str) -> str:
    """Return a trailer's text in one line: as it is, or as JSON where that would not come back."""
    is_plain = text.isprintable() and text == text.strip() and text and not text.startswith('"')
    return text if is_plain else json.dumps(text)


def _text(line: str) -> str:
    if not line.startswith('"'):
        return line
    try:
        return str(json.loads(line))
    except ValueError:
        return line
