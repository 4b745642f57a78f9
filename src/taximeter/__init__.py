"""Record one experiment with every tracker, read every store back, and prove that they hold the same run."""

from taximeter.errors import InputError, JournalError, TaximeterError, TrackerError, Unsupported
from taximeter.record import Dataset, RunRecord
from taximeter.run import DeliveryWarning, Run
from taximeter.start import start_run

__all__ = [
    "Dataset",
    "DeliveryWarning",
    "InputError",
    "JournalError",
    "Run",
    "RunRecord",
    "TaximeterError",
    "TrackerError",
    "Unsupported",
    "start_run",
]
