"""A tracker that is known to nobody but `CONTRIBUTING.md` is installed and checked as anybody's."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

CONTRIBUTING = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text()
BIN = Path(sys.executable).parent


def block(language: str) -> str:
    """Return the first block of code in a language."""
    found = re.search(rf"```{language}\n(.*?)```", CONTRIBUTING, re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def logbook(tmp_path: Path) -> Path:
    """Install the tracker of the walk-through into a folder, and return that."""
    source, target = tmp_path / "taximeter-logbook", tmp_path / "installed"
    source.mkdir()
    (source / "pyproject.toml").write_text(block("toml"))
    (source / "taximeter_logbook.py").write_text(block("python"))
    options = ["--offline", "--no-deps", "--no-build-isolation", "--quiet", "--python", sys.executable]
    subprocess.run([BIN / "uv", "pip", "install", *options, "--target", target, source], check=True)
    return target


def test_a_tracker_takes_no_more_than_sixty_lines() -> None:
    """The helpers are good enough."""
    lines = [line for line in block("python").splitlines() if line.strip()]
    assert len(lines) <= 60


def test_the_tracker_of_the_walk_through_passes_the_suite(logbook: Path) -> None:
    """It is found by its entry point, and its command says that nothing is wrong."""
    done = subprocess.run(
        [BIN / "taximeter", "check", "logbook", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(logbook)},
    )
    verdict = json.loads(done.stdout)
    assert verdict["failures"] == []
    assert (done.returncode, done.stderr) == (0, "")


def test_the_tracker_of_the_walk_through_has_a_test_class_of_one_fixture(logbook: Path, tmp_path: Path) -> None:
    """As the document shows it, in a folder of its own."""
    code = re.findall(r"```python\n(.*?)```", CONTRIBUTING, re.DOTALL)[1]
    (tmp_path / "test_logbook.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "param", "test_logbook.py"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(logbook)},
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
