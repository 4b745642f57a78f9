"""Everything that a report says, worked out from the results; its templates only arrange it."""

from typing import Any, Final

import msgspec

from taximeter.report.cost_figures import cost_figures
from taximeter.report.experiment import SYNTHETIC, TLC, Experiment, read_experiment
from taximeter.report.figures import Figure
from taximeter.report.matrix import Matrix, feature_matrix, legend, native_matrix
from taximeter.report.model_figures import compare_with_mean, model_figures
from taximeter.report.model_tables import (
    coefficients_table,
    months_table,
    params_table,
    scores_table,
    timings_table,
    unseen_table,
)
from taximeter.report.tables import Table
from taximeter.report.text import counted, listed, machine, moment, short_machine
from taximeter.report.tracker_tables import (
    STATE_VERDICTS,
    artifacts_table,
    costs_table,
    difference_tables,
    distributions_table,
    metrics_table,
    trackers_table,
)
from taximeter.report.verdicts import VerdictMatrix, verdict_matrix
from taximeter.results import Results

PRINCIPLES: Final = (
    "One training run; every tracker was given the same journal of it, by a courier process of its own.",
    "Every store was read back by another process and compared with the journal bit for bit, files included.",
    "What the vendor's own format keeps is a second question, answered on its own: the native view.",
    "No total score and no winner: every figure stands for itself.",
)

LIMITATIONS: Final = (
    "One run on one machine, all couriers at the same time: seconds have no spread and are upper bounds.",
    "Bytes are of the whole store, with the artifacts and the exact record that taximeter adds to it.",
    "A native view is what the vendor's own interface wrote and its own pages show, without our exact record.",
    "A fact counts as changed when its type or one bit differs; whether that loses anything, the evidence shows.",
)
_SYNTHETIC = "The trips are synthetic: the model's scores say nothing about New York."


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the templates are given."""

    results: Results
    experiment: Experiment
    made: str
    machine: str
    headline: str
    proof: str
    data: str
    sentence: str
    score: str
    all_equal: bool
    nowhere: str
    limitations: list[str]
    verdicts: dict[str, str]
    verdict_matrix: VerdictMatrix | None
    native: Matrix
    native_legend: list[tuple[str, str, str]]
    features: Matrix
    figures: dict[str, Figure]
    tables: dict[str, Table]
    differences: list[Table]
    run: list[tuple[str, str]]


def make_report(results: Results) -> Report:
    """Return what a report says.

    Raises:
        InputError: the results hold no experiment that can be shown.
    """
    experiment = read_experiment(results)
    place = short_machine(results.environment)
    native = native_matrix(results.trackers)
    figures = model_figures(experiment, f"{experiment.kind}; {place}") + cost_figures(results.trackers, place)
    return Report(
        results=results,
        experiment=experiment,
        made=moment(results.made),
        machine=machine(results.environment),
        headline=_headline(results),
        proof=_proof(results),
        data=_data(experiment),
        sentence=_sentence(results, experiment),
        score=compare_with_mean(experiment),
        all_equal=results.all_equal,
        nowhere=_nowhere(results),
        limitations=_limitations(experiment),
        verdicts=dict(STATE_VERDICTS),
        verdict_matrix=verdict_matrix(results.verdicts, results.trackers),
        native=native,
        native_legend=legend(mark for _, marks in native.rows for mark in marks),
        features=feature_matrix(results.trackers),
        figures={figure.id: figure for figure in figures},
        tables={table.id: table for table in _tables(results, experiment)},
        differences=difference_tables(results.trackers),
        run=_run(results.run),
    )


def _tables(results: Results, experiment: Experiment) -> list[Table]:
    return [
        months_table(experiment),
        unseen_table(experiment),
        scores_table(experiment),
        coefficients_table(experiment),
        timings_table(experiment),
        trackers_table(results.trackers),
        costs_table(results.trackers),
        params_table(results.run.get("params") or {}),
        metrics_table(results),
        artifacts_table(results.run),
        distributions_table(results.environment.distributions),
    ]


def _headline(results: Results) -> str:
    of = len(results.holding)
    if not of:
        return "No tracker was to hold the run"
    equal = sum(tracker.equal is True for tracker in results.holding)
    return f"{equal} of {counted(of, 'tracker')} {'holds' if equal == 1 else 'hold'} the same run"


def _proof(results: Results) -> str:
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


def _nowhere(results: Results) -> str:
    """Return what stands in place of the differences where there are none."""
    if not any(tracker.equal for tracker in results.holding):
        return "No store could be read."
    if results.all_equal:
        return "Nowhere: every store was read back, and none differs from what was logged."
    return "No store that could be read differs from what was logged."


def _data(experiment: Experiment) -> str:
    months = [f"{role} {month.name}" for role, part in experiment.data.items() for month in part.months]
    if experiment.kind == SYNTHETIC:
        return f"Synthetic sample ({', '.join(months)}): made-up {experiment.colour} taxi trips, not New York's."
    if experiment.kind == TLC:
        return f"NYC TLC, by the names of the files: {experiment.colour} taxi trips ({', '.join(months)})."
    mixed = " Some of them are made up." if experiment.is_synthetic else " Nobody vouches for where they are from."
    return f"{experiment.kind}: {experiment.colour} taxi trips ({', '.join(months)}).{mixed}"


def _sentence(results: Results, experiment: Experiment) -> str:
    trackers = counted(len(results.trackers), "tracker")
    return (
        f"One {experiment.model} model that predicts how long a taxi trip takes was trained once and recorded "
        f"with {trackers} at the same time; then every store was read back and compared."
    )


def _limitations(experiment: Experiment) -> list[str]:
    return [*([_SYNTHETIC] if experiment.is_synthetic else []), *LIMITATIONS]


def _run(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the run's own fields, as names and words."""
    source = run.get("source") or {}
    lasted = None if run.get("ended") is None else (run["ended"] - run["started"]) / 1e6
    fields = {
        "experiment": run.get("experiment"),
        "run": run.get("name"),
        "run id": run.get("run_id"),
        "parent run": run.get("parent_id"),
        "status": run.get("status"),
        "started": moment(run.get("started")),
        "lasted": None if lasted is None else f"{lasted:.3g} s",
        "hypothesis": run.get("hypothesis"),
        "entry point": source.get("entry_point"),
        "arguments": " ".join(source.get("argv") or ()),
        "git commit": source.get("commit"),
        "git branch": source.get("branch"),
        "uncommitted changes": f"{len(source['diff'].splitlines()):,} lines" if source.get("diff") else None,
        "tags": "; ".join(f"{name} = {value}" for name, value in (run.get("tags") or {}).items()),
        "models": "; ".join(
            f"{path} ({model.get('flavour')})" for path, model in (run.get("models") or {}).items()
        ),
    }
    return [(name, str(value)) for name, value in fields.items() if value]
