"""The targets are judged by what was measured, and one that does not hold fails the benchmark."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.__main__ import tables_of
from benchmarks.samples import Numbers, log_points, sample_store
from benchmarks.targets import CALL, DATABASE, KILL, STORE, Taken, judge

from taximeter.errors import TrackerError, Unsupported

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
    assert {target["subject"] for target in targets} == {"1 trackers", "one tracker", "the training", "csv"}
    assert all(len(target["reached"]) == 1 and not target["problems"] for target in targets)
    exact = [target for target in targets if target["every"]]
    assert [target["holds"] for target in exact] == [True, True]
    assert done.returncode == (not all(target["holds"] for target in targets))
