"""What is to be reached, and whether it was."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from benchmarks.samples import MANY_POINTS, POINTS, WRITERS, Numbers
from taximeter.measure.statistics import Estimate, estimate

CALL, MEMORY, START, STORE, DATABASE, SERVER, KILL, WRITE, FAULT = (
    "a call",
    "memory",
    "start",
    "store",
    "database",
    "server",
    "SIGKILL",
    f"{WRITERS} writers",
    "fault",
)


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One target; `reached` are its samples, which are compared with `limit` by their median or their worst.

    Attributes:
        name: what was measured.
        subject: for which tracker.
        unit: of the samples.
        limit: what they must not exceed, or must at least be.
        at_least: which of the two.
        every: whether each sample must hold, and not just their median.
        beside: what the vendor's own call (p50, p99) and store took, and then our courier's start; for a fault,
            the trackers that did not come through it, and how many trainings met an exception.
        problems: why samples are missing; a target with one does not hold.
        gap: why there is nothing to compare with; without samples and problems it neither holds nor fails.
    """

    name: str
    subject: str = ""
    unit: str
    limit: float
    at_least: bool = False
    every: bool = False
    reached: list[float] = []
    beside: str = ""
    problems: list[str] = []
    gap: str = ""

    @property
    def estimate(self) -> Estimate | None:
        """The median and its spread."""
        return estimate(self.reached)

    @property
    def holds(self) -> bool | None:
        """Whether it was reached; None where there is nothing to compare with."""
        if self.problems:
            return False
        if not self.reached:
            return None if self.gap else False
        judged = self.reached if self.every else [estimate(self.reached).median]  # type: ignore[union-attr]
        return all(number >= self.limit if self.at_least else number <= self.limit for number in judged)


class Taken(msgspec.Struct):
    """All samples of one thing, each one's tracker, why others are missing, and what cannot be measured at all."""

    samples: list[Numbers] = []
    trackers: list[str] = []
    problems: list[str] = []
    gap: str = ""

    def target(self, reached: Callable[[Numbers], float], **settings: object) -> Target:
        """Return a target of these samples."""
        numbers = list(map(reached, self.samples))
        return Target(reached=numbers, problems=self.problems, gap=self.gap, **settings)  # type: ignore[arg-type]


def judge(title: str, subject: str, taken: Taken) -> Sequence[Target]:
    """Return the targets of what was measured under a title."""
    return [msgspec.structs.replace(target, subject=subject) for target in _TARGETS[title](taken)]


def _call(taken: Taken) -> list[Target]:
    return [
        taken.target(lambda found: found["p50"], name="scalar call, p50", unit="µs", limit=4),
        taken.target(lambda found: found["p99"], name="scalar call, p99", unit="µs", limit=50),
        *_start(taken),
    ]


def _start(taken: Taken) -> list[Target]:
    return [taken.target(lambda found: found["started"], name="import, start, first point", unit="s", limit=0.25)]


def _memory(taken: Taken) -> list[Target]:
    name = f"memory, {POINTS:,} to {MANY_POINTS:,} points"
    return [taken.target(lambda found: found["growth"] / 1e6, name=name, unit="MB", limit=1)]


def _store(taken: Taken) -> list[Target]:
    return [
        taken.target(
            lambda found: found["many"] / (found["vendor"] + found["one"]),
            name=f"{POINTS:,} points stored, to its own API and a courier's start",
            unit="×",
            limit=1,
            beside=_beside(taken),
        )
    ]


def _database(taken: Taken) -> list[Target]:
    return [_times_faster(taken, f"{POINTS:,} points stored")]


def _server(taken: Taken) -> list[Target]:
    return [_times_faster(taken, f"{POINTS:,} points stored through a server")]


def _times_faster(taken: Taken, name: str) -> Target:
    return taken.target(
        lambda found: found["vendor"] / found["many"],
        name=f"{name}, times faster than its own API",
        unit="×",
        limit=20,
        at_least=True,
        beside=_beside(taken),
    )


def _kill(taken: Taken) -> list[Target]:
    return [taken.target(_wrong, name="runs not exact after SIGKILL", unit="", limit=0, every=True)]


def _write(taken: Taken) -> list[Target]:
    name = f"{WRITERS} writers, what died or is not exact"
    return [taken.target(_wrong, name=name, unit="", limit=0, every=True)]


def _fault(taken: Taken) -> list[Target]:
    stays = any(found["stays"] for found in taken.samples)
    afterwards = Taken(problems=taken.problems, gap=_kept(taken)) if stays else taken
    raised = int(sum(found["raised"] for found in taken.samples))
    told = f"{raised} of {len(taken.samples)} met an exception, and went on" if raised else ""
    return [
        _never(taken, "stopped", "trainings that a fault stopped", told),
        _never(taken, "unsaid", "losses that were not said"),
        _never(afterwards, "lost", "acknowledged and lost, once the fault is over and all is recovered"),
    ]


def _never(taken: Taken, number: str, name: str, remark: str = "") -> Target:
    """Return the target that a number is zero in every sample; beside it are the trackers of which it is not."""
    missed = ", ".join(name for name, found in zip(taken.trackers, taken.samples, strict=True) if found[number])
    beside = "; ".join(filter(None, (missed, remark)))
    return taken.target(lambda found: found[number], name=name, unit="", limit=0, every=True, beside=beside)


def _kept(taken: Taken) -> str:
    """Return how many stores hold the record in spite of damage, which is a fault that is never over."""
    whole = sum(not found["lost"] for found in taken.samples)
    return f"the damage stays: {whole} of {len(taken.samples)} stores still hold the exact record"


def _wrong(found: Numbers) -> float:
    return found["wrong"]


def _beside(taken: Taken) -> str:
    """Return what the vendor's own call and store took, and the courier's start."""
    if not taken.samples:
        return ""
    p50, p99, vendor, one = (_median(taken, name) for name in ("p50", "p99", "vendor", "one"))
    return f"{p50:.3g} µs, {p99:.3g} µs, {vendor:.3g} s; {one:.3g} s"


def _median(taken: Taken, name: str) -> float:
    found = estimate([sample[name] for sample in taken.samples])
    return found.median if found else 0.0


_TARGETS: Final = {
    CALL: _call,
    MEMORY: _memory,
    START: _start,
    STORE: _store,
    DATABASE: _database,
    SERVER: _server,
    KILL: _kill,
    WRITE: _write,
    FAULT: _fault,
}
