"""Starts a tracking server of MLflow's own on this machine."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from taximeter.errors import TrackerError
from taximeter_mlflow.quiet import quieten

_START_SECONDS = 90.0
_LOOK_SECONDS = 0.1
_ANSWER_SECONDS = 5.0


@contextmanager
def serving(database: str, folder: Path, python: str) -> Iterator[str]:
    """Serve a database for as long as the context lasts, and yield the server's address.

    Args:
        database: its tracking URI.
        folder: for the server's log and the artifacts that it keeps.
        python: the interpreter that has MLflow.

    Raises:
        TrackerError: the server does not start.
    """
    quieten()
    port = _free_port()
    command = [
        python,
        "-m",
        "mlflow",
        "server",
        "--workers",
        "1",
        "--port",
        str(port),
        "--backend-store-uri",
        database,
    ]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            env=os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _await_answer(process, address, folder / "server.log")
        yield address
    finally:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _await_answer(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > deadline:
            raise TrackerError(f"MLflow's server did not start; see {log}.")
        time.sleep(_LOOK_SECONDS)
    if process.poll() is not None:  # somebody else took the port, and answers
        raise TrackerError(f"MLflow's server did not start; see {log}.")


def _answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/health", timeout=_ANSWER_SECONDS) as answer:  # noqa: S310 - an address of our own
            return bool(answer.status == 200)  # noqa: PLR2004 - as HTTP says that all is well
    except (URLError, OSError):
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
