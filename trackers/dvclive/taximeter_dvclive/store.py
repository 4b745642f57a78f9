"""Where the runs of a store lie on disk, and how one is found and begun."""

import os
import re
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from taximeter.artifact_files import file_inside, find_artifact, name_digest
from taximeter.errors import InputError
from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.tracker import RECORD_FOLDER, RECORD_PATH
from taximeter_dvclive.about import take_about
from taximeter_dvclive.names import OURS, artifact_path
from taximeter_dvclive.points import ENDINGS, has_points
from taximeter_dvclive.yamls import read_mapping

_PLOTS = ("metrics", "images", "custom", "sklearn")
_FOLDERS_LOOKED_AT = 1_000
_LEVELS_LOOKED_AT = 3
_NAME_LENGTH = 60


class RunFolder(NamedTuple):
    """A DVCLive folder, and what the run in it is called unless it says so itself."""

    path: Path
    vendor_id: str
    experiment: str
    name: str

    @classmethod
    def at(cls, path: Path, store: Path) -> "RunFolder":
        """Return the folder at `path`, whose id is the way to it from the store."""
        return cls(path, path.relative_to(store).as_posix(), path.parent.name, path.name)

    @property
    def token(self) -> str:
        """The end of its name, which in a run of ours is the id."""
        return self.name.rpartition("-")[2]

    @property
    def is_ours(self) -> bool:
        """Whether we wrote it."""
        return (self.path / RECORD_FOLDER).is_dir()

    @property
    def points(self) -> Path:
        """The folder of the metrics' points."""
        return self.path / "plots" / "metrics"

    @property
    def artifacts(self) -> Path:
        """The folder of the files that were logged."""
        return self.path / "artifacts"

    def read_params(self) -> dict[str, Any]:
        """Return the params, what we keep about the run among them."""
        file = self.path / "params.yaml"
        return read_mapping(file) if self.holds(file) else {}

    def read_record(self) -> RunRecord | None:
        """Return the exact record; None where there is none."""
        try:
            with self._open_record() as stream:
                return RunRecord.from_lines(stream)
        except FileNotFoundError:
            return None

    def read_head(self) -> RunRecord | None:
        """Return the exact record without its points; None where there is none."""
        try:
            with self._open_record() as stream:
                return RunRecord.from_first_line(stream.readline())
        except FileNotFoundError:
            return None

    def _open_record(self) -> BinaryIO:
        file = file_inside(self.path, self.path / RECORD_PATH)
        if file is None:
            raise FileNotFoundError(f"{self.path} has no exact record")
        return file.open("rb")

    def open_artifact(self, path: str) -> BinaryIO:
        """Open an artifact of ours, or any file of a run of DVCLive's own users.

        Raises:
            FileNotFoundError: the run has no such file inside its folder.
        """
        if self.is_ours:
            file = find_artifact(self.artifacts, artifact_path(path), self.path)
        else:
            places = [folder / path for folder in (self.artifacts, self.path) if "\0" not in path]
            file = next(filter(self.holds, places), None)
        if file is None:
            raise FileNotFoundError(f"{self.path} has no artifact {path!r}")
        return file.open("rb")

    def files_in(self, folder: Path) -> Iterator[tuple[str, Path]]:
        """Yield the files below a folder of the run by their paths in it; the runs that lie in it are not its."""
        for root, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if not _is_run(Path(root, name)))
            for file in (Path(root, name) for name in sorted(names)):
                if self.holds(file):
                    yield file.relative_to(folder).as_posix(), file

    def holds(self, file: Path) -> bool:
        """Tell whether this is a file that lies in the run's folder, links followed."""
        return file_inside(self.path, file) is not None


def run_folders(store: Path) -> Iterator[RunFolder]:
    """Yield the store itself (``.``), if it is a DVCLive folder, and those a few levels below, sorted by name."""
    if _is_run(store):
        yield RunFolder.at(store, store)
    for folder in _below(store, _LEVELS_LOOKED_AT):
        yield RunFolder.at(folder, store)


def find_run(store: Path, run_id: str) -> RunFolder | None:
    """Return the run with our id or with this path below the store; None where there is none."""
    token = _token(run_id)
    for folder in _folders(store):
        run = RunFolder.at(folder, store)
        if run.token == token and run.is_ours and _may_be(run, run_id):
            return run
    path = Path(os.path.normpath(store / run_id)) if "\0" not in run_id else store.parent
    is_inside = path.is_relative_to(store) and path.resolve().is_relative_to(store.resolve())
    if is_inside and (_is_run(path) or (path / "params.yaml").is_file()):
        return RunFolder.at(path, store)
    return None


def begin_run(store: Path, started: Started) -> Path:
    """Return the new folder of a run, with its name and id; what an earlier attempt left in it is removed.

    Raises:
        InputError: somebody else's folder is in its place.
    """
    name = re.sub(r"[^A-Za-z0-9]+", "-", started.name)[:_NAME_LENGTH].strip("-").lower()
    folder = store / "-".join(filter(None, [name, _token(started.run_id)]))
    if folder.exists() and not RunFolder.at(folder, store).is_ours and any(folder.iterdir()):
        raise InputError(f"{folder} is no run of ours, and in the way of one; move it.")
    if folder.exists():
        aside = folder.with_name(f".{folder.name}-{os.urandom(4).hex()}")
        folder.rename(aside)  # at once: what is left of half a run would look like somebody else's
        shutil.rmtree(aside, ignore_errors=True)
    (folder / RECORD_FOLDER).mkdir(parents=True)
    return folder


def looks_like_store(path: Path) -> bool:
    """Tell whether `path` is certainly a DVCLive folder, or has one directly below."""
    if not path.is_dir():
        return False
    return any(map(_is_certain, [path, *islice(_folders(path), _FOLDERS_LOOKED_AT)]))


def _is_certain(folder: Path) -> bool:
    if (folder / RECORD_FOLDER).is_dir() and (folder / "dvc.yaml").is_file():
        return OURS in read_mapping(folder / "params.yaml")
    files = (file for ending in ENDINGS for file in (folder / "plots" / "metrics").rglob(f"*{ending}"))
    return any(file.is_file() and has_points(file) for file in islice(files, 1))


def _is_run(folder: Path) -> bool:
    if (folder / "metrics.json").is_file() or (folder / RECORD_FOLDER).is_dir():
        return True
    return any((folder / "plots" / plots).is_dir() for plots in _PLOTS)


def _below(folder: Path, levels: int) -> Iterator[Path]:
    """Yield the runs below a folder; none is looked for in a run's own folders."""
    for inner in _folders(folder):
        if _is_run(inner):
            yield inner
        elif levels > 1 and not (inner.name == "plots" and _is_run(folder)):
            yield from _below(inner, levels - 1)


def _folders(folder: Path) -> Iterator[Path]:
    """Yield the folders in a folder, sorted; hidden ones and links are passed over."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
            )
    except OSError:  # it is gone, or not ours to look into
        return
    yield from (folder / name for name in names)


def _may_be(run: RunFolder, run_id: str) -> bool:
    """Tell whether a run that we wrote is this one; what its params say counts, if they are whole."""
    about = take_about(run.read_params())
    return about is None or about.run == run_id


def _token(run_id: str) -> str:
    """Return the end of the name of a run's folder: its id, or a digest of an id that is no plain name."""
    return run_id if re.fullmatch(r"[A-Za-z0-9]{1,64}", run_id) else name_digest(run_id)
