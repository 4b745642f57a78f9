"""What a report says of one comparison."""

from typing import Any

import msgspec

from taximeter.report.exact import exact_matrix
from taximeter.report.experiment import Experiment
from taximeter.report.matrix import Matrix, feature_matrix, legend, native_matrix
from taximeter.report.model_figures import compare_with_mean
from taximeter.report.model_tables import (
    coefficients_table,
    months_table,
    params_table,
    scores_table,
    timings_table,
    unseen_table,
)
from taximeter.report.sentences import data_of, nowhere_of, proof_of
from taximeter.report.tables import Table
from taximeter.report.text import moment
from taximeter.report.tracker_tables import (
    artifacts_table,
    costs_table,
    difference_tables,
    metrics_table,
    trackers_table,
)
from taximeter.results import Results


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What a report says of one comparison."""

    results: Results
    address: str
    experiment: Experiment
    data: str
    proof: str
    score: str
    nowhere: str
    native: Matrix
    native_legend: list[tuple[str, str, str]]
    exact: Matrix | None
    features: Matrix
    differences: list[Table]
    run: list[tuple[str, str]]


def comparison_of(results: Results, experiment: Experiment, address: str) -> Comparison:
    """Return what is said of it; `address` is that of its results from the page."""
    native = native_matrix(results.trackers)
    return Comparison(
        results=results,
        address=address,
        experiment=experiment,
        data=data_of(experiment),
        proof=proof_of(results),
        score=compare_with_mean(experiment),
        nowhere=nowhere_of(results),
        native=native,
        native_legend=legend(mark for _, marks in native.rows for mark in marks),
        exact=exact_matrix(results.trackers),
        features=feature_matrix(results.trackers),
        differences=difference_tables(results.trackers),
        run=_run(results.run),
    )


def comparison_tables(results: Results, experiment: Experiment) -> list[Table]:
    """Return its tables."""
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
    ]


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
