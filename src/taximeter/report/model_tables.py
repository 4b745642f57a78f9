"""The tables of the experiment: its data, its scores, and what it logged."""

from collections.abc import Iterable
from typing import Any, Final

from taximeter.report.experiment import Experiment
from taximeter.report.numbers import NOTHING, as_number, share
from taximeter.report.numbers import whole as count
from taximeter.report.tables import Cell, Table, code, figure, figures, mixed_figures, text
from taximeter.report.text import shorten, value_text

_ODD: Final = {
    "duration_below_1": "left out: below 1 minute",
    "duration_negative": "… of these, ending before they begin",
    "duration_zero": "… of these, of no duration",
    "duration_above_60": "left out: above 60 minutes",
    "without_time": "left out: without a time",
    "without_distance": "left out: without a distance",
    "above_max_distance": "left out: above the limit of miles",
    "outside_month": "odd: picked up in another month",
    "without_zone": "odd: without a zone",
    "distance_negative": "odd: of negative distance",
    "distance_zero": "odd: of no distance",
    "distance_above_100": "odd: above 100 miles",
}
"""What is counted of a month, and in which words."""

_SHORT_HASH = 12


def scores_table(experiment: Experiment) -> Table:
    """Return the model's scores against those of the mean of the training trips."""
    roles = list(experiment.metrics)
    columns = [
        [experiment.score(role, name) for role in roles]
        if is_model
        else [experiment.mean_score(role, name) for role in roles]
        for name in ("rmse", "mae", "r2")
        for is_model in (True, False)
    ]
    cells = [figures(values) for values in columns]
    less = [text(_less(experiment, role)) for role in roles]
    return Table(
        id="scores",
        caption=f"{experiment.model} against the mean duration of the training trips",
        columns=[
            "role",
            *(f"{title} {of}" for title in ("rmse, min,", "mae, min,", "R²") for of in ("model", "mean")),
            "rmse against the mean",
        ],
        rows=[[text(role), *(column[row] for column in cells), less[row]] for row, role in enumerate(roles)],
        note="R² of 0 is as good as the mean of the same trips; below 0 is worse.",
    )


def _less(experiment: Experiment, role: str) -> str:
    model, mean = experiment.score(role, "rmse"), experiment.mean_score(role, "rmse")
    if model is None or not mean:
        return "–"
    word = "less" if model < mean else "more"
    return "the same" if model == mean else f"{share(abs(mean - model), mean)} {word}"


def months_table(experiment: Experiment) -> Table:
    """Return what each month of each role holds, a column for each."""
    months = [(role, month) for role, part in experiment.data.items() for month in part.months]
    rows: list[list[Cell]] = [
        [text("file"), *(text(month.source) for _, month in months)],
        [text("kind"), *(text(f"{month.kind}, {month.colour}") for _, month in months)],
        _counts("trips in the file", (month.rows for _, month in months)),
        _counts("trips kept", (month.kept for _, month in months)),
        *(_counts(words, (month.odd.get(name) for _, month in months)) for name, words in _ODD.items()),
        [text("shortest kept, min"), *figures([month.minutes.least for _, month in months])],
        [text("longest kept, min"), *figures([month.minutes.greatest for _, month in months])],
        [text("mean kept, min"), *figures([month.minutes.mean for _, month in months])],
        [text("farthest in the file, miles"), *figures([month.miles.greatest for _, month in months])],
        [text("first pickup, New York"), *(text(month.first_pickup or "–") for _, month in months)],
        [text("last pickup, New York"), *(text(month.last_pickup or "–") for _, month in months)],
        [text("fingerprint of the trips kept"), *(_hash(month.rows_sha256) for _, month in months)],
        [text("sha256 of the file"), *(_hash(month.file_sha256) for _, month in months)],
    ]
    return Table(
        id="data",
        caption="What the data hold, before and after filtering",
        columns=["", *(f"{role}: {month.name}" for role, month in months)],
        rows=rows,
        note="One trip may be left out for several reasons, and odd trips are kept where their duration fits.",
    )


def unseen_table(experiment: Experiment) -> Table:
    """Return how many trips of each role have a pair of zones that training did not."""
    roles = experiment.data
    return Table(
        id="unseen",
        caption="Trips whose pair of zones the training trips do not have",
        columns=["role", "trips kept", "unseen pair", "share"],
        rows=[
            [text(role), figure(count(part.kept)), figure(count(part.unseen)), text(share(part.unseen, part.kept))]
            for role, part in roles.items()
        ],
        note="The model knows such a trip by its miles alone.",
    )


def coefficients_table(experiment: Experiment) -> Table:
    """Return a linear model's largest coefficients."""
    values = {name: as_number(value) for name, value in experiment.coefficients.items()}
    cells = mixed_figures(list(values.values()))
    return Table(
        id="coefficients",
        caption=f"The largest coefficients of {len(values)} shown, of {experiment.features.count:,} features",
        columns=["feature", "minutes for each unit"],
        rows=[[code(name), cell] for name, cell in zip(values, cells, strict=True)],
    )


def timings_table(experiment: Experiment) -> Table:
    """Return how long each stage of the training took, and how fast the saved model predicts."""
    seconds = {name: as_number(value) for name, value in experiment.seconds.items()}
    latency = {name: as_number(value) for name, value in experiment.latency.items()}
    names = {
        "one_trip_median_seconds": "predict one trip, median of 20, s",
        "one_trip_max_seconds": "predict one trip, longest of 20, s",
        "trips_per_second": "predict in bulk, trips a second",
    }
    rows = [
        [text(f"{stage}, s"), cell]
        for stage, cell in zip(seconds, mixed_figures(list(seconds.values())), strict=True)
    ]
    rows += [
        [text(names.get(name, name)), cell]
        for name, cell in zip(latency, mixed_figures(list(latency.values())), strict=True)
    ]
    return Table(
        id="timings",
        caption="Stages of the training, and the saved model's speed",
        columns=["stage", "measured"],
        rows=rows,
    )


def params_table(params: dict[str, Any]) -> Table:
    """Return every param of the run, as it was logged."""
    return Table(
        id="params",
        caption="Params of the run",
        columns=["param", "value"],
        rows=[[code(shorten(name)), code(value_text(value))] for name, value in params.items()],
    )


def _counts(name: str, values: Iterable[int | None]) -> list[Cell]:
    return [text(name), *(figure(count(value)) for value in values)]


def _hash(digest: str | None) -> Cell:
    return figure(NOTHING) if digest is None else code(digest[:_SHORT_HASH], digest)


__all__ = [
    "coefficients_table",
    "months_table",
    "params_table",
    "scores_table",
    "timings_table",
    "unseen_table",
]
