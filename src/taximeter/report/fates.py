"""What became of acknowledged points when something went wrong: kept, altered or lost."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from taximeter.measure.crash import Death
from taximeter.measure.kind import Measurement, Row
from taximeter.report.numbers import share
from taximeter.report.samples import NOT_MEASURED
from taximeter.report.text import counted, listed


class Fate(NamedTuple):
    """What became of all acknowledged points of a row's samples, and the states that its runs were left in."""

    acknowledged: int
    kept: int
    altered: int
    samples: int
    states: str
    details: tuple[str, ...] = ()
    problem: str = ""

    @property
    def lost(self) -> int:
        """Those that are not there."""
        return max(0, self.acknowledged - self.kept - self.altered)

    @property
    def text(self) -> str:
        """Kept of acknowledged, in short."""
        return share(self.kept, self.acknowledged) if self.acknowledged else "–"

    @property
    def sentence(self) -> str:
        """All of it."""
        if not self.samples:
            return self.problem
        altered = f", {self.altered:,} altered" if self.altered else ""
        return (
            f"{self.kept:,} of {self.acknowledged:,} acknowledged points kept{altered}, {self.lost:,} lost, "
            f"in {counted(self.samples, 'trial')}; afterwards: {self.states}"
        )

    @property
    def verdict(self) -> str:
        """As the page's style knows it."""
        if not self.samples:
            return "unsupported"
        if self.lost:
            return "dropped"
        return "changed" if self.altered else "identical"


class Hardship(NamedTuple):
    """One thing that went wrong, in words, and how to find its row and to judge a sample."""

    kind: str
    name: str
    is_it: Callable[[Any], bool]
    judge: Callable[[Row[Any, Any]], Fate]


def fate(measurement: Measurement[Any, Any] | None, way: str, hardship: Hardship) -> Fate:
    """Return what became of a tracker's points."""
    rows = [
        row
        for row in (measurement.rows if measurement else ())
        if row.settings.way == way and hardship.is_it(row.settings)
    ]
    if not rows:
        return Fate(0, 0, 0, 0, "", problem=NOT_MEASURED)
    if not rows[0].samples:
        return Fate(0, 0, 0, 0, "", problem="; ".join(rows[0].problems) or NOT_MEASURED)
    return hardship.judge(rows[0])


def hardships(kinds: dict[str, list[Measurement[Any, Any]]]) -> list[Hardship]:
    """Return everything that went wrong in any of these measurements."""
    settings = [
        (kind, row.settings) for kind, each in kinds.items() for measurement in each for row in measurement.rows
    ]
    deaths = dict.fromkeys(str(each.death) for kind, each in settings if kind == "crash")
    crowds = sorted({(each.writers, each.fresh) for kind, each in settings if kind == "contention"}, reverse=True)
    faults = dict.fromkeys(str(each.fault) for kind, each in settings if kind == "faults")
    return [
        *(crash(death) for death in deaths),
        *(faulty(name) for name in faults),
        *(crowd(writers, fresh=fresh) for writers, fresh in crowds),
    ]


def crash(death: str = Death.KILL) -> Hardship:
    """Return a death of the training."""
    return Hardship("crash", f"the training dies: {death}", lambda it: str(it.death) == death, _judge_points)


def faulty(name: str) -> Hardship:
    """Return a fault."""
    return Hardship("faults", name, lambda it: str(it.fault) == name, _judge_points)


def crowd(writers: int, *, fresh: bool) -> Hardship:
    """Return several processes that write at once."""
    store = "a new store" if fresh else "a store that is there"
    name = f"{counted(writers, 'process')} into {store}"
    return Hardship("contention", name, lambda it: (it.writers, it.fresh) == (writers, fresh), _judge_crowd)


def _judge_points(row: Row[Any, Any]) -> Fate:
    """Judge points by the exact record where there is one, and natively else."""
    kept = altered = 0
    for sample in row.samples:
        recovered = getattr(sample, "recovered", None)
        exact = sample.acknowledged if sample.exact else recovered
        kept += sample.found if exact is None else exact
        altered += sample.altered if exact is None else 0
    return Fate(
        acknowledged=sum(sample.acknowledged for sample in row.samples),
        kept=kept,
        altered=altered,
        samples=len(row.samples),
        states=_counted(_state(sample) for sample in row.samples),
        details=_details(row),
        problem="; ".join(row.problems),
    )


def _state(sample: Any) -> str:
    training = getattr(sample, "training", "")
    at = f" at {sample.at}" if training and sample.at else ""
    return f"training {training}{at}, run {sample.status}" if training else sample.status


def _details(row: Row[Any, Any]) -> tuple[str, ...]:
    found = sum(sample.found for sample in row.samples)
    exact = [sample.exact for sample in row.samples if sample.exact is not None]
    told = [f"{how}: {words}" for sample in row.samples for how, words in getattr(sample, "said", {}).items()]
    means = [sample.means for sample in row.samples if getattr(sample, "means", "")]
    artifacts = [sample.artifact for sample in row.samples if getattr(sample, "artifact", None)]
    lines = [f"The store shows {found:,} of them natively."] if exact else []
    if exact:
        lines.append(f"The exact record was whole in {sum(exact)} of {counted(len(exact), 'trial')}.")
    if artifacts:
        lines.append(f"The artifact afterwards: {_counted(artifacts)}.")
    lines += [f"Made so: {one}." for one in dict.fromkeys(means)]
    return (*lines, *(f"It said: {one}" for one in dict.fromkeys(told)))


def _judge_crowd(row: Row[Any, Any]) -> Fate:
    died = sum(sample.died for sample in row.samples)
    begun = sum(sample.begun for sample in row.samples)
    reasons = dict.fromkeys(reason for sample in row.samples for reason in sample.reasons)
    return Fate(
        acknowledged=sum(sample.acknowledged for sample in row.samples),
        kept=sum(min(sample.found, sample.acknowledged) for sample in row.samples),
        altered=0,
        samples=len(row.samples),
        states=f"{died:,} of {counted(begun, 'run')} died",
        details=tuple(f"A run died of: {reason}" for reason in reasons),
        problem="; ".join(row.problems),
    )


def _counted(words: Iterable[str]) -> str:
    found = Counter(words)
    return listed(f"{word} ({count}×)" if len(found) > 1 else word for word, count in sorted(found.items()))
