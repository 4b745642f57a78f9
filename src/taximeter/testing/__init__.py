"""What a tracker's author needs to test it: runs of every shape, and a way to record them."""

from taximeter.testing.recording import StagedRun, record_run
from taximeter.testing.strategies import staged_runs

__all__ = ["StagedRun", "record_run", "staged_runs"]
