"""Where the runs of a W&B store lie on disk, and which copy of a run counts."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from taximeter.artifact_files import file_inside
from taximeter.errors import InputError
from taximeter.record_log import HEADER_BYTES
from taximeter.tracker import RECORD_PATH
from taximeter_wandb.log import WandbLog
from taximeter_wandb.native import run_id_for

_STORE_FOLDERS = ("wandb", ".wandb")
_RUN_FOLDERS = ("offline-run-", "run-")
_ARTIFACTS = "artifacts"


class RunFolder(NamedTuple):
    """A run's folder: its log, its id as W&B knows it, and its files."""

    folder: Path
    log: Path
    vendor_id: str

    @property
    def has_begun(self) -> bool:
        """Whether the log holds anything yet: W&B writes what it has once in a while."""
        try:
            return self.log.stat().st_size > HEADER_BYTES
        except FileNotFoundError:  # a torn copy, which was written anew
            return False

    @property
    def files(self) -> Path:
        """The run's files, W&B's own among them."""
        return self.folder / "files"

    @property
    def artifacts(self) -> Path:
        """The artifacts of a run that we wrote, apart from the files that W&B keeps beside them."""
        return self.files / _ARTIFACTS

    @property
    def exact_record(self) -> Path:
        """The exact record; only a run that was written to its end has one."""
        return self.files / RECORD_PATH

    def file_inside(self, path: Path) -> Path:
        """Return `path` if it is a file inside this run's folder, links followed.

        Raises:
            FileNotFoundError: there is no such file, or it lies elsewhere.
        """
        file = file_inside(self.folder, path)
        if file is None:
            raise FileNotFoundError(f"{path} is no file of the run {self.vendor_id}")
        return file


def store_folders(location: str) -> Iterator[Path]:
    """Yield the folders below `location` in which W&B keeps runs."""
    yield from (folder for name in _STORE_FOLDERS if (folder := Path(location, name)).is_dir())


def run_folders(location: str, vendor_id: str = "") -> Iterator[RunFolder]:
    """Yield every run folder at `location`, every copy of a run among them.

    Args:
        location: the folder that holds ``wandb/``, that folder itself, a run's folder, or its log.
        vendor_id: if given, W&B's id of the run that is wanted.
    """
    found = _all_run_folders(location, vendor_id)
    return (run for run in found if vendor_id in {"", run.vendor_id})


def _all_run_folders(location: str, part: str) -> Iterator[RunFolder]:
    """Yield the run folders at `location`; those in a common folder only if their name has `part` in it."""
    path = Path(location)
    if path.is_file():
        yield from _run_in(path.parent)
    elif path.is_dir():
        yield from _run_in(path)
        for folder in (path, *store_folders(location)):
            for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
                named = entry.name.startswith(_RUN_FOLDERS) and part in entry.name
                if named and entry.is_dir(follow_symlinks=False):
                    yield from _run_in(folder / entry.name)


def chosen_folders(location: str, vendor_id: str = "") -> dict[str, RunFolder]:
    """Return the copy of each run that counts, by W&B's id: one that is whole, else the latest."""
    chosen: dict[str, RunFolder] = {}
    for run in run_folders(location, vendor_id):
        rival = chosen.get(run.vendor_id)
        if rival is None or run.exact_record.is_file() or not rival.exact_record.is_file():
            chosen[run.vendor_id] = run
    return chosen


def find_run(location: str, run_id: str) -> RunFolder:
    """Return the copy that counts of the run with our id or W&B's.

    Raises:
        InputError: there is none.
    """
    for vendor_id in (run_id, run_id_for(run_id)):
        if vendor_id and (run := chosen_folders(location, vendor_id).get(vendor_id)):
            return run
    raise InputError(f"{location} has no W&B run {run_id!r}.")


def attempts(location: str, vendor_id: str) -> Iterator[Path]:
    """Yield every folder that an offline run with this id was begun in, even if nothing came of it."""
    name = re.compile(rf"offline-run-\d+_\d+-{re.escape(vendor_id)}(-\d+)?")
    for folder in store_folders(location):
        for entry in os.scandir(folder):
            if name.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                yield folder / entry.name


def looks_like_store(path: Path) -> bool:
    """Tell whether there is a W&B run at `path`."""
    return next(run_folders(str(path)), None) is not None


def _run_in(folder: Path) -> Iterator[RunFolder]:
    """Yield the run whose folder this is, if it is one."""
    for log in folder.glob("run-*.wandb"):
        if log.is_file() and _is_log(log):
            yield RunFolder(folder, log, log.name.removeprefix("run-").removesuffix(".wandb"))
            return


def _is_log(file: Path) -> bool:
    """Tell whether this is a log; the log of a run that began just now is empty."""
    with file.open("rb") as stream:
        return stream.read(HEADER_BYTES) in {*WandbLog.headers, b""}
