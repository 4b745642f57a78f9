"""The charts of the model: its error against the mean's, its predictions against the truth, and its epochs."""

import math
from itertools import pairwise
from statistics import fmean
from typing import Final

from taximeter.report.drawing import AnyMark, Bar, Dot, Drawing, Label, Line
from taximeter.report.experiment import Chart, Experiment
from taximeter.report.figures import (
    ALWAYS,
    AXIS,
    NAMES,
    Figure,
    Scale,
    from_zero,
    label,
    x_axis,
    y_axis,
)
from taximeter.report.numbers import as_number, number, share
from taximeter.report.tables import Sheet
from taximeter.report.text import capital, counted, listed

MODEL_FIGURES: Final = ("rmse", "epochs", "predicted-", "residuals-")
"""How the ids of these charts begin."""

_LONGEST_TRIP: Final = 60.0
_LONG_TRIP: Final = 30.0
_NEAR: Final = 5.0
_RARE: Final = 0.01
_HEIGHT: Final = 300.0
_PAIR: Final = 62.0
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
    scale, height = from_zero(model + mean), _PAIR * len(roles)
    marks = x_axis(scale, height, "root mean squared error, minutes")
    for row, role in enumerate(roles):
        y = _PAIR * (row + 0.5)
        ends = [value for value in (model[row], mean[row]) if value is not None and math.isfinite(value)]
        marks.append(Label(tone="ink", x=0.0, y=y + 4, text=label(role), anchor="end", move=-10))
        if ends:
            marks.append(Line(tone="pale", x=(scale(min(ends)), scale(max(ends))), y=(y, y), width=2))
        marks += _named_dot(scale, mean[row], "the mean", (y, y + 21), "pale")
        marks += _named_dot(scale, model[row], experiment.model, (y, y - 12), "strong")
    return Figure(
        id="rmse",
        title={ALWAYS: compare_with_mean(experiment)},
        note=f"n = {trips}; one training; {where}",
        alternative="Two dots for each role: the error of the model and the error of the mean.",
        panels={ALWAYS: [Drawing(height=height + AXIS, left=NAMES, right=16, marks=marks)]},
        sheet=Sheet(
            head=["role", "rmse of the model, min", "rmse of the mean, min"],
            rows=list(zip(roles, model, mean, strict=True)),
        ),
        is_wide=True,
    )


def _named_dot(scale: Scale, value: float | None, name: str, y: tuple[float, float], tone: str) -> list[AnyMark]:
    """Return a dot with its name and value above or below it, so that close dots stay readable."""
    if value is None or not math.isfinite(value):
        return []
    words = f"{label(name)} {number(value).text}"
    dot = Dot(tone=tone, x=scale(value), y=y[0], radius=6, title=f"{name}: {value!r} min")
    return [
        dot,
        Label(tone="muted" if tone == "pale" else tone, x=scale(value), y=y[1], text=words, anchor="middle"),
    ]


def _predictions(experiment: Experiment, role: str, chart: Chart, where: str) -> Figure:
    low, high = _frame(chart.predicted)
    outside = sum(not low <= value <= high for value in chart.predicted)
    beyond = f"; {outside:,} of them lie beyond the frame" if outside else ""
    return Figure(
        id=f"predicted-{role}",
        title={ALWAYS: _long_trips(role, chart)},
        note=f"n = {len(chart.actual):,} of {counted(chart.trips, 'trip')}, evenly spaced{beyond}; {where}",
        alternative="A dot for each trip: its actual duration from left to right, the predicted one upwards.",
        panels={ALWAYS: [_predictions_drawing(chart, Scale(low, high), experiment.training_mean)]},
        sheet=Sheet(
            head=["actual, min", "predicted, min"], rows=list(zip(chart.actual, chart.predicted, strict=True))
        ),
    )


def _predictions_drawing(chart: Chart, upwards: Scale, mean: float | None) -> Drawing:
    across = Scale(0.0, _LONGEST_TRIP + 1)
    marks = [*x_axis(across, _HEIGHT, "actual duration, minutes"), *y_axis(upwards, _HEIGHT)]
    marks += [
        Dot(tone="strong", x=across(actual), y=_up(upwards, predicted), radius=2.5, opacity=0.4)
        for actual, predicted in zip(chart.actual, chart.predicted, strict=True)
        if upwards.low <= predicted <= upwards.high
    ]
    marks += _rule(across, upwards, (0.0, _LONGEST_TRIP), "equal", "")
    if mean is not None:
        marks += _rule(across, upwards, (mean, mean), "mean of training", "2 4")
    return Drawing(height=_HEIGHT + AXIS, left=40, right=8, marks=marks)


