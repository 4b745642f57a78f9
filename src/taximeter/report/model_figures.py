"""The charts of the model: its error against the mean's, its predictions against the truth, and its epochs."""

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

import plotly.graph_objects as go

from taximeter.report.experiment import Chart, Experiment
from taximeter.report.figures import DARK, INK, MUTED, PALE, STRONG, Figure, draw, label, named_rows
from taximeter.report.numbers import as_number, number, share
from taximeter.report.tables import csv_link
from taximeter.report.text import capital, counted, listed

_LONGEST_TRIP = 60.0
_LONG_TRIP = 30.0
_NEAR = 5.0
_RARE = 0.01


def model_figures(experiment: Experiment, where: str) -> list[Figure]:
    """Return the charts of an experiment; `where` names the data and the machine."""
    figures = [_against_mean(experiment, where)]
    if any(experiment.history.values()):
        figures.append(_epochs(experiment, where))
    for role, chart in experiment.charts.items():
        figures.append(_predictions(experiment, role, chart, where))
        figures.append(_residuals(experiment, role, chart, where))
    return figures


def compare_with_mean(experiment: Experiment) -> str:
    """Return in a sentence how the model does on trips it has not seen, against the mean baseline."""
    role = next((role for role in ("test", "validation") if role in experiment.metrics), "train")
    model, mean = experiment.score(role, "rmse"), experiment.mean_score(role, "rmse")
    if model is None or mean is None:
        return f"The error of {experiment.model} on {role} is no number"
    both = f"{number(model).text} min against {number(mean).text} min"
    if number(model).text == number(mean).text:
        return f"On {role}, {experiment.model} errs as much as the mean does: {both} (rmse)"
    less, word = (mean - model, "less") if model < mean else (model - mean, "more")
    return f"On {role}, {experiment.model} errs {share(less, mean)} {word} than the mean: {both} (rmse)"


def _against_mean(experiment: Experiment, where: str) -> Figure:
    roles = list(experiment.metrics)
    model = [experiment.score(role, "rmse") for role in roles]
    mean = [experiment.mean_score(role, "rmse") for role in roles]
    trips = listed(f"{counted(experiment.data[role].kept, 'trip')} ({role})" for role in roles)
    traces = [_line([row, row], pair, PALE) for row, pair in enumerate(zip(model, mean, strict=True))]
    traces.append(_dots(mean, "the mean", PALE, "bottom center"))
    traces.append(_dots(model, experiment.model, STRONG, "top center"))
    return Figure(
        id="rmse",
        title=compare_with_mean(experiment),
        note=f"n = {trips}; one training; {where}",
        alternative="Two dots for each role: the error of the model and the error of the mean.",
        plot=draw(
            traces,
            x={"title": {"text": "root mean squared error, minutes"}, "range": [0, 1.2 * _largest(model + mean)]},
            y=named_rows(roles),
            layout={},
        ),
        csv=csv_link(
            ["role", "rmse of the model, min", "rmse of the mean, min"], zip(roles, model, mean, strict=True)
        ),
        height=80 + 64 * len(roles),
        is_wide=True,
    )


def _dots(values: Sequence[float | None], name: str, colour: str, side: str) -> go.Scatter:
    """Return one dot a row, with its name and value above or below it, so that close dots stay readable."""
    return go.Scatter(
        x=values,
        y=list(range(len(values))),
        mode="markers+text",
        marker={"color": colour, "size": 13},
        text=[f"{label(name)} {number(value).text}" for value in values],
        textposition=side,
        textfont={"color": colour if colour == STRONG else MUTED},
        cliponaxis=False,
        hovertemplate=f"{label(name)}: %{{x}} min<extra></extra>",
    )


def _line(y: Sequence[float | None], x: Sequence[float | None], colour: str, dash: str = "solid") -> go.Scatter:
    line = {"color": colour, "width": 1 if colour == DARK else 2, "dash": dash}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip")


def _predictions(experiment: Experiment, role: str, chart: Chart, where: str) -> Figure:
    low, high = _frame(chart.predicted)
    outside = sum(not low <= value <= high for value in chart.predicted)
    beyond = f"; {outside:,} of them lie beyond the frame" if outside else ""
    return Figure(
        id=f"predicted-{role}",
        title=_long_trips(role, chart),
        note=f"n = {len(chart.actual):,} of {counted(chart.trips, 'trip')}, evenly spaced{beyond}; {where}",
        alternative="A dot for each trip: its actual duration from left to right, the predicted one upwards.",
        plot=_predictions_plot(chart, (low, high), experiment.training_mean),
        csv=csv_link(["actual, min", "predicted, min"], zip(chart.actual, chart.predicted, strict=True)),
        height=400,
    )


def _predictions_plot(chart: Chart, frame: tuple[float, float], mean: float | None) -> str:
    dots = go.Scatter(
        x=chart.actual,
        y=chart.predicted,
        mode="markers",
        marker={"color": STRONG, "size": 5, "opacity": 0.35},
        hovertemplate="actual %{x:.3g} min<br>predicted %{y:.3g} min<extra></extra>",
    )
    width = [0, _LONGEST_TRIP]
    traces = [dots, _line(width, width, DARK)]
    notes = [_at_the_right(_LONGEST_TRIP, "equal")]
    if mean is not None:
        traces.append(_line([mean, mean], width, DARK, "dot"))
        notes.append(_at_the_right(mean, "mean of training"))
    return draw(
        traces,
        x={"title": {"text": "actual duration, minutes"}, "range": [0, _LONGEST_TRIP + 1]},
        y={"title": {"text": "predicted, minutes"}, "range": frame},
        layout={"annotations": notes},
    )


