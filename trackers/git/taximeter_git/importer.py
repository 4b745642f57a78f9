"""Writes commits with ``git fast-import``: objects, trees and the ref in one process, and no work tree."""

import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import msgspec

from taximeter.errors import TrackerError
from taximeter_git.command import command_line, environment, last_words, translated
from taximeter_git.content import Chunks, Content, Stored
from taximeter_git.names import quoted
from taximeter_git.repository import Repository

_FILE = "100644"
_MICROSECONDS = 1_000_000
_LATEST = 1 << 53


class Commit(msgspec.Struct, frozen=True):
    """A commit to come.

    Args:
        message: as it is.
        authored: microseconds since 1970.
        committed: likewise.
        files: those that change, by path.
    """

    message: str
    authored: int
    committed: int
    files: Mapping[str, Content] = {}


def import_commits(
    repository: Repository, ref: str, commits: Iterable[Commit], *, parent: str | None, begin: bool
) -> str:
    """Write commits, each on top of the one before, and set `ref` to the last.

    Args:
        repository: where to.
        ref: its full name.
        commits: at least one.
        parent: the commit below the first, if there is one.
        begin: the first has only its own files and replaces whatever `ref` named; else it has all files of its
            parent too, and `ref` must not name anything newer.

    Returns:
        The name of the last commit.

    Raises:
        TrackerError: git did not do it.
    """
    # --done: a stream that was cut off, because we were killed, changes nothing
    command = ["fast-import", "--quiet", "--done", "--date-format=raw", *(["--force"] if begin else [])]
    with repository.writing, translated(), _started(command, repository.git_dir) as process:
        stream = cast("IO[bytes]", process.stdin)
        with suppress(BrokenPipeError):  # git then says why
            for number, commit in enumerate(commits):
                _write_commit(stream, ref, commit, repository.identity)
                if number == 0:
                    _write_beginning(stream, parent, clear=begin)
                _write_files(stream, commit.files)
            stream.write(b"get-mark :1\ndone\n")
        printed, errors = process.communicate()
    if process.returncode:
        (repository.git_dir / f"fast_import_crash_{process.pid}").unlink(missing_ok=True)
        raise TrackerError(f"git did not take the commit for {ref}: {last_words(errors)}")
    return printed.decode().strip()


def _started(command: list[str], git_dir: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command_line(command, git_dir),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )


def _write_commit(stream: IO[bytes], ref: str, commit: Commit, identity: str) -> None:
    authored, committed = map(_seconds, (commit.authored, commit.committed))
    lines = (
        f"commit {ref}",
        "mark :1",
        f"author {identity} {authored} +0000",
        f"committer {identity} {committed} +0000",
    )
    stream.write("\n".join(lines).encode() + b"\n")
    _write_data(stream, commit.message.encode())


def _write_beginning(stream: IO[bytes], parent: str | None, *, clear: bool) -> None:
    if parent:
        stream.write(f"from {parent}\n".encode())
    if clear:
        stream.write(b"deleteall\n")


def _write_files(stream: IO[bytes], files: Mapping[str, Content]) -> None:
    for path, content in files.items():
        if content is None:
            stream.write(f"D {quoted(path)}\n".encode())
        elif isinstance(content, Stored):
            stream.write(f"M {_FILE} {content.oid} {quoted(path)}\n".encode())
        else:
            stream.write(f"M {_FILE} inline {quoted(path)}\n".encode())
            _write_data(stream, content)
    stream.write(b"\n")


def _write_data(stream: IO[bytes], content: bytes | Chunks) -> None:
    if isinstance(content, bytes):
        stream.write(b"data %d\n%b\n" % (len(content), content))
        return
    stream.write(b"data %d\n" % content.size)
    stream.writelines(content)
    stream.write(b"\n")


def _seconds(time: int) -> int:
    """Return a time as git keeps it: not before 1970."""
    return min(max(time // _MICROSECONDS, 0), _LATEST)
