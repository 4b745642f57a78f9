"""What a tracker's author needs to test it: the suite that every tracker passes, and runs of every shape."""

import pytest

_PARTS = ("declarations", "fence", "killing", "lifecycle", "native", "polling", "readback", "safety", "stores")
pytest.register_assert_rewrite(*(f"taximeter.testing.{part}" for part in _PARTS))

from taximeter.testing.declarations import BaselineSuite  # noqa: E402 - once its assertions can be explained
from taximeter.testing.recording import StagedRun, record_run  # noqa: E402
from taximeter.testing.strategies import staged_runs  # noqa: E402
from taximeter.testing.subject import Subject  # noqa: E402
from taximeter.testing.suite import TrackerSuite, suite_of  # noqa: E402

__all__ = ["BaselineSuite", "StagedRun", "Subject", "TrackerSuite", "record_run", "staged_runs", "suite_of"]
