"""All facts, by their numbers."""

from typing import Final

from taximeter.errors import InputError
from taximeter.verdicts.catalogue import files, metrics, params, points, runs
from taximeter.verdicts.facts import Fact

FACTS: Final = (*params.FACTS, *metrics.FACTS, *points.FACTS, *files.FACTS, *runs.FACTS)


def fact_of(number: int) -> Fact:
    """Return the fact with this number.

    Raises:
        InputError: there is none.
    """
    for fact in FACTS:
        if fact.number == number:
            return fact
    raise InputError(f"there is no fact {number}; they are numbered from 1 to {FACTS[-1].number}.")
