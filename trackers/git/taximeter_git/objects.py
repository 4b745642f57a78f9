"""Reads objects with one ``git cat-file --batch`` process."""

import hashlib
import os
import subprocess
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import IO, BinaryIO, NamedTuple, cast

from taximeter.errors import TrackerError
from taximeter_git.command import command_line, environment, translated

_CHUNK = 1 << 20
_FOLDER = b"40000"
_SUBMODULE = b"160000"
_DIGESTS = {40: "sha1", 64: "sha256"}


class Found(NamedTuple):
    """An object: its name, its type, and a copy of its content."""

    oid: str
    kind: str
    stream: BinaryIO


class Objects:
    """The objects of a repository, by their names; the process starts with the first and ends with this."""

    def __init__(self, git_dir: Path) -> None:
        self._git_dir = git_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def read(self, name: str) -> bytes | None:
        """Return the content of an object, or None where there is no such thing."""
        found = self.open(name)
        if found is None:
            return None
        with found.stream as stream:
            return stream.read()

    def need(self, name: str) -> Found:
        """Return an object that is to be there.

        Raises:
            TrackerError: it is missing or damaged, or git failed.
        """
        found = self.open(name)
        if found is None:
            raise TrackerError(f"the object {name} is missing in {self._git_dir}; `git fsck` tells more.")
        return found

    def open(self, name: str) -> Found | None:
        """Return an object, or None where there is no such thing.

        Args:
            name: as git understands it, in one line without blanks.

        Raises:
            TrackerError: it is damaged, or git failed.
        """
        with self._lock:
            process = self._process = self._process or self._started()
            try:
                return _ask(process, name)
            except (OSError, ValueError) as error:
                process.kill()  # what it still has to say answers nobody
                self._process = None
                raise TrackerError(f"git could not read {name} in {self._git_dir}: {error}") from error

    def tree(self, oid: str) -> tuple[dict[str, str], list[str]]:
        """Return the names of the blobs in a tree, by their paths, and what is wrong with folders of it.

        Raises:
            TrackerError: as in `need`.
        """
        problems: list[str] = []
        return dict(self._walk(oid, "", problems)), problems

    def _walk(self, oid: str, prefix: str, problems: list[str]) -> Iterator[tuple[str, str]]:
        found = self.need(oid)
        with found.stream as stream:
            content = stream.read()
        for mode, entry, named in _entries(content, len(found.oid) // 2):
            path = f"{prefix}{entry}"
            if mode == _FOLDER:
                try:
                    yield from self._walk(named, f"{path}/", problems)
                except TrackerError as error:
                    problems.append(f"{path} is left out: {error}")
            elif mode != _SUBMODULE:
                yield path, named

    def _started(self) -> "subprocess.Popen[bytes]":
        with translated():
            process = subprocess.Popen(
                command_line(["cat-file", "--batch"], self._git_dir),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environment(),
            )
        weakref.finalize(self, _end, process)
        return process


def _ask(process: "subprocess.Popen[bytes]", name: str) -> Found | None:
    requests, answers = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    requests.write(os.fsencode(name) + b"\n")
    requests.flush()
    header = answers.readline()
    if not header:
        raise OSError("it is damaged")
    if header.endswith((b" missing\n", b" ambiguous\n")):
        return None
    oid, kind, size = header.decode().split()
    digest = hashlib.new(_DIGESTS[len(oid)], f"{kind} {size}\0".encode(), usedforsecurity=False)
    stream = _copied(answers, int(size), digest)
    answers.readline()
    if digest.hexdigest() != oid:  # which git does not look at
        stream.close()
        raise ValueError("its content is another one's")
    return Found(oid, kind, stream)


def _copied(source: IO[bytes], size: int, digest: "hashlib._Hash") -> BinaryIO:
    """Return a copy of the next bytes, in memory unless they are many, and add them to a digest."""
    stream = tempfile.SpooledTemporaryFile(_CHUNK, prefix="taximeter-")  # noqa: SIM115 - the caller closes it
    while size:
        chunk = source.read(min(size, _CHUNK))
        if not chunk:
            raise OSError("it ended too early")
        stream.write(chunk)
        digest.update(chunk)
        size -= len(chunk)
    stream.seek(0)
    return cast("BinaryIO", stream)


def _entries(tree: bytes, oid_size: int) -> Iterator[tuple[bytes, str, str]]:
    """Yield the mode, the name and the object of each entry of a tree."""
    start = 0
    while start < len(tree):
        end = tree.index(b"\0", start)
        mode, _, name = tree[start:end].partition(b" ")
        start = end + 1 + oid_size
        yield mode, name.decode(errors="backslashreplace"), tree[end + 1 : start].hex()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.communicate()
