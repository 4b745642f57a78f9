"""Runs uv, which makes environments."""

import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Sequence

from taximeter.errors import InputError, TrackerError

_LAST_LINES = 15


def run_uv(arguments: Sequence[str], on_line: Callable[[str], None]) -> None:
    """Run uv and wait for its end.

    Args:
        arguments: its own.
        on_line: called with each line that it prints.

    Raises:
        InputError: it is not installed.
        TrackerError: it failed; the message ends with what it printed last.
    """
    lines: list[str] = []
    command = [_uv(), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            on_line(lines[-1])
    if process.returncode:
        said = "\n".join(lines[-_LAST_LINES:])
        raise TrackerError(f"uv could not make the environment:\n{said}")


def _uv() -> str:
    """Return uv's program: beside our interpreter, or on the PATH."""
    found = shutil.which("uv", path=sysconfig.get_path("scripts")) or shutil.which("uv")
    if found is None:
        raise InputError("environments are made with uv, which is not installed; `pip install uv` adds it.")
    return found
