"""What every installed tracker must do; none is named here."""

import pytest

from taximeter.plugins import installed, load
from taximeter.testing import BaselineSuite, Subject, TrackerSuite, suite_of

SUITES = {name: suite_of(load(name)) for name in installed()}


class TestTracker(TrackerSuite):
    """Each tracker that keeps what it is given."""

    @pytest.fixture(scope="class", params=[name for name, suite in SUITES.items() if suite is TrackerSuite])
    @classmethod
    def subject(cls, request: pytest.FixtureRequest) -> Subject:
        """Return the tracker, with its usual store."""
        return Subject(request.param)


class TestBaseline(BaselineSuite):
    """Each tracker that keeps nothing."""

    @pytest.fixture(scope="class", params=[name for name, suite in SUITES.items() if suite is BaselineSuite])
    @classmethod
    def subject(cls, request: pytest.FixtureRequest) -> Subject:
        """Return the tracker."""
        return Subject(request.param)
