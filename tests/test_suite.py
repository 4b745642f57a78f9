"""The suite finds what is wrong with a tracker, and nothing wrong with one that is right."""

import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from taximeter.check import check_tracker
from taximeter.errors import InputError
from taximeter.testing import facts, native

TESTS = Path(__file__).parent
TAXIMETER = str(Path(sys.executable).with_name("taximeter"))
NOT_TEXTS = {name for name, value in facts.VALUES.items() if not isinstance(value, str)}

FAULTS: dict[str, dict[str, set[str]]] = {
    "drops-steps": {
        "test_points_come_back": {
            "a step that is repeated",
            "a step that goes back",
            "a step beyond float64",
            "negative steps",
            "a point that is logged twice",
        }
    },
    "rounds-to-float32": {
        "test_points_come_back": {
            "a NaN with odd bits",
            "the smallest and the largest float",
            "a value that float32 changes",
        }
    },
    "reorders-points": {
        "test_points_come_back": {"a step that goes back", "a step beyond float64", "negative steps"}
    },
    "loses-nan": {"test_points_come_back": {"NaN", "a NaN with odd bits"}},
    "loses-the-sign-of-zero": {"test_points_come_back": {"minus zero"}},
    "cuts-times": {
        "test_points_come_back": {
            "a step that is repeated",
            "a step that goes back",
            "negative steps",
            "times a microsecond apart",
            "times that go back",
            "times far from now",
        }
    },
    "merges-keys": {
        "test_metrics_keep_their_keys": {
            "that look alike once cleaned",
            "that are one below the other",
            "that lead out of a folder",
        },
        "test_params_keep_their_names": set(),
    },
    "cuts-texts": {"test_a_param_comes_back": {"a text of 20,000 characters"}},
    "turns-params-into-texts": {"test_a_param_comes_back": NOT_TEXTS},
    "claims-figures": {"test_a_writer_does_what_is_declared_and_refuses_the_rest": {"figures"}},
    "swallows-figures": {"test_a_writer_does_what_is_declared_and_refuses_the_rest": {"figures"}},
    "hides-notes": {"test_a_writer_does_what_is_declared_and_refuses_the_rest": {"notes"}},
    "claims-datasets": {
        "test_the_native_view_shows_what_is_declared": {"datasets"},
        "test_datasets_come_back": set(),
    },
    "gives-no-reason": {"test_every_gap_has_an_owner_and_a_reason": {""}},
    "writes-at-the-end": {"test_a_run_can_be_watched_while_it_is_written": {""}},
    "forgets-the-status": {"test_the_native_view_says_how_the_run_ended": {"failed", "killed"}},
    "doubles-on-resume": {
        "test_a_run_that_a_dead_courier_began_is_there_once": {"250", "499", "506"},
        "test_a_run_that_was_torn_twice_is_there_once": {""},
        "test_a_run_that_was_delivered_twice_is_there_once": {""},
        "test_a_torn_run_leaves_the_others_alone": set(),
    },
    "leaks-a-file": {"test_nothing_is_written_beside_the_store": {""}},
    "leaves-temporary-files": {"test_nothing_is_written_beside_the_store": {""}},
    "changes-on-reading": {"test_reading_changes_no_byte_of_the_store": {""}},
    "makes-a-store-on-reading": {"test_reading_where_no_store_is_makes_none": {""}},
    "vendor-at-import": {"test_importing_it_imports_no_vendor": {""}},
    "asks-the-network": {
        "test_a_run_can_be_watched_while_it_is_written": {""},
        "test_processes_that_make_a_store_at_once_share_it": {""},
        "test_making_a_tracker_touches_nothing": set(),
    },
    "cannot-be-moved": {
        "test_a_store_that_was_moved_reads_the_same": {""},
        "test_reading_changes_no_byte_of_the_store": set(),
    },
    "follows-paths": {"test_no_path_of_an_artifact_leads_out_of_the_store": {"up", "absolute", "by a link"}},
    "follows-ids": {"test_no_id_of_a_run_leads_out_of_the_store": {""}},
    "raises-its-own-errors": {"test_a_run_that_is_not_there_is_an_input_error": {""}},
    "knows-everything": {"test_a_folder_that_is_no_store_is_not_recognised": {""}},
    "shares-a-memory": {"test_two_stores_side_by_side_do_not_meet": {""}},
    "stumbles-over-others": {"test_processes_that_make_a_store_at_once_share_it": {""}},
    "lists-backwards": {"test_every_run_is_listed_oldest_first": {""}},
    "forgets-files": {"test_its_files_are_all_that_it_has_written": {""}},
}
"""For each tracker with a fault, tests that meet it, and which cases of them fail: all others must pass."""