def _frame(predicted: list[float]) -> tuple[float, float]:
    """Return limits that hold the actual durations and nearly all predictions, so that a wild one hides none."""
    ordered = sorted(predicted)
    rare = int(len(ordered) * _RARE)
    return min(0.0, ordered[rare]), max(_LONGEST_TRIP + 1, ordered[-1 - rare])


def _at_the_right(y: float, text: str) -> dict[str, Any]:
    place = {"x": _LONGEST_TRIP, "y": y, "xanchor": "right", "yanchor": "bottom", "showarrow": False}
    return {**place, "text": text, "font": {"color": MUTED, "size": 12}}


def _long_trips(role: str, chart: Chart) -> str:
    pairs = zip(chart.actual, chart.predicted, strict=True)
    off = [predicted - actual for actual, predicted in pairs if actual > _LONG_TRIP]
    if not off:
        return f"No {role} trip here is longer than {_LONG_TRIP:.0f} minutes"
    by = f"{number(abs(fmean(off))).text} min too {'short' if fmean(off) < 0 else 'long'}"
    return f"{capital(role)} trips over {_LONG_TRIP:.0f} minutes are predicted {by} on average"


def _residuals(experiment: Experiment, role: str, chart: Chart, where: str) -> Figure:
    edges, counts = chart.residual_edges, chart.residual_counts
    near = sum(abs(a - b) <= _NEAR for a, b in zip(chart.actual, chart.predicted, strict=True))
    rows = [(*pair, count) for pair, count in zip(pairwise(edges), counts, strict=True)]
    return Figure(
        id=f"residuals-{role}",
        title=f"{share(near, len(chart.actual))} of the {role} trips are predicted within {_NEAR:.0f} minutes",
        note=f"n = {counted(chart.trips, 'trip')} (the share: {len(chart.actual):,} of them); {where}",
        alternative=f"How many {role} trips {experiment.model} predicts how many minutes too long or too short.",
        plot=_residuals_plot(edges, counts),
        csv=csv_link(["from, min", "to, min", "trips"], rows),
        height=400,
    )


def _residuals_plot(edges: list[float], counts: list[int]) -> str:
    bars = go.Bar(
        x=[(left + right) / 2 for left, right in pairwise(edges)],
        y=counts,
        width=[right - left for left, right in pairwise(edges)],
        customdata=list(pairwise(edges)),
        marker={"color": STRONG, "line": {"width": 0}},
        hovertemplate="%{customdata[0]:.3g} to %{customdata[1]:.3g} min: %{y:,} trips<extra></extra>",
    )
    zero = {
        "type": "line",
        "x0": 0,
        "x1": 0,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": {"color": INK, "width": 1},
    }
    return draw(
        [bars],
        x={"title": {"text": "predicted minus actual, minutes"}},
        y={"title": {"text": "trips"}, "rangemode": "tozero"},
        layout={"shapes": [zero], "bargap": 0},
    )


def _epochs(experiment: Experiment, where: str) -> Figure:
    history = {name: list(map(as_number, values)) for name, values in experiment.history.items() if values}
    epochs = max(map(len, history.values()))
    colours = dict(zip(history, [STRONG, DARK, PALE, MUTED] * len(history), strict=False))
    rows = [(epoch, *(_at(values, epoch) for values in history.values())) for epoch in range(epochs)]
    return Figure(
        id="epochs",
        title=_trend(history),
        note=f"n = {counted(epochs, 'epoch')}; one training; {where}",
        alternative="A line for each metric that was logged after every epoch.",
        plot=draw(
            [_history(name, values, colours[name]) for name, values in history.items()],
            x={"title": {"text": "epoch"}, "tick0": 0, "dtick": max(1, epochs // 8)},
            y={"title": {"text": "error, minutes"}},
            layout={"hovermode": "x"},
        ),
        csv=csv_link(["epoch", *history], rows),
        height=260,
        is_wide=True,
        legend=[(colour, name) for name, colour in colours.items()],
    )


def _history(name: str, values: list[float | None], colour: str) -> go.Scatter:
    return go.Scatter(
        x=list(range(len(values))),
        y=values,
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"size": 5},
        hovertemplate=f"{label(name)}, epoch %{{x}}: %{{y}}<extra></extra>",
    )


def _trend(history: dict[str, list[float | None]]) -> str:
    name = next((name for name in history if name.startswith("validation")), next(iter(history)))
    first, last = history[name][0], history[name][-1]
    if first is None or last is None:
        return f"{name} after each epoch"
    word = "falls" if last < first else "rises"
    return f"{name} {word} from {number(first).text} to {number(last).text} min in {len(history[name])} epochs"


def _at(values: list[float | None], epoch: int) -> float | None:
    return values[epoch] if epoch < len(values) else None


def _largest(values: Iterable[float | None]) -> float:
    return max((value for value in values if value is not None and math.isfinite(value)), default=1.0) or 1.0
