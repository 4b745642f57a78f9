"""What the tests of each tracker need."""

from pathlib import Path

import pytest
from tracker_cases import Recorder

from taximeter.diff import diff
from taximeter.record import RunRecord
from taximeter.testing import StagedRun, record_run
from taximeter.tracker import Tracker


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    """The folder of the artifacts' bytes."""
    return tmp_path / "blobs"


@pytest.fixture
def record(tracker: Tracker, blobs: Path) -> Recorder:
    """Return a function that records a run in the store and checks that it reads back exactly."""

    def record(run: StagedRun) -> RunRecord:
        recorded = record_run(tracker, run, blobs)
        assert diff(tracker.read(recorded.run_id), recorded) == []
        return recorded

    return record
