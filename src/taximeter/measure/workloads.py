"""What is logged while a tracker's cost is measured: the same calls on every way into it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from taximeter.measure.kind import Times

Call = Callable[[Any, int], None]
"""Logs once, given a run and the number of the call."""

_ARTIFACT_BYTES = 10_000_000
_PARAMS = 100


class Workload(NamedTuple):
    """One sort of call.

    Attributes:
        name: two words.
        sentence: what a call logs.
        calls: how many are made.
        points: how many points of metrics a call has.
        prepare: returns the call, given a folder for its files and how often it will be made.
    """

    name: str
    sentence: str
    calls: Times
    points: int
    prepare: Callable[[Path, int], Call]


def _scalar(_folder: Path, _calls: int) -> Call:
    return lambda run, number: run.log_metrics({"loss": 1 / (number + 1)}, step=number)


def _ten_metrics(_folder: Path, _calls: int) -> Call:
    keys = [f"metric_{place}" for place in range(10)]
    return lambda run, number: run.log_metrics(dict.fromkeys(keys, number * 0.1), step=number)


def _params(_folder: Path, _calls: int) -> Call:
    return lambda run, number: run.log_params({f"param_{number}_{place}": place * 0.1 for place in range(_PARAMS)})


def _artifact(folder: Path, calls: int) -> Call:
    files = [folder / f"artifact-{number}.bin" for number in range(calls)]
    for file in files:
        file.write_bytes(os.urandom(_ARTIFACT_BYTES))
    return lambda run, number: run.log_artifact(files[number], files[number].name)


def _figure(_folder: Path, _calls: int) -> Call:
    from matplotlib import pyplot as plt  # noqa: PLC0415 - this call only

    figure, axes = plt.subplots()
    axes.plot(range(100))
    return lambda run, number: run.log_figure(figure, f"figure-{number}.png")


def _model(_folder: Path, _calls: int) -> Call:
    from sklearn.linear_model import Ridge  # noqa: PLC0415 - this call only

    model = Ridge().fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    return lambda run, number: run.log_model(model, f"model_{number}")


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("one scalar", "one value of one metric", Times(2_000, 200), 1, _scalar),
        Workload("ten metrics", "one value of each of ten metrics", Times(500, 50), 10, _ten_metrics),
        Workload("params", "a hundred params", Times(5, 2), 0, _params),
        Workload("artifact", "a file of ten megabytes", Times(3, 1), 0, _artifact),
        Workload("figure", "a figure of Matplotlib", Times(3, 1), 0, _figure),
        Workload("model", "a linear model of scikit-learn", Times(2, 1), 0, _model),
    )
}
