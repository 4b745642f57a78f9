"""What became of acknowledged points when something went wrong: kept, altered or lost."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from taximeter.measure.crash_training import Death
from taximeter.measure.faults_training import Outcome
from taximeter.measure.kind import Measurement, Row
from taximeter.report.numbers import share
from taximeter.report.samples import NOT_MEASURED, problem_of
from taximeter.report.text import counted, listed

MEANINGS: Final = (
    ("identical", "all kept"),
    ("changed", "none lost, but some altered or doubled, or something else went wrong in a trial"),
    ("dropped", "some lost"),
    ("refused", "nothing was acknowledged: each call was refused, or none returned"),
    ("unsupported", "not measured, or no such thing"),
)
"""What each verdict on a fate means."""
_CROWD_COUNTS: Final = (
    *("begun", "died", "missing", "strange"),
    *("acknowledged", "found", "altered", "doubled", "invented"),
)
"""What is added up of several processes: runs, and points."""


class Fate(NamedTuple):
    """What became of all acknowledged points of a row's samples, and the states that its runs were left in.

    Attributes:
        noun: what is counted, which is runs where none of their points are kept even in peace.
        acknowledged: points whose call returned.
        kept: those that are there with their value.
        altered: those that are there with another one.
        refused: points whose call raised.
        begun: runs, where several processes write.
        died: those of them that did.
        troubled: trainings that hung, died or met an exception elsewhere than at a call; the states tell where.
        samples: how many trials there were.
        failed: how many more gave nothing.
        states: of the runs at the end.
        flaws: what else went wrong; each begins with a few words, and has the reason after a colon.
        details: further sentences.
        problem: why there are no samples.
    """

    noun: str = "acknowledged points"
    acknowledged: int = 0
    kept: int = 0
    altered: int = 0
    refused: int = 0
    begun: int = 0
    died: int = 0
    troubled: int = 0
    samples: int = 0
    failed: int = 0
    states: str = ""
    flaws: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    problem: str = ""

    @property
    def lost(self) -> int:
        """Those that are not there."""
        return max(0, self.acknowledged - self.kept - self.altered)

    @property
    def keeps_all(self) -> bool:
        """Whether everything was kept in every trial."""
        return 0 < self.acknowledged == self.kept and not self.failed

    @property
    def is_whole(self) -> bool:
        """Whether, besides, nothing else went wrong."""
        return self.keeps_all and not (self.died or self.troubled or self.flaws)

    @property
    def text(self) -> str:
        """Kept of acknowledged, in short."""
        if not self.acknowledged:
            return "refused" if self.refused else "none"
        return share(self.kept, self.acknowledged)

    @property
    def state(self) -> str:
        """The states and the flaws, in short."""
        return "; ".join((self.states, *(flaw.partition(":")[0] for flaw in self.flaws)))

    @property
    def sentence(self) -> str:
        """All of it."""
        if not self.samples:
            return self.problem
        of = f"{self.kept:,} of {self.acknowledged:,} {self.noun} kept"
        counts = [
            of if self.acknowledged else "no point was acknowledged",
            f"{self.altered:,} altered" if self.altered else "",
            f"{self.lost:,} lost" if self.acknowledged else "",
            f"{self.refused:,} refused" if self.refused else "",
            f"in {counted(self.samples, 'trial')}",
        ]
        return "; ".join((", ".join(filter(None, counts)), f"afterwards: {self.states}", *self.flaws))

    @property
    def verdict(self) -> str:
        """As the page's style knows it."""
        if not self.samples:
            return "unsupported"
        if not self.acknowledged:
            return "refused"
        if self.lost:
            return "dropped"
        return "identical" if self.is_whole else "changed"


class Hardship(NamedTuple):
    """One thing that went wrong, in words, and how to find its row and to judge it among all rows of its way."""

    kind: str
    name: str
    is_it: Callable[[Any], bool]
    judge: Callable[[Row[Any, Any], Sequence[Row[Any, Any]]], Fate]


def fate(measurement: Measurement[Any, Any] | None, way: str, hardship: Hardship) -> Fate:
    """Return what became of a tracker's points."""
    rows = [row for row in (measurement.rows if measurement else ()) if row.settings.way == way]
    row = next((row for row in rows if hardship.is_it(row.settings)), None)
    if row is None:
        return Fate(problem=NOT_MEASURED)
    return hardship.judge(row, rows) if row.samples else Fate(problem=problem_of(row))


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


def _judge_points(row: Row[Any, Any], _: Sequence[Row[Any, Any]]) -> Fate:
    """Judge points by the exact record where there is one, and natively else."""
    kept, altered = map(sum, zip(*map(_held, row.samples), strict=True))
    return Fate(
        acknowledged=sum(sample.acknowledged for sample in row.samples),
        kept=kept,
        altered=altered,
        refused=sum(getattr(sample, "refused", 0) for sample in row.samples),
        troubled=sum(map(_is_troubled, row.samples)),
        samples=len(row.samples),
        failed=len(row.problems),
        states=_counted(_state(sample) for sample in row.samples),
        flaws=_flaws(row),
        details=_details(row),
    )


