"""Where things lie in an Aim repository."""

import os
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = ".aim"
DATABASE = "run_metadata.sqlite"


def aim_folder(path: Path) -> Path | None:
    """Return the repository that `path` holds or is; None where there is none."""
    places = (path / REPOSITORY, path)
    return next((place for place in places if (place / DATABASE).is_file() and (place / "meta").is_dir()), None)


def meta_folder(aim: Path, run_hash: str) -> Path:
    """Return the folder of the database with what Aim knows of a run, but for its sequences."""
    return aim / "meta" / "chunks" / run_hash


def run_folders(aim: Path) -> Iterator[Path]:
    """Yield the folder of every run, by its name; there are none before the first run."""
    chunks = aim / "meta" / "chunks"
    yield from (Path(entry) for entry in (os.scandir(chunks) if chunks.is_dir() else ()) if entry.is_dir())


def sequence_folder(aim: Path, run_hash: str) -> Path:
    """Return the folder of the database with a run's points and media."""
    return aim / "seqs" / "chunks" / run_hash


def progress_file(aim: Path, run_hash: str) -> Path:
    """Return the file that is there for as long as a run is open for writing, and after its writer was killed."""
    return aim / "meta" / "progress" / run_hash


def artifact_folder(aim: Path, run_hash: str) -> Path:
    """Return the folder of the artifacts of a run that we wrote."""
    return aim / "artifacts" / run_hash
