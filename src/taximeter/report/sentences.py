"""The sentences of a report: what was done, what was found, and what the figures do not say."""

from collections.abc import Sequence
from typing import Final

from taximeter.report.experiment import SYNTHETIC, TLC, Experiment
from taximeter.report.material import Material
from taximeter.report.text import counted, listed, machine, moment
from taximeter.results import Results

_TOGETHER: Final = (
    "One training run; every tracker was given the same journal of it, by a courier process of its own.",
    "Every store was read back by another process and compared with the journal bit for bit, files included.",
    "What the vendor's own format keeps is a second question, answered on its own: the native view.",
)
_ALWAYS: Final = "No total score and no winner: every figure stands for itself."
_MEASURED: Final = (
    "Every sample comes from processes of its own, with one tracker in it; samples of a kind are interleaved.",
    "Growth has one sample of each size; kills and faults are tried several at once.",
    "Vendors have their documented defaults; the same calls are made on every way into a store.",
    "A failure or a gap is a dash with its reason, never a missing row.",
)

_COMPARED: Final = (
    "The comparison is one run, with all couriers at once: its seconds have no spread and are upper bounds.",
    "Bytes are of the whole store, with the artifacts and the exact record that taximeter adds to it.",
    "A native view is what the vendor's own interface wrote and its own pages show, without our exact record.",
    "A fact counts as changed when its type or one bit differs; whether that loses anything, the evidence shows.",
)
_SYNTHETIC: Final = "The trips are synthetic: the model's scores say nothing about New York."
_SCALES: Final = "Seconds are those of the machine named below each chart: ratios travel, seconds do not."
_LOCAL: Final = "Everything was recorded locally, without a network: a vendor's cloud was never part of it."
_QUICK: Final = "Some measurements are quick ones, of one sample each, and have no interval: {}."
_OTHERS: Final = "The measurements are of several machines or days; compare them with care."


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
    if not experiment or not material.comparison:
        trackers = counted(len(names), "tracker")
        return f"What {trackers} cost, survive and keep, each as its vendor ships it and through taximeter."
    trackers = counted(len(material.comparison.trackers), "tracker")
    once = (
        f"One {experiment.model} model that predicts how long a taxi trip takes was trained once and recorded "
        f"with {trackers} at the same time; then every store was read back and compared."
    )
    if not material.is_project:
        return once
    return f"{once} And each was measured alone: what it costs, what it survives, and what it does to the data."


def limitations_of(material: Material, experiment: Experiment | None) -> list[str]:
    """Return what the figures do not say, the most important first."""
    sentences = [_SYNTHETIC] if experiment and experiment.is_synthetic else []
    if material.measured:
        kinds = [source for source in material.measured if source.kind != "verdicts"]
        quick = listed(dict.fromkeys(each.kind for each in kinds if each.content.depth == "quick"))
        places = {(moment(each.content.made)[:10], machine(each.content.environment)) for each in kinds}
        sentences += [_SCALES, _LOCAL]
        sentences += [_QUICK.format(quick)] if quick != "none" else []
        sentences += [_OTHERS] if len(places) > 1 else []
    return [*sentences, *(_COMPARED if experiment else ())]


def principles_of(material: Material) -> list[str]:
    """Return how everything was measured."""
    together, measured = _TOGETHER if material.comparison else (), _MEASURED if material.measured else ()
    return [*together, *measured, _ALWAYS]
