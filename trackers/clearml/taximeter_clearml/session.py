"""One offline session, written with ClearML's own layers below `Task.init`.

`Task.init` is one for a process, hooks into it, starts threads that hold points back, and takes no times.
The task object below it and the manager of its metrics write the same files at once, for any number of tasks.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, cast
from zipfile import ZIP_DEFLATED, ZipFile

from clearml.backend_interface.metrics.events import ImageEventNoUpload, MetricsEventAdapter, ScalarEvent
from clearml.backend_interface.metrics.interface import Metrics
from clearml.backend_interface.task.task import Task

from taximeter.errors import TrackerError

_TASK_FILE = "task.json"
_PARTIAL_FILE = ".task.json.partial"
_EVENTS_PER_LINE = 1000
_REST_FOR_WORK = 20


class OfflineSession:
    """A session's folder, and the zip file that ClearML leaves beside it in the end.

    Args:
        folder: named by the task's id; what is there is deleted.
        project: a name that a server accepts.
        fields: returns the task's fields as they are now.
    """

    def __init__(self, folder: Path, project: str, fields: Callable[[], Mapping[str, Any]]) -> None:
        self.folder = folder
        self._fields = fields
        self._zip = folder.with_name(f"{folder.name}.zip")
        self._partial_zip = folder.with_name(f".{folder.name}.zip")
        self._delete()
        with self._translated():
            self._task = cast("Any", Task(task_id=folder.name, project_name=project))
            self._task._offline_dir = folder  # noqa: SLF001 - the vendor would ask its variable
            self._task._offline_filename = _PARTIAL_FILE  # noqa: SLF001 - so that the file is never half there
            self._metrics = Metrics(self._task.session, self._task, "")
        self._next_save = 0.0
        self.touch()

    @property
    def data(self) -> Path:
        """The folder of the files that go to a file server, which tells tasks apart by the id in it."""
        return self.folder / "data" / f"run.{self.folder.name}"

    @property
    def models(self) -> list[dict[str, Any]]:
        """The output models, from which the import makes some; add to them and `touch`."""
        models: list[dict[str, Any]] = self._task._offline_output_models  # noqa: SLF001 - where `OutputModel` adds
        return models

    def touch(self) -> None:
        """Save the task, whose fields have changed; all are written, so many changes wait for the next."""
        self._saved = False
        self._save_if_due()

    def report(self, events: Iterable[MetricsEventAdapter]) -> None:
        """Append events to the session's metrics."""
        waiting = iter(events)
        with self._translated():
            while line := list(islice(waiting, _EVENTS_PER_LINE)):
                self._metrics.write_events(line, async_enable=False)
        self._save_if_due()

    def close(self) -> None:
        """Write what has waited, and the zip file, as ClearML does when a task is closed."""
        with self._translated():
            self._save()
            with ZipFile(self._partial_zip, "w", ZIP_DEFLATED, strict_timestamps=False) as archive:
                for file in sorted(self.folder.rglob("*")):
                    if file.is_file():
                        archive.write(file, file.relative_to(self.folder))
            self._partial_zip.replace(self._zip)

    def _delete(self) -> None:
        self._zip.unlink(missing_ok=True)
        self._partial_zip.unlink(missing_ok=True)
        if self.folder.exists():
            shutil.rmtree(self.folder)

    def _save_if_due(self) -> None:
        """Save the task if something waits, unless saving would take more than a twentieth of the time."""
        if not self._saved and monotonic() >= self._next_save:
            with self._translated():
                self._save()

    def _save(self) -> None:
        began = monotonic()
        fields = {"id": self.folder.name, **self._fields()}
        self._task._save_data_to_offline_dir(**fields)  # noqa: SLF001 - what the vendor's own setters call
        Path(self.folder, _PARTIAL_FILE).replace(self.folder / _TASK_FILE)
        self._saved = True
        now = monotonic()
        self._next_save = now + (now - began) * _REST_FOR_WORK

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn the vendor's errors into ours.

        Raises:
            TrackerError: the vendor failed.
        """
        try:
            yield
        except (OSError, TypeError, ValueError) as error:
            raise TrackerError(f"ClearML could not write to {self.folder}: {error}") from error


class Point(ScalarEvent):
    """A point, which is made once: ClearML makes it to see whether it can, and then again to write it.

    Args:
        session: the session.
        place: the title and the series.
        value: a finite number.
        step: an int64.
        timestamp: milliseconds.
    """

    def __init__(
        self, session: OfflineSession, place: tuple[str, str], value: float, step: int, timestamp: int
    ) -> None:
        self._made: Any = None
        super().__init__(*place, value=value, iter=step, timestamp=timestamp, task=session.folder.name)

    def get_api_event(self) -> Any:
        """Return it as ClearML writes it."""
        if self._made is None:
            self._made = super().get_api_event()
        return self._made


class ShownFile(ImageEventNoUpload):
    """A debug sample whose file is in the session already.

    Args:
        session: the session.
        file: lies below its ``data``.
        place: the title and the series.
        step: an int64.
        timestamp: milliseconds.
    """

    def __init__(
        self, session: OfflineSession, file: Path, place: tuple[str, str], step: int, timestamp: int
    ) -> None:
        super().__init__(*place, src=str(file), iter=step, timestamp=timestamp)
        self._key = str(file.relative_to(session.folder / "data"))
