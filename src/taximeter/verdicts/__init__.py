"""What each tracker does to what it is given: numbered facts, written with the vendor's own API and read back."""

from taximeter.verdicts.catalogue import FACTS
from taximeter.verdicts.examine import examine
from taximeter.verdicts.results import Finding, TrackerVerdicts, Verdict

__all__ = ["FACTS", "Finding", "TrackerVerdicts", "Verdict", "examine"]
