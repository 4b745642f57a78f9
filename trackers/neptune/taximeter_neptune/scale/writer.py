"""The writer of the client's runs."""

from pathlib import Path

from taximeter.events import Started
from taximeter_neptune import NeptuneScaleTracker
from taximeter_neptune.scale.session import ScaleSession
from taximeter_neptune.writer import NeptuneWriter


class ScaleWriter(NeptuneWriter):
    """A run of `neptune-scale`."""

    tracker = NeptuneScaleTracker

    def __init__(self, location: Path, started: Started) -> None:
        super().__init__(ScaleSession(location, started), started)
