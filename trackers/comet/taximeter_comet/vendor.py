"""One offline run, written with the message layer below ``comet_ml.OfflineExperiment``.

An `OfflineExperiment` ends the one before it, hands what it is given to a thread that loses it silently when it
fails, stamps every point with the clock, and keeps its messages in the system's temporary folder. The layer below,
to which it passes each message, takes a time, any number of runs, and the folder; and it raises.
"""

import io
import logging
import shutil
import threading
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from comet_ml.constants import RESUME_STRATEGY_CREATE
from comet_ml.messages import BaseMessage, LogOtherMessage, UploadFileMessage, UploadInMemoryMessage
from comet_ml.offline_utils import create_experiment_archive, write_experiment_meta_file
from comet_ml.streamer.handlers.handler_context import HandlerContext
from comet_ml.streamer.handlers.offline_handler import OfflineMessageHandler
from comet_ml.utils import generate_guid

from taximeter.errors import TrackerError
from taximeter_comet.archive import OPEN, PARTIAL
from taximeter_comet.messages import ASSET, FIGURE, PATCH

UNNAMED = "auto-generated-in-the-backend"
"""What Comet calls a text, for which it has no names."""

_ACTIVE = HandlerContext(True, lambda _: None, lambda _: None)

_logger = logging.getLogger(__name__)


class VendorRun:
    """A run in Comet's terms: messages and files in a folder of the store, and an archive of them in the end.

    What is left of an attempt that did not get so far is removed.

    Args:
        store: the folder of archives, absolute.
        key: Comet's id of the run.
        project: may be empty.
        start: milliseconds.
    """

    def __init__(self, store: Path, key: str, project: str, start: int) -> None:
        self._store = store
        self._key = key
        self._project = project
        self._start = start
        self._folder = store / f"{key}{OPEN}"
        self._partial = store / f"{key}{PARTIAL}"
        self._count = 0
        self._figures = 0
        self._logged: set[tuple[str, str]] = set()
        self._remove_rest()
        self._folder.mkdir(parents=True)
        self._write_meta(start, None)
        self._handler = OfflineMessageHandler(
            tmp_dir=str(self._folder),
            wait_timeout=0,
            on_error_callback=_logger.error,
            fallback_mode=False,
            write_lock=threading.RLock(),
        )

    def send(self, message: BaseMessage) -> None:
        """Write a message; a file that it names is copied."""
        self._count += 1
        message.message_id = self._count
        self._handler.handle(message, _ACTIVE)

    def log_other(self, key: str, value: Any) -> None:
        """Log a value that is neither param nor metric."""
        self.send(LogOtherMessage(key, value))

    def log_file(
        self,
        content: Path | bytes,
        kind: str,
        name: str = UNNAMED,
        *,
        model: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Keep a copy of a file.

        Args:
            content: the file, or its bytes.
            kind: one of Comet's kinds of files.
            name: what it is called; a file or image that is logged again takes the place of the one before.
            model: the model that it belongs to.
            metadata: what JSON can hold.
        """
        again = kind in {ASSET, FIGURE} and (kind, name) in self._logged
        self._logged.add((kind, name))
        names: dict[str, Any] = {"context": None, "runId": None, "step": None, "overwrite": again}
        if kind == FIGURE:
            names |= {"figName": name, "figCounter": self._figures, "imageId": generate_guid()}
            self._figures += 1
        else:
            names |= {"fileName": name, "assetId": generate_guid()}
        names |= {"type": kind} if kind not in {ASSET, FIGURE} else {}
        names |= {"groupingName": model} if model is not None else {}
        suffix = PurePosixPath(name).suffix[1:]
        names |= {"extension": suffix} if suffix else {}
        self._upload(content, kind, names, dict(metadata or {}))

    def log_patch(self, patch: bytes) -> None:
        """Keep the changes since the last commit."""
        content = io.BytesIO()
        with ZipFile(content, "w", ZIP_DEFLATED) as archive:
            archive.writestr("git_diff.patch", patch)
        self._upload(content.getvalue(), PATCH, None, None)

    def end(self, stop: int, error: str | None) -> None:
        """Make the archive, all of it or nothing, in the place of an earlier one.

        Raises:
            TrackerError: the store cannot be written to.
        """
        self.close()
        self._write_meta(stop, error)
        path, folder = create_experiment_archive(str(self._store), self._partial.name, str(self._folder), _logger)
        if Path(folder) != self._store:
            shutil.rmtree(folder)
            raise TrackerError(f"Comet cannot write to {self._store}.")
        Path(path).replace(self._store / f"{self._key}.zip")
        self._remove_rest()

    def close(self) -> None:
        """Close the file of messages."""
        self._handler.close()  # type: ignore[no-untyped-call]

    def _upload(self, content: Path | bytes, kind: str, names: Any, metadata: Any) -> None:
        if isinstance(content, bytes):
            self.send(UploadInMemoryMessage(io.BytesIO(content), kind, names, metadata, len(content)))
        else:
            size = content.stat().st_size
            self.send(UploadFileMessage(str(content), kind, names, metadata, size, clean=False))

    def _write_meta(self, stop: int, error: str | None) -> None:
        write_experiment_meta_file(
            tempdir=str(self._folder),
            experiment_key=self._key,
            workspace=None,  # type: ignore[arg-type]
            project_name=self._project,
            start_time=self._start,
            stop_time=stop,
            tags=[],
            resume_strategy=RESUME_STRATEGY_CREATE,
            customer_error_reported=error is not None,
            customer_error_message=error,
            user_provided_experiment_key=True,
        )

    def _remove_rest(self) -> None:
        """Remove the folder of the run, and an archive that was not written to its end."""
        if self._folder.exists():
            shutil.rmtree(self._folder)
        self._partial.unlink(missing_ok=True)
