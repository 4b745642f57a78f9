"""What tests of several trackers share: small runs, the state of a folder, and programs of their own."""

import json
import math
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from taximeter.courier.dispatch import Dispatcher
from taximeter.diff import diff
from taximeter.events import (
    DatasetLogged,
    EnvironmentCaptured,
    Event,
    Finished,
    MetricsLogged,
    ModelLogged,
    NoteAdded,
    SourceCaptured,
    Started,
    TagsSet,
)
from taximeter.record import Dataset, Environment, LockFile, Model, RunRecord, Source
from taximeter.testing import StagedRun
from taximeter.testing.recording import stage
from taximeter.tracker import Tracker

START = 1_700_000_000_123_456
BEGAN = 1_760_000_000_123_456
RUN = "0123456789abcdef0123456789abcdef"
DATASET = Dataset(
    "trips/2026", "train", "file:///trips.parquet", "ab" * 32, 3, {"x": "double"}, {"mean": math.nan}
)
SOURCE = Source("train.py", ("--x", "1"), "c0ffee", "main", "--- a\r\n+++ b\n")
ENVIRONMENT = Environment(
    "3.11", "Linux", "cpu", 2, 2**40, ("gpu",), {"numpy": "2.4"}, LockFile("lock", "cd" * 32)
)
FACTS: tuple[Event, ...] = (
    TagsSet({"a": "1", "b=": "2"}),
    TagsSet({"a": "3"}),
    NoteAdded("one"),
    NoteAdded("two"),
    DatasetLogged(DATASET),
    ModelLogged("model", Model("sklearn", {"inputs": ["distance"]}, "model/example.json")),
    SourceCaptured(SOURCE),
    EnvironmentCaptured(ENVIRONMENT),
)
Recorder = Callable[[StagedRun], RunRecord]


# Runs


def staged(
    *events: Event, run_id: str = RUN, status: Any = "finished", contents: Sequence[bytes] = (), **started: Any
) -> StagedRun:
    """Return a run made of `events` in between; `started` are fields that are not to have their usual values."""
    fields: dict[str, Any] = {"experiment": "taxi", "name": "first", "time": START} | started
    return StagedRun((Started(run_id, **fields), *events, Finished(status, START + 5_000_000)), tuple(contents))


def rows(*steps: int, key: str = "loss", apart: int = 1_000_000) -> list[Event]:
    """Return one call for each step, the value half of its place, so many microseconds apart."""
    return [MetricsLogged({key: place / 2}, step, START + place * apart) for place, step in enumerate(steps)]


def series(*values: float, key: str = "loss") -> list[Event]:
    """Return a point for each value, at steps from 0, a microsecond apart."""
    return [MetricsLogged({key: value}, step, START + step) for step, value in enumerate(values)]


def begin(run_id: str | None = None, name: str = "lasso", parent: str | None = None) -> Started:
    """Return the first event of a run."""
    return Started(run_id or uuid4().hex, "taxi", name, BEGAN, parent, "it learns")


def finished(*events: Event, contents: Sequence[bytes] = ()) -> StagedRun:
    """Return a run of `events`, the first of which begins it, that finishes."""
    return StagedRun((*events, Finished("finished", BEGAN + 1)), tuple(contents))


def dispatched(tracker: Tracker, run: StagedRun, blobs: Path, count: int) -> Dispatcher:
    """Write the first `count` events of a run, and return what would write the others."""
    stage(run.contents, blobs)
    started = run.events[0]
    assert isinstance(started, Started)
    dispatcher = Dispatcher(tracker, started, blobs)
    dispatcher.write(run.events[:count])
    return dispatcher


def write_in_turns(stores: Sequence[Tracker], runs: Sequence[StagedRun], blobs: Path) -> None:
    """Write a run to each store, an event of each in turn, and check that each reads back exactly."""
    dispatchers = [dispatched(store, run, blobs, 1) for store, run in zip(stores, runs, strict=True)]
    for place in range(1, max(len(run.events) for run in runs)):
        for dispatcher, run in zip(dispatchers, runs, strict=True):
            dispatcher.write(run.events[place : place + 1])
    for dispatcher, store, run in zip(dispatchers, stores, runs, strict=True):
        dispatcher.finish(run.record)
        assert diff(store.read(run.record.run_id), run.record) == []


def read_while_writing(tracker: Tracker, count: int, blobs: Path) -> None:
    """Write `count` points, and check that readers see a beginning of them, later more, and in the end all."""
    dispatcher = dispatched(tracker, staged(), blobs, 0)

    half, seen_half = threading.Event(), threading.Event()

    def write() -> None:
        for step in range(count):
            if step == count // 2:
                half.set()
                seen_half.wait(60)
            dispatcher.write([MetricsLogged({"loss": 1.0}, step, START)])

    writer = threading.Thread(target=write)
    writer.start()
    seen = [0]
    half.wait(60)
    try:
        while writer.is_alive():
            seen.append(len(type(tracker)(tracker.location).read_native(RUN).metrics.get("loss", ())))
            seen_half.set()
    finally:
        seen_half.set()
        writer.join()
        dispatcher.close()
    assert len(seen) > 1
    assert seen == sorted(seen)
    assert len(tracker.read_native(RUN).metrics["loss"]) == count


