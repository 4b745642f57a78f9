"""Reads runs of a logdir back: our own, and those of any other writer of event files."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from taximeter.artifact_files import find_artifact
from taximeter.files import describe_file
from taximeter.record import Artifact, RunRecord
from taximeter.tracker import RunSummary
from taximeter_tensorboard import is_event_file
from taximeter_tensorboard.eventfile import parse, read_events, read_records
from taximeter_tensorboard.exact import read_exact_from
from taximeter_tensorboard.names import text_of
from taximeter_tensorboard.native import NativeRun
from taximeter_tensorboard.store import ARTIFACT_FOLDER, RunFolder, find_run, run_at, run_folders
from taximeter_tensorboard.summaries import STATUS_TAG

_TAGS_OF_STATUS = (b"_hparams_/", STATUS_TAG.encode())


class Logdir:
    """A logdir, or a single event file, that is read.

    Args:
        location: its path.
    """

    def __init__(self, location: Path) -> None:
        self._location = location
        self._root = location.parent if location.is_file() else location
        self._known: dict[str, Path] = {}

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first; of each file only the events about its beginning and end are parsed."""
        runs = [(run, _outline(run)) for run in run_folders(self._location)]
        for run, outline in sorted(runs, key=lambda pair: pair[1].started):
            experiment, name = self._names(run)
            yield RunSummary(run.run_id, run.name, experiment, name, outline.status, outline.started)

    def read_native(self, run_id: str) -> RunRecord:
        """Read what TensorBoard's plugins hold of a run, and the files that lie beside."""
        run = self._find(run_id)
        native = NativeRun(ours=run.mark is not None)
        _read_into(native, run)
        record = native.record(run.run_id, *self._names(run), self._parent(run))
        return msgspec.structs.replace(record, artifacts=record.artifacts | self._beside(run, native))

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record of a run, if one of its files holds it."""
        run = self._find(run_id)
        files = [file for file in run.files() if file in run.marks]
        return read_exact_from(files[-1]) if files else None

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open the file beside the event file, or what the event file itself holds under this path."""
        run = self._find(run_id)
        if file := self._file(run, path):
            return file.open("rb")
        native = NativeRun(ours=run.mark is not None, wanted=path)
        _read_into(native, run)
        if native.found is None:
            raise FileNotFoundError(f"the run {run_id!r} has no artifact {path!r}")
        return io.BytesIO(native.found)

    def _find(self, run_id: str) -> RunFolder:
        """Find a run, first where it was before."""
        known = self._known.get(run_id)
        run = run_at(self._location, known) if known else None
        if run is None or run_id not in {run.run_id, run.name}:
            run = find_run(self._location, run_id)
        if self._location.is_dir():
            self._known[run_id] = run.folder
        return run

    def _file(self, run: RunFolder, path: str) -> Path | None:
        """Return the file of an artifact beside the event file of a run that is ours."""
        if run.mark is None:
            return None
        return find_artifact(run.folder / ARTIFACT_FOLDER, path, self._root, is_taken=is_event_file)

    def _beside(self, run: RunFolder, native: NativeRun) -> dict[str, Artifact]:
        """Return the artifacts that are listed and there, described by their bytes."""
        artifacts = {}
        for listed in native.listed():
            if file := self._file(run, listed.path):
                artifact = describe_file(file, listed.path)
                artifacts[listed.path] = msgspec.structs.replace(artifact, media_type=listed.media_type)
        return artifacts

    def _names(self, run: RunFolder) -> tuple[str, str]:
        """Return experiment and name from the path below the logdir."""
        parts = [] if run.name == "." else run.name.split("/")
        if run.mark and len(parts) > 1:
            return text_of(parts[0]), text_of(parts[-1].rpartition("-")[0])
        folder = run.folder if run.name == "." else self._location
        experiment = parts[0] if len(parts) > 1 else folder.resolve().name
        return experiment, "/".join(parts[1:] or parts) or experiment

    def _parent(self, run: RunFolder) -> str | None:
        """Return the id of the run in whose folder the run's own folder lies."""
        folder = run.folder
        while run.name != "." and folder != self._location:
            folder = folder.parent
            if above := run_at(self._location, folder):
                return above.run_id
        return None


def _read_into(native: NativeRun, run: RunFolder) -> None:
    for file in run.files():
        for event in read_events(file):
            native.add(event)


def _outline(run: RunFolder) -> NativeRun:
    """Return a run's status and times from the first event and the few that tell of its session."""
    outline = NativeRun(ours=run.mark is not None)
    for file in run.files():
        for place, payload in enumerate(read_records(file, verify=False)):
            if (place == 0 or any(tag in payload for tag in _TAGS_OF_STATUS)) and (event := parse(payload)):
                outline.add(event)
    if run.mark:
        outline.started = run.mark.started
    return outline
