"""What several tests need."""

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck

from taximeter.plugins import installed
from taximeter.testing.verdicts import VerdictsOf, kept_verdicts

hypothesis.settings.register_profile("taximeter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("taximeter")  # a busy machine is no failure

CHROMIUM = Path("/usr/bin/chromium")
PLUGIN = Path(__file__).parent / "plugin"
_TRACKERS = frozenset(installed())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give all tests of a tracker, or of a module, to one process, so that what they share is made once."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(_group_of(item)))


def _group_of(item: pytest.Item) -> str:
    """Return the tracker that a test is about, if its parameters name one, else its module."""
    call = getattr(item, "callspec", None)
    values = call.params.values() if call else ()
    return next((value for value in values if isinstance(value, str) and value in _TRACKERS), item.path.stem)


@pytest.fixture
def lines_tracker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Install the tracker `lines` for this test and the processes it starts; return the folder of its store."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    importlib.invalidate_caches()
    monkeypatch.setenv("PYTHONPATH", f"{PLUGIN}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    return tmp_path / "lines"


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Keep the journals of a test, and whatever it writes in the current folder, in its own folder."""
    monkeypatch.setenv("TAXIMETER_HOME", str(tmp_path / ".taximeter"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / ".taximeter"


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the environments of a module in a folder of their own."""
    folder = tmp_path_factory.mktemp("environments")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAXIMETER_ENVIRONMENTS", str(folder))
        yield folder


@pytest.fixture(scope="session")
def verdicts_of(tmp_path_factory: pytest.TempPathFactory) -> VerdictsOf:
    """Return the verdicts on a tracker, found once in a session."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return lambda name: kept_verdicts(name, shared)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start Chromium; only a person's machine may lack it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - few tests need it

    if not CHROMIUM.exists():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("install Debian's chromium")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Return a function that opens a report for this test alone."""
    from report_cases import Visit  # noqa: PLC0415 - as above

    visits: list[Visit] = []

    def open_report(folder: Path, **context: Any) -> Visit:
        visits.append(Visit(browser, folder, **context))
        return visits[-1]

    yield open_report
    for each in visits:
        each.context.close()
