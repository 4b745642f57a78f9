"""One run, written with SwanLab's own records and its own writer of logs.

`swanlab.init` has one run at a time in a process, takes no times, and its core drops points whose step was there
before, is negative, or beyond 2**48; the log that it writes can hold them all.
"""

# mypy: disable-error-code="import-untyped"

import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from swanlab.proto.swanlab.metric.column.v1.column_pb2 import ColumnClass, ColumnRecord, ColumnType, SectionType
from swanlab.proto.swanlab.metric.data.v1.data_pb2 import (
    MediaItem,
    MediaRecord,
    MediaValue,
    ScalarRecord,
    ScalarValue,
)
from swanlab.proto.swanlab.run.v1.run_pb2 import FinishRecord, StartRecord
from swanlab.proto.swanlab.save.v1.save_pb2 import SavePolicy, SaveRecord, SaveType
from swanlab.sdk.internal.core_python.pkg import builder
from swanlab.sdk.internal.core_python.pkg.counter import Counter
from swanlab.sdk.internal.core_python.store import DataStoreWriter
from swanlab.sdk.internal.pkg.helper import mkdir_and_append_gitignore

from taximeter.errors import TrackerError
from taximeter_swanlab.log import SwanLabLog

Point = tuple[str, float, int, int]
"""Key, value, step, time in microseconds."""


class VendorRun:
    """A run in SwanLab's terms.

    Args:
        folder: the run's folder, made anew: what is in it goes.
        start: the head of the run, which may still change: the log has it first, and is written again with the
            last one when the run ends.
    """

    def __init__(self, folder: Path, start: StartRecord) -> None:
        self.start = start
        self.files = folder / "files"
        self._folder = folder
        self._file = folder / f"run-{start.id}.swanlab"
        self._log = DataStoreWriter()
        self._counter = Counter()
        self._columns: set[str] = set()
        self._opened = ExitStack()
        self._begun = StartRecord()
        self._begun.CopyFrom(start)
        with self._translated():
            mkdir_and_append_gitignore(folder.parent)
            shutil.rmtree(folder, ignore_errors=True)
            self.files.mkdir(parents=True)
            self._log.open(self._file)
        self._opened.callback(self._log.close)
        self._write([builder.build_start_record(start)])

    def log(self, points: Iterable[Point]) -> None:
        """Add points, and a column for each key that is new."""
        kind = ColumnType.COLUMN_TYPE_SCALAR
        self._write(
            record
            for key, value, step, time in points
            for record in (
                *self._new_column(key, kind),
                builder.build_scalar_record(
                    self._counter,
                    ScalarRecord(
                        key=key, step=step, type=kind, timestamp=stamp(time), value=ScalarValue(number=value)
                    ),
                ),
            )
        )

    def show(self, key: str, kind: Any, item: MediaItem, step: int, time: int) -> None:
        """Add a medium, whose file is in the run's folder."""
        value = MediaValue(items=[item])
        media = MediaRecord(key=key, step=step, type=kind, timestamp=stamp(time), value=value)
        self._write([*self._new_column(key, kind), builder.build_media_record(self._counter, media)])

    def media_folder(self, name: str) -> Path:
        """Return the folder for media of one kind."""
        folder = self._folder / "media" / name
        with self._translated():
            folder.mkdir(parents=True, exist_ok=True)
        return folder

    def save(self, name: str, file: Path, kind: Any = SaveType.SAVE_TYPE_CUSTOM) -> None:
        """Note a file in the run's folder, for SwanLab to upload one day."""
        place = str(file)
        save = SaveRecord(name=name, source_path=place, type=kind, policy=SavePolicy.SAVE_POLICY_NOW)
        if kind == SaveType.SAVE_TYPE_CUSTOM:
            save.target_path = place
        self._write([builder.build_save_record(self._counter, save, kind)])

    def finish(self, state: Any, error: str | None, time: int) -> None:
        """Write the end of the run, and its head as it is now."""
        end = FinishRecord(state=state, error=error, finished_at=stamp(time))
        self._write([builder.build_finish_record(end)])
        self.close()
        with self._translated():
            if self.start != self._begun:
                self._rewrite()

    def close(self) -> None:
        """Let go of the log."""
        with self._translated():
            self._opened.close()

    def _new_column(self, key: str, kind: Any) -> Iterator[Any]:
        """Yield the record of a column that the log does not have yet; its section is what is before a slash."""
        if key in self._columns:
            return
        self._columns.add(key)
        column = ColumnRecord(
            column_class=ColumnClass.COLUMN_CLASS_CUSTOM,
            column_type=kind,
            column_key=key,
            section_name=key.rpartition("/")[0].partition("/")[0],
            section_type=SectionType.SECTION_TYPE_PUBLIC,
        )
        yield builder.build_column_record(self._counter, column)

    def _rewrite(self) -> None:
        """Write the log again with another head, which is its first record."""
        partial, log = self._file.with_suffix(".partial"), SwanLabLog(self._file)
        writer = DataStoreWriter()
        writer.open(partial)
        writer.write(builder.build_start_record(self.start).SerializeToString())
        for payload in islice(log, 1, None):
            writer.write(payload)
        writer.close()
        if log.problems:
            raise TrackerError(f"{self._file} cannot be read back: {log.problems[0].reason}.")
        partial.replace(self._file)

    def _write(self, records: Iterable[Any]) -> None:
        with self._translated():
            for record in records:
                self._log.write(record.SerializeToString())
            self._log.ensure_flushed()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TrackerError(f"SwanLab could not write to {self._folder}: {error}") from error


def stamp(time: int) -> Timestamp:
    """Return microseconds since 1970 as SwanLab's records hold a time."""
    seconds, microseconds = divmod(time, 1_000_000)
    return Timestamp(seconds=seconds, nanos=microseconds * 1000)
