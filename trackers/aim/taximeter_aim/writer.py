"""Writes one run as Aim's own users see theirs: params, metrics, tags, notes, images, texts and artifacts."""

import logging
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from aim.sdk.objects.artifact import Artifact
from aim.sdk.objects.image import Image
from aim.sdk.objects.text import Text

from taximeter.artifact_files import keep_artifact
from taximeter.events import MetricsLogged, Started
from taximeter.record import Environment, RunRecord, Source
from taximeter.tracker import RECORD_PATH, RunWriter
from taximeter_aim import AimTracker
from taximeter_aim.layout import artifact_folder
from taximeter_aim.names import (
    FAILED,
    KILLED,
    OURS,
    SYSTEM_PARAMS,
    param_key,
    param_value,
    tag_for,
)
from taximeter_aim.points import Points
from taximeter_aim.vendor import (
    begin_run,
    check_room,
    end_run,
    failures_translated,
    open_repository,
    transaction,
)

_TEXT_BYTES = 100_000
_MICROSECONDS = 1_000_000

_logger = logging.getLogger(__name__)


class AimWriter(RunWriter):
    """A run that is being written.

    Every method ends with what it was given in Aim's databases, whose logs survive the death of this process, and
    Aim's UI shows the run as it grows.
    """

    tracker = AimTracker

    def __init__(self, folder: Path, started: Started) -> None:
        self._folder = folder
        with failures_translated(folder):
            repo = open_repository(folder)
            self._run = begin_run(repo, started)
            parent = {} if started.parent_id is None else {"parent": started.parent_id}
            self._run[OURS] = {"run": started.run_id} | parent
            self._points = Points(self._run)
        self._artifacts = artifact_folder(Path(repo.path), self._run.hash)
        self._run.set_artifacts_uri(self._artifacts.parent.as_uri())
        self._tags: dict[str, str] = {}
        self._system: dict[str, Any] = {}
        self._time = started.time

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Set params, each at the top."""
        with self._writing():
            for name, value in params.items():
                self._run[param_key(name)] = param_value(value)

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Append points."""
        with self._writing():
            self._points.log(rows)
        self._time = rows[-1].time

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set Aim's tags, which are bare text: ``name=text``."""
        with self._writing(), transaction(self._run.repo):
            for name, text in tags.items():
                if name in self._tags and self._tags[name] != text:
                    self._run.remove_tag(tag_for(name, self._tags[name]))
                if self._tags.get(name) != text:
                    self._run.add_tag(tag_for(name, text))
                self._tags[name] = text

    def add_note(self, text: str) -> None:
        """Add a note."""
        with self._writing():
            self._run.props.add_note(text)

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - Aim keeps no types
        """Keep a copy in the repository, and note it as `Run.log_artifact` does."""
        with self._writing():
            place = keep_artifact(file, self._artifacts, path)
            name = place.relative_to(self._artifacts).as_posix()
            artifact = Artifact(path, uri=self._run.artifacts_uri, name=name)
            self._run.meta_run_tree.subtree("artifacts")[name] = artifact

    def log_figure(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - Pillow looks for itself
        """Track an image; Aim shows no vector graphics."""
        try:
            image = Image(str(file), caption=path)
        except Exception as error:  # noqa: BLE001 - whatever a decoder raises
            _logger.warning("Aim cannot show %s (%s); it is kept as a file", path, error)
            return
        self._track(image, path, "figure")

    def log_text(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - Aim shows all text alike
        """Track a text, up to the size of a long page."""
        with file.open("rb") as stream:
            text = stream.read(_TEXT_BYTES).decode(errors="replace")
        self._track(Text(text), path, "text")  # type: ignore[no-untyped-call]

    def capture_source(self, source: Source) -> None:
        """Note the arguments and the commit where Aim does; it has no place for a diff."""
        git = {"branch": source.branch, "commit": {"hash": source.commit}}
        self._describe(arguments=list(source.argv), git_info=git if source.commit else {})

    def capture_environment(self, environment: Environment) -> None:
        """Note the distributions where Aim does."""
        self._describe(packages=param_value(dict(environment.distributions)))

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Store the exact record among the artifacts, tell how the run ended, and end it."""
        self.log_artifact(RECORD_PATH, record_file, "")
        with self._writing():
            if record.status in {FAILED, KILLED}:
                self._run.add_tag(record.status)
            else:
                self._run.report_successful_finish()
            end_run(self._run, record.ended)

    def close(self) -> None:
        """End the run as killed."""
        with failures_translated(self._folder):
            try:
                self._run.add_tag(KILLED)
            finally:
                end_run(self._run, time.time_ns() // 1000)

    def _describe(self, **facts: Any) -> None:
        with self._writing():
            self._system |= facts
            self._run[SYSTEM_PARAMS] = self._system

    def _track(self, value: Image | Text, name: str, kind: str) -> None:
        """Track a medium in a context of its own: a metric may have the same name."""
        with self._writing():
            seconds = self._time / _MICROSECONDS
            self._run._tracker._track(value, seconds, name, context={"type": kind})  # noqa: SLF001 - it takes a time

    def _writing(self) -> AbstractContextManager[None]:
        check_room(self._folder)
        return failures_translated(self._folder)