def _rule(across: Scale, upwards: Scale, y: tuple[float, float], words: str, dash: str) -> list[AnyMark]:
    """Return a line through the whole plot with words above its right end."""
    x = (across(0.0), across(_LONGEST_TRIP))
    heights = (_up(upwards, y[0]), _up(upwards, y[1]))
    line = Line(tone="dark", x=x, y=heights, dash=dash)
    return [line, Label(tone="ink", x=x[1], y=max(12.0, heights[1] - 5), text=words, anchor="end", move=-8)]


def _up(scale: Scale, value: float) -> float:
    return _HEIGHT * (1 - scale(value))


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
        panels={ALWAYS: [_residuals_drawing(edges, counts)]},
        sheet=Sheet(head=["from, min", "to, min", "trips"], rows=rows),
    )


def _residuals_drawing(edges: list[float], counts: list[int]) -> Drawing:
    across, upwards = Scale(edges[0], edges[-1]), from_zero(counts)
    marks = [*x_axis(across, _HEIGHT, "predicted minus actual, minutes"), *y_axis(upwards, _HEIGHT)]
    marks += [
        Bar(
            tone="strong",
            x=(across(left), across(right)),
            y=(_up(upwards, count), _HEIGHT),
            title=f"{number(left).text} to {number(right).text} min: {counted(count, 'trip')}",
        )
        for (left, right), count in zip(pairwise(edges), counts, strict=True)
        if count
    ]
    marks.append(Line(tone="ink", x=(across(0.0), across(0.0)), y=(0.0, _HEIGHT)))
    return Drawing(height=_HEIGHT + AXIS, left=48, right=8, marks=marks)


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
        panels={ALWAYS: [_epochs_drawing(history, tones)]},
        sheet=Sheet(head=["epoch", *history], rows=rows),
        is_wide=True,
        legend=[(tone, name) for name, tone in tones.items()],
    )


def _epochs_drawing(history: dict[str, list[float | None]], tones: dict[str, str]) -> Drawing:
    known = [
        value for values in history.values() for value in values if value is not None and math.isfinite(value)
    ]
    low, high = min(known, default=0.0), max(known, default=1.0)
    upwards = Scale(low, high if high > low else low + 1)
    across = Scale(0.0, max(1.0, max(map(len, history.values())) - 1.0))
    marks = [*x_axis(across, _HEIGHT, "epoch"), *y_axis(upwards, _HEIGHT)]
    for row, (name, values) in enumerate(history.items()):
        marks += _series(across, upwards, name, values, tones[name], row)
    return Drawing(height=_HEIGHT + AXIS, left=48, right=12, marks=marks)


def _series(
    across: Scale, upwards: Scale, name: str, values: list[float | None], tone: str, row: int
) -> list[AnyMark]:
    """Return one metric's dots and the lines between them."""
    dots = [
        Dot(
            tone=tone,
            x=across(epoch),
            y=_up(upwards, value),
            radius=3,
            title=f"{name}, epoch {epoch}: {value!r}",
            row=row,
        )
        for epoch, value in enumerate(values)
        if value is not None and math.isfinite(value)
    ]
    lines = [
        Line(tone=tone, x=(left.x, right.x), y=(left.y, right.y), width=2, row=row)
        for left, right in pairwise(dots)
    ]
    return [*lines, *dots]


def _trend(history: dict[str, list[float | None]]) -> str:
    name = next((name for name in history if name.startswith("validation")), next(iter(history)))
    first, last = history[name][0], history[name][-1]
    if first is None or last is None:
        return f"{name} after each epoch"
    word = "falls" if last < first else "rises"
    return f"{name} {word} from {number(first).text} to {number(last).text} min in {len(history[name])} epochs"


def _at(values: list[float | None], epoch: int) -> float | None:
    return values[epoch] if epoch < len(values) else None
