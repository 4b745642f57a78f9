"""Text of a report: what came from a store or a run, made visible and short, and times and machines in words."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from taximeter.record import Environment
from taximeter.values import unpack

_LONGEST = 200
_PADDING = "\u2007\u2008"


def visible(text: str) -> str:
    """Return text in which what nobody can see, such as a control character, is written as an escape."""
    return "".join(char if char.isprintable() or char in _PADDING else repr(char)[1:-1] for char in text)


def shorten(text: str, longest: int = _LONGEST) -> str:
    """Return text of at most about `longest` characters, saying how many there were."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def value_text(value: Any) -> str:
    """Return a param's value, which may be tagged, as Python writes it."""
    return shorten(repr(unpack(value)))


def moment(microseconds: int | None) -> str:
    """Return a time in UTC; one that no calendar holds as it is."""
    if microseconds is None:
        return "–"
    try:
        return datetime.fromtimestamp(microseconds / 1e6, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return f"{microseconds} µs"


def machine(environment: Environment) -> str:
    """Return the machine in a line."""
    return f"{short_machine(environment)}, {environment.os}"


def short_machine(environment: Environment) -> str:
    """Return of the machine what makes it fast or slow."""
    gpus = f", {', '.join(environment.gpus)}" if environment.gpus else ""
    memory = f"{environment.memory / 1e9:.3g} GB"
    cores = counted(environment.cores, "core")
    return f"{cores}, {environment.cpu}, {memory}{gpus}, Python {environment.python}"


def counted(count: int, noun: str) -> str:
    """Return a count and its noun, such as ``1 core``, ``2 cores`` or ``3 processes``."""
    ending = "" if count == 1 else "es" if noun.endswith("s") else "s"
    return f"{count:,} {noun}{ending}"


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence lists them: ``a, b and c``."""
    *others, last = list(words) or ["none"]
    return f"{', '.join(others)} and {last}" if others else last


def capital(text: str) -> str:
    """Return text that begins as a sentence does."""
    return text[:1].upper() + text[1:]


def ranged(counts: Iterable[int], noun: str) -> str:
    """Return the least and the greatest of some counts with their noun, such as ``3 to 5 samples``."""
    known = sorted(set(counts)) or [0]
    return counted(known[0], noun) if len(known) == 1 else f"{known[0]:,} to {counted(known[-1], noun)}"
