"""Facts about runs as a whole: names, parents, times, and how they end."""

from typing import Any, Final

from taximeter.diff import ABSENT
from taximeter.record import Status
from taximeter.verdicts.bench import Bench
from taximeter.verdicts.facts import Fact, Theme
from taximeter.verdicts.found import MARKER, Found

_NAME = "Lauf 1: ünï/🚕"
_EXPERIMENT = "Täxi / fares 🚕"
_NEAR = 1_000_000
_IN_TIME = "within 1 s"


def _status(number: int, status: Status, sentence: str) -> Fact:
    """Return the fact that a run ends with its status."""

    def write(bench: Bench) -> None:
        bench.run.log_metrics({"loss": MARKER}, step=0)
        bench.finish(bench.run, status)

    return Fact(number, Theme.RUNS, status, sentence, status, write, lambda found: found.record.status)


def _child(bench: Bench) -> None:
    parent = bench.start("parent")
    child = bench.start_child(parent, "child")
    child.log_metrics({"loss": MARKER}, step=0)
    bench.finish(child)
    parent.log_metrics({"loss": MARKER}, step=0)
    bench.finish(parent)


def _read_child(found: Found) -> Any:
    parent = found.records[1].parent_id
    known = {found.run_ids[0], found.records[0].run_id}
    return ABSENT if parent is None else "its parent" if parent in known else parent


def _named(bench: Bench) -> None:
    bench.start(_NAME).log_metrics({"loss": MARKER}, step=0)


def _experiment(bench: Bench) -> None:
    bench.start("run", _EXPERIMENT).log_metrics({"loss": MARKER}, step=0)


def _namesakes(bench: Bench) -> None:
    for value in (0.25, 0.5):
        run = bench.start("twin")
        run.log_metrics({"loss": value}, step=0)
        bench.finish(run)


def _read_namesakes(found: Found) -> Any:
    return [[record.name, *record.metrics["loss"].values] for record in found.records if "loss" in record.metrics]


def _times(bench: Bench) -> None:
    with bench.timed("started"):
        run = bench.start("timed")
    run.log_metrics({"loss": MARKER}, step=0)
    with bench.timed("ended"):
        bench.finish(run)


def _read_times(found: Found) -> Any:
    times = {"started": found.record.started, "ended": found.record.ended}
    return {name: _distance(time, *found.notes[name]) for name, time in times.items()}


def _distance(time: int | None, began: int, ended: int) -> str:
    if time is None:
        return ABSENT
    away = max(began - time, time - ended, 0)
    return _IN_TIME if away < _NEAR else f"{away / 1e6:.1f} s away"


FACTS: Final = (
    _status(74, "finished", "A run that ended well is finished."),
    _status(75, "failed", "A run that failed is failed."),
    _status(76, "killed", "A run that was killed is killed."),
    Fact(
        77, Theme.RUNS, "parent run", "A child run says which run it is below.", "its parent", _child, _read_child
    ),
    Fact(
        78,
        Theme.RUNS,
        "run name",
        "A run's name keeps every character.",
        _NAME,
        _named,
        lambda found: found.record.name or ABSENT,
    ),
    Fact(
        79,
        Theme.RUNS,
        "experiment name",
        "An experiment's name keeps every character.",
        _EXPERIMENT,
        _experiment,
        lambda found: found.record.experiment or ABSENT,
    ),
    Fact(
        80,
        Theme.RUNS,
        "two runs of one name",
        "Two runs of one name are two runs, each with its own points.",
        [["twin", 0.25], ["twin", 0.5]],
        _namesakes,
        _read_namesakes,
    ),
    Fact(
        81,
        Theme.RUNS,
        "start and end",
        "A run's start and end are within a second of when it was started and ended.",
        {"started": _IN_TIME, "ended": _IN_TIME},
        _times,
        _read_times,
    ),
)
