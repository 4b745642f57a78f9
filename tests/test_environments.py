"""A tracker may live in an environment of its own, and another version of its vendor beside it."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from taximeter import start_run
from taximeter.diff import diff
from taximeter.environments import (
    Environment,
    add_environment,
    find_environment,
    list_environments,
    remove_environment,
)
from taximeter.errors import InputError, TrackerError
from taximeter.plugins import load, load_all, vendor_version
from taximeter.requirements import install_steps, vendor_requirement
from taximeter.store.address import find_store, parse_store
from taximeter.store.client import Store

TAXIMETER = str(Path(sys.executable).with_name("taximeter"))


@pytest.fixture(scope="module")
def plain_tracker() -> str:
    """Return a tracker that needs nothing but taximeter."""
    return next(tracker.name for tracker in load_all()[0] if tracker.vendor is None)


@pytest.fixture(scope="module")
def made(environments: Path, plain_tracker: str) -> str:
    """Make an environment for it."""
    lines: list[str] = []
    environment = add_environment(plain_tracker, on_line=lines.append)
    assert Path(environment.python).is_relative_to(environments)
    assert lines, "its making is to be followed"
    return plain_tracker


def taximeter(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command."""
    return subprocess.run([TAXIMETER, *arguments], capture_output=True, text=True, check=False)


def test_couriers_and_readers_run_in_the_environment(made: str) -> None:
    """The store says which interpreter wrote it, and reads back equal."""
    environment = find_environment(made)
    assert environment
    with start_run(trackers=[made], keep_journal=True) as run:
        run.log_metrics({"loss": 0.5})
        courier = taximeter_processes(environment.python)
    assert courier, "the courier runs somewhere else"
    assert {receipt.problem for receipt in run.receipts.values()} == {""}
    destination = parse_store(made, Path.cwd())
    if load(made).features >= {"read back"}:
        with Store(destination) as store:
            assert diff(store.read(run.id), run.record()) == []


def taximeter_processes(python: str) -> list[int]:
    """Return the processes of an interpreter."""
    import psutil  # noqa: PLC0415 - here only

    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if (process.info["cmdline"] or [""])[0] == python
    ]


def test_trackers_says_where_each_lives(made: str) -> None:
    """As a table, and for machines."""
    listed = {tracker["name"]: tracker for tracker in json.loads(taximeter("trackers", "--json").stdout)}
    assert [one["name"] for one in listed[made]["environments"]] == [made]
    assert "In environments of their own" in taximeter("trackers").stdout
    assert [one["name"] for one in json.loads(taximeter("environment", "list", "--json").stdout)] == [made]


def test_an_environment_is_made_once_and_can_be_removed(made: str, environments: Path) -> None:
    """Its name then means the environment of the training again."""
    with pytest.raises(InputError, match="environment remove"):
        add_environment(made)
    folder = environments / made
    aside = folder.rename(environments / "aside")
    try:
        with pytest.raises(InputError, match="has no environment"):
            remove_environment("nobody")
    finally:
        aside.rename(folder)
    assert [one.name for one in list_environments()] == [made]


@pytest.mark.usefixtures("environments")
def test_a_version_without_an_environment_says_how_to_make_it() -> None:
    """Wherever a store is named."""
    vendored = next(tracker.name for tracker in load_all()[0] if tracker.vendor)
    for name in (f"{vendored}==99999", f"{vendored}==99999:anywhere"):
        with pytest.raises(InputError, match="taximeter environment add"):
            find_store(name, Path.cwd())
    done = taximeter("run", "--tracker", f"{vendored}==99999")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.mark.usefixtures("environments")
def test_a_version_that_does_not_exist_is_no_environment() -> None:
    """Uv's own words are shown, and nothing half-made counts."""
    vendored = next(tracker for tracker in load_all()[0] if tracker.vendor)
    assert vendor_version(vendored) != "99999"
    with pytest.raises(TrackerError, match="99999"):
        add_environment(f"{vendored.name}==99999")
    assert f"{vendored.name}==99999" not in [one.name for one in list_environments()]


@pytest.mark.usefixtures("environments")
@pytest.mark.parametrize("name", ["../up", "a b", "", "x==", "x==new", "nobody"])
def test_a_name_that_is_no_tracker_is_refused(name: str) -> None:
    """Nothing is written outside the folder of environments."""
    with pytest.raises(InputError):
        add_environment(name)


@pytest.mark.usefixtures("environments")
def test_a_tracker_without_a_vendor_has_no_versions(plain_tracker: str) -> None:
    """There is nothing of which there could be another one."""
    with pytest.raises(InputError, match="no versions"):
        add_environment(f"{plain_tracker}==1.0")


def test_a_release_that_the_adapter_cannot_write_with_is_refused(environments: Path, tmp_path: Path) -> None:
    """In one sentence, before anything is written."""
    tracker = next(tracker for tracker in load_all()[0] if tracker.vendor and vendor_requirement(tracker))
    name = f"{tracker.name}==0.0.1"
    (environments / name).mkdir()
    described = Environment(name, tracker.vendor, "0.0.1", sys.executable)
    (environments / name / "environment.json").write_bytes(msgspec.json.encode(described))
    try:
        with pytest.raises(InputError, match="cannot record runs"):
            start_run(trackers=[name])
        for command in ("run", "compare"):
            done = taximeter(command, "--tracker", name)
            assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
        assert list(tmp_path.iterdir()) == []
    finally:
        remove_environment(name)


def test_the_vendors_bounds_decide_what_an_environment_of_a_release_holds() -> None:
    """Taximeter's own needs come without bounds, and it and the tracker without their needs."""
    tracker = next(tracker for tracker in load_all()[0] if tracker.vendor)
    early, chosen, ours = install_steps(tracker, "1.2.3", ["numpy<2"], "2024-01-31")
    assert early[:3] == ["--exclude-newer", "2024-01-31", f"{tracker.vendor}==1.2.3"]
    assert chosen[0] == f"{tracker.vendor}==1.2.3"
    assert {"numpy<2", "msgspec", "numpy"} <= set(chosen)
    assert not {"taximeter", tracker.vendor} & set(chosen)
    assert ours[0] == "--no-deps"
