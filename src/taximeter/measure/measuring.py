"""Takes every sample of a measurement, in turns, and writes the results."""

import shlex
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from taximeter.archive import save
from taximeter.capture import environment_of, taximeter_commit
from taximeter.environments import python_for, version_in_use
from taximeter.errors import InputError, TaximeterError
from taximeter.measure.kind import Depth, Kind, Measurement, Row
from taximeter.measure.ledger import Entry, Ledger
from taximeter.plugins import load
from taximeter.record import Environment
from taximeter.redact import redact, redact_arguments

LEDGER = ".measuring.jsonl"
_HERE = "…"


class Versions(NamedTuple):
    """Of taximeter, of its code, and of the tracker's vendor."""

    taximeter: str
    commit: str | None
    vendor: str | None

    @property
    def is_changed(self) -> bool:
        """Whether the code is of no commit, so that nobody knows which it is."""
        return (self.commit or "").endswith("+")

    def check(self) -> None:
        """Raise `InputError` where the code is another one by now."""
        if taximeter_commit() != self.commit:
            raise InputError(
                "taximeter's own code was changed while it measured: start again, with what it is now."
            )


class Step(NamedTuple):
    """One sample that is to be taken."""

    kind: Kind[Any, Any]
    settings: Any
    repetition: int
    depth: Depth
    versions: Versions

    def __str__(self) -> str:
        return f"{self.kind.name} {' '.join(map(str, msgspec.structs.astuple(self.settings)))}"

    @property
    def key(self) -> str:
        """What a ledger finds it by: nothing else can stand in its place."""
        found = (self.kind.name, self.depth, *self.versions, self.settings, self.repetition)
        return msgspec.json.encode(found, order="deterministic").decode()

    @property
    def seconds(self) -> float:
        """About how long it takes."""
        return self.kind.seconds(self.settings)

    def jobs(self, most: int) -> int:
        """Return how many such samples may be taken at once, of so many at most."""
        return self.kind.jobs(self.depth, most)


def plan(kinds: Iterable[Kind[Any, Any]], trackers: Sequence[str], depth: Depth) -> list[Step]:
    """Return every sample in turns: each repetition goes through all rows, so that all see the same weather."""
    ours = version("taximeter"), taximeter_commit()
    versions = {tracker: Versions(*ours, version_in_use(tracker)) for tracker in trackers}
    return [
        Step(kind, settings, repetition, depth, versions[settings.tracker])
        for kind, rows in [(kind, kind.plan(trackers, depth)) for kind in kinds]
        for repetition in range(kind.repetitions.at(depth))
        for settings in rows
    ]


def measure(
    steps: Sequence[Step], folder: Path, *, jobs: int = 1, on_step: Callable[[Step], None] = lambda _: None
) -> list[Path]:
    """Take samples, and write the results of each kind and tracker.

    What was taken before a measurement was stopped is not taken again, unless by changed code of no commit.

    Args:
        steps: as `plan` returns them.
        folder: of the results.
        jobs: how many samples are taken at once, of kinds that allow it.
        on_step: called as each sample begins, perhaps from several threads.

    Returns:
        The files that were written.

    Raises:
        InputError: taximeter's own code was changed meanwhile; what was taken before is kept.
        TrackerError: an environment of its own is broken.
    """
    ledger, turn = Ledger(folder / LEDGER), Lock()
    ledger.remove({step.key for step in steps if step.versions.is_changed})
    environments = {step.settings.tracker: environment_of(python_for(step.settings.tracker)) for step in steps}

    def take(step: Step) -> None:
        step.versions.check()
        on_step(step)
        taken = _now()
        came_of_it = _take(step)
        with turn:
            ledger.add(step.key, taken, *came_of_it)

    missing = [step for step in steps if ledger.find(step.key) is None]
    for at_once, together in groupby(missing, key=lambda step: step.jobs(jobs)):
        _take_each(take, [*together], at_once)
    taken = [(step, entry) for step in steps if (entry := ledger.find(step.key))]
    written = [save(measurement, folder, name) for name, measurement in _results(taken, environments)]
    ledger.remove({step.key for step in steps})
    return written


def _take_each(take: Callable[[Step], None], steps: Sequence[Step], jobs: int) -> None:
    """Take samples, so many at once; when it is stopped, those under way are still taken."""
    if jobs == 1:
        for step in steps:
            take(step)
        return
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for done in as_completed([pool.submit(take, step) for step in steps]):
                done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _take(step: Step) -> tuple[Any, str]:
    """Return a sample and no problem, or no sample and the problem; neither names the folder of this sample."""
    with _scratch() as folder:
        try:
            sample = msgspec.json.encode(step.kind.measure(step.settings, folder))
        except TaximeterError as error:
            problem = str(error) or type(error).__name__
        except Exception as error:  # noqa: BLE001 - hours of samples do not end with one of them
            problem = f"{type(error).__name__}: {error}"
        else:
            return msgspec.Raw(sample.replace(str(folder).encode(), _HERE.encode())), ""
        return None, redact(problem.replace(str(folder), _HERE))


@contextmanager
def _scratch() -> Iterator[Path]:
    """Make an empty folder; what a vendor still writes there while it is removed does not matter."""
    folder = Path(tempfile.mkdtemp(prefix="taximeter-measure-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _results(
    taken: Sequence[tuple[Step, Entry]], environments: dict[str, Environment]
) -> Iterator[tuple[str, Measurement[Any, Any]]]:
    """Yield the results of each kind and tracker, with the name of their file."""
    made = _now()
    groups: dict[tuple[str, str], list[tuple[Step, Entry]]] = {}
    for step, entry in taken:
        groups.setdefault((step.kind.name, step.settings.tracker), []).append((step, entry))
    for (kind, tracker), group in groups.items():
        yield (
            f"{kind}-{tracker}",
            Measurement(
                kind=kind,
                tracker=tracker,
                vendor=load(tracker).vendor,
                version=group[0][0].versions.vendor,
                taximeter=group[0][0].versions.taximeter,
                commit=group[0][0].versions.commit,
                made=made,
                command=shlex.join(["taximeter", *redact_arguments(sys.argv[1:])]),
                depth=group[0][0].depth,
                environment=environments[tracker],
                rows=_rows(group),
            ),
        )


def _now() -> int:
    return time.time_ns() // 1000


def _rows(taken: Sequence[tuple[Step, Entry]]) -> list[Row[Any, Any]]:
    rows: dict[Any, list[tuple[Step, Entry]]] = {}
    for step, entry in taken:
        rows.setdefault(step.settings, []).append((step, entry))
    return [_row(settings, entries) for settings, entries in rows.items()]


def _row(settings: Any, taken: Sequence[tuple[Step, Entry]]) -> Row[Any, Any]:
    good = [(step, entry) for step, entry in taken if entry.has_sample]
    return Row(
        settings=settings,
        samples=[msgspec.json.decode(entry.sample, type=step.kind.sample) for step, entry in good],
        repetitions=[step.repetition for step, _ in good],
        taken=[entry.taken for _, entry in good],
        problems=[entry.problem for _, entry in taken if not entry.has_sample],
    )
