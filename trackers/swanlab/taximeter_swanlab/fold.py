"""What the records of a SwanLab log add up to, in the types that the log has."""

from typing import Any

from taximeter.record import Series, Status

_INT64 = 2**63
_SYSTEM = "__swanlab__."
_STATES: dict[int, Status] = {0: "running", 1: "finished", 2: "failed", 3: "killed"}
_MEDIA = {
    2: "image",
    3: "audio",
    4: "text",
    5: "video",
    6: "echarts",
    7: "object3d",
    8: "molecule",
    9: "html",
}


class Fold:
    """The state of a run after the records that were added to it."""

    def __init__(self) -> None:
        self.start: Any = None
        self.finish: Any = None
        self.metrics: dict[str, Series] = {}
        self.saved: dict[str, str] = {}
        """The files that the run saved: name to where the file was."""
        self.media: dict[str, None] = {}
        """The paths of the media's files, below the run's folder, in the order they were logged."""
        self._first: Any = None

    def add(self, record: Any) -> None:
        """Take up the next record."""
        self._first = self._first or record.timestamp
        match record.WhichOneof("record_type"):
            case "scalar":
                self._add_scalar(record.scalar)
            case "media":
                self._add_media(record.media)
            case "save" if record.save.type == 0:  # the others are SwanLab's own
                self.saved[record.save.name] = record.save.source_path
            case "start" if self.start is None:
                self.start = record.start
            case "start":  # SwanLab before 0.8 had the head in several records
                self.start.MergeFrom(record.start)
            case "finish":
                self.finish = record.finish

    @property
    def started(self) -> int:
        """When the run began, in microseconds; the time of its first record where its start is lost."""
        if self.start is not None and self.start.HasField("started_at"):
            return _microseconds(self.start.started_at)
        return 0 if self._first is None else _microseconds(self._first)

    @property
    def ended(self) -> int | None:
        """When the run ended, in microseconds."""
        has_end = self.finish is not None and self.finish.HasField("finished_at")
        return _microseconds(self.finish.finished_at) if has_end else None

    @property
    def status(self) -> Status:
        """How the run ended; SwanLab says nothing of a run that was killed."""
        return "running" if self.finish is None else _STATES.get(self.finish.state, "running")

    def _add_scalar(self, scalar: Any) -> None:
        if not scalar.key.startswith(_SYSTEM):
            series = self.metrics.get(scalar.key)
            if series is None:
                series = self.metrics[scalar.key] = Series()
            series.append(scalar.value.number, scalar.step, _microseconds(scalar.timestamp))

    def _add_media(self, media: Any) -> None:
        folder = _MEDIA.get(media.type, "unknown")
        self.media |= dict.fromkeys(f"media/{folder}/{item.filename}" for item in media.value.items)


def _microseconds(time: Any) -> int:
    total = int(time.seconds) * 1_000_000 + time.nanos // 1000
    return total if -_INT64 <= total < _INT64 else 0
