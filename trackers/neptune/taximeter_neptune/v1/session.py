"""One run of the client's, offline.

The client's documented calls leave out what Neptune's service could not hold: points that are NaN or infinite,
integers beyond 32 bits, texts beyond 16,384 characters. Its files hold all of it, so the operations that those
calls would make are made here, and handed to the run as the calls hand them.
"""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from taximeter.errors import TrackerError
from taximeter.values import Value, pack
from taximeter_neptune.names import SYS
from taximeter_neptune.session import Row
from taximeter_neptune.v1.operations import FILES
from taximeter_neptune.v1.vendor import NeptuneException, init_run, operation

_MICROSECONDS = 1_000_000
_INT_BITS = 63
_VALUES_PER_OPERATION = 100
"""As the client's own series have it."""

logging.getLogger("neptune").setLevel(logging.WARNING)


class V1Session:
    """A run that is open; what monitors the process or describes it is turned off."""

    def __init__(self) -> None:
        with _translated():
            self._run = init_run(
                mode="offline",
                source_files=[],
                git_ref=False,
                capture_stdout=False,
                capture_stderr=False,
                capture_traceback=False,
                capture_hardware_metrics=False,
            )
            if self._run.exists("source_code"):  # the courier's own
                self._run.pop("source_code")
        processor: Any = self._run._op_processor  # noqa: SLF001 - what those calls hand operations to
        self._enqueue = processor.enqueue_operation
        self.files = Path(processor.data_path, FILES)

    def assign(self, values: Mapping[str, Value]) -> None:
        """Set fields."""
        self._put([_assignment(path.split("/"), value) for path, value in values.items()])

    def log(self, rows: Sequence[Row]) -> None:
        """Append points, series by series."""
        series: dict[str, list[operation.LogFloats.ValueType]] = {}
        for row in rows:
            seconds = row.time / _MICROSECONDS
            for path, value in row.values.items():
                series.setdefault(path, []).append(operation.LogFloats.ValueType(value, row.step, seconds))
        self._put(
            [
                operation.LogFloats(path.split("/"), points[start : start + _VALUES_PER_OPERATION])
                for path, points in series.items()
                for start in range(0, len(points), _VALUES_PER_OPERATION)
            ]
        )

    def log_text(self, path: str, text: str, step: int, time: int) -> None:
        """Append to a series of texts."""
        value = operation.LogStrings.ValueType(text, step, time / _MICROSECONDS)
        self._put([operation.LogStrings(path.split("/"), [value])])

    def change_tags(self, added: Sequence[str], removed: Sequence[str]) -> None:
        """Change the run's tags."""
        path = [SYS, "tags"]
        gone = [operation.RemoveStrings(path, set(removed))] if removed else []
        self._put([*gone, operation.AddStrings(path, set(added))])

    def set_group(self, tag: str) -> None:
        """Add a group tag."""
        self._put([operation.AddStrings([SYS, "group_tags"], {tag})])

    def attach(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - the ending tells it
        """Set a field to a file as to one that the client copied."""
        place = file.relative_to(self.files).as_posix()
        self._put([operation.UploadFile(path.split("/"), file.suffix.removeprefix("."), tmp_file_name=place)])

    def mark_failed(self) -> None:
        """Say that the run failed, as an exception in the user's script would."""
        self.assign({f"{SYS}/failed": True})

    def close(self) -> None:
        """Stop the run."""
        with _translated():
            self._run.stop()

    def _put(self, operations: Sequence[operation.Operation]) -> None:
        """Hand operations to the run, and see that they reach the file."""
        with _translated():
            for one in operations:
                self._enqueue(one, wait=False)
            self._run.wait(disk_only=True)


def _assignment(path: list[str], value: Value) -> operation.Operation:
    """Return the operation that sets a field; what Neptune has no type for becomes JSON."""
    if isinstance(value, bool):
        return operation.AssignBool(path, value)
    if isinstance(value, int) and value.bit_length() <= _INT_BITS:
        return operation.AssignInt(path, value)
    if isinstance(value, float):
        return operation.AssignFloat(path, value)
    return operation.AssignString(path, value if isinstance(value, str) else json.dumps(pack(value)))


@contextmanager
def _translated() -> Iterator[None]:
    """Raise the client's errors as ours."""
    try:
        yield
    except (NeptuneException, OSError, ValueError) as error:
        raise TrackerError(f"Neptune could not write the run: {error}") from error
