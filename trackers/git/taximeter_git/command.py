"""Runs git so that neither the caller's environment nor the user's hooks, filters and network take part."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from taximeter.errors import TrackerError

_KEPT = {
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_NAME",
    "GIT_CEILING_DIRECTORIES",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_SYSTEM",
    "GIT_EXEC_PATH",
}
_OURS = {
    "GIT_ALLOW_PROTOCOL": "none",  # a partial clone must not fetch what it lacks
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


def environment() -> dict[str, str]:
    """Return the environment without what a git hook or alias would hand on to us, such as ``GIT_DIR``."""
    ours = {name: text for name, text in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    return ours | _OURS


def command_line(arguments: Sequence[str], git_dir: Path | None = None) -> list[str]:
    """Return the line that runs one of git's plumbing commands, without hooks and without a guessed identity.

    Args:
        arguments: the command and its arguments.
        git_dir: the repository, unless the command is to find it.
    """
    place = [f"--git-dir={git_dir}"] if git_dir else []
    settings = [f"core.hooksPath={os.devnull}", "user.useConfigOnly=true"]
    return ["git", *place, *(word for setting in settings for word in ("-c", setting)), *arguments]


def run_git(arguments: Sequence[str], git_dir: Path, *, stdin: BinaryIO | None = None) -> bytes:
    """Return what a git command prints.

    Raises:
        TrackerError: git is not there, or says that it failed.
    """
    done = try_git(arguments, git_dir, stdin=stdin)
    if done.returncode:
        raise TrackerError(f"git {arguments[0]} failed: {last_words(done.stderr)}")
    return done.stdout


def try_git(
    arguments: Sequence[str],
    git_dir: Path | None = None,
    *,
    folder: Path | None = None,
    stdin: BinaryIO | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    """Return how a git command ended, and what it printed.

    Raises:
        TrackerError: git is not there.
    """
    with translated():
        return subprocess.run(
            command_line(arguments, git_dir),
            stdin=stdin or subprocess.DEVNULL,
            capture_output=True,
            check=False,
            cwd=folder,
            env=environment(),
        )


@contextmanager
def translated() -> Iterator[None]:
    """Tell that git is not there."""
    try:
        yield
    except FileNotFoundError as error:
        raise TrackerError(f"git could not be started: {error}; is it installed?") from error


def last_words(errors: bytes) -> str:
    """Return what git said when it failed."""
    return errors.decode(errors="backslashreplace").strip()[-2000:] or "it said nothing"
