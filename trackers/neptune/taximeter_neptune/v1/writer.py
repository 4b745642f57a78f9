"""The writer of the client's runs."""

from taximeter.events import Started
from taximeter_neptune import NeptuneTracker
from taximeter_neptune.v1.session import V1Session
from taximeter_neptune.writer import NeptuneWriter


class V1Writer(NeptuneWriter):
    """A run of version 1 of the client."""

    tracker = NeptuneTracker

    def __init__(self, started: Started) -> None:
        super().__init__(V1Session(), started)
