"""A run as the vendor's documentation has its users write it: what verdicts judge and measurements compare with.

A plain run calls the vendor's documented API, one call for one call, with the vendor's defaults.
It escapes no name, converts no value, batches nothing, keeps no exact record, and lets every error through:
whatever the vendor does to what it is given is the finding.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self

from taximeter.errors import StoredElsewhere, Unsupported
from taximeter.record import Dataset, Status
from taximeter.tracker import Feature, Tracker, unsupported


class PlainRun(ABC):
    """One run in a store, written with the vendor's API and nothing of ours.

    Making one starts the vendor's run. It is used from one thread, in a process that meets no other vendor.
    What the vendor has no call for raises `Unsupported`; what it refuses raises whatever it raises.
    """

    tracker: "ClassVar[type[Tracker]]"

    id: str
    """The vendor's id of the run, by which `Tracker.read_native` finds it."""

    @abstractmethod
    def log_params(self, params: Mapping[str, Any]) -> None:
        """Log params of any type, as they are."""

    @abstractmethod
    def log_metrics(self, metrics: Mapping[str, Any], *, step: Any = None, time: int | None = None) -> None:
        """Log one value for each key, as it is.

        Args:
            metrics: key to value.
            step: as it is; the vendor's own counting where it is None.
            time: microseconds since 1970 in UTC; the vendor's own clock where it is None.

        Raises:
            Unsupported: a time is given, and the vendor's call takes none.
        """

    def log_points(self, key: str, points: Sequence[tuple[float, int]]) -> None:
        """Log many points of one metric, each a value and a step.

        One call for each, unless the vendor documents a call for many.
        """
        for value, step in points:
            self.log_metrics({key: value}, step=step)

    @abstractmethod
    def finish(self, status: Status = "finished") -> None:
        """End the run in the way that its documentation gives for this status.

        Raises:
            Unsupported: the vendor has no way to say so; the run has then ended as it can.
        """

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Set tags."""
        self._unsupported(Feature.TAGS, tags)

    def add_note(self, text: str) -> None:
        """Add a note or description."""
        self._unsupported(Feature.NOTES, text)

    def log_artifact(self, file: Path, name: str) -> None:
        """Keep a file under a name with forward slashes.

        Raises:
            StoredElsewhere: when that is done, where the vendor keeps no bytes in the store before an upload.
        """
        self._unsupported(Feature.ARTIFACTS, file, name)

    def log_figure(self, figure: Any, name: str) -> None:
        """Log a Matplotlib figure as an image."""
        self._unsupported(Feature.FIGURES, figure, name)

    def log_table(self, table: Any, name: str) -> None:
        """Log a pandas data frame as a table."""
        self._unsupported(Feature.TABLES, table, name)

    def log_text(self, text: str, name: str) -> None:
        """Log a text."""
        self._unsupported(Feature.TEXTS, text, name)

    def log_dataset(self, dataset: Dataset) -> None:
        """Note that the run used a dataset."""
        self._unsupported(Feature.DATASETS, dataset)

    def log_model(self, model: Any, name: str) -> None:
        """Log a fitted scikit-learn estimator as a model."""
        self._unsupported(Feature.MODELS, model, name)

    def start_child(self, name: str) -> Self:
        """Start a run below this one."""
        self._unsupported(Feature.CHILD_RUNS, name)

    def _unsupported(self, feature: Feature, *_: object) -> NoReturn:
        raise unsupported(self.tracker, feature)

    def _refuse(self, lack: str, why: str) -> NoReturn:
        """Raise because the vendor has no call for what the adapter can keep, or not for all of it."""
        raise Unsupported(f"{self.tracker.name} has {lack} ({why}).")

    def _store_elsewhere(self, lack: str, why: str) -> NoReturn:
        """Raise because the vendor has done what it was asked, but not in the store."""
        raise StoredElsewhere(f"{self.tracker.name} has {lack} ({why}).")
