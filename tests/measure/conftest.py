"""What tests of measurements need."""

import pytest

from taximeter.plugins import load_all
from taximeter.tracker import Feature


@pytest.fixture(scope="session")
def cheap_tracker() -> str:
    """Return a tracker that has no vendor to be imported, and can be read."""
    return next(
        tracker.name for tracker in load_all()[0] if tracker.vendor is None and Feature.READ in tracker.features
    )
