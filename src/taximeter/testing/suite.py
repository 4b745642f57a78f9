"""The whole suite: the contract of a tracker, in both directions."""

from taximeter.testing.declarations import BaselineSuite, DeclarationSuite
from taximeter.testing.lifecycle import LifecycleSuite
from taximeter.testing.native import NativeSuite
from taximeter.testing.readback import ReadBackSuite
from taximeter.testing.safety import SafetySuite
from taximeter.testing.stores import StoreSuite
from taximeter.tracker import Feature, Tracker


class TrackerSuite(DeclarationSuite, ReadBackSuite, NativeSuite, LifecycleSuite, StoreSuite, SafetySuite):
    """What every tracker that can be read back must do.

    A tracker's tests are a class that inherits from it and has one fixture::

        class TestLogbook(TrackerSuite):
            @pytest.fixture(scope="class")
            @classmethod
            def subject(cls) -> Subject:
                return Subject("logbook")
    """


def suite_of(tracker: type[Tracker]) -> type[DeclarationSuite]:
    """Return the suite that a tracker has to pass: the whole, or what is left of it where nothing is kept."""
    return TrackerSuite if Feature.READ in tracker.features else BaselineSuite
