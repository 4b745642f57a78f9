"""Reads a store for another process: ``python -m taximeter.store.server``.

Standard input has the `Destination` as a line of JSON (its location may hold a password, which no list of
processes should show), and then requests, a line each; an answer is a line of JSON, `Answer`, and then its body.
What a vendor prints goes to standard error.
"""

import logging
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from taximeter.errors import InputError, TaximeterError, Unsupported
from taximeter.files import bytes_below
from taximeter.journal.home import Destination
from taximeter.plugins import load
from taximeter.tracker import Tracker
from taximeter.values import pack


class Request(msgspec.Struct, frozen=True):
    """What is to be read.

    The runs, one run, the last point of a metric, one artifact (copied to the path `target`), or the store's size.
    """

    what: Literal["runs", "run", "last", "artifact", "size"]
    run_id: str = ""
    native: bool = False
    key: str = ""
    path: str = ""
    target: str = ""


class Answer(msgspec.Struct, frozen=True):
    """How many bytes of body follow, or which error was raised; and what a reader warned of."""

    size: int = 0
    error: str = ""
    message: str = ""
    warnings: list[str] = []


class _Warnings(logging.Handler):
    """Keeps what our readers warn of, such as damage that they read around, for the next answer."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a message; what a vendor logs is none of ours."""
        if record.name.startswith("taximeter"):
            self._messages.append(record.getMessage())

    def take(self) -> list[str]:
        """Return the messages since the last time, each once."""
        taken, self._messages = self._messages, []
        return list(dict.fromkeys(taken))


def main() -> None:
    """Answer requests until there are no more."""
    destination = msgspec.json.decode(sys.stdin.buffer.readline(), type=Destination)
    warnings = _Warnings()
    logging.basicConfig(handlers=[logging.StreamHandler(), warnings])
    tracker = load(destination.tracker)(destination.location)
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        for line in sys.stdin.buffer:
            answer, body = _answer(tracker, msgspec.json.decode(line, type=Request))
            answer = msgspec.structs.replace(answer, warnings=warnings.take())
            out.write(msgspec.json.encode(answer) + b"\n" + body)
            out.flush()


def _answer(tracker: Tracker, request: Request) -> tuple[Answer, bytes]:
    try:
        body = _READERS[request.what](tracker, request)
    except (TaximeterError, FileNotFoundError) as error:
        kind = next((known.__name__ for known in (InputError, Unsupported) if isinstance(error, known)), "")
        return Answer(error=kind or "TrackerError", message=str(error)), b""
    except Exception as error:  # noqa: BLE001 - a vendor may raise anything; the asking process is told
        return Answer(error="TrackerError", message=f"{type(error).__name__}: {error}"), b""
    return Answer(len(body)), body


def _read_runs(tracker: Tracker, _: Request) -> bytes:
    return msgspec.json.encode(list(tracker.list_runs()))


def _read_run(tracker: Tracker, request: Request) -> bytes:
    return tracker.read(request.run_id, native=request.native).to_bytes()


def _read_last(tracker: Tracker, request: Request) -> bytes:
    return msgspec.json.encode(pack(list(tracker.read_last(request.run_id, request.key))))


def _copy_artifact(tracker: Tracker, request: Request) -> bytes:
    with tracker.open_artifact(request.run_id, request.path) as source, Path(request.target).open("wb") as target:
        shutil.copyfileobj(source, target)
    return b""


def _measure(tracker: Tracker, _: Request) -> bytes:
    return msgspec.json.encode(sum(map(bytes_below, tracker.files())))


_READERS: dict[str, Callable[[Tracker, Request], bytes]] = {
    "runs": _read_runs,
    "run": _read_run,
    "last": _read_last,
    "artifact": _copy_artifact,
    "size": _measure,
}

if __name__ == "__main__":
    main()