def _held(sample: Any) -> tuple[int, int]:
    """Return how many points are kept and altered; one that the exact record holds otherwise counts as lost."""
    return (sample.found, sample.altered) if sample.recovered is None else (sample.recovered, 0)


def _flaws(row: Row[Any, Any]) -> tuple[str, ...]:
    of = f"of {counted(len(row.samples), 'trial')}"
    native = [sample for sample in row.samples if sample.exact is None]
    doubled, invented = sum(each.doubled for each in native), sum(each.invented for each in native)
    unsound = sum(sample.exact is False for sample in row.samples)
    mute = sum(not sample.acknowledged for sample in row.samples)
    went_on = sum(getattr(sample, "went_on", False) for sample in row.samples)
    flaws = [
        problem_of(row),
        f"went on to its end in {went_on} {of}" if went_on else "",
        f"the exact record was not whole in {unsound} {of}" if unsound else "",
        f"nothing was acknowledged in {mute} {of}" if 0 < mute < len(row.samples) else "",
        f"{counted(doubled, 'point')} doubled" if doubled else "",
        f"{counted(invented, 'point')} never logged" if invented else "",
    ]
    return tuple(filter(None, flaws))


def _is_troubled(sample: Any) -> bool:
    """Tell whether a training did not go on; a call that was refused is counted elsewhere."""
    return getattr(sample, "training", Outcome.WENT_ON) != Outcome.WENT_ON and sample.at != "a call"


def _state(sample: Any) -> str:
    training = getattr(sample, "training", "")
    at = f" at {sample.at}" if training and sample.at else ""
    return f"training {training}{at}, run {sample.status}" if training else str(sample.status)


def _details(row: Row[Any, Any]) -> tuple[str, ...]:
    found = sum(sample.found for sample in row.samples)
    exact = [sample.exact for sample in row.samples if sample.exact is not None]
    said = [each for sample in row.samples for each in getattr(sample, "said", {}).items()]
    means = [sample.means for sample in row.samples if getattr(sample, "means", "")]
    artifacts = [sample.artifact for sample in row.samples if getattr(sample, "artifact", None)]
    lines = []
    if exact:
        lines.append(f"The store shows {found:,} of them natively.")
        lines.append(f"The exact record was whole in {sum(exact)} of {counted(len(exact), 'trial')}.")
    if artifacts:
        lines.append(f"The artifact afterwards: {_counted(artifacts)}.")
    lines += [f"Made so: {one}." for one in dict.fromkeys(means)]
    return (*lines, *dict.fromkeys(f"{how.capitalize()}: {words}" for how, words in said))


def _judge_crowd(row: Row[Any, Any], rows: Sequence[Row[Any, Any]]) -> Fate:
    total = {part: sum(getattr(sample, part) for sample in row.samples) for part in _CROWD_COUNTS}
    reasons = dict.fromkeys(reason for sample in row.samples for reason in sample.reasons)
    ended, missing = total["begun"] - total["died"], total["missing"]
    keeps_points = not any(map(_keeps_runs_only, rows))
    absent = f"{missing:,} of {counted(ended, 'run')} that ended well are not there"
    flaws = [
        problem_of(row),
        absent if missing and keeps_points else "",
        f"{counted(total['strange'], 'run')} there twice, or written by nobody" if total["strange"] else "",
        f"{counted(total['doubled'], 'point')} doubled" if total["doubled"] else "",
        f"{counted(total['invented'], 'point')} never logged" if total["invented"] else "",
    ]
    return Fate(
        noun="acknowledged points" if keeps_points else "runs that ended well",
        acknowledged=total["acknowledged"] if keeps_points else ended,
        kept=total["found"] if keeps_points else ended - missing,
        altered=total["altered"] if keeps_points else 0,
        begun=total["begun"],
        died=total["died"],
        samples=len(row.samples),
        failed=len(row.problems),
        states=f"{total['died']:,} of {counted(total['begun'], 'run')} died",
        flaws=tuple(filter(None, flaws)),
        details=tuple(f"A problem: {reason}" for reason in reasons),
    )


def _keeps_runs_only(row: Row[Any, Any]) -> bool:
    """Tell whether a row says that not even a lone writer's points are kept, but its runs are."""
    is_alone = row.settings.writers == 1 and bool(row.samples)
    return is_alone and all(sample.runs_found and not sample.found for sample in row.samples)


def _counted(words: Iterable[str]) -> str:
    found = Counter(words)
    return listed(f"{word} ({count}×)" if len(found) > 1 else word for word, count in sorted(found.items()))
