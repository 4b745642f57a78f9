"""Artifacts as files below a folder, for trackers whose stores are folders.

An artifact lies under its own name where the file system can hold it, else under a digest of it.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from os import urandom
from pathlib import Path, PurePosixPath
from typing import BinaryIO

_PART_BYTES = 200
_PATH_BYTES = 1_000


def name_digest(text: str) -> str:
    """Return 32 hex digits that stand for a name."""
    return sha256(text.encode()).hexdigest()[:32]


def keep_artifact(
    file: Path, folder: Path, path: str, *, is_taken: Callable[[str], bool] = lambda _: False
) -> Path:
    """Copy `file` into `folder` as the artifact `path`, all of it or nothing, and return where it lies.

    Args:
        file: the bytes.
        folder: made where it does not exist.
        path: the artifact's name.
        is_taken: tells which names of files mean something else to the vendor.
    """
    partial = folder / f".partial-{urandom(8).hex()}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(file, partial)
        return next(place for place in _places(folder, path, is_taken) if _moved(partial, place))
    finally:
        partial.unlink(missing_ok=True)


def find_artifact(
    folder: Path, path: str, root: Path, *, is_taken: Callable[[str], bool] = lambda _: False
) -> Path | None:
    """Return the file of the artifact `path` in `folder`, or None; no link leads outside `root`."""
    for place in reversed(list(_places(folder, path, is_taken))):
        if file_inside(root, place):
            return place
    return None


def file_inside(folder: Path, file: Path) -> Path | None:
    """Return the file that `file` is once links are followed; None where there is none or it leaves `folder`."""
    try:
        real = file.resolve()
        return real if real.is_relative_to(folder.resolve()) and real.is_file() else None
    except (OSError, ValueError):  # no file can have such a name
        return None


def open_artifact(folder: Path, path: str) -> BinaryIO:
    """Open the artifact `path` in `folder`, which no link may lead out of.

    Raises:
        FileNotFoundError: there is no such artifact.
    """
    file = find_artifact(folder, path, folder)
    if file is None:
        raise FileNotFoundError(f"there is no artifact {path!r}")
    return file.open("rb")


def _places(folder: Path, path: str, is_taken: Callable[[str], bool]) -> Iterator[Path]:
    """Yield where an artifact may lie: under its own name if that is a plain one, else under a digest."""
    parts = path.split("/")
    if len(path.encode()) <= _PATH_BYTES and all(map(_is_plain, parts)) and not is_taken(parts[-1]):
        yield folder.joinpath(*parts)
    suffix = PurePosixPath(path).suffix
    yield folder / f"%{name_digest(path)}{suffix if re.fullmatch(r'[.][a-z0-9]{1,8}', suffix) else ''}"


def _is_plain(part: str) -> bool:
    odd = part in {"", ".", ".."} or part[0] == "%" or "\0" in part or "\\" in part
    return not odd and len(part.encode()) <= _PART_BYTES


def _moved(file: Path, place: Path) -> bool:
    """Move `file` to `place` unless a folder is there, or a file where a folder must be."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        file.replace(place)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        return False
    return True
