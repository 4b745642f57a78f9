"""Artifact files: what they are called, how they are described, and how they are copied whole."""

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from taximeter.errors import InputError
from taximeter.record import Artifact
from taximeter.values import check_text

_CHUNK = 1 << 20
_LINES = 1 << 16
_COPIES = 5
_FRESH_SECONDS = 2.0
_ENDLESS = 1 << 62

_MEDIA_TYPES = {
    ".csv": "text/csv",
    ".gif": "image/gif",
    ".html": "text/html",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}


def media_type(path: str) -> str:
    """Return the media type of a file by its name, the same on every machine."""
    return _MEDIA_TYPES.get(PurePosixPath(path).suffix.lower(), "application/octet-stream")


def check_artifact_path(path: str, reserved: str) -> str:
    """Return `path` if it names a file inside a run's artifacts.

    Args:
        path: relative, with forward slashes.
        reserved: a first folder that is not the user's.

    Raises:
        InputError: it is empty, absolute, leaves its folder, or lies in the reserved one.
    """
    text = check_text(path, "an artifact's name")
    parts = text.split("/")
    if any(part in {"", ".", ".."} for part in parts) or "\\" in text or "\0" in text:
        raise InputError(f"{path!r} is no name for an artifact; give a relative path like plots/residuals.png.")
    if parts[0] == reserved:
        raise InputError(f"{path!r}: the artifact folder {reserved}/ is kept for the run's record; take another.")
    return text


def describe_stream(stream: BinaryIO, path: str) -> Artifact:
    """Return the size, sha256 and media type of an open file called `path`."""
    digest, size = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return Artifact(size, digest.hexdigest(), media_type(path))


def describe_file(file: Path, path: str) -> Artifact:
    """Return the size, sha256 and media type of `file`, called `path`."""
    with file.open("rb") as stream:
        return describe_stream(stream, path)


def whole_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file that somebody may be writing to; what follows the last line's end comes last.

    Iterating over the file itself may yield a line that is not there whole yet, and then its rest as another.
    """
    rest = b""
    while chunk := stream.read(_LINES):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def keep_copy(file: Path, folder: Path, path: str) -> Artifact:
    """Copy `file` into `folder` under the name of its sha256, all of it or nothing.

    The description is that of the copy. What is appended to the file meanwhile is left out.

    Raises:
        InputError: the file cannot be read, or is written to so often that no copy is of one moment.
        OSError: the copy cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".partial-{os.getpid()}-{os.urandom(6).hex()}"
    try:
        with _open(file) as source:
            for _ in range(_COPIES):
                with partial.open("wb") as target:
                    artifact = _copy_once(source, target, path)
                if artifact:
                    partial.replace(folder / artifact.sha256)
                    return artifact
    finally:
        partial.unlink(missing_ok=True)
    raise InputError(f"{str(file)!r} changed each time it was read; log it when nothing writes to it any more.")


def _open(file: Path) -> BinaryIO:
    try:
        return file.open("rb", buffering=0)  # what is read again must come from the file
    except OSError as error:
        raise InputError(f"{str(file)!r} cannot be read: {error.strerror}; log a file that is there.") from error


def _copy_once(source: BinaryIO, target: BinaryIO, path: str) -> Artifact | None:
    """Copy a file as long as it is now, and describe the copy; None where it was changed meanwhile."""
    before = os.fstat(source.fileno())
    digest, size = hashlib.sha256(), 0
    for chunk in _chunks(source, before.st_size or _ENDLESS):  # some files of the system do not tell their size
        digest.update(chunk)
        target.write(chunk)
        size += len(chunk)
    is_fresh = time.time() - before.st_mtime < _FRESH_SECONDS  # a long write bears the time of its beginning
    is_touched = is_fresh or os.fstat(source.fileno()).st_mtime_ns != before.st_mtime_ns
    if size < before.st_size or (is_touched and _digest(source, size) != digest.digest()):
        return None
    return Artifact(size, digest.hexdigest(), media_type(path))


def _digest(source: BinaryIO, size: int) -> bytes:
    digest = hashlib.sha256()
    for chunk in _chunks(source, size):
        digest.update(chunk)
    return digest.digest()


def _chunks(source: BinaryIO, size: int) -> Iterator[bytes]:
    """Yield the first bytes of a file, `size` of them if there are so many."""
    source.seek(0)
    while size and (chunk := source.read(min(size, _CHUNK))):
        yield chunk
        size -= len(chunk)


def bytes_below(path: Path) -> int:
    """Return the size of a file, or of all files below a folder; links are not followed.

    What is removed meanwhile has none.
    """
    with suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            with os.scandir(path) as entries:
                return sum(bytes_below(Path(entry)) for entry in entries)
        return path.lstat().st_size
    return 0
