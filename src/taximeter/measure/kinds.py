"""`KINDS`: what there is to measure."""

from typing import Any, Final

from taximeter.measure.contention import CONTENTION
from taximeter.measure.cost import COST
from taximeter.measure.crash import CRASH
from taximeter.measure.faults import FAULTS
from taximeter.measure.growth import GROWTH
from taximeter.measure.kind import Kind

KINDS: Final[dict[str, Kind[Any, Any]]] = {kind.name: kind for kind in (COST, GROWTH, CRASH, CONTENTION, FAULTS)}
