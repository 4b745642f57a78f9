"""What the documents say is true."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from taximeter.matrix import capability_matrix
from taximeter.plugins import installed, load
from taximeter.report.claims import CLAIMS, read_claims
from taximeter.verdicts import FACTS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
TAXIMETER = str(Path(sys.executable).with_name("taximeter"))


def blocks(language: str) -> list[str]:
    """Return the README's blocks of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_matrix_in_the_readme_is_what_the_trackers_declare() -> None:
    """It is generated, and nobody forgot to."""
    assert capability_matrix(load(name) for name in installed()) in README


def test_the_readme_counts_the_facts() -> None:
    """They are as many as there are."""
    assert f"[{len(FACTS)} numbered facts](docs/facts.md)" in README


@pytest.mark.parametrize("code", blocks("python"))
def test_the_python_in_the_readme_runs(code: str, tmp_path: Path) -> None:
    """As it stands there, and its stores hold the run."""
    (tmp_path / "script.py").write_text(code + "\nassert all(one.is_good for one in run.receipts.values())\n")
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", [line for block in blocks("sh") for line in block.splitlines()])
def test_the_commands_in_the_readme_exist(line: str) -> None:
    """Every command, option and target is known."""
    words = shlex.split(line)
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
        return
    command = [word for word in words[1:3] if word.isalpha() and word not in installed()]
    shown = subprocess.run([TAXIMETER, *command, "--help"], capture_output=True, text=True, check=True).stdout
    assert all(option in shown for option in words if option.startswith("--"))


def test_every_claim_is_of_a_tracker_and_has_a_source() -> None:
    """An address with the day on which the words stood there, or a place in words."""
    for claim in read_claims(ROOT / "reports" / CLAIMS):
        assert {claim.tracker, claim.other} - {""} <= set(installed())
        assert claim.both
        assert bool(claim.seen) == claim.source.startswith("https://")


def test_every_tracker_has_a_readme() -> None:
    """It says what is written where, in 10 to 30 lines."""
    for folder in sorted((ROOT / "trackers").iterdir()):
        lines = (folder / "README.md").read_text().splitlines()
        assert 10 <= len(lines) <= 30, folder.name


def test_the_core_names_no_tracker() -> None:
    """A tracker's name appears in its own folder only."""
    words = {"null", "csv", "git", "spreadsheet"}  # they mean something besides
    names = [name for name in installed() if name not in words]
    found = [
        f"{file.name}: {name}"
        for file in (ROOT / "src").rglob("*")
        if file.suffix in {".py", ".j2", ".js", ".css"}
        for name in names
        if re.search(rf"\b{name}\b", file.read_text(), re.IGNORECASE)
    ]
    assert found == []
