"""What the suite tests: a tracker, and where its stores may lie."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from taximeter.journal.home import Destination
from taximeter.plugins import load
from taximeter.tracker import Tracker


@dataclass(frozen=True)
class Subject:
    """A tracker under test.

    Args:
        name: the name of its entry point.
        location: returns the location of a fresh store for a folder that nothing else uses; its usual store there
            where it is None.
        examples: how many runs hypothesis draws.
        looks_up: names of hosts that the vendor looks up whatever one sets, as the tracker's README admits.
    """

    name: str
    location: Callable[[Path], str] | None = None
    examples: int = 200
    looks_up: tuple[str, ...] = ()

    @property
    def kind(self) -> type[Tracker]:
        """Its class."""
        return load(self.name)

    def store(self, folder: Path) -> Tracker:
        """Return its store in `folder`, opened anew."""
        kind = self.kind
        return kind((self.location or kind.location_in)(folder))

    def destination(self, folder: Path) -> Destination:
        """Return its store in `folder` as couriers and readers are told of it."""
        return Destination(self.name, self.store(folder).location, str(folder.absolute()))
