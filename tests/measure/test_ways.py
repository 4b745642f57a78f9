"""Imports are told from what comes after them and from others' packages, and a process from those it starts."""

import builtins
import importlib
import subprocess
import sys
import time
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from taximeter.measure.child import Python, ask, python_of
from taximeter.measure.contention_worker import Order, Report
from taximeter.measure.watch import Watch
from taximeter.measure.ways import ImportClock
from taximeter.plugins import installed, load, load_all

SLEEP = 0.05


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make modules that take a while to be imported, one inside the other, and one that fails."""
    (tmp_path / "slow_outer.py").write_text(f"import time\ntime.sleep({SLEEP})\nimport slow_inner\n")
    (tmp_path / "slow_inner.py").write_text(f"import time\ntime.sleep({SLEEP})\n")
    (tmp_path / "slow_broken.py").write_text(f"import time\ntime.sleep({SLEEP})\nraise ImportError('broken')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    for name in ("slow_outer", "slow_inner", "slow_broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("modules")
def test_imports_inside_imports_count_once() -> None:
    """All of it is the outer import's."""
    clock, began = ImportClock(), time.perf_counter()
    with clock.running():
        import slow_outer  # type: ignore[import-not-found]  # noqa: F401, PLC0415 - it is measured
    assert 2 * SLEEP <= clock.seconds <= time.perf_counter() - began


@pytest.mark.usefixtures("modules")
def test_what_is_no_import_does_not_count() -> None:
    """Neither beside imports nor after the clock was stopped."""
    clock, plain = ImportClock(), builtins.__import__
    with clock.running():
        time.sleep(SLEEP)
    assert clock.seconds == 0.0
    assert builtins.__import__ is plain
    import slow_outer  # noqa: F401, PLC0415 - it is not measured

    assert clock.seconds == 0.0


@pytest.mark.usefixtures("modules")
def test_an_import_that_fails_counts_and_fails() -> None:
    """The clock changes nothing but itself."""
    clock, plain = ImportClock(), builtins.__import__
    with pytest.raises(ImportError, match="broken"), clock.running():
        import slow_broken  # type: ignore[import-not-found]  # noqa: F401, PLC0415 - it is measured
    assert clock.seconds >= SLEEP
    assert builtins.__import__ is plain


@pytest.mark.parametrize("name", [name for name in installed() if load(name).vendor])
def test_a_vendor_finds_what_it_needs_and_not_what_only_others_need(name: str) -> None:
    """As in an environment of its own."""
    hidden = set(python_of("vendor", name).hidden)
    vendors = {each.vendor for each in load_all()[0] if each.vendor}
    owners = {module: set(names) for module, names in packages_distributions().items()}
    assert not any(load(name).vendor in names for module, names in owners.items() if module in hidden)
    assert hidden.isdisjoint({"numpy", "msgspec", "sklearn"})
    assert "pytest" in hidden
    assert len([module for module, names in owners.items() if names & vendors and module in hidden]) > 5
    assert python_of("interface", name).hidden == ()


@pytest.mark.parametrize(("hidden", "problem"), [((), ""), (("colorsys",), "colorsys")])
def test_a_module_is_hidden_from_a_vendor(hidden: tuple[str, ...], problem: str, lines_tracker: Path) -> None:
    """It is not installed, so far as that can see."""
    lines_tracker.mkdir()
    (lines_tracker / "needs").write_text("colorsys")
    order = Order(way="vendor", tracker="lines", location=str(lines_tracker), runs=1, points=3)
    folder = lines_tracker.parent
    report = ask("taximeter.measure.contention_worker", order, Report, python=Python(hidden=hidden), folder=folder)
    assert problem in report.runs[0].problem
    assert bool(report.runs[0].problem) == bool(problem)


PROCESS = """
import subprocess, sys, threading, time
held = bytearray(40_000_000)
files = [open("/dev/null") for _ in range(30)]
for _ in range(5):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
child = subprocess.Popen([sys.executable, "-c", "held = bytearray(30_000_000); print(1, flush=True); input()"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print("ready", flush=True)
input()
child.communicate(b"\\n")
"""


def test_a_watch_sees_a_process_and_all_that_it_starts() -> None:
    """Its memory apart from theirs; threads, processes and files together."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", PROCESS], stdin=pipe, stdout=pipe) as process:
        assert process.stdout
        process.stdout.readline()
        watch = Watch()
        with watch.on(process.pid):
            deadline = time.monotonic() + 20
            while watch.peaks.processes < 2 and time.monotonic() < deadline:
                time.sleep(0.01)
        process.communicate(b"\n")
    peaks = watch.peaks
    assert peaks.processes == 2
    assert peaks.threads >= 7
    assert peaks.files >= 30
    assert peaks.memory >= 40_000_000
    assert peaks.memory_all >= peaks.memory + 30_000_000


def test_a_watch_on_a_process_that_ends_keeps_what_it_saw() -> None:
    """Its end is no error."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        watch = Watch()
        with watch.on(process.pid):
            while not watch.peaks.processes:
                time.sleep(0.01)
            process.communicate(b"\n")
            time.sleep(0.2)
    assert watch.peaks.processes == 1
    assert watch.peaks.memory > 0
