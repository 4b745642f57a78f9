"""Processes of a vendor's UI: started apart from the user's settings, and ended with all that they started."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx
import psutil

from taximeter.errors import TrackerError
from taximeter.redact import redact

PATIENCE = 180.0
"""Seconds that a UI may take to start, and again to show the run; machines are busy."""

_NOWHERE = "http://127.0.0.1:9"
_GRACE = 10.0
_POLL = 0.2
_LAST_WORDS = 500


def environment_for(python: str, home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a UI's processes: none of the user's but the way to programs.

    Args:
        python: the interpreter beside which the vendor's programs lie.
        home: a folder that stands in for the user's.
        extra: the tracker's own variables.
    """
    return {
        "PATH": f"{Path(python).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "BROWSER": "true",
        "HTTP_PROXY": _NOWHERE,
        "HTTPS_PROXY": _NOWHERE,
        "NO_PROXY": "127.0.0.1,localhost",
        "DO_NOT_TRACK": "1",
        **extra,
    }


@contextmanager
def started(
    command: str, folder: Path, environment: Mapping[str, str], **streams: Any
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a line of shell until the block ends; then end it and every process that it started."""
    shell = ["/bin/sh", "-c", command]
    process = subprocess.Popen(shell, cwd=folder, env=environment, start_new_session=True, **streams)
    try:
        yield process
    finally:
        _end(process)


@contextmanager
def serving(command: str, port: int, folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Run a UI's server until the block ends.

    Raises:
        TrackerError: it ends by itself, or does not answer.
    """
    with (
        tempfile.TemporaryFile() as log,
        started(
            command, folder, environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        ) as process,
    ):
        _wait_for(process, port, log)
        yield


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _wait_for(process: subprocess.Popen[bytes], port: int, log: IO[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise TrackerError(f"its UI ended by itself, with code {process.returncode}: {_last_words(log)}")
        with contextlib.suppress(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=_GRACE)
            return
        time.sleep(_POLL)
    raise TrackerError(f"its UI did not answer within {PATIENCE:.0f} seconds: {_last_words(log)}")


def _last_words(log: IO[bytes]) -> str:
    log.seek(0)
    said = redact(log.read().decode(errors="backslashreplace")).strip()
    return said[-_LAST_WORDS:] or "it said nothing"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, its children and whatever else is in its session's group."""
    with contextlib.suppress(psutil.NoSuchProcess):
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.terminate()
        for each in psutil.wait_procs(family, timeout=_GRACE)[1]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
