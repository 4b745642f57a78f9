"""Where the runs of a SwanLab store lie on disk."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from taximeter.artifact_files import file_inside
from taximeter.tracker import RECORD_PATH
from taximeter_swanlab.log import SwanLabLog
from taximeter_swanlab.names import ARTIFACTS

_SUFFIX = ".swanlab"
_OLD_LOG = f"backup{_SUFFIX}"


class RunFolder(NamedTuple):
    """A run's folder and its log."""

    folder: Path
    log: Path

    @property
    def name(self) -> str:
        """The run's id as the log or its folder is named after it; SwanLab changes some of its characters."""
        if self.log.name == _OLD_LOG:
            return self.folder.name.rpartition("-")[2]
        return self.log.name.removeprefix("run-").removesuffix(_SUFFIX)

    @property
    def files(self) -> Path:
        """The run's files, SwanLab's own among them."""
        return self.folder / "files"

    @property
    def artifacts(self) -> Path:
        """The artifacts of a run that we wrote, apart from the files that SwanLab keeps beside them."""
        return self.files / ARTIFACTS

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
            raise FileNotFoundError(f"{path} is no file of the run {self.name}")
        return file


def run_folders(location: str, part: str = "") -> Iterator[RunFolder]:
    """Yield the runs at `location`, by the names of their folders.

    Args:
        location: the folder that holds runs, a run's folder, or its log.
        part: only folders with this in their name, where `location` holds more than one.
    """
    path = Path(location)
    if path.is_file():
        yield from _run_in(path.parent)
    elif path.is_dir():
        yield from _run_in(path)
        for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
            if part in entry.name and entry.is_dir(follow_symlinks=False):
                yield from _run_in(path / entry.name)


def holds_run(path: Path) -> bool:
    """Tell whether there is a SwanLab run at `path`."""
    return any(SwanLabLog.is_log(run.log) for run in run_folders(str(path)))


def _run_in(folder: Path) -> Iterator[RunFolder]:
    """Yield the run whose folder this is, if it is one."""
    logs = (*sorted(folder.glob(f"run-*{_SUFFIX}")), folder / _OLD_LOG)
    sound = (log for log in logs if log.is_file() and not log.is_symlink())
    yield from (RunFolder(folder, log) for log in islice(sound, 1))
