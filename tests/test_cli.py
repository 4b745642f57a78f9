"""The command line: what people read, what machines read, and how errors are told."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from taximeter import start_run
from taximeter.plugins import installed

TAXIMETER = str(Path(sys.executable).with_name("taximeter"))


def run(*arguments: str, width: int = 200, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does, without months or trackers of the machine's."""
    environment = os.environ | {"COLUMNS": str(width), "TAXIMETER_DATA": ""} | variables
    return subprocess.run([TAXIMETER, *arguments], capture_output=True, text=True, check=False, env=environment)


def test_the_trackers_are_listed_for_people_and_machines() -> None:
    """Both name every installed one."""
    listed = json.loads(run("trackers", "--json").stdout)
    assert [tracker["name"] for tracker in listed] == list(installed())
    printed = run("trackers").stdout
    assert all(name in printed for name in installed())


def test_a_matrix_that_is_too_wide_is_printed_in_parts() -> None:
    """Each with the names of its rows; no tracker's name is cut, and none is in two parts."""
    lines = run("trackers", width=60).stdout.splitlines()
    heads = [line.split()[1:] for line in lines if line.lstrip().startswith("feature")]
    assert len(heads) > 1
    assert [name for head in heads for name in head] == list(installed())
    assert sum(line.lstrip().startswith("read back") for line in lines) == len(heads)
    assert max(map(len, lines)) <= 60


@pytest.mark.parametrize(
    "arguments",
    [("run", "--tracker", "nope"), ("compare", "--tracker", "nope"), ("runs", "nope"), ("show", "nope", "x")],
)
def test_a_tracker_that_is_not_installed_is_told_everywhere(arguments: tuple[str, ...]) -> None:
    """The installed ones are listed, with the way to install another."""
    done = run(*arguments)
    assert done.returncode == 2
    assert "pip install taximeter-nope" in done.stderr
    assert all(name in done.stderr for name in installed())
    assert "Traceback" not in done.stderr
    assert not Path(".taximeter").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run",), "no tracker is given"),
        (("run", "-t", "null", "--train", "2025-01"), "--validation"),
        (("run", "-t", "null", "--model", "deep"), "lasso"),
        (("run", "-t", "null", "--set", "beta=1"), "alpha"),
        (("run", "-t", "null", "--set", "alpha=much"), "alpha"),
        (("run", "-t", "null", "--set", "alpha"), "alpha"),
        (("run", "-t", "null", "--tag", "blue"), "name=text"),
        (
            ("run", "-t", "null", "--data", "nowhere", "--train", "2025-01", "--validation", "2025-02"),
            "data fetch",
        ),
        (("run", "-t", "null", "--colour", "pink"), "pink"),
        (("runs", "missing/store.db"), "no such file"),
        (("data", "describe", "2025-13"), "2025-13"),
        (("report", "nowhere"), "taximeter compare"),
        (("report", __file__), "taximeter compare"),
        (("data", "sample", __file__), "cannot be written"),
        (("data", "fetch", "https://[x/y.parquet"), "no address"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(arguments: tuple[str, ...], said: str) -> None:
    """It names the input and the way out, and nothing is left behind."""
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not Path(".taximeter").exists()


def test_a_run_on_the_sample_data_needs_nothing_but_a_tracker() -> None:
    """It prints its scores beside the mean's, and says that the data are synthetic."""
    done = run("run", "--tracker", "null")
    assert done.returncode == 0, done.stderr
    assert "synthetic sample" in done.stdout
    assert "kept nothing" in done.stdout


@pytest.mark.usefixtures("lines_tracker")
def test_a_run_is_listed_and_shown_from_its_store() -> None:
    """By people with a part of its id, by machines exactly."""
    done = run("run", "--tracker", "lines", "--set", "alpha=0.01", "--hypothesis", "less is more", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert made["stores"][0]["state"] == "verified"
    listed = json.loads(run("runs", "lines", "--json").stdout)
    assert [one["run_id"] for one in listed] == [made["run"]]
    assert made["run"] in run("runs", "lines").stdout
    shown = json.loads(run("show", "lines", made["run"][:6], "--json").stdout)
    assert shown["params"]["alpha"] == 0.01
    assert shown["hypothesis"] == "less is more"
    rmse = made["result"]["metrics"]["validation"]["rmse"]
    assert shown["metrics"]["validation/rmse"]["values"] == [rmse]
    assert "less is more" in run("show", "lines", made["run"][:6]).stdout


def test_a_failing_tracker_changes_the_exit_code_and_recover_delivers(lines_tracker: Path) -> None:
    """Training goes on; the way out is shown."""
    lines_tracker.mkdir()
    (lines_tracker / "fail").write_text("1000")
    done = run("run", "--tracker", "lines")
    assert done.returncode == 1
    assert "taximeter recover" in done.stderr
    assert "validation" in done.stdout
    (lines_tracker / "fail").unlink()
    recovered = json.loads(run("recover", "--json").stdout)
    assert [one["receipt"]["state"] for one in recovered] == ["verified"]
    assert "Nothing is left" in run("recover").stdout


@pytest.mark.usefixtures("lines_tracker")
def test_text_from_a_store_cannot_move_the_cursor() -> None:
    """Control characters are written out."""
    with start_run(trackers=["lines"], name="\x1b[2Jwiped\x07") as made:
        made.set_tags({"tag\r": "\x1b]0;title\x07"})
    for done in (run("runs", "lines"), run("show", "lines", made.id)):
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout
        assert "\x07" not in done.stdout
        assert r"\x1b[2Jwiped" in done.stdout


def test_the_months_of_the_sample_are_written_and_described() -> None:
    """They are parquet files with odd trips in them."""
    paths = json.loads(run("data", "sample", "months", "--json").stdout)
    assert [Path(path).name for path in paths] == [f"green_tripdata_2025-0{month}.parquet" for month in (1, 2, 3)]
    described = json.loads(run("data", "describe", "2025-02", "--data", "months", "--json").stdout)
    assert described[0]["report"]["odd"]["duration_negative"] > 0
    assert "Odd trips" in run("data", "describe", "2025-02", "--data", "months").stdout


@pytest.mark.parametrize(
    "command",
    [
        ("run",),
        ("compare",),
        ("report",),
        ("trackers",),
        ("runs",),
        ("show",),
        ("recover",),
        ("data", "fetch"),
        ("data", "sample"),
        ("data", "describe"),
    ],
)
def test_every_command_helps_with_an_example(command: tuple[str, ...]) -> None:
    """The example is a command line."""
    done = run(*command, "--help")
    assert done.returncode == 0
    assert "Example: taximeter" in done.stdout


def test_the_version_is_told() -> None:
    """It is the distribution's."""
    assert run("--version").stdout.startswith("taximeter 0.")
