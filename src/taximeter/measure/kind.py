"""What a kind of measurement is, and the files that keep its results."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from taximeter.errors import InputError
from taximeter.record import Environment

FORMAT: Final = 1


class Depth(StrEnum):
    """How thoroughly is measured."""

    FULL = "full"
    QUICK = "quick"


class Times(NamedTuple):
    """How often something is done, by depth."""

    full: int
    quick: int

    def at(self, depth: Depth) -> int:
        """Return how often at one depth."""
        return self.quick if depth == Depth.QUICK else self.full


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What one row of a measurement is about; kinds add what they vary."""

    tracker: str
    """As it is written: a name, or a name and a version."""


S = TypeVar("S", bound=Settings)
T = TypeVar("T", bound=msgspec.Struct)


class Row(msgspec.Struct, Generic[S, T], frozen=True, kw_only=True):
    """All samples of one row, in the order of the repetitions.

    Attributes:
        settings: what the row is about.
        samples: of the repetitions that worked.
        repetitions: their numbers.
        taken: when each of them was begun, in microseconds since 1970.
        problems: why a repetition failed, one for each that did.
    """

    settings: S
    samples: list[T]
    repetitions: list[int]
    taken: list[int]
    problems: list[str] = []


class Measurement(msgspec.Struct, Generic[S, T], frozen=True, kw_only=True):
    """What one kind of measurement gave for one tracker on one machine.

    Attributes:
        format: of the file.
        kind: its name.
        tracker: as it was written.
        vendor: the distribution of the tracker's software.
        version: of that.
        taximeter: the version of taximeter.
        commit: of the code of taximeter that took every sample, with a ``+`` where a module was changed since.
        made: when all samples had been taken, in microseconds since 1970.
        command: what measures it again.
        depth: how thoroughly.
        environment: of the tracker's couriers and readers, and of its vendor's own interface.
        rows: the samples.
    """

    format: int = FORMAT
    kind: str
    tracker: str
    vendor: str | None
    version: str | None
    taximeter: str
    commit: str | None
    made: int
    command: str
    depth: Depth
    environment: Environment
    rows: list[Row[S, T]]


@dataclass(frozen=True, kw_only=True)
class Kind(Generic[S, T]):
    """A kind of measurement.

    Attributes:
        name: one word.
        sentence: what it tells.
        settings: the type of a row's settings.
        sample: the type of a sample.
        plan: returns every row's settings, for these trackers.
        measure: takes one sample, in processes of its own, with an empty folder for its files.
        repetitions: how many samples a row has.
        seconds: about how long a sample takes, to tell beforehand.
        is_timed: whether a sample tells times, and so needs the machine for itself.
        is_quick: whether it belongs to a first impression; else it is measured so only when it is asked for.
    """

    name: str
    sentence: str
    settings: type[S]
    sample: type[T]
    plan: Callable[[Sequence[str], Depth], list[S]]
    measure: Callable[[S, Path], T]
    repetitions: Times
    seconds: Callable[[S], float]
    is_timed: bool = True
    is_quick: bool = True

    def jobs(self, depth: Depth, most: int) -> int:
        """Return how many samples may be taken at once, of so many at most; a first impression may be hurried."""
        return 1 if self.is_timed and depth == Depth.FULL else most

    def belongs_to(self, depth: Depth) -> bool:
        """Tell whether it is measured at a depth when nobody asks for it."""
        return self.is_quick or depth == Depth.FULL

    def read(self, file: Path) -> Measurement[S, T]:
        """Return the results in a file.

        Raises:
            InputError: it holds none, or none of this version.
        """
        try:
            found = msgspec.json.decode(file.read_bytes(), type=Measurement[self.settings, self.sample])  # type: ignore[name-defined]
        except (OSError, msgspec.MsgspecError) as error:
            raise InputError(f"{file} is no file of {self.name} measurements: {error}.") from error
        if found.format != FORMAT:
            raise InputError(f"{file} has format {found.format}; this version of taximeter reads {FORMAT}.")
        return found
