"""Imports are told from what comes after them, and a process from those it starts."""

import builtins
import importlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from taximeter.measure.watch import Watch
from taximeter.measure.ways import ImportClock

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
