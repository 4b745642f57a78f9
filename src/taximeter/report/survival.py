"""What stores hold after something went wrong: kept, altered and lost out of what was acknowledged."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from taximeter.measure.crash import Death
from taximeter.measure.kind import Measurement, Row
from taximeter.report.drawing import AnyMark, Bar, Drawing, Label
from taximeter.report.figures import AXIS, NAMES, ROW, Figure, Scale, middle, name_at, x_axis
from taximeter.report.matrix import Evidence, Mark, Matrix
from taximeter.report.numbers import share
from taximeter.report.samples import NOT_MEASURED, WAYS
from taximeter.report.tables import Sheet
from taximeter.report.text import counted, listed, ranged

_ENDS: Final = 220.0
_BAR: Final = 16.0
_PARTS: Final = (("identical", "kept"), ("changed", "altered"), ("dropped", "lost"))


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


def _counted(words: Any) -> str:
    found = Counter(words)
    return listed(f"{word} ({count}×)" if len(found) > 1 else word for word, count in sorted(found.items()))


def survival_matrix(kinds: dict[str, list[Measurement[Any, Any]]], trackers: Sequence[str], way: str) -> Matrix:
    """Return what became of every tracker in every hardship, on one way."""
    by_kind = {kind: {each.tracker: each for each in found} for kind, found in kinds.items()}
    rows = []
    for line, hardship in enumerate(hardships(kinds)):
        measured = by_kind[hardship.kind]
        marks = [
            _mark(f"survival-{way}-{line}-{place}", name, hardship, measured.get(name), way)
            for place, name in enumerate(trackers)
        ]
        rows.append((hardship.name, marks))
    return Matrix(
        id=f"survival-{way}",
        caption=f"Kept of what was acknowledged, {WAYS[way]}",
        head="what went wrong",
        trackers=list(trackers),
        first=0,
        rows=rows,
    )


def _mark(id_: str, name: str, hardship: Hardship, measurement: Measurement[Any, Any] | None, way: str) -> Mark:
    of = fate(measurement, way, hardship)
    if not of.samples:
        evidence = None
        if of.problem != NOT_MEASURED:
            evidence = Evidence(id=id_, title=f"{name}: {hardship.name}", sentences=[of.problem])
        return Mark(verdict="unsupported", says=of.problem, evidence=evidence)
    command = f"taximeter measure {hardship.kind} --tracker {name}"
    evidence = Evidence(
        id=id_,
        title=f"{name}: {hardship.name}, {WAYS[way]}",
        sentences=[f"{of.sentence}.", *of.details, f"Again: {command}"],
    )
    shares = {"identical": of.kept, "changed": of.altered, "dropped": of.lost}
    return Mark(
        verdict=of.verdict, says=of.sentence, text=of.text, shares=shares, evidence=evidence, state=of.states
    )


def killed_figure(measurements: Sequence[Measurement[Any, Any]], where: str) -> Figure:
    """Return the chart of what is left of a training that was killed at once."""
    hardship = crash()
    fates = {way: {each.tracker: fate(each, way, hardship) for each in measurements} for way in WAYS}
    order = sorted(fates["vendor"], key=lambda name: _order(fates["vendor"][name]))
    trials = ranged(
        (each.samples for by_name in fates.values() for each in by_name.values() if each.samples), "training"
    )
    return Figure(
        id="killed",
        title={way: _title(fates[way]) for way in WAYS},
        note=f"n = {trials} for each bar, killed by SIGKILL at another point each time; through taximeter "
        f"the exact record is read, after the courier has delivered; {where}",
        alternative="A bar for each tracker: the shares of acknowledged points that were kept, altered and lost.",
        panels={way: [_drawing(order, fates[way])] for way in WAYS},
        sheet=Sheet(
            head=["tracker", "way", "acknowledged", "kept", "altered", "lost", "afterwards"],
            rows=[
                (name, way, each.acknowledged, each.kept, each.altered, each.lost, each.states or each.problem)
                for way, by_name in fates.items()
                for name, each in by_name.items()
            ],
        ),
        is_wide=True,
        legend=_PARTS,
    )


def _order(of: Fate) -> tuple[bool, float]:
    return (not of.samples, of.lost / of.acknowledged if of.acknowledged else 0.0)


def _title(fates: dict[str, Fate]) -> str:
    tried = {name: each for name, each in fates.items() if each.samples}
    whole = [name for name, each in tried.items() if each.kept == each.acknowledged]
    if not tried:
        return "No training was killed on this way"
    worst = min(tried, key=lambda name: tried[name].kept / max(1, tried[name].acknowledged))
    least = f"; {worst} keeps {tried[worst].text}" if len(whole) < len(tried) else ""
    verb = "keeps" if len(whole) == 1 else "keep"
    return f"{len(whole)} of {counted(len(tried), 'tracker')} {verb} every acknowledged point of a kill{least}"


def _drawing(names: Sequence[str], fates: dict[str, Fate]) -> Drawing:
    scale, height = Scale(0.0, 100.0), ROW * len(names)
    marks: list[AnyMark] = x_axis(scale, height, "per cent of the acknowledged points")
    for row, name in enumerate(names):
        marks.append(name_at(row, name))
        marks += _bar(row, fates[name])
    return Drawing(height=height + AXIS, left=NAMES, right=_ENDS, marks=marks)


def _bar(row: int, of: Fate) -> list[AnyMark]:
    y = middle(row)
    if not of.acknowledged:
        return [Label(tone="muted", x=0.0, y=y + 4, text=of.problem[:60], title=of.problem, move=6, row=row)]
    ends = [0.0]
    for part in (of.kept, of.altered, of.lost):
        ends.append(ends[-1] + part / of.acknowledged)
    bars = [
        Bar(tone=tone, x=(left, right), y=(y - _BAR / 2, y + _BAR / 2), title=of.sentence, row=row)
        for (tone, _), left, right in zip(_PARTS, ends, ends[1:], strict=False)
        if right > left
    ]
    words = f"{of.kept:,} of {of.acknowledged:,}; {of.states}"
    short = words if len(words) <= 34 else f"{words[:33]}…"  # noqa: PLR2004 - what fits beside the bar
    return [*bars, Label(tone="ink", x=1.0, y=y + 4, text=short, title=words, move=10, row=row)]
