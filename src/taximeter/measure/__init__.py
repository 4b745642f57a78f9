"""Measures what each tracker costs, survives and loses; `KINDS` are what there is to measure.

The rules: every sample comes from processes of its own; samples are interleaved and repeated; vendors have their
documented defaults; a failure is a sample with a reason; and a result is never written over.
"""

from typing import Any, Final

from taximeter.measure.contention import CONTENTION
from taximeter.measure.cost import COST
from taximeter.measure.crash import CRASH
from taximeter.measure.faults import FAULTS
from taximeter.measure.growth import GROWTH
from taximeter.measure.kind import Depth, Kind
from taximeter.measure.measuring import measure, plan

KINDS: Final[dict[str, Kind[Any, Any]]] = {kind.name: kind for kind in (COST, GROWTH, CRASH, CONTENTION, FAULTS)}

__all__ = ["KINDS", "Depth", "Kind", "measure", "plan"]
