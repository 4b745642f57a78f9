"""The charts of the model: its error against the mean's, its predictions against the truth, and its epochs."""

from itertools import pairwise
from statistics import fmean
from typing import Final

import plotly.graph_objects as go

from taximeter.report.experiment import Chart, Experiment
from taximeter.report.figures import ALWAYS, Figure, Plot, axis_of, framed, hover, label, rows_chart
from taximeter.report.numbers import as_number, number, share
from taximeter.report.tables import Sheet
from taximeter.report.text import capital, counted, listed

MODEL_FIGURES: Final = ("rmse", "epochs", "predicted-", "residuals-")
"""How the ids of these charts begin."""

_LONGEST_TRIP: Final = 60.0
_LONG_TRIP: Final = 30.0
_NEAR: Final = 5.0
_RARE: Final = 0.01
_HEIGHT: Final = 344
_PAIR: Final = 62
_MARGIN: Final = (48, 12, 8, 48)
_BESIDE: Final = (48, 52, 8, 48)
_TONES: Final = ("strong", "dark", "pale", "medium")


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
    pairs = [
        go.Scatter(meta="pale", x=list(pair), y=[row, row], mode="lines", hoverinfo="skip")
        for row, pair in enumerate(zip(model, mean, strict=True))
    ]
    dots = [
        _named_dots(mean, "the mean", "bottom center", "pale"),
        _named_dots(model, experiment.model, "top center", "strong"),
    ]
    axis = axis_of("root mean squared error, minutes", model + mean)
    return Figure(
        id="rmse",
        title={ALWAYS: compare_with_mean(experiment)},
        note=f"n = {trips}; one training; {where}",
        alternative="Two dots for each role: the error of the model and the error of the mean.",
        plots={ALWAYS: [Plot(rows_chart(roles, [*pairs, *dots], axis, right=48, row=_PAIR))]},
        sheet=Sheet(
            head=["role", "rmse of the model, min", "rmse of the mean, min"],
            rows=list(zip(roles, model, mean, strict=True)),
        ),
        is_wide=True,
    )


def _named_dots(values: list[float | None], name: str, place: str, tone: str) -> go.Scatter:
    """Return a dot for each row, with name and value above or below it, so that close dots stay readable."""
    return go.Scatter(
        name=name,
        meta=tone,
        x=values,
        y=list(range(len(values))),
        mode="markers+text",
        marker={"size": 12},
        text=[f"{label(name)} {number(value).text}" for value in values],
        textposition=place,
        hovertext=[hover(f"{name}: {value!r} min") for value in values],
    )


def _predictions(experiment: Experiment, role: str, chart: Chart, where: str) -> Figure:
    low, high = _frame(chart.predicted)
    outside = sum(not low <= value <= high for value in chart.predicted)
    beyond = f"; {outside:,} of them lie beyond the frame" if outside else ""
    return Figure(
        id=f"predicted-{role}",
        title={ALWAYS: _long_trips(role, chart)},
        note=f"n = {len(chart.actual):,} of {counted(chart.trips, 'trip')}, evenly spaced{beyond}; {where}",
        alternative="A dot for each trip: its actual duration from left to right, the predicted one upwards.",
        plots={ALWAYS: [_predictions_plot(chart, [low, high], experiment.training_mean)]},
        sheet=Sheet(
            head=["actual, min", "predicted, min"],
            rows=list(zip(chart.actual, chart.predicted, strict=True)),
        ),
    )


def _predictions_plot(chart: Chart, upwards: list[float], mean: float | None) -> Plot:
    pairs = zip(chart.actual, chart.predicted, strict=True)
    inside = [(actual, predicted) for actual, predicted in pairs if upwards[0] <= predicted <= upwards[1]]
    dots = go.Scatter(
        meta="strong",
        x=[actual for actual, _ in inside],
        y=[predicted for _, predicted in inside],
        mode="markers",
        marker={"size": 5, "opacity": 0.4},
        hovertext=[hover(f"{actual!r} min, predicted {predicted!r}") for actual, predicted in inside],
    )
    rules = [_rule(0.0, _LONGEST_TRIP, "equal", "solid")]
    if mean is not None:
        rules.append(_rule(mean, mean, "mean", "dot"))
    return Plot(
        framed(
            [dots, *rules],
            height=_HEIGHT,
            margin=_BESIDE,
            xaxis={"title": {"text": "actual duration, minutes"}, "range": [0, _LONGEST_TRIP]},
            yaxis={"title": {"text": "predicted, minutes"}, "range": upwards},
        )
    )


