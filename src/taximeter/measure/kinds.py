"""What there is to measure."""

from collections.abc import Collection
from typing import Any, Final

from taximeter.errors import InputError
from taximeter.measure.contention import CONTENTION
from taximeter.measure.cost import COST
from taximeter.measure.crash import CRASH
from taximeter.measure.faults import FAULTS
from taximeter.measure.growth import GROWTH
from taximeter.measure.kind import Depth, Kind

KINDS: Final[dict[str, Kind[Any, Any]]] = {kind.name: kind for kind in (COST, GROWTH, CRASH, CONTENTION, FAULTS)}


def kinds_for(names: Collection[str], depth: Depth) -> list[Kind[Any, Any]]:
    """Return the kinds of these names, or without any all that belong to the depth.

    Raises:
        InputError: there is no such kind.
    """
    unknown = [name for name in names if name not in KINDS]
    if unknown:
        raise InputError(f"there is no kind {unknown[0]!r}: choose from {', '.join(KINDS)}.")
    return [KINDS[name] for name in names] or [kind for kind in KINDS.values() if kind.belongs_to(depth)]
