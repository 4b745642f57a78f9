"""One run of the client's, offline.

The documented calls serve for everything but points: they take one row each, which is a transaction that waits
for the disk, and refuse steps that Neptune's service could not hold. So the messages that they would make are made
here, a batch at a time.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[import-untyped]
from neptune_api.proto.neptune_pb.ingest.v1.common_pb2 import (  # type: ignore[import-not-found]
    Step,
    UpdateRunSnapshot,
)
from neptune_api.proto.neptune_pb.ingest.v1.common_pb2 import Value as Message
from neptune_scale import Run  # type: ignore[import-untyped]
from neptune_scale.exceptions import NeptuneScaleError  # type: ignore[import-untyped]
from neptune_scale.types import File  # type: ignore[import-untyped]

from taximeter.artifact_files import name_digest
from taximeter.errors import TrackerError
from taximeter.events import Started
from taximeter.values import Value, pack
from taximeter_neptune.names import encode_part
from taximeter_neptune.session import Row

_MICROSECONDS = 1_000_000
_INT_BITS = 63
_TEXT_BYTES = 1 << 20
"""What a value may have: the client takes messages of twice that, and never returns from a longer value."""
_ID_BYTES = 730
_ROW_CHARACTERS = 1 << 18
_LATEST = datetime(9999, 12, 31, tzinfo=UTC)


class ScaleSession:
    """A run that is open; what monitors the process or describes it is turned off."""

    def __init__(self, location: Path, started: Started) -> None:
        with _translated():
            self._run = Run(
                mode="offline",
                run_id=run_id_for(started.run_id),
                project=project_for(started.experiment),
                experiment_name=_cut(started.name, _ID_BYTES) or None,
                creation_time=_moment(started.time),
                log_directory=location,
                enable_console_log_capture=False,
                source_tracking_config=None,
            )
        self._repository: Any = self._run._operations_repo  # noqa: SLF001 - what the documented calls hand messages to
        self.files = Path(str(self._run._storage_directory_path))  # noqa: SLF001 - its name has the time in it

    def assign(self, values: Mapping[str, Value]) -> None:
        """Set fields."""
        with _translated():
            self._run.log_configs({path: _config(value) for path, value in values.items()})

    def log(self, rows: Sequence[Row]) -> None:
        """Append points, all of them in one transaction or two."""
        with _translated():
            self._repository.save_update_run_snapshots([part for row in rows for part in _snapshots(row)])

    def log_text(self, path: str, text: str, step: int, time: int) -> None:
        """Append to a series of texts."""
        with _translated():
            self._run.log_string_series({path: _cut(text, _TEXT_BYTES)}, step=step, timestamp=_moment(time))

    def change_tags(self, added: Sequence[str], removed: Sequence[str]) -> None:
        """Change the run's tags; what is too long for one is left to the exact record."""
        with _translated():
            self._run.remove_tags(list(filter(_fits, removed)))
            self._run.add_tags(list(filter(_fits, added)))

    def set_group(self, tag: str) -> None:
        """Add a group tag."""
        with _translated():
            self._run.add_tags(list(filter(_fits, [tag])), group_tags=True)

    def attach(self, path: str, file: Path, media_type: str) -> None:
        """Set a field to a file."""
        with _translated():
            self._run.assign_files({path: File(file, mime_type=media_type, size=file.stat().st_size)})

    def mark_failed(self) -> None:
        """Do nothing: this client has no way to say it."""

    def close(self) -> None:
        """Close the run."""
        with _translated():
            self._run.close()


def run_id_for(run_id: str) -> str:
    """Return Neptune's id of a run of ours; ids that other trackers made may not fit it."""
    return run_id if run_id and "/" not in run_id and len(run_id.encode()) <= _ID_BYTES else name_digest(run_id)


def project_for(experiment: str) -> str:
    """Return the project of an experiment, in a workspace of ours: not empty, and without a slash."""
    return f"taximeter/{encode_part(experiment)}"


def _config(value: Value) -> Any:
    """Return a value in a type that Neptune has; what it has none for becomes JSON."""
    if isinstance(value, bool | float) or (isinstance(value, int) and value.bit_length() <= _INT_BITS):
        return value
    texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
    if texts == value and _fits("....".join(texts)):  # each takes some bytes more
        return texts
    return _cut(value if isinstance(value, str) else json.dumps(pack(value)), _TEXT_BYTES)


def _snapshots(row: Row) -> Iterator[UpdateRunSnapshot]:
    """Yield the messages of a row: one, unless it is too large."""
    if sum(map(len, row.values)) > _ROW_CHARACTERS and len(row.values) > 1:
        items, half = list(row.values.items()), len(row.values) // 2
        yield from _snapshots(row._replace(values=dict(items[:half])))
        yield from _snapshots(row._replace(values=dict(items[half:])))
        return
    seconds, microseconds = divmod(row.time, _MICROSECONDS)
    points = {path: Message(float64=value) for path, value in row.values.items()}
    step = Step(whole=row.step) if row.step >= 0 else None
    yield UpdateRunSnapshot(
        step=step, timestamp=Timestamp(seconds=seconds, nanos=microseconds * 1000), append=points
    )


def _moment(time: int) -> datetime:
    """Return a time as the client takes it; what no calendar reaches becomes its last instant."""
    try:
        return datetime.fromtimestamp(time / _MICROSECONDS, UTC)
    except (ValueError, OverflowError, OSError):
        return _LATEST


def _cut(text: str, size: int) -> str:
    """Return text of at most `size` bytes."""
    encoded = text.encode()
    return text if len(encoded) <= size else encoded[:size].decode(errors="ignore")


def _fits(text: str) -> bool:
    return len(text.encode()) <= _TEXT_BYTES


@contextmanager
def _translated() -> Iterator[None]:
    """Raise the client's errors as ours."""
    try:
        yield
    except (NeptuneScaleError, OSError, TypeError, ValueError) as error:
        raise TrackerError(f"Neptune could not write the run: {error}") from error
