"""The logging interface: what a training script holds."""

import reprlib
import time as clock
import traceback
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import msgspec

from taximeter import events
from taximeter.capture import capture_environment, capture_source
from taximeter.courier.launch import await_receipts, ensure_couriers
from taximeter.errors import InputError, JournalError, TaximeterError
from taximeter.files import check_artifact_path
from taximeter.journal.artifacts import ArtifactKeeper
from taximeter.journal.home import Destination, Home
from taximeter.journal.receipt import Receipt
from taximeter.journal.writer import ENDED, JournalWriter
from taximeter.numbers import to_float, to_microseconds, to_step
from taximeter.record import Dataset, RunRecord, Status
from taximeter.redact import redact
from taximeter.tracker import RECORD_FOLDER
from taximeter.values import Value, check_text, check_value, pack

WAIT_SECONDS = 600.0
"""How long the end of a ``with`` block waits for the stores, before it warns and goes on."""


class DeliveryWarning(UserWarning):
    """A store does not hold the run; the journal does, and ``taximeter recover`` delivers it."""


class Run:
    """A run that is being logged.

    Every method returns as soon as the operating system has the event; trackers are written to by couriers.
    It may be used from any thread, from forked processes, and, pickled, from processes of a pool.
    """

    def __init__(
        self,
        home: Home,
        run_id: str,
        experiment: str,
        destinations: tuple[Destination, ...],
        *,
        writer: JournalWriter,
        params: dict[str, Any] | None = None,
        wait_seconds: float | None = None,
    ) -> None:
        self._home = home
        self._id = run_id
        self._experiment = experiment
        self._destinations = destinations
        self._folder = home.run(run_id)
        self._writer = writer
        self._params = params or {}
        self._wait_seconds = wait_seconds
        self._finishing = False
        self._next_steps: dict[str, Iterator[int]] = {}
        self._artifacts = ArtifactKeeper(self._folder.artifacts)
        self._ended = False
        self._children: list[Run] = []
        self._capture: Thread | None = None
        self.receipts: dict[Destination, Receipt] = {}

    @property
    def id(self) -> str:
        """Our id of the run, the same in every store."""
        return self._id

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log params; each may be logged once, or again with the same value.

        Args:
            params: name to None, bool, int, float, str, or nested lists and mappings of them.

        Raises:
            InputError: a value of another type, or another value for a param that has one.
        """
        checked = {
            check_text(name, "a param's name"): check_value(params[name], f"param {name!r}") for name in params
        }
        new = {name: value for name, value in checked.items() if name not in self._params}
        for name in checked.keys() - new.keys():
            if _exact(self._params[name]) != _exact(checked[name]):
                raise InputError(
                    f"param {name!r} is {_short(self._params[name])} and cannot become {_short(checked[name])}; "
                    "start another run, or log what changes as a metric."
                )
        if new:
            self._params |= new
            self._append(events.ParamsLogged(new))

    def log_metrics(
        self, metrics: Mapping[str, float], *, step: int | None = None, time: int | datetime | None = None
    ) -> None:
        """Log one point for each metric.

        Args:
            metrics: key to value; NaN and infinities are values like any other.
            step: int64; where it is None, how many points this process has logged before under the same key.
            time: microseconds since 1970 in UTC, or a datetime with a time zone; now where it is None.

        Raises:
            InputError: a value that float64 cannot hold, or a step or time that int64 cannot.
        """
        values = {}
        for key, value in metrics.items():
            if key not in self._next_steps:
                self._next_steps.setdefault(check_text(key, "a metric's key"), count())
            values[key] = value if type(value) is float else to_float(key, value)
        now = clock.time_ns() // 1000 if time is None else to_microseconds(time)
        if step is None:
            self._log_next_steps(values, now)
        elif type(step) is int and -(2**63) <= step < 2**63:
            for key in values:
                next(self._next_steps[key])
            self._append(events.MetricsLogged(values, step, now))
        else:
            self.log_metrics(values, step=to_step(step), time=now)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; a tag set again has the last text."""
        if checked := _check_tags(tags):
            self._append(events.TagsSet(checked))

    def add_note(self, text: str) -> None:
        """Add a note for whoever reads the run."""
        self._append(events.NoteAdded(check_text(text, "a note")))

    def log_artifact(self, path: str | Path, name: str | None = None) -> None:
        """Keep a copy of a file, or of all files below a folder, as it is now.

        Args:
            path: the file or folder.
            name: what it is called in the run, with forward slashes; its own name where it is None. A name
                that was logged before holds the new file.

        Raises:
            InputError: there is no such file, it changes while it is read, or the name cannot be used; of a folder
                nothing is kept then.
            JournalError: the journal's disk does not take it.
        """
        self._check_open()
        source = Path(path)
        name = source.resolve().name if name is None else name
        if source.is_dir():
            files = [file for file in sorted(source.rglob("*")) if file.is_file()]
            kept = [self._artifacts.keep(file, f"{name}/{file.relative_to(source).as_posix()}") for file in files]
        elif source.is_file():
            kept = [self._artifacts.keep(source, name)]
        else:
            raise InputError(f"{str(path)!r} is no file or folder; log an artifact after writing it.")
        for artifact in kept:
            self._append(artifact)

    def log_text(self, text: str, name: str) -> None:
        """Keep text as an artifact; a name without an ending gets ``.txt``."""
        from taximeter.contents import write_text  # noqa: PLC0415 - not needed to log a point

        self._check_open()
        self._append(self._artifacts.keep_written(name, ".txt", write_text, text))

    def log_figure(self, figure: Any, name: str) -> None:
        """Keep a Matplotlib or Plotly figure as an artifact.

        Args:
            figure: the figure.
            name: its ending chooses the format; ``.png`` for Matplotlib and ``.html`` for Plotly without one.

        Raises:
            InputError: it is no figure, or cannot be written in that format.
        """
        from taximeter.contents import figure_ending, write_figure  # noqa: PLC0415 - as above

        self._check_open()
        self._append(self._artifacts.keep_written(name, figure_ending(figure), write_figure, figure))

    def log_table(self, table: Any, name: str) -> None:
        """Keep a pandas data frame, or what one can be made of, as an artifact.

        Args:
            table: the data frame.
            name: its ending chooses the format, ``.csv``, ``.parquet`` or ``.json``; ``.csv`` without one.

        Raises:
            InputError: it is no table, or cannot be written in that format.
        """
        from taximeter.contents import write_table  # noqa: PLC0415 - as above

        self._check_open()
        self._append(self._artifacts.keep_written(name, ".csv", write_table, table))

    def log_dataset(self, dataset: Dataset) -> None:
        """Note that the run used a dataset; its data stay where they are.

        Raises:
            InputError: a field has another type than it must have.
        """
        statistics = check_value(dataset.statistics, "a dataset's statistics")
        self._append(events.DatasetLogged(msgspec.structs.replace(dataset, statistics=statistics)))

    def log_model(self, model: Any, name: str, *, input_example: Any = None) -> None:
        """Keep a scikit-learn model as a folder of artifacts, without pickle.

        Args:
            model: the fitted estimator.
            name: the folder.
            input_example: a few rows of input, for the model's signature.

        Raises:
            InputError: the model cannot be kept.
        """
        from taximeter.contents import write_model  # noqa: PLC0415 - as above

        check_artifact_path(name, RECORD_FOLDER)
        with TemporaryDirectory(prefix="taximeter-") as scratch:
            described = write_model(model, Path(scratch), input_example)
            self.log_artifact(scratch, name)
        self._append(events.ModelLogged(name, described))

    def child(
        self,
        *,
        name: str | None = None,
        hypothesis: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> "Run":
        """Start a run below this one, in the same experiment and the same stores.

        Its ``with`` block ends without waiting for the stores; this run's block waits for both.
        """
        started = describe_start(self._experiment, name, hypothesis, parent_id=self._id)
        run = begin(
            self._home,
            self._destinations,
            started,
            tags=tags,
            wait_seconds=None,
            keep_journal=self._folder.keeps_journal(),
            sync=self._writer.sync,
        )
        self._children.append(run)
        return run

    def record(self) -> RunRecord:
        """Return the record as the journal holds it now.

        Raises:
            JournalError: every store holds the run, and the journal has been removed.
        """
        return self._folder.record()

    def finish(self, status: Status = "finished") -> None:
        """End the run; nothing can be logged to it any more.

        Raises:
            InputError: it is no status that a run can end with.
            JournalError: the disk is full; what waits for it is kept, and another call tries again.
        """
        if self._ended or not self._writer.owner:
            return
        if status not in {"finished", "failed", "killed"}:
            raise InputError(f"a run ends finished, failed or killed, not {status!r}.")
        if self._capture:
            self._capture.join()
        if not self._finishing:
            try:
                self._folder.mark_finished()
            except OSError as error:
                raise JournalError(
                    f"the end could not be written: {error}; make room, and finish it again."
                ) from error
            self._append(events.Finished(status, clock.time_ns() // 1000))
            self._finishing = True
        self._writer.close()
        self._ended = True

    def wait(self, timeout: float | None = None) -> dict[Destination, Receipt]:
        """Wait until every store holds the finished run, or its courier gave up; see `receipts`.

        Args:
            timeout: seconds, after which the stores that are not done yet are left out; None waits for them.

        Raises:
            InputError: the run has not been finished.
        """
        if self._writer.owner and not self._ended:
            raise InputError("finish the run before waiting for its stores.")
        self.receipts = await_receipts(self._home, self._id, self._destinations, timeout=timeout)
        return self.receipts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ended or not self._writer.owner:
            return
        if error is None or (isinstance(error, SystemExit) and not error.code):
            self.finish()
        else:
            self.add_note(redact(_decodable("".join(traceback.format_exception(kind, error, trace)))))
            self.finish("failed")
        if self._wait_seconds is not None:
            deadline = clock.monotonic() + self._wait_seconds
            for run in self.with_children():
                run.warn_of_stores(max(deadline - clock.monotonic(), 0.0))

    def __reduce__(self) -> tuple[Any, ...]:
        return _attach, (self._home.path, self._id, self._destinations, self._experiment, self._params)

    def with_children(self) -> "Iterator[Run]":
        """Yield the runs below this one, and then this one."""
        for child in self._children:
            yield from child.with_children()
        yield self

    def _check_open(self) -> None:
        """Refuse what an ended run would keep a copy of and never deliver."""
        if self._ended or self._folder.is_finished():
            raise InputError(ENDED)

    def _append(self, event: events.Event) -> None:
        line = events.encode(event)
        if type(event) is not events.MetricsLogged:
            try:
                events.decode(line)
            except msgspec.MsgspecError as error:
                raise InputError(f"this cannot be logged: {error}.") from error
        self._writer.append(line)

    def _log_next_steps(self, values: dict[str, float], now: int) -> None:
        rows: dict[int, dict[str, float]] = {}
        for key, value in values.items():
            rows.setdefault(next(self._next_steps[key]), {})[key] = value
        for step, row in rows.items():
            self._append(events.MetricsLogged(row, step, now))

    def let_go(self) -> bool:
        """Close the journal here if the process that started the run has finished it; tell whether it has."""
        if not self._folder.is_finished():
            return False
        self._writer.abandon()
        return True

    def warn_of_stores(self, timeout: float) -> None:
        """Wait for the stores, and warn of each that does not hold the run."""
        if not self._ended:
            return  # a child that was never finished is found killed
        receipts = self.wait(timeout)
        for destination in self._destinations:
            receipt = receipts.get(destination)
            problem = receipt.problem if receipt else "it is still being delivered"
            if problem:
                text = f"{redact(str(destination))} does not hold run {self._id}: {problem}. "
                text += "It is safe in the journal; `taximeter recover` delivers it."
                warnings.warn(DeliveryWarning(text), stacklevel=3)

    def start_capture(self) -> None:
        """Note the code and the machine while training goes on."""
        self._capture = Thread(target=self._capture_all, name="taximeter-capture", daemon=True)
        self._capture.start()

    def _capture_all(self) -> None:
        for capture in (_source, _environment):
            try:
                self._append(capture())
            except InputError:
                return  # the run has ended
            except Exception as error:  # noqa: BLE001 - no oddity of a machine may harm the training
                self._append(events.NoteAdded(f"not captured: {error!r}"))


def _source() -> events.Event:
    return events.SourceCaptured(capture_source())


def _environment() -> events.Event:
    return events.EnvironmentCaptured(capture_environment())


def describe_start(
    experiment: str, name: str | None, hypothesis: str | None, *, parent_id: str | None = None
) -> events.Started:
    """Return the first event of a new run; without a name it is called by the first characters of its id."""
    run_id = uuid4().hex
    return events.Started(
        run_id=run_id,
        experiment=check_text(experiment, "the experiment's name"),
        name=run_id[:8] if name is None else check_text(name, "the run's name"),
        time=clock.time_ns() // 1000,
        parent_id=parent_id,
        hypothesis=None if hypothesis is None else check_text(hypothesis, "the hypothesis"),
    )


def begin(
    home: Home,
    destinations: tuple[Destination, ...],
    started: events.Started,
    *,
    tags: Mapping[str, str] | None = None,
    wait_seconds: float | None = WAIT_SECONDS,
    keep_journal: bool = False,
    sync: bool = False,
) -> Run:
    """Make a run's journal, see to its couriers, and return the run.

    The journal holds the first event before any courier hears of the run.

    Raises:
        InputError: a tag is no text, a folder is missing, or the journal folder cannot be written to.
    """
    for destination in destinations:
        if not Path(destination.folder).is_dir():
            raise InputError(f"there is no folder {destination.folder!r}; make it first, or choose another.")
    checked = _check_tags(tags or {})
    home.create()
    folder = home.run(started.run_id)
    writer = JournalWriter(folder, owner=True, sync=sync)
    try:
        folder.create(keep_journal=keep_journal)
        writer.begin(events.encode(started))
        outboxes = [home.outbox(destination) for destination in destinations]
        for outbox, destination in zip(outboxes, destinations, strict=True):
            outbox.create(destination)
            outbox.add(started.run_id)
        ensure_couriers(outboxes)
    except (OSError, TaximeterError) as error:
        writer.abandon()
        home.forget(started.run_id)
        if isinstance(error, TaximeterError):
            raise
        raise InputError(
            f"the journal folder {home.path} cannot be written to: {error}; mend that, or choose another."
        ) from error
    run = Run(home, started.run_id, started.experiment, destinations, writer=writer, wait_seconds=wait_seconds)
    run.set_tags(checked)
    run.start_capture()
    return run


_ATTACHED: dict[str, Run] = {}


def _attach(
    home: Path, run_id: str, destinations: tuple[Destination, ...], experiment: str, params: dict[str, Any]
) -> Run:
    """Return a run that another process started, for logging to it from this one; one for all its tasks."""
    if run_id not in _ATTACHED:
        for ended in [other for other, run in _ATTACHED.items() if run.let_go()]:
            del _ATTACHED[ended]
        place = Home(home)
        writer = JournalWriter(place.run(run_id), owner=False)
        _ATTACHED[run_id] = Run(place, run_id, experiment, destinations, writer=writer, params=params)
    return _ATTACHED[run_id]


def _check_tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {check_text(name, "a tag's name"): check_text(tags[name], f"tag {name!r}") for name in tags}


def _decodable(text: str) -> str:
    return text.encode(errors="backslashreplace").decode()


def _exact(value: Value) -> bytes:
    """Return bytes that are the same only for the same value, whatever the order of names."""
    return msgspec.json.encode(pack(value), order="sorted")


def _short(value: Value) -> str:
    return reprlib.repr(pack(value))
