"""What a fact is: something small that is written, and what must come back of it."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple

from taximeter.verdicts.bench import Bench
from taximeter.verdicts.found import Found


class Theme(StrEnum):
    """What facts are about, in the order in which they are shown."""

    PARAMS = "params"
    PARAM_NAMES = "names of params"
    VALUES = "values of metrics"
    KEYS = "keys of metrics"
    STEPS = "steps"
    TIMES = "times"
    POINTS = "points"
    TAGS = "tags and notes"
    ARTIFACTS = "artifacts"
    MEDIA = "images, tables, texts"
    DATA = "datasets and models"
    RUNS = "runs"


def unchanged(found: Any) -> Any:
    """Return what was read: nothing about it can be undone."""
    return found


class Fact(NamedTuple):
    """One fact.

    `undo` is what makes a change one without loss: a function of what was read and of nothing else, chosen by the
    kind of the fact and not by its value.
    """

    number: int
    """Never given to another fact, so that results stay comparable."""
    theme: Theme
    name: str
    sentence: str
    """What is written, and when it has come back."""
    written: Any
    write: Callable[[Bench], None]
    read: Callable[[Found], Any]
    undo: Callable[[Any], Any] = unchanged
