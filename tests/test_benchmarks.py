"""The targets are judged by what was measured, and one that does not hold fails the benchmark."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.__main__ import tables_of
from benchmarks.samples import Numbers, log_points, sample_fault, sample_store
from benchmarks.targets import CALL, DATABASE, FAULT, KILL, STORE, Taken, judge

from taximeter.errors import TrackerError, Unsupported
from taximeter.measure.faults_stage import SERVER_FAULTS
from taximeter.measure.faults_worker import Fault

ROOT = Path(__file__).parents[1]


def test_a_vendor_is_kept_up_with_and_one_with_a_database_is_outrun() -> None:
    """The courier's start is given to the first, and not to the second."""
    fast = {"p50": 10.0, "p99": 20.0, "vendor": 1.0, "one": 2.0, "many": 2.7}
    slow = fast | {"p50": 3_000.0, "vendor": 54.0}
    (kept_up,), (outrun,) = judge(STORE, "a", Taken(samples=[fast])), judge(DATABASE, "b", Taken(samples=[slow]))
    assert (kept_up.reached, kept_up.holds) == ([0.9], True)
    assert (outrun.reached, outrun.holds) == ([20.0], True)
    assert judge(STORE, "a", Taken(samples=[fast | {"many": 3.1}]))[0].holds is False
    assert judge(DATABASE, "b", Taken(samples=[slow | {"many": 2.8}]))[0].holds is False


def test_one_lost_point_is_not_outvoted() -> None:
    """Every repetition counts where exactness is at stake, and the median where it is time."""
    assert judge(KILL, "csv", Taken(samples=[{"wrong": wrong} for wrong in (0, 1, 0)]))[0].holds is False
    calls = [{"p50": 3.0, "p99": p99, "started": 0.1} for p99 in (6.0, 80.0, 7.0)]
    assert [target.holds for target in judge(CALL, "all", Taken(samples=calls))] == [True, True, True]


def test_a_sample_that_is_missing_fails_and_one_that_cannot_be_taken_does_not() -> None:
    """What went wrong is told."""
    assert judge(KILL, "csv", Taken(samples=[{"wrong": 0}], problems=["it hangs"]))[0].holds is False
    assert judge(KILL, "csv", Taken(gap="nobody has written it"))[0].holds is None
    assert judge(KILL, "csv", Taken(gap="nobody has written it", problems=["it hangs"]))[0].holds is False
    assert judge(KILL, "csv", Taken(gap="not this time", samples=[{"wrong": 1}]))[0].holds is False


def test_a_fault_is_judged_by_what_it_stopped_silenced_and_took() -> None:
    """Each is a target of its own, which names the trackers that missed it."""
    fine: Numbers = {"stopped": 0, "raised": 0, "unsaid": 0, "lost": 0, "stays": 0}
    samples = [fine | {"raised": 1}, fine | {"lost": 3}, fine | {"stopped": 1}]
    taken = Taken(samples=samples, trackers=["aim", "csv", "git"])
    stopped, unsaid, lost = judge(FAULT, "disk full", taken)
    assert [(target.holds, target.beside) for target in (stopped, unsaid, lost)] == [
        (False, "git; 1 of 3 met an exception, and went on"),
        (True, ""),
        (False, "csv"),
    ]


def test_damage_that_stays_takes_what_it_takes_but_not_in_silence() -> None:
    """It is no fault that is ever over."""
    fine: Numbers = {"stopped": 0, "raised": 0, "unsaid": 0, "lost": 0, "stays": 1}
    told, silent = fine | {"lost": 700}, fine | {"lost": 700, "unsaid": 1}
    _, said, lost = judge(FAULT, "torn store", Taken(samples=[fine, told], trackers=["csv", "git"]))
    assert (said.holds, lost.holds) == (True, None)
    assert lost.gap == "the damage stays: 1 of 2 stores still hold the exact record"
    _, said, _ = judge(FAULT, "torn store", Taken(samples=[silent], trackers=["git"]))
    assert (said.holds, said.beside) == (False, "git")


@pytest.mark.parametrize("fault", [Fault.ARTIFACT_CHANGES, Fault.READ_ONLY, Fault.FLIPPED])
def test_a_fault_is_met_through_the_interface(fault: Fault, tmp_path: Path) -> None:
    """What is refused is said and not lost; what could not be delivered is recovered."""
    numbers = sample_fault("csv", fault)(tmp_path)
    assert (numbers["stopped"], numbers["unsaid"]) == (False, False)
    assert numbers["raised"] == (fault == Fault.ARTIFACT_CHANGES)
    assert numbers["stays"] == (fault == Fault.FLIPPED)
    assert numbers["stays"] or not numbers["lost"]


def test_a_failure_of_the_interface_is_no_gap(tmp_path: Path) -> None:
    """Of a vendor's API it is one: then there is nothing to compare with."""
    failing = f"a file/{'x' * 300}"
    with pytest.raises(TrackerError) as refused:
        log_points("interface", "csv", failing, 1, tmp_path)
    assert not isinstance(refused.value, Unsupported)


def test_an_api_that_keeps_one_point_is_nothing_to_compare_with(tmp_path: Path) -> None:
    """However fast it is: a row of the spreadsheet has one value of a metric."""
    with pytest.raises(Unsupported, match="by itself it keeps 1 of 10,000 points"):
        sample_store("spreadsheet")(tmp_path)


def test_the_spread_of_few_samples_is_called_their_range() -> None:
    """That of six or more is an interval of 95 %; one has none."""
    spreads = []
    for count in (1, 3, 6):
        samples: list[Numbers] = [{"wrong": place} for place in range(count)]
        (table,) = tables_of(judge(KILL, "csv", Taken(samples=samples)))
        spreads.append([*table.columns[2].cells])
    assert spreads == [[""], ["range: 0 – 2"], ["95 %: 0 – 5"]]


def test_the_benchmark_ends_as_its_targets_say() -> None:
    """All of it runs, with one tracker."""
    command = [sys.executable, "-m", "benchmarks", "-t", "csv", "--repetitions", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    targets = json.loads(done.stdout)
    faults = set(Fault) - SERVER_FAULTS - {Fault.VENDOR_BROKEN}
    assert {target["subject"] for target in targets} == {
        "1 trackers",
        "one tracker",
        "the training",
        "csv",
        *faults,
    }
    assert not any(target["problems"] for target in targets)
    assert all(len(target["reached"]) == 1 or target["gap"] for target in targets)
    exact = [target for target in targets if target["every"] and not target["gap"]]
    assert [target["holds"] for target in exact] == [True] * len(exact)
    assert done.returncode == any(target["holds"] is False for target in targets)
