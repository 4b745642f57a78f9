"""What a store holds of a fact, as its native view shows it."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from taximeter.diff import ABSENT
from taximeter.errors import Unsupported
from taximeter.record import RunRecord, Series
from taximeter.store.client import Store

MARKER: Final = 0.25
"""The value by which a metric is known whose key may have been changed; every float type holds it."""

_JOINTS = "/.|["


class Found:
    """The runs of one fact, read back natively.

    Args:
        store: open.
        run_ids: the vendor's ids, in the order in which the runs were started.
        notes: what the fact noted when it was written.
    """

    def __init__(self, store: Store, run_ids: list[str], notes: dict[str, Any]) -> None:
        self._store = store
        self.run_ids = run_ids
        self.notes = notes
        self.records = [store.read(run_id, native=True) for run_id in run_ids]

    @property
    def record(self) -> RunRecord:
        """The first run."""
        return self.records[0]

    def param(self, name: str) -> Any:
        """Return a param's value, or `ABSENT`."""
        return self.record.params.get(name, ABSENT)

    def param_or_parts(self, name: str) -> Any:
        """Return a param's value, or the params below its name by the rest of theirs, or `ABSENT`."""
        if name in self.record.params:
            return self.record.params[name]
        below = {
            other.removeprefix(name): value
            for other, value in self.record.params.items()
            if other.startswith(name) and other.removeprefix(name)[0] in _JOINTS
        }
        return below or ABSENT

    def series(self, key: str) -> Series:
        """Return a metric's points; none where it is not there."""
        return self.record.metrics.get(key, Series())

    def values(self, key: str) -> Any:
        """Return a metric's values in their order, or `ABSENT`."""
        return list(self.series(key).values) or ABSENT

    def value(self, key: str) -> Any:
        """Return a metric's last value, or `ABSENT`."""
        values = self.series(key).values
        return values[-1] if values else ABSENT

    def key_of_marker(self, wanted: str) -> Any:
        """Return the key under which the marker is; the wanted one, if it is there twice; or `ABSENT`."""
        keys = [key for key, series in self.record.metrics.items() if MARKER in series.values]
        return wanted if wanted in keys else next(iter(keys), ABSENT)

    def last(self, key: str, nearest: tuple[float, float]) -> Any:
        """Return a metric's last point as the vendor keeps it, which a record may not be able to hold.

        Args:
            key: of the metric.
            nearest: what a record holds of the point if the vendor has changed nothing: then, and where the
                tracker's reader tells no more, nothing is known.

        Raises:
            Unsupported: nothing is known.
        """
        series = self.series(key)
        if not len(series):
            return ABSENT
        try:
            return list(self._store.read_last(self.run_ids[0], key))
        except Unsupported:
            point = series[-1]
            if (point.value, point.step) == nearest:
                raise
            return [point.value, point.step]

    def content(self, path: str) -> bytes:
        """Return the bytes of an artifact of the first run."""
        with tempfile.TemporaryDirectory(prefix="taximeter-") as folder:
            target = Path(folder, "artifact")
            self._store.copy_artifact(self.run_ids[0], path, target)
            return target.read_bytes()

    def first_content(self, choose: Callable[[bytes], Any]) -> Any:
        """Return what `choose` makes of the first artifact for which that is not None, or `ABSENT`."""
        chosen = (choose(self.content(path)) for path in sorted(self.record.artifacts))
        return next((one for one in chosen if one is not None), ABSENT)
