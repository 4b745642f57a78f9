"""A plain run of a tracker that has no vendor: what its users call is taximeter's own interface."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self, cast

from taximeter import events
from taximeter.courier.dispatch import Dispatcher
from taximeter.journal.home import Home
from taximeter.journal.writer import JournalWriter
from taximeter.plain import PlainRun
from taximeter.record import Dataset, Status
from taximeter.run import Run, describe_start
from taximeter.tracker import Tracker


class AdapterRun(PlainRun):
    """A run that each call hands to the tracker's adapter at once, without a courier."""

    def __init__(self, tracker: Tracker, experiment: str, name: str, parent_id: str | None = None) -> None:
        self._tracker = tracker
        self._experiment = experiment
        self._scratch = TemporaryDirectory(prefix="taximeter-")
        started = describe_start(experiment, name, None, parent_id=parent_id)
        home = Home(Path(self._scratch.name))
        home.create()
        folder = home.run(started.run_id)
        folder.create(keep_journal=False)
        self._events: list[events.Event] = [started]
        self._dispatcher = Dispatcher(tracker, started, folder.artifacts)
        direct = cast("JournalWriter", _Direct(self._events, self._dispatcher))
        self._run = Run(home, started.run_id, experiment, (), writer=direct)
        self.id = started.run_id

    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log params."""
        self._run.log_params(params)

    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Log points."""
        self._run.log_metrics(metrics, step=step, time=time)

    def finish(self, status: Status = "finished") -> None:
        """End the run."""
        self._run.finish(status)
        record = events.fold(self._events)
        self._dispatcher.settle(record)
        self._dispatcher.finish(record)
        self._scratch.cleanup()

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags."""
        self._run.set_tags(tags)

    def add_note(self, text: str) -> None:
        """Add a note."""
        self._run.add_note(text)

    def log_artifact(self, file: Path, name: str) -> None:
        """Keep a file."""
        self._run.log_artifact(file, name)

    def log_figure(self, figure: Any, name: str) -> None:
        """Keep a figure."""
        self._run.log_figure(figure, name)

    def log_table(self, table: Any, name: str) -> None:
        """Keep a data frame."""
        self._run.log_table(table, name)

    def log_text(self, text: str, name: str) -> None:
        """Keep a text."""
        self._run.log_text(text, name)

    def log_dataset(self, dataset: Dataset) -> None:
        """Note a dataset."""
        self._run.log_dataset(dataset)

    def log_model(self, model: Any, name: str) -> None:
        """Keep an estimator."""
        self._run.log_model(model, name)

    def start_child(self, name: str) -> Self:
        """Start a run below this one."""
        return type(self)(self._tracker, self._experiment, name, parent_id=self.id)


class _Direct:
    """What a run takes for its journal, and what hands each event on instead."""

    owner = True
    sync = False

    def __init__(self, written: list[events.Event], dispatcher: Dispatcher) -> None:
        self._written = written
        self._dispatcher = dispatcher

    def append(self, line: bytes) -> None:
        """Hand one event to the adapter."""
        event = events.decode(line)
        self._written.append(event)
        self._dispatcher.write([event])

    def close(self) -> None:
        """Do nothing: the dispatcher is closed when the run is finished."""
