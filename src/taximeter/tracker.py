"""What a tracker is: the contract that every adapter keeps.

An adapter is two classes: a `Tracker`, a store at one location that can be read, and its `RunWriter`, which
writes one run into that store.
Importing an adapter's module must not import its vendor: the vendor is met in a courier or a reader only.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Literal, NoReturn

import msgspec

from taximeter.errors import Unsupported
from taximeter.events import MetricsLogged, Started
from taximeter.files import describe_stream
from taximeter.record import Dataset, Environment, Model, RunRecord, Source
from taximeter.ui import UserInterface

if TYPE_CHECKING:
    from taximeter.plain import PlainRun

RECORD_FOLDER = "taximeter"
"""The artifact folder that adapters keep for the exact record; no artifact of a run may lie in it."""

RECORD_PATH = f"{RECORD_FOLDER}/record.jsonl"
"""Where an adapter keeps the exact record among the run's artifacts, if it has a better place nowhere."""


class Feature(StrEnum):
    """What a tracker can do by itself, in its own concepts."""

    PARAMS = "params"
    METRICS = "metrics"
    TAGS = "tags"
    NOTES = "notes"
    ARTIFACTS = "artifacts"
    FIGURES = "figures"
    TABLES = "tables"
    TEXTS = "texts"
    DATASETS = "datasets"
    MODELS = "models"
    SOURCE = "source"
    ENVIRONMENT = "environment"
    CHILD_RUNS = "child runs"
    LIVE = "live view"
    READ = "read back"


class Gap(msgspec.Struct, frozen=True):
    """Why a tracker lacks a feature: whose gap it is, and the reason in a sentence."""

    whose: str
    """``not theirs`` (the vendor has no such thing), ``not yet ours``, or ``never``."""
    reason: str


class Standing(msgspec.Struct, frozen=True):
    """Whether the vendor still keeps the tracker up; the reason is a sentence with a date."""

    state: Literal["active", "dormant", "legacy"] = "active"
    """``dormant``: no release for long; ``legacy``: closed, and only what it left is to be read."""
    reason: str = ""


class RunSummary(msgspec.Struct, frozen=True):
    """One line of a store's list of runs; `run_id` is the vendor's where we did not write the run."""

    run_id: str
    vendor_id: str
    experiment: str
    name: str
    status: str
    started: int

    @classmethod
    def of(cls, record: RunRecord) -> "RunSummary":
        """Return the line for a run whose id is the vendor's too."""
        return cls(record.run_id, record.run_id, record.experiment, record.name, record.status, record.started)


