"""Runs the suite of `taximeter.testing` on an installed tracker, whoever wrote it, outside of any repository.

This module imports neither pytest nor the suite before they are needed: they are an extra of the distribution.
"""

import os
import re
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from taximeter.errors import InputError, TrackerError
from taximeter.plugins import load

_NEEDED = ("pytest", "hypothesis")
_EXAMPLES = 200

_TESTS = """
import pytest
from taximeter.testing import Subject, suite_of

SUBJECT = Subject({name!r}, examples={examples})


class TestTracker(suite_of(SUBJECT.kind)):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls):
        return SUBJECT
"""


class Failure(msgspec.Struct, frozen=True):
    """A test that failed, and why, in a line."""

    group: str
    test: str
    reason: str


class Group(msgspec.Struct, frozen=True):
    """How many tests of a part of the suite passed and failed."""

    name: str
    passed: int
    failed: int


class Verdict(msgspec.Struct, frozen=True):
    """What the suite says of a tracker."""

    tracker: str
    groups: tuple[Group, ...]
    failures: tuple[Failure, ...]

    @property
    def tests(self) -> int:
        """How many tests ran."""
        return sum(group.passed + group.failed for group in self.groups)


def check_tracker(
    name: str,
    *,
    examples: int = _EXAMPLES,
    select: str = "",
    on_test: Callable[[str], object] = lambda _: None,
) -> Verdict:
    """Run the suite on an installed tracker, in a temporary folder.

    Args:
        name: the name of its entry point.
        examples: how many runs hypothesis draws.
        select: which tests to run, as pytest's ``-k`` has it; all where it is empty.
        on_test: called with the name of each test before it runs.

    Raises:
        InputError: there is no such tracker, or what the suite needs is not installed.
        TrackerError: the suite could not be run.
    """
    load(name)
    missing = [module for module in _NEEDED if find_spec(module) is None]
    if missing:
        raise InputError(
            f"the suite needs {' and '.join(missing)}; `pip install 'taximeter[testing]'` adds what is missing."
        )
    collector = _Collector(on_test)
    with tempfile.TemporaryDirectory(prefix="taximeter-check-") as folder:
        file = Path(
            folder, f"test_{sha256(folder.encode()).hexdigest()}.py"
        )  # modules of one name are taken for one
        file.write_text(_TESTS.format(name=name, examples=examples))
        _run_pytest([str(file), *(["-k", select] if select else [])], folder, collector)
    if collector.problem or not collector.groups:
        raise TrackerError(f"the suite could not be run on {name}: {collector.problem or 'it has no such test'}.")
    return collector.verdict(name)


def _run_pytest(arguments: Sequence[str], folder: str, collector: "_Collector") -> None:
    """Run pytest with nothing of the user's: no settings, no plugins, no output."""
    import pytest  # noqa: PLC0415 - an extra

    options = f"-c {os.devnull} --rootdir {folder} --basetemp {folder}/temporary --import-mode importlib"
    quiet = "-p no:cacheprovider -p no:terminal --disable-plugin-autoload"
    pytest.main([*options.split(), *quiet.split(), *arguments], plugins=[collector])


class _Collector:
    """A plugin of pytest that notes what became of each test."""

    def __init__(self, on_test: Callable[[str], object]) -> None:
        self._on_test = on_test
        self._group_of: dict[str, str] = {}
        self._failures: dict[str, Failure] = {}
        self.problem = ""

    @property
    def groups(self) -> list[str]:
        """The parts of the suite, in the order of their tests."""
        return list(dict.fromkeys(self._group_of.values()))

    def verdict(self, tracker: str) -> Verdict:
        """Return what was noted."""
        failed = [failure.group for failure in self._failures.values()]
        counts = [(name, list(self._group_of.values()).count(name), failed.count(name)) for name in self.groups]
        groups = tuple(Group(name, tests - bad, bad) for name, tests, bad in counts)
        return Verdict(tracker, groups, tuple(self._failures.values()))

    def pytest_collection_finish(self, session: Any) -> None:
        """Note which part of the suite each test belongs to."""
        for item in session.items:
            owner = item.function.__qualname__.partition(".")[0].removesuffix("Suite")
            self._group_of[item.nodeid] = re.sub("(?<=[a-z])(?=[A-Z])", " ", owner).lower()

    def pytest_collectreport(self, report: Any) -> None:
        """Note why there are no tests."""
        if report.failed:
            self.problem = _reason(report.longrepr)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Tell which test runs."""
        self._on_test(_test_name(nodeid))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note a failure, be it of the test itself or of what stands around it."""
        if report.failed:
            failure = Failure(self._group_of[report.nodeid], _test_name(report.nodeid), _reason(report.longrepr))
            self._failures.setdefault(report.nodeid, failure)


def _test_name(nodeid: str) -> str:
    return nodeid.rpartition("::")[2] if "[" not in nodeid else nodeid[nodeid.index("::test_") + 2 :]


def _reason(longrepr: Any) -> str:
    """Return the first line of an error's message."""
    crash = getattr(longrepr, "reprcrash", None)
    lines = str(crash.message if crash else longrepr).strip().splitlines()
    return (lines[0] if crash else lines[-1]) if lines else "no reason was given"
