"""The sentences of a report: what was done, what was found, and what the figures do not say."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from taximeter.measure.crash_training import FEWEST_POINTS, MOST_POINTS
from taximeter.measure.crash_worker import PAUSE_SECONDS
from taximeter.measure.kind import Measurement
from taximeter.measure.offspring import SETTLE_SECONDS
from taximeter.plugins import tracker_name
from taximeter.report.experiment import SYNTHETIC, TLC, Experiment
from taximeter.report.material import Material, Source
from taximeter.report.text import counted, listed, machine, moment
from taximeter.results import Results

_TOGETHER: Final = (
    "One training run; every tracker was given the same journal of it, by a courier process of its own.",
    "What could be read of the stores was read by another process, and compared with the journal bit for bit.",
    "What the vendor's own format keeps is a second question, answered on its own: the native view.",
)
_ALWAYS: Final = "No total score and no winner: every figure stands for itself."
_WORDS: Final = (
    "Acknowledged is what a call that logs has returned for.",
    "The journal is taximeter's own file of a run; the courier is the process that writes a store from it.",
    "The adapter is what calls the vendor in a courier; the exact record is a file that it adds to the store.",
)
_MEASURED: Final = (
    "Every sample comes from processes of its own, with one tracker unless its row names several.",
    "The rows of a kind take turns; kills and faults may be tried several at once.",
    f"A kill comes after {FEWEST_POINTS} to {MOST_POINTS} points, with {1000 * PAUSE_SECONDS:g} ms between calls.",
    "A longer training would lose a smaller share of its points.",
    "Killed in finish are trainings within the time that it usually takes; one that was done sooner is repeated.",
    "A training that SIGTERM does not end goes on to its last point, and counts as it is then found.",
    "A store that keeps no state of a run is read as finished.",
    f"A dead training's processes and couriers have {SETTLE_SECONDS:g} seconds; then the store is read.",
    "A fault, but for damage, is over before the store is read; through taximeter, all is recovered then too.",
    "Where a disk is full until a run has to be finished, room is made and the run is finished again.",
    "Damage hits a file of the store at random, another one each time.",
    "A vendor whose cost or growth is measured finds no package that only other trackers need.",
    "Releases run in environments of their own.",
    "Vendors have their documented defaults, but for what keeps them offline.",
    "The same calls are made on every way into a store.",
    "Fewer than six samples have no interval of 95 %: what stands beside their median is their range.",
    "A failure or a gap is a dash with its reason, never a missing row.",
    "A figure of fewer samples than were tried says how many of them failed, and why.",
)

_ASKED: Final = {
    ("cost", "growth"): "costs",
    ("crash", "faults", "contention"): "survives",
    ("verdicts",): "keeps",
}
"""What the kinds of results tell of a tracker."""

_COMPARED: Final = (
    "The comparison is one run, with all couriers at once: its seconds have no spread and are upper bounds.",
    "Bytes are of the whole store, with the artifacts and the exact record that taximeter adds to it.",
    "A native view is what the adapter wrote through the vendor's own interface, without our exact record.",
    "A fact counts as changed when its type or one bit differs; a metric's times are a fact of their own.",
)
_SYNTHETIC: Final = "The trips are synthetic: the model's scores say nothing about New York."
_SCALES: Final = "Seconds are those of the machine named below each chart: ratios travel, seconds do not."
_LOCAL: Final = "Everything was recorded in local stores: a vendor's cloud was never part of it."
_VENDORLESS: Final = (
    "There is no vendor of {}: what is shown as its way is code of taximeter's own, in the process that logs and "
    "without a journal."
)
_QUICK: Final = "Some measurements are quick ones, of one sample each, perhaps taken several at once: {}."
_RELEASES: Final = (
    "Of releases beside their tracker only the costs are shown; these lie among the files alone: {}."
)
_OTHERS: Final = "The measurements are of several {}; compare them with care."


def headline_of(results: Results) -> str:
    """Return how many trackers hold the run."""
    of = len(results.holding)
    if not of:
        return "No tracker was to hold the run"
    equal = sum(tracker.equal is True for tracker in results.holding)
    return f"{equal} of {counted(of, 'tracker')} {'holds' if equal == 1 else 'hold'} the same run"


def proof_of(results: Results) -> str:
    """Return what was compared, and whose store is not as it should be."""
    run = results.run
    kept = [
        counted(results.points, "point"),
        counted(len(run.get("params") or ()), "param"),
        counted(len(run.get("tags") or ()), "tag"),
        counted(len(run.get("datasets") or ()), "dataset"),
        counted(len(run.get("artifacts") or ()), "artifact"),
        counted(len(run.get("models") or ()), "model"),
    ]
    compared = f"Compared bit for bit: {listed(kept)}, the source and the environment."
    failing = [f"{each.name} {each.state}" for each in results.holding if not each.equal]
    idle = [each.name for each in results.trackers if each.state == "keeps nothing"]
    sentences = [compared]
    if failing:
        sentences.append(f"{listed(failing)}.")
    if idle:
        verbs = ("keeps", "is") if len(idle) == 1 else ("keep", "are")
        sentences.append(f"{listed(idle)} {verbs[0]} nothing by design and {verbs[1]} not counted.")
    return " ".join(sentences)


def nowhere_of(results: Results) -> str:
    """Return what stands in place of the differences where there are none."""
    if not any(tracker.equal for tracker in results.holding):
        return "No store could be read."
    if results.all_equal:
        return "Nowhere: every store was read back, and none differs from what was logged."
    return "No store that could be read differs from what was logged."


def data_of(experiment: Experiment) -> str:
    """Return where the trips are from."""
    months = [f"{role} {month.name}" for role, part in experiment.data.items() for month in part.months]
    if experiment.kind == SYNTHETIC:
        return f"Synthetic sample ({', '.join(months)}): made-up {experiment.colour} taxi trips, not New York's."
    if experiment.kind == TLC:
        return f"NYC TLC, by the names of the files: {experiment.colour} taxi trips ({', '.join(months)})."
    mixed = " Some of them are made up." if experiment.is_synthetic else " Nobody vouches for where they are from."
    return f"{experiment.kind}: {experiment.colour} taxi trips ({', '.join(months)}).{mixed}"


def sentence_of(material: Material, experiment: Experiment | None, names: Sequence[str]) -> str:
    """Return what was done."""
    known = {source.kind for source in material.shown}
    asked = [verb for kinds, verb in _ASKED.items() if known.intersection(kinds)]
    if not experiment or not material.comparison:
        trackers = counted(len({tracker_name(name) for name in names}), "tracker")
        ways = ", as its vendor ships it and through taximeter" if _measured(material) else ""
        return f"What each of {trackers} {listed(asked)}{ways}."
    trackers = counted(len(material.comparison.trackers), "tracker")
    once = (
        f"One {experiment.model} model that predicts how long a taxi trip takes was trained once and recorded "
        f"with {trackers} at the same time; then every store that could be read was read back and compared."
    )
    return f"{once} And trackers were examined alone: what each {listed(asked)}." if asked else once


def limitations_of(material: Material, experiment: Experiment | None) -> list[str]:
    """Return what the figures do not say, the most important first."""
    sentences = [_SYNTHETIC] if experiment and experiment.is_synthetic else []
    if material.vendorless:
        sentences.append(_VENDORLESS.format(listed(material.vendorless)))
    if measured := _measured(material):
        quick = dict.fromkeys(each.kind for each in measured if each.content.depth == "quick")
        several = _several(source.content for source in measured)
        sentences += [_SCALES, _LOCAL]
        sentences += [_QUICK.format(listed(quick))] if quick else []
        sentences += [_OTHERS.format(listed(several))] if several else []
    if material.left_out:
        sentences.append(_RELEASES.format(listed(f"{each.kind} of {each.tracker}" for each in material.left_out)))
    return [*sentences, *(_COMPARED if experiment else ())]


def principles_of(material: Material) -> list[str]:
    """Return how everything was measured."""
    together, measured = _TOGETHER if material.comparison else (), _MEASURED if _measured(material) else ()
    return [*together, *_WORDS, *measured, _ALWAYS]


def _measured(material: Material) -> list[Source]:
    """Return the files of measurements, which verdicts are not."""
    return [source for source in material.measured if source.kind != "verdicts"]


def _several(measured: Iterable[Measurement[Any, Any]]) -> list[str]:
    """Return what differs among measurements that are shown side by side."""
    machines: set[str] = set()
    days: set[str] = set()
    commits: set[str | None] = set()
    for each in measured:
        machines.add(machine(each.environment))
        commits.add(each.commit)
        days.update(moment(time)[:10] for time in (*(time for row in each.rows for time in row.taken), each.made))
    differing = (("machines", machines), ("days", days), ("states of taximeter", commits))
    return [name for name, found in differing if len(found) > 1]
