"""The tracker that keeps nothing: the baseline of every measurement."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from taximeter.events import MetricsLogged, Started
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunWriter, Tracker


class NullTracker(Tracker):
    """A store that is always empty."""

    name = "null"
    features = frozenset()
    gaps = dict.fromkeys(Feature, Gap("never", "it keeps nothing, so that it can be the baseline"))

    @classmethod
    def location_in(cls, folder: Path) -> str:  # noqa: ARG003 - nowhere is the same everywhere
        """Return the empty location."""
        return ""

    def open_run(self, started: Started) -> RunWriter:  # noqa: ARG002 - nothing begins
        """Return a writer that drops everything."""
        return _NullWriter()


class _NullWriter(RunWriter):
    tracker = NullTracker

    def log_params(self, params: Mapping[str, Any]) -> None:
        pass

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        pass

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:
        pass

    def finish(self, record: RunRecord, record_file: Path) -> None:
        pass
