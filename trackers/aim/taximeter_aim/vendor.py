"""Repositories and runs by Aim's own means, where its documented calls are not enough."""

import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aim.sdk.index_manager import RepoIndexManager
from aim.sdk.repo import Repo, RepoStatus
from aim.sdk.run import Run
from aimrocks import errors  # type: ignore[import-untyped]
from filelock import FileLock
from filelock import Timeout as LockTimeout
from sqlalchemy.exc import SQLAlchemyError

from taximeter.errors import TrackerError
from taximeter.events import Started
from taximeter_aim.layout import REPOSITORY, artifact_folder, meta_folder
from taximeter_aim.names import hash_for

_LOCK = "taximeter.lock"
_LOCK_SECONDS = 60.0
_ATTEMPTS = 20
_PAUSE_SECONDS = 0.1
_SPARE_BYTES = 16 << 20
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - Aim keeps times in UTC without saying so
_MICROSECOND = timedelta(microseconds=1)
_FIRST, _LAST = (datetime.min - _EPOCH) // _MICROSECOND, (datetime.max - _EPOCH) // _MICROSECOND  # noqa: DTZ901
_FAILURES = (
    SQLAlchemyError,
    OSError,
    RuntimeError,
    LockTimeout,
    errors.Corruption,
    errors.InvalidArgument,
    errors.NotFound,
    errors.NotSupported,
    errors.RocksIOError,
)

_logger = logging.getLogger(__name__)


@contextmanager
def failures_translated(folder: Path) -> Iterator[None]:
    """Turn what Aim raises into a `TrackerError`."""
    try:
        yield
    except _FAILURES as error:
        raise TrackerError(f"Aim could not write to {folder}: {error!r}") from error


def check_room(folder: Path) -> None:
    """See to it that there is room for what Aim writes next: where there is none, its calls never return.

    Raises:
        TrackerError: the disk is nearly full.
    """
    free = shutil.disk_usage(folder).free
    if free < _SPARE_BYTES:
        raise TrackerError(f"only {free} bytes are left for {folder}; Aim would wait for ever. Make room first.")


def open_repository(folder: Path) -> Any:
    """Return the repository in a folder, which is made where it does not exist.

    Processes that make one at once break it, so it is made elsewhere and moved into its place whole.

    Raises:
        TrackerError: it is not of the format of this release of Aim.
    """
    folder.mkdir(parents=True, exist_ok=True)
    check_room(folder)
    if not (folder / REPOSITORY / "VERSION").exists():
        _make_repository(folder)
    if Repo.check_repo_status(str(folder)) == RepoStatus.UPDATE_REQUIRED:
        raise TrackerError(
            f"the repository in {folder} is of an older release, or was never finished: "
            "`aim storage upgrade` brings it up to date, or else remove it."
        )
    return Repo.from_path(str(folder))


def begin_run(repo: Any, started: Started) -> Any:
    """Begin a run with an id and a start of our own; what an earlier attempt left of it is deleted first."""
    aim, run_hash = Path(repo.path), hash_for(started.run_id)
    with _locked(repo):
        if meta_folder(aim, run_hash).exists() or repo.structured_db.find_run(run_hash):
            _delete_run(repo, run_hash)
        meta_folder(aim, run_hash).mkdir(parents=True)  # Aim opens only runs that it knows
        artifact_folder(aim, run_hash).mkdir(parents=True, exist_ok=True)
        repo._all_run_hashes.cache_clear()  # noqa: SLF001 - it remembers for half a second which it knows
        with transaction(repo):
            began = _EPOCH + min(max(started.time, _FIRST), _LAST) * _MICROSECOND
            props = repo.structured_db.create_run(run_hash, began)
            props.name, props.experiment = started.name, started.experiment
            props.description = started.hypothesis
    return Run(run_hash, repo=repo, system_tracking_interval=None, capture_terminal_logs=False)


def end_run(run: Any, ended: int | None) -> None:
    """End a run at a time in microseconds, let go of its databases, and show it to Aim's own readers."""
    repo, run_hash = run.repo, run.hash
    containers = [repo.request_container(name, run_hash, read_only=False) for name in ("meta", "seqs")]
    run._resources.set_run_end_time = lambda: None  # noqa: SLF001 - it would be now
    try:
        run.meta_run_tree["end_time"] = None if ended is None else ended / 1_000_000
    finally:
        run.close()
        for container in containers:
            container.close()
    _index(repo, run_hash)


@contextmanager
def transaction(repo: Any) -> Iterator[None]:
    """Change names, tags and notes at once; Aim's own transaction leaves the next change without one."""
    try:
        with repo.structured_db:
            yield
    finally:
        repo.structured_db.get_session()


def _make_repository(folder: Path) -> None:
    with tempfile.TemporaryDirectory(prefix=".taximeter-", dir=folder) as scratch:
        Repo(scratch, init=True)
        with suppress(OSError):  # another process was first
            Path(scratch, REPOSITORY).rename(folder / REPOSITORY)


def _delete_run(repo: Any, run_hash: str) -> None:
    """Delete a run, its artifacts first: with them goes the exact record.

    Aim leaves tags and notes behind, and gives them to the next run that gets the number of this one.
    """
    aim = Path(repo.path)
    shutil.rmtree(artifact_folder(aim, run_hash), ignore_errors=True)
    props = repo.structured_db.find_run(run_hash)
    if props:
        with transaction(repo):
            for tag in list(props.tags):
                props.remove_tag(tag)
            for note in props.notes:
                props.remove_note(note["id"])
    if not _succeeds(lambda: repo.delete_run(run_hash)):
        raise TrackerError(
            f"Aim could not delete the torn run {run_hash} of {repo.root_path}; is another process at it?"
        )
    for left in (aim / "check_ins").glob(f"{run_hash}-*"):
        left.unlink(missing_ok=True)


def _index(repo: Any, run_hash: str) -> None:
    """Copy what Aim knows of the run to the index that its readers use; its UI may be at it too."""
    manager = RepoIndexManager.get_index_manager(repo)

    def is_indexed() -> bool:
        manager._corrupted_runs.discard(run_hash)  # noqa: SLF001 - how it says that the index was taken
        manager.index(run_hash)
        return run_hash not in manager._corrupted_runs  # noqa: SLF001 - as above

    with _locked(repo):
        if not _succeeds(is_indexed):
            _logger.warning(
                "the run %s is not indexed; `aim storage --repo %s reindex` does it", run_hash, repo.root_path
            )


def _succeeds(attempt: Callable[[], bool]) -> bool:
    """Tell whether an attempt succeeded, one of several: Aim's UI opens the index for moments."""
    for _ in range(_ATTEMPTS):
        if attempt():
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


@contextmanager
def _locked(repo: Any) -> Iterator[None]:
    """Wait for other processes of ours; the lock goes with the process that holds it."""
    with FileLock(Path(repo.path, "locks", _LOCK), timeout=_LOCK_SECONDS):
        yield
