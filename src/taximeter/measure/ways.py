"""The three ways into a store that are measured side by side, with the same calls on each."""

import builtins
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any, Literal

from taximeter.imports import hide
from taximeter.plugins import load, tracker_name
from taximeter.tracker import Feature

Way = Literal["vendor", "adapter", "interface"]
"""The vendor's own API as its documentation has it; our adapter, fed directly; journal and courier."""

WAYS: tuple[Way, ...] = ("vendor", "adapter", "interface")
LOGGED: tuple[Way, ...] = ("vendor", "interface")
"""Those that a training script logs on."""
EXPERIMENT = "measured"
HIDDEN = "TAXIMETER_HIDDEN"
"""The variable with the names of modules that a vendor is not to find, as they are others'."""
_NUMBERS = count(1)


def value_of(number: int) -> float:
    """Return the value of a point with this number, which even 32 bits hold."""
    return number * 0.5


def readable(trackers: Iterable[str]) -> list[str]:
    """Return the trackers whose stores can be read: of the others nothing can be counted."""
    return [tracker for tracker in trackers if Feature.READ in load(tracker).features]


class ImportClock:
    """Adds up the seconds that imports take while `running`, those inside other imports counted once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._depth = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch every import of this process meanwhile."""
        plain = builtins.__import__
        builtins.__import__ = self._timed(plain)
        try:
            yield
        finally:
            builtins.__import__ = plain

    def _timed(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            began = perf_counter()
            self._depth += 1
            try:
                return plain(*args, **kwargs)
            finally:
                self._depth -= 1
                if not self._depth:
                    self.seconds += perf_counter() - began

        return timed


def start(way: Way, tracker: str, location: str, folder: Path, attached: tuple[str, ...] = ()) -> Any:
    """Start a run on one of the three ways, importing what that takes.

    Where a vendor's users name their runs, no two have one name: some vendors take such runs for one.

    Args:
        way: which.
        tracker: as it is written, with or without a version.
        location: of its store.
        folder: for the journal, and for the stores of `attached`.
        attached: further trackers, for the interface.
    """
    if way == "interface":
        from taximeter.start import start_run  # noqa: PLC0415 - its import is measured

        stores = [f"{tracker}:{location}", *attached]
        return start_run(trackers=stores, experiment=EXPERIMENT, folder=folder, home=folder / ".taximeter")
    store, name = load(tracker_name(tracker))(location), f"run-{os.getpid()}-{next(_NUMBERS)}"
    if way == "vendor":
        hide(os.environ.get(HIDDEN, "").split())
        return store.start_plain(EXPERIMENT, name)
    from taximeter.direct import AdapterRun  # noqa: PLC0415 - as above

    return AdapterRun(store, EXPERIMENT, name)
