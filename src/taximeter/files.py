"""Artifact files: what they are called, how they are described, and how they are copied whole."""

import hashlib
import os
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from taximeter.errors import InputError
from taximeter.record import Artifact
from taximeter.values import check_text

_CHUNK = 1 << 20

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


def keep_copy(file: Path, folder: Path, path: str) -> Artifact:
    """Copy `file` into `folder` under the name of its sha256, all of it or nothing.

    The description is that of the copy, so it stays true when the file changes while it is read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    partial = folder / f".partial-{os.getpid()}-{os.urandom(6).hex()}"
    try:
        with file.open("rb") as source, partial.open("xb") as target:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
        partial.replace(folder / digest.hexdigest())
    finally:
        partial.unlink(missing_ok=True)
    return Artifact(size, digest.hexdigest(), media_type(path))


def bytes_below(path: Path) -> int:
    """Return the size of a file, or of all files below a folder; links are not followed."""
    if path.is_dir() and not path.is_symlink():
        return sum(bytes_below(Path(entry)) for entry in os.scandir(path))
    return path.lstat().st_size if path.exists() else 0