Install = Callable[[str], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Install:
    """Return what installs one of the faulty trackers, for this process and those that it starts."""

    def install(name: str) -> None:
        about = tmp_path / "installed" / "taximeter_broken-1.0.dist-info"
        about.mkdir(parents=True)
        about.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: taximeter-broken\nVersion: 1.0\n")
        kind = re.sub("(^|-)([a-z])", lambda found: found[2].upper(), name)
        about.joinpath("entry_points.txt").write_text(f"[taximeter.trackers]\n{name} = taximeter_broken:{kind}\n")
        folders = [str(about.parent), str(TESTS / "broken"), str(TESTS / "plugin")]
        for folder in folders:
            monkeypatch.syspath_prepend(folder)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))
        importlib.invalidate_caches()

    return install


@pytest.mark.parametrize("fault", FAULTS)
def test_the_suite_finds_a_fault(fault: str, install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests that are about it fail, and no other case of them."""
    monkeypatch.setattr(native, "LIVE_SECONDS", 1)
    install(fault)
    verdict = check_tracker(fault, examples=1, select=" or ".join(FAULTS[fault]))
    failed: dict[str, set[str]] = {test: set() for test in FAULTS[fault]}
    for failure in verdict.failures:
        test, _, case = failure.test.removesuffix("]").partition("[")
        failed[test].add(case)
    assert failed == FAULTS[fault], [failure.reason for failure in verdict.failures]


def check(tracker: str, **variables: str) -> tuple[int, dict[str, Any], str]:
    """Run the command, and return its exit code, its JSON and its last words."""
    done = subprocess.run(
        [TAXIMETER, "check", tracker, "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | variables,
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def test_the_whole_suite_finds_a_fault_too(install: Install) -> None:
    """Hypothesis finds it as well as the case that is about it, and the command says so."""
    install("loses-nan")
    code, verdict, said = check("loses-nan")
    assert code == 1
    assert {failure["test"] for failure in verdict["failures"]} == {
        "test_points_come_back[NaN]",
        "test_points_come_back[a NaN with odd bits]",
        "test_every_record_comes_back",
    }
    tests = sum(group["passed"] + group["failed"] for group in verdict["groups"])
    assert f"3 of {tests} tests failed on loses-nan" in said


@pytest.mark.usefixtures("lines_tracker")
def test_the_suite_finds_nothing_wrong_with_a_tracker_that_is_right() -> None:
    """In any of its parts, of which there are six."""
    code, verdict, said = check("lines")
    assert verdict["failures"] == []
    assert (code, said) == (0, "")
    assert [group["name"] for group in verdict["groups"] if group["passed"]] == [
        "safety",
        "store",
        "lifecycle",
        "native",
        "read back",
        "declaration",
    ]
    assert sum(group["passed"] for group in verdict["groups"]) > 80


def test_a_tracker_that_keeps_nothing_has_a_suite_of_its_own() -> None:
    """It is read back by nobody, and says so."""
    verdict = check_tracker("null", select="test_reading or leaves_nothing")
    assert {group.name: (group.passed, group.failed) for group in verdict.groups} == {
        "baseline": (1, 0),
        "declaration": (4, 0),
    }


def test_a_tracker_that_is_not_installed_is_an_input_error() -> None:
    """The message says which are."""
    with pytest.raises(InputError, match="'nothing' is not an installed tracker"):
        check_tracker("nothing")


def test_without_pytest_the_command_says_what_to_install(tmp_path: Path) -> None:
    """It is an extra of the distribution."""
    hide = (
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *rest: None if name == 'pytest' else find(name, *rest)\n"
    )
    (tmp_path / "sitecustomize.py").write_text(hide)
    code, _, said = check("null", PYTHONPATH=str(tmp_path))
    assert code == 2
    assert "pip install 'taximeter[testing]'" in said