class RunWriter(ABC):
    """Writes one run into a tracker's store, in the vendor's own concepts and, where it fits, with its own API.

    A courier calls the methods one at a time, in the order of the events; when a method returns, its data have
    been handed to the vendor.
    Methods of a feature that the tracker does not declare raise `Unsupported` and are not called by couriers:
    what they would have written lives in the exact record alone.
    Any other exception means that the vendor failed: the courier closes the writer, opens another one with
    `Tracker.open_run` and writes all events of the run again, from the first.
    """

    tracker: "ClassVar[type[Tracker]]"

    @abstractmethod
    def log_params(self, params: Mapping[str, Any]) -> None:
        """Add params; none was logged before."""

    @abstractmethod
    def log_metrics(self, rows: Sequence[MetricsLogged]) -> None:
        """Append points, each row those of one call; at most ten thousand rows come at once."""

    @abstractmethod
    def log_artifact(self, path: str, file: Path, media_type: str) -> None:
        """Keep a copy of `file` as the artifact `path`, a relative POSIX path, replacing an earlier one."""

    @abstractmethod
    def finish(self, record: RunRecord, record_file: Path) -> None:
        """Store the exact record, whose canonical form `record_file` holds, and close the vendor's run.

        It is the last call; the vendor's run then has the record's status, end time and notes.
        """

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Set tags; a tag set before has the new text."""
        self._unsupported(Feature.TAGS, tags)

    def add_note(self, text: str) -> None:
        """Add a note to the run."""
        self._unsupported(Feature.NOTES, text)

    def log_figure(self, path: str, file: Path, media_type: str) -> None:
        """Show an artifact that was just logged as an image (``image/*``)."""
        self._unsupported(Feature.FIGURES, path, file, media_type)

    def log_table(self, path: str, file: Path, media_type: str) -> None:
        """Show an artifact that was just logged as a table (CSV or Parquet)."""
        self._unsupported(Feature.TABLES, path, file, media_type)

    def log_text(self, path: str, file: Path, media_type: str) -> None:
        """Show an artifact that was just logged as text (other ``text/*``)."""
        self._unsupported(Feature.TEXTS, path, file, media_type)

    def log_dataset(self, dataset: Dataset) -> None:
        """Note that the run used a dataset."""
        self._unsupported(Feature.DATASETS, dataset)

    def log_model(self, path: str, folder: Path, model: Model) -> None:
        """Keep a model, whose files are the artifacts below `path` and lie in `folder`, as the vendor's model."""
        self._unsupported(Feature.MODELS, path, folder, model)

    def capture_source(self, source: Source) -> None:
        """Note the code that runs."""
        self._unsupported(Feature.SOURCE, source)

    def capture_environment(self, environment: Environment) -> None:
        """Note the machine and its software."""
        self._unsupported(Feature.ENVIRONMENT, environment)

    def close(self) -> None:  # noqa: B027 - many writers hold nothing
        """Let go of files and connections without finishing the run; called after a failure."""

    def _unsupported(self, feature: Feature, *_: object) -> NoReturn:
        raise unsupported(self.tracker, feature)


class Tracker(ABC):
    """One tracker's store at one location.

    Making one touches nothing; `open_run` makes the store where it does not exist.
    Reading needs no network and no server, and changes no byte of the store.
    """

    name: ClassVar[str]
    """The name of its entry point."""
    vendor: ClassVar[str | None] = None
    """The distribution whose version matters, if there is one."""
    standing: ClassVar[Standing] = Standing()
    """Whether the vendor still keeps it up."""
    features: ClassVar[frozenset[Feature]]
    gaps: ClassVar[Mapping[Feature, Gap]] = {}
    """A reason for each feature that is not declared."""
    issues: ClassVar[Mapping[int, str]] = {}
    """What its users have reported to the vendor: the number of a fact, as in `docs/facts.md`, to an address."""
    old_requirements: ClassVar[Mapping[str, Sequence[str]]] = {}
    """What releases of the vendor need besides what they ask for: a range of versions to requirements."""
    spared_imports: ClassVar[Sequence[str]] = ()
    """Packages that the vendor's import takes along where they are installed, and that logging does without."""
    ui: ClassVar[UserInterface | None] = None
    """The vendor's own UI, where it opens a store; the gap of `Feature.LIVE` says why it does not."""

    def __init__(self, location: str) -> None:
        self.location = location

    @classmethod
    @abstractmethod
    def location_in(cls, folder: Path) -> str:
        """Return the location, as the vendor's users write it, of the usual store in `folder`."""

    @classmethod  # noqa: B027 - most have nothing to do
    def set_apart(cls, folder: Path) -> None:
        """Keep the store in `folder` from becoming a part of one that the folder lies in; most never would.

        Raises:
            TrackerError: it cannot be done.
        """

    @classmethod
    def recognises(cls, path: Path) -> bool:  # noqa: ARG003 - a tracker without paths recognises none
        """Tell whether `path` looks like a store of this tracker; must be quick and certain."""
        return False

    @classmethod
    def location_at(cls, path: Path) -> str:
        """Return the location of the store that `path`, which `recognises` knows, is or holds."""
        return str(path)

    @abstractmethod
    def open_run(self, started: Started) -> RunWriter:
        """Begin a run in the store, or begin it anew.

        A run with this id may be there already: a courier died while it wrote it.
        All its events will now be written again from the first one, and when the writer has finished, the
        store must hold each of them once: what is already there is kept and not doubled, or replaced.
        """

    def start_plain(self, experiment: str, name: str) -> "PlainRun":
        """Start a run with the vendor's API and nothing of ours; see `taximeter.plain`.

        A tracker without a vendor is written through its own adapter.

        Raises:
            Unsupported: nobody has written it.
        """
        if self.vendor is None and Feature.READ in self.features:
            from taximeter.direct import AdapterRun  # noqa: PLC0415 - which imports this module

            return AdapterRun(self, experiment, name)
        raise Unsupported(f"{self.name} has no plain run: nobody has written it.")

    @classmethod
    def serve(cls, folder: Path, python: str) -> AbstractContextManager[str]:
        """Return a context in which a server of the vendor's own keeps a store in `folder`, and its location.

        Args:
            folder: of the store and the server's log.
            python: the interpreter that has the vendor.

        Raises:
            Unsupported: the tracker has no server, or nobody has written it.
        """
        del folder, python
        raise Unsupported(f"{cls.name} has no server that taximeter can start.")

    def import_for_plain(self) -> int:
        """Import what plain runs need, if it is better to share them out among processes forked from this one.

        It is for a vendor that waits for seconds as a run ends, so that they wait together, or that has one run in
        a process.

        Returns:
            How many runs a process should write; 0 where one process should write them all.
        """
        return 0

    def read(self, run_id: str, *, native: bool = False) -> RunRecord:
        """Read a run back.

        Args:
            run_id: our id of the run, or the vendor's.
            native: leave the exact record aside, and read only what the vendor's API wrote and its UI shows.

        Raises:
            InputError: the store has no such run.
        """
        record = None if native else self.read_exact(run_id)
        if record is None:
            return self.read_native(run_id)
        kept = {path: self._describe_artifact(run_id, path) for path in record.artifacts}
        artifacts = {path: artifact for path, artifact in kept.items() if artifact}
        return msgspec.structs.replace(record, artifacts=artifacts)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every run of the store, oldest first."""
        raise unsupported(type(self), Feature.READ)

    def read_native(self, run_id: str) -> RunRecord:
        """Read what the vendor's API wrote and its UI shows, in the types that the vendor returns."""
        raise unsupported(type(self), Feature.READ, run_id)

    def read_last(self, run_id: str, key: str) -> tuple[Any, Any]:
        """Read the value and the step of a metric's last point as the store keeps them.

        A record's points are float64 and int64; a store may keep larger integers, and steps that are no integers.
        """
        raise Unsupported(
            f"what {self.name} keeps of {key!r} in {run_id} is not known "
            "(not yet ours: its reader returns values as float64 and steps as int64)."
        )

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the exact record; None where the run has none, because we did not write or not finish it."""
        raise unsupported(type(self), Feature.READ, run_id)

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open an artifact's bytes as the store keeps them.

        Raises:
            FileNotFoundError: the store has no such artifact.
        """
        raise unsupported(type(self), Feature.READ, run_id, path)

    def files(self) -> Iterator[Path]:
        """Yield the files and folders on this machine that make up the store, for its size in bytes."""
        return iter(())

    def _describe_artifact(self, run_id: str, path: str) -> Any:
        try:
            with self.open_artifact(run_id, path) as stream:
                return describe_stream(stream, path)
        except FileNotFoundError:
            return None


def gap_of(tracker: type[Tracker], feature: Feature) -> Gap:
    """Return why `tracker` lacks `feature`."""
    return tracker.gaps.get(feature, Gap("not yet ours", "nobody has written it"))


def unsupported(tracker: type[Tracker], feature: Feature, *_: object) -> Unsupported:
    """Return the error that says whose gap it is that `tracker` lacks `feature`."""
    gap = gap_of(tracker, feature)
    return Unsupported(f"{tracker.name} has no {feature} ({gap.whose}: {gap.reason}).")
