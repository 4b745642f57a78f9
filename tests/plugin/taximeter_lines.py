"""A tracker for the tests of couriers and of the suite: a folder of text files, with a switch that makes it fail.

A file `fail` in its folder holds how often the next writes are to fail; `hang` makes them wait; `stuck` lets it
hold on to a run that is to be let go, and to a process that ends. A file `needs` names a module that it imports.
Where there is `stubborn`, a plain run lets its process ignore SIGTERM; `deadly` holds the step at which it dies.
A store with `unreadable` shows no run, and one with `unlistable` no list of them.
"""

import atexit
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, cast
from uuid import uuid4

from taximeter.artifact_files import name_digest
from taximeter.errors import InputError
from taximeter.events import (
    ArtifactLogged,
    DatasetLogged,
    EnvironmentCaptured,
    Event,
    Finished,
    MetricsLogged,
    ModelLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    Started,
    TagsSet,
    decode,
    encode,
    fold,
)
from taximeter.files import keep_copy
from taximeter.plain import PlainRun
from taximeter.record import Dataset, Environment, Model, RunRecord, Source, Status
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Tracker


class LinesTracker(Tracker):
    """A folder for each run: `log` (the process, then an event a line), `record` and `artifacts`."""

    name = "lines"
    features = frozenset(Feature) - {Feature.FIGURES, Feature.TABLES}
    gaps: ClassVar = dict.fromkeys(
        (Feature.FIGURES, Feature.TABLES), Gap("not theirs", "a line of text shows neither")
    )
    spared_imports = ("colorsys",)

    writer: "ClassVar[type[LinesWriter]]"

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return its folder."""
        return str(folder / cls.name)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether there is the log of a run."""
        return path.name == cls.name and any(path.glob("*/log"))

    def open_run(self, started: Started) -> RunWriter:
        """Begin a run, from the first line."""
        needs = Path(self.location, "needs")
        if needs.exists():
            import_module(needs.read_text())
        run = self._run(started.run_id)
        run.mkdir(parents=True, exist_ok=True)
        (run / "log").write_text(f"pid {os.getpid()}\n")
        return self.writer(run, started)

    def start_plain(self, experiment: str, name: str) -> PlainRun:
        """Begin a run as somebody does who appends to a log by hand."""
        if Path(self.location, "stubborn").exists():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        started = Started(uuid4().hex, experiment, name, time.time_ns() // 1000)
        return LinesPlain(self.open_run(started), started.run_id)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run."""
        self._check("unlistable")
        runs = (fold(self.events(log.parent)) for log in Path(self.location).glob("*/log"))
        yield from map(RunSummary.of, sorted(runs, key=lambda run: run.started))

    def read_native(self, run_id: str) -> RunRecord:
        """Add the lines up."""
        self._check("unreadable")
        return fold(self.events(self._found(run_id)))

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the record."""
        file = self._found(run_id) / "record"
        return RunRecord.from_bytes(file.read_bytes()) if file.exists() else None

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open an artifact, kept under its sha256."""
        artifact = self.read_native(run_id).artifacts.get(path)
        if artifact is None:
            raise FileNotFoundError(path)
        return (self._found(run_id) / "artifacts" / artifact.sha256).open("rb")

    def files(self) -> Iterator[Path]:
        """Yield its folder."""
        yield Path(self.location)

    def events(self, run: Path) -> Iterator[Event]:
        """Yield the events of a log, leaving out a line that was torn."""
        for line in (run / "log").read_bytes().split(b"\n")[1:-1]:
            yield decode(line)

    def _check(self, switch: str) -> None:
        if Path(self.location, switch).exists():
            raise OSError("its pages are torn")

    def _run(self, run_id: str) -> Path:
        return Path(self.location, name_digest(run_id) if "/" in run_id or len(run_id) > 100 else run_id)

    def _found(self, run_id: str) -> Path:
        if not (self._run(run_id) / "log").is_file():
            raise InputError(f"{self.location} holds no run {run_id!r}.")
        return self._run(run_id)


class LinesWriter(RunWriter):
    """Appends to the log of a run."""

    tracker = LinesTracker

    def __init__(self, run: Path, started: Started) -> None:
        self._run = run
        self.store = run.parent
        self.append(started)

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Add a line."""
        self._write(ParamsLogged(dict(params)))

    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Add a line a row."""
        for row in rows:
            self._write(row)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Add a line."""
        self._write(TagsSet(dict(tags)))

    def add_note(self, text: str) -> None:
        """Add a line."""
        self._write(NoteAdded(text))

    def log_artifact(self, path: str, file: Path, media_type: str) -> None:  # noqa: ARG002 - the path says it
        """Keep a copy."""
        self._write(ArtifactLogged(path, keep_copy(file, self._run / "artifacts", path)))

    def log_text(self, path: str, file: Path, media_type: str) -> None:
        """Do nothing more: the copy is text."""

    def log_dataset(self, dataset: Dataset) -> None:
        """Add a line."""
        self._write(DatasetLogged(dataset))

    def log_model(self, path: str, folder: Path, model: Model) -> None:  # noqa: ARG002 - its files are artifacts
        """Add a line."""
        self._write(ModelLogged(path, model))

    def capture_source(self, source: Source) -> None:
        """Add a line."""
        self._write(SourceCaptured(source))

    def capture_environment(self, environment: Environment) -> None:
        """Add a line."""
        self._write(EnvironmentCaptured(environment))

    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Keep the record."""
        (self._run / "record").write_bytes(record_file.read_bytes())
        if record.status != "running":
            self._write(Finished(record.status, record.ended if record.ended is not None else record.started))

    def close(self) -> None:
        """Do nothing, but for as long as there is a file `stuck`."""
        while (self.store / "stuck").exists():
            time.sleep(0.01)

    def append(self, event: Event) -> None:
        """Add a line to the log."""
        with (self._run / "log").open("ab") as log:
            log.write(encode(event) + b"\n")

    def _write(self, event: Event) -> None:
        fail, hang = self.store / "fail", self.store / "hang"
        while hang.exists():
            time.sleep(0.01)
        if fail.exists() and (left := int(fail.read_text())) > 0:
            fail.write_text(str(left - 1))
            raise ConnectionError("the server of the tests is away")
        self.append(event)


class LinesPlain(PlainRun):
    """A run whose lines are appended by hand."""

    tracker = LinesTracker

    def __init__(self, writer: RunWriter, run_id: str) -> None:
        self._writer = cast("LinesWriter", writer)
        self._deadly = self._writer.store / "deadly"
        self.id = run_id

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Add a line."""
        self._writer.append(ParamsLogged(dict(params)))

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Add a line."""
        if self._deadly.exists() and int(self._deadly.read_text()) == step:
            os.write(2, b"the vendor of the tests has died\n")
            os._exit(1)
        self._writer.log_metrics([MetricsLogged(dict(metrics), step or 0, time or 0)])

    def log_artifact(self, file: Path, name: str) -> None:
        """Keep the file beside the store."""
        keep_copy(file, self._writer.store.with_name("elsewhere"), name)
        self._store_elsewhere("no artifacts", "not yet ours: they lie beside the store")

    def finish(self, status: Status = "finished") -> None:
        """Add a line, and close the log when the process ends."""
        atexit.register(self._writer.close)
        self._writer.append(Finished(status, time.time_ns() // 1000))


LinesTracker.writer = LinesWriter