# Folders


def digests(folder: Path) -> dict[str, tuple[str, int]]:
    """Return the sha256 and the time of change of every file below a folder."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {str(file): (sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns) for file in files}


# Programs


def run_python(code: str, *arguments: str, status: int = 0, **options: Any) -> str:
    """Run code in a process of its own, which must end with `status`, and return what it printed."""
    command = [sys.executable, "-W", "ignore", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)
    assert done.returncode == status, done.stderr
    return str(done.stdout)


def environment_without(prefix: str, **variables: str) -> dict[str, str]:
    """Return the environment with `variables`, and no others whose names begin with `prefix`."""
    return {name: value for name, value in os.environ.items() if not name.startswith(prefix)} | variables


def write_at_once(tracker: Tracker, processes: int, runs: int) -> None:
    """Record `runs` runs in each of some processes that begin together; ``1-2`` is the third of the second."""
    command = [sys.executable, "-c", _AT_ONCE, tracker.name, tracker.location, str(runs)]
    writers = [subprocess.Popen([*command, str(number)], stdin=subprocess.PIPE) for number in range(processes)]
    for writer in writers:
        assert writer.stdin
        writer.stdin.close()
    assert [writer.wait() for writer in writers] == [0] * processes


def record_watched(tracker: Tracker, *events: str, **options: Any) -> str:
    """Record a run in a process of its own; return every address that it looked for, and the run's status.

    Args:
        tracker: the store.
        events: what else is told, by the names of Python's audit events.
        options: the process's environment or folder.
    """
    return run_python(_WATCHED, tracker.name, tracker.location, RUN, *events, **options)


def read_watched(tracker: Tracker, *modules: str, **options: Any) -> tuple[int, list[str]]:
    """Read the run in a process of its own; return its number of points, and which of `modules` that imported."""
    count, imported = json.loads(run_python(_READ, tracker.name, tracker.location, RUN, *modules, **options))
    return count, imported


def fill_disk(tracker: Tracker, room: int = 300_000, *, then: str = "", **options: Any) -> str:
    """Write points in a process whose files have only `room` bytes each; return the error's type and message.

    Args:
        tracker: the store.
        room: how large a file may become.
        then: code that ends the process, where the vendor's threads would not let it.
        options: the process's environment or folder.
    """
    return run_python(_FULL + then, tracker.name, tracker.location, str(room), **options)


_AT_ONCE = """
import sys
from pathlib import Path
from taximeter.events import Finished, MetricsLogged, ParamsLogged, Started
from taximeter.plugins import load
from taximeter.testing import StagedRun, record_run
name, location, runs, number = sys.argv[1:]
tracker = load(name)(location)
sys.stdin.read()
for place in range(int(runs)):
    begun = Started(f"{number}-{place}", "taxi", "run", 0)
    events = (ParamsLogged({f"of {number}": place}), MetricsLogged({"loss": place / 3}, 0, 0))
    record_run(tracker, StagedRun((begun, *events, Finished("finished", 1))), Path(location, "blobs"))
"""

_WATCHED = """
import sys
from pathlib import Path
from taximeter.events import Finished, MetricsLogged, ParamsLogged, Started
from taximeter.plugins import load
from taximeter.testing import StagedRun, record_run
name, location, run_id, *others = sys.argv[1:]
tracker = load(name)(location)

def tell(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", *others}:
        print(event, arguments)

sys.addaudithook(tell)
events = (Started(run_id, "taxi", "first", 0), ParamsLogged({"a": 1}), MetricsLogged({"loss": 0.5}, 0, 0))
print(record_run(tracker, StagedRun((*events, Finished("finished", 1))), Path("blobs")).status)
"""

_READ = """
import json, sys
from taximeter.plugins import load
name, location, run_id, *modules = sys.argv[1:]
tracker = load(name)(location)
list(tracker.list_runs())
count = len(tracker.read_native(run_id).metrics["loss"])
print(json.dumps([count, [module for module in modules if module in sys.modules]]))
"""

_FULL = """
import os, resource, signal, sys
from pathlib import Path
from taximeter.courier.dispatch import Dispatcher
from taximeter.events import MetricsLogged, Started
from taximeter.plugins import load
name, location, room = sys.argv[1:]
run = Dispatcher(load(name)(location), Started("a", "taxi", "first", 0), Path("."))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
try:
    run.write([MetricsLogged({"loss": 0.5}, step, 0) for step in range(9000)])
except Exception as error:
    print(type(error).__name__, error, flush=True)
"""
