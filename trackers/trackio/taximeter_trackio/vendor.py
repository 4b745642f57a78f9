"""One run of one project, written with Trackio's own storage.

`trackio.log` takes neither a time nor more than one run at once, and only warns where it cannot write; the storage
below it, which Trackio's own importers use, takes both and raises.
"""

import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trackio import cas, sqlite_storage, utils
from trackio.media import get_project_media_path
from trackio.sqlite_storage import SQLiteStorage

from taximeter.errors import TrackerError
from taximeter_trackio.names import final_alias, folder_for


class VendorRun:
    """A run in Trackio's terms.

    Args:
        folder: what ``TRACKIO_DIR`` names, absolute.
        project: a name that Trackio takes as it is.
        run_id: Trackio's id, which is ours.
        name: need not be unique.
    """

    def __init__(self, folder: Path, project: str, run_id: str, name: str) -> None:
        self._folder = folder
        self._project = project
        self._run_id = run_id
        self._name = name
        self._rows = 0
        self._versions: dict[str, int] = {}

    def delete(self) -> None:
        """Delete what the store holds of the run, and its media, which Trackio itself would leave."""
        with self._storage() as storage:
            storage.init_db(self._project)  # an older project's runs have names only, and by these they would go
            if self._exists(storage) and not storage.delete_run(self._project, self._name, self._run_id):
                raise TrackerError(f"Trackio could not delete the run {self._run_id} of {self._project}.")
            media = utils.project_media_dir(self._project) / folder_for(self._run_id)
            shutil.rmtree(media, ignore_errors=True)

    def set_config(self, config: dict[str, Any], time: str) -> None:
        """Replace the config; Trackio takes one with rows only, so an empty row, always the same, goes with it."""
        self._log([{}], [0], [time], [f"{self._run_id}:0"], config)

    def log(self, rows: Sequence[Mapping[str, Any]], steps: Sequence[int], times: Sequence[str]) -> None:
        """Add rows of points or media, in one transaction."""
        ids = [f"{self._run_id}:{self._rows + number}" for number in range(1, len(rows) + 1)]
        self._rows += len(rows)
        self._log(rows, steps, times, ids, None)

    def alert(self, title: str, step: int, time: str) -> None:
        """Raise an alert of the highest level."""
        with self._storage() as storage:
            storage.bulk_alert(
                self._project, self._name, [title], [None], ["error"], [step], [time], None, self._run_id
            )

    def add_artifact(self, name: str, kind: str, files: Mapping[str, Path], metadata: Mapping[str, Any]) -> None:
        """Log an artifact as an output of the run: a new version, unless there is one with the same files.

        Args:
            name: as `artifact_name_for` gives it.
            kind: the artifact's type.
            files: the files by their paths in the artifact.
            metadata: what JSON keeps.
        """
        with self._storage() as storage:
            manifest = self._stage(files)
            held = storage.commit_artifact_version(
                self._project,
                self._free_name(storage, name, kind),
                kind,
                None,
                manifest,
                dict(metadata),
                None,
                self._name,
                self._run_id,
            )
            before, self._versions[name] = self._versions.get(name), held["version_id"]
            if before not in {None, held["version_id"]}:
                alias = final_alias(self._run_id)
                storage.reassign_alias(self._project, held["artifact_id"], alias, held["version_id"])

    def use_artifact(self, name: str, kind: str, files: Mapping[str, Path], metadata: Mapping[str, Any]) -> None:
        """Log an artifact as an input of the run; see `add_artifact`."""
        with self._storage() as storage:
            manifest = self._stage(files)
            free = self._free_name(storage, name, kind)
            artifact = storage.create_or_get_artifact(self._project, free, kind, None)
            version, _, created = storage.insert_artifact_version(
                self._project, artifact, manifest, dict(metadata), None, None
            )
            if created:
                storage.reassign_alias(self._project, artifact, "latest", version)
            storage.insert_run_artifact_link(self._project, self._name, self._run_id, version, "input")

    def media_file(self, name: str, step: int) -> tuple[Path, str]:
        """Return where a file of the run's media lies, and how a row refers to it."""
        with self._storage():
            folder = get_project_media_path(self._project, folder_for(self._run_id), step)
            return folder / name, str((folder / name).relative_to(utils.MEDIA_DIR))

    def _log(
        self,
        rows: Sequence[Mapping[str, Any]],
        steps: Sequence[int],
        times: Sequence[str],
        ids: Sequence[str],
        config: dict[str, Any] | None,
    ) -> None:
        with self._storage() as storage:
            storage.bulk_log(
                self._project,
                self._name,
                [dict(row) for row in rows],
                list(steps),
                list(times),
                config,
                list(ids),
                run_id=self._run_id,
            )

    def _stage(self, files: Mapping[str, Path]) -> list[Any]:
        """Copy files to where Trackio keeps them by their content."""
        staged = ((path, cas.stage_blob_into_project(file, self._project)) for path, file in files.items())
        return [{"path": path, "digest": digest, "size": size} for path, (digest, size) in staged]

    def _free_name(self, storage: type[SQLiteStorage], name: str, kind: str) -> str:
        """Return another name where the user has an artifact of another type under this one."""
        query = f"SELECT type FROM artifacts WHERE name = '{name}'"  # noqa: S608 - letters, digits and . _ - only
        held = storage.query_project(self._project, query)["rows"]
        return f"{name}-{kind}" if held and held[0]["type"] != kind else name

    def _exists(self, storage: type[SQLiteStorage]) -> bool:
        return storage.get_max_step_for_run(self._project, self._name, self._run_id) is not None

    @contextmanager
    def _storage(self) -> Iterator[type[SQLiteStorage]]:
        """Yield the vendor's storage, at this folder; it holds its folder in constants, set when it is imported.

        Raises:
            TrackerError: the vendor failed.
        """
        sqlite_storage.TRACKIO_DIR = utils.TRACKIO_DIR = self._folder  # type: ignore[attr-defined]
        utils.MEDIA_DIR = self._folder / "media"
        utils.ARTIFACTS_DIR = self._folder / "artifacts"
        try:
            yield SQLiteStorage
        except (sqlite3.Error, OSError, TypeError, ValueError) as error:
            raise TrackerError(f"Trackio could not write to {self._folder}: {error}") from error
