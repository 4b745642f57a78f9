"""A repository: which runs it holds, and where their files lie."""

import io
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote, urlparse

import msgspec

from taximeter.artifact_files import find_artifact
from taximeter.errors import InputError
from taximeter.files import describe_file, describe_stream
from taximeter.record import Artifact, RunRecord, Status
from taximeter.tracker import RECORD_FOLDER, RECORD_PATH, RunSummary
from taximeter_aim.database import StoredRun, run_in, runs_in
from taximeter_aim.layout import (
    DATABASE,
    REPOSITORY,
    aim_folder,
    artifact_folder,
    meta_folder,
    progress_file,
    run_folders,
    sequence_folder,
)
from taximeter_aim.media import media_of, read_medium
from taximeter_aim.names import hash_for
from taximeter_aim.native import Facts, facts_of, id_of, last_of, record_of, series_of, status_in
from taximeter_aim.rocks import Database
from taximeter_aim.tree import Node

_NAMED_BY_DIGEST = "run-"
_Files = dict[str, Path | Callable[[], bytes]]


class Store:
    """The repository in a folder.

    Args:
        place: the folder that holds ``.aim``, or that folder itself; absolute.
    """

    def __init__(self, place: Path) -> None:
        self._place = place

    def summaries(self) -> Iterator[RunSummary]:
        """Yield every run, oldest first; only the one database of names and times is opened for it."""
        known = {run.vendor_id: run for run in runs_in(self._aim / DATABASE)}
        present = (entry.name for entry in run_folders(self._aim))
        runs = [known.get(name, StoredRun(name)) for name in present]
        yield from map(self._summary, sorted(runs, key=lambda run: (run.started, run.vendor_id)))

    def native(self, run_id: str) -> RunRecord:
        """Return what Aim's databases say of a run."""
        run_hash = self._find(run_id)
        facts, sequences = self._facts(run_hash), self._sequences(run_hash)
        run, series = run_in(self._aim / DATABASE, run_hash), series_of(sequences, facts)
        record = record_of(run, facts, series, is_whole=self._is_whole(run_hash))
        files = self._files_of(run_hash, facts, sequences)
        return msgspec.structs.replace(
            record, artifacts={path: _describe(file, path) for path, file in files.items()}
        )

    def last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Return the value and step of a metric's last point, as Aim keeps them.

        Raises:
            InputError: the run has no such metric.
        """
        run_hash = self._find(run_id)
        found = last_of(self._sequences(run_hash), self._facts(run_hash), key)
        if found is None:
            raise InputError(f"the Aim run {run_id!r} has no metric {key!r}.")
        return found

    def exact(self, run_id: str) -> RunRecord | None:
        """Return the exact record, if the run has one."""
        file = find_artifact(artifact_folder(self._aim, self._find(run_id)), RECORD_PATH, self._aim)
        if file is None:
            return None
        with file.open("rb") as lines:
            return RunRecord.from_lines(lines)

    def open_file(self, run_id: str, path: str) -> BinaryIO:
        """Open an artifact or a medium.

        Raises:
            FileNotFoundError: there is none, or it lies outside the store.
        """
        run_hash = self._find(run_id)
        if kept := find_artifact(artifact_folder(self._aim, run_hash), path, self._aim):
            return kept.open("rb")
        file = self._files_of(run_hash, self._facts(run_hash), self._sequences(run_hash)).get(path)
        if file is None:
            raise FileNotFoundError(f"{self._aim} has no artifact {path!r} of the run {run_id!r}")
        return file.open("rb") if isinstance(file, Path) else io.BytesIO(file())

    def files(self) -> Iterator[Path]:
        """Yield the repository's folder."""
        yield aim_folder(self._place) or self._place / REPOSITORY

    @property
    def _aim(self) -> Path:
        found = aim_folder(self._place)
        if found is None:
            raise InputError(f"{self._place} holds no Aim repository.")
        return found

    def _find(self, run_id: str) -> str:
        """Return Aim's id of the run with our id or Aim's."""
        for name in (hash_for(run_id), run_id):
            if re.fullmatch(r"[\w-]+", name) and meta_folder(self._aim, name).is_dir():
                return name
        raise InputError(f"{self._place} has no Aim run {run_id!r}.")

    def _summary(self, run: StoredRun) -> RunSummary:
        name = run.vendor_id
        facts = self._sound_facts(name) if name.startswith(_NAMED_BY_DIGEST) else None
        run_id = id_of(name, facts) if facts else name
        return RunSummary(run_id, name, run.experiment, run.name, self._status(run), run.started)

    def _status(self, run: StoredRun) -> Status:
        """Return the status; the run's own database is opened only where it may be running."""
        has_ended = run.ended is not None or not progress_file(self._aim, run.vendor_id).exists()
        if not has_ended:  # or its writer has not removed the file yet
            facts = self._sound_facts(run.vendor_id)
            has_ended = facts is not None and facts.ended is not None
        if not has_ended:
            return "running"
        if not artifact_folder(self._aim, run.vendor_id).is_dir():
            return "finished"  # it is not ours
        return status_in(run.tags, is_whole=self._is_whole(run.vendor_id))

    def _is_whole(self, run_hash: str) -> bool:
        """Tell whether a run that we wrote was written to its end."""
        return (artifact_folder(self._aim, run_hash) / RECORD_PATH).is_file()

    def _facts(self, run_hash: str) -> Facts:
        return facts_of(Database(meta_folder(self._aim, run_hash)), run_hash)

    def _sound_facts(self, run_hash: str) -> Facts | None:
        """Return what Aim knows of a run, or None where that is damaged: other runs are listed all the same."""
        try:
            return self._facts(run_hash)
        except InputError:
            return None

    def _sequences(self, run_hash: str) -> Database:
        return Database(sequence_folder(self._aim, run_hash))

    def _files_of(self, run_hash: str, facts: Facts, sequences: Database) -> _Files:
        """Return where each artifact lies; of a run that we wrote, media are artifacts already."""
        if facts.ours:
            names = [str(entry.get("path")) for entry in facts.artifacts.values() if isinstance(entry, Node)]
            folder = artifact_folder(self._aim, run_hash)
            kept = ((name, find_artifact(folder, name, self._aim)) for name in names)
            return {name: file for name, file in kept if file and not name.startswith(f"{RECORD_FOLDER}/")}
        files: _Files = {
            medium.path: partial(read_medium, sequences, medium) for medium in media_of(sequences, facts)
        }
        for name, entry in facts.artifacts.items():
            file = self._local(entry)
            if file:
                files[str(name)] = file
        return files

    def _local(self, entry: Any) -> Path | None:
        """Return the file of an artifact that somebody else logged, if it lies in the folder of the repository."""
        address = urlparse(str(entry.get("uri"))) if isinstance(entry, Node) else None
        if address is None or address.scheme != "file" or "\0" in address.path:
            return None
        places = (Path(address.path), Path(unquote(address.path)))
        root = self._aim.parent.resolve()
        return next((place for place in places if place.is_file() and place.resolve().is_relative_to(root)), None)


def _describe(file: Path | Callable[[], bytes], path: str) -> Artifact:
    return describe_file(file, path) if isinstance(file, Path) else describe_stream(io.BytesIO(file()), path)