def _rule(left: float, right: float, words: str, dash: str) -> go.Scatter:
    """Return a line through the whole plot with words at its right end."""
    return go.Scatter(
        meta="ink",
        x=[0, _LONGEST_TRIP],
        y=[left, right],
        mode="lines+text",
        line={"dash": dash, "width": 1},
        text=["", f" {words}"],
        hoverinfo="skip",
    )


def _frame(predicted: list[float]) -> tuple[float, float]:
    """Return limits that hold the actual durations and nearly all predictions, so that a wild one hides none."""
    ordered = sorted(predicted)
    rare = int(len(ordered) * _RARE)
    return min(0.0, ordered[rare]), max(_LONGEST_TRIP + 1, ordered[-1 - rare])


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
    title = f"{share(near, len(chart.actual))} of the {role} trips are predicted within {_NEAR:.0f} minutes"
    return Figure(
        id=f"residuals-{role}",
        title={ALWAYS: title},
        note=f"n = {counted(chart.trips, 'trip')} (the share: {len(chart.actual):,} of them); {where}",
        alternative=f"How many {role} trips {experiment.model} predicts how many minutes too long or too short.",
        plots={ALWAYS: [_residuals_plot(edges, counts)]},
        sheet=Sheet(head=["from, min", "to, min", "trips"], rows=rows),
    )


def _residuals_plot(edges: list[float], counts: list[int]) -> Plot:
    bins = list(zip(pairwise(edges), counts, strict=True))
    bars = go.Bar(
        meta="strong",
        x=[fmean(ends) for ends, _ in bins],
        y=counts,
        width=[right - left for (left, right), _ in bins],
        hovertext=[
            hover(f"{number(left).text} to {number(right).text} min: {counted(count, 'trip')}")
            for (left, right), count in bins
        ],
    )
    zero = go.Scatter(
        meta="ink", x=[0, 0], y=[0, 1.12 * max(counts)], mode="lines", line={"width": 1}, hoverinfo="skip"
    )
    return Plot(
        framed(
            [bars, zero],
            height=_HEIGHT,
            margin=_MARGIN,
            xaxis={"title": {"text": "predicted minus actual, minutes"}, "range": [edges[0], edges[-1]]},
            yaxis=axis_of("trips", counts),
        )
    )


def _epochs(experiment: Experiment, where: str) -> Figure:
    history = {name: list(map(as_number, values)) for name, values in experiment.history.items() if values}
    epochs = max(map(len, history.values()))
    tones = dict(zip(history, _TONES * len(history), strict=False))
    rows = [(epoch, *(_at(values, epoch) for values in history.values())) for epoch in range(epochs)]
    return Figure(
        id="epochs",
        title={ALWAYS: _trend(history)},
        note=f"n = {counted(epochs, 'epoch')}; one training; {where}",
        alternative="A line for each metric that was logged after every epoch.",
        plots={ALWAYS: [_epochs_plot(history, tones)]},
        sheet=Sheet(head=["epoch", *history], rows=rows),
        is_wide=True,
        legend=[(tone, name) for name, tone in tones.items()],
    )


def _epochs_plot(history: dict[str, list[float | None]], tones: dict[str, str]) -> Plot:
    lines = [
        go.Scatter(
            name=name,
            meta=tones[name],
            x=list(range(len(values))),
            y=values,
            mode="lines+markers",
            hovertext=[hover(f"{name}, epoch {epoch}: {value!r}") for epoch, value in enumerate(values)],
        )
        for name, values in history.items()
    ]
    return Plot(framed(lines, height=_HEIGHT, margin=_MARGIN, xaxis={"title": {"text": "epoch"}}))


def _trend(history: dict[str, list[float | None]]) -> str:
    name = next((name for name in history if name.startswith("validation")), next(iter(history)))
    first, last = history[name][0], history[name][-1]
    if first is None or last is None:
        return f"{name} after each epoch"
    ends, epochs = (number(first).text, number(last).text), counted(len(history[name]), "epoch")
    if ends[0] == ends[1]:
        return f"{name} is {ends[0]} min after {epochs}"
    return f"{name} {'falls' if last < first else 'rises'} from {ends[0]} to {ends[1]} min in {epochs}"


def _at(values: list[float | None], epoch: int) -> float | None:
    return values[epoch] if epoch < len(values) else None
