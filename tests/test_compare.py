"""One training, every installed tracker, every store read back."""

import json
import os
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from taximeter.plugins import installed, load
from taximeter.tracker import Feature

KEEPERS = [name for name in installed() if Feature.READ in load(name).features]
PROGRAM = """
import sys
from taximeter.cli import main
try:
    main()
finally:
    sys.stderr.write("imported: " + " ".join({name.partition(".")[0] for name in sys.modules}))
"""


def compare(*arguments: str) -> tuple[dict[str, Any], set[str]]:
    """Run the command; return its results and what its process imported."""
    command = [sys.executable, "-c", PROGRAM, "compare", "--json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), set(done.stderr.rpartition("imported: ")[2].split())


def test_every_tracker_holds_the_same_run_and_no_vendor_met_the_training() -> None:
    """On the sample; each store is read by another process than wrote it, and the report is there."""
    results, imported = compare(
        "--data", "sample", "--train", "2025-01", "--validation", "2025-02", "--name", "all"
    )
    trackers = {tracker["name"]: tracker for tracker in results["trackers"]}
    assert list(trackers) == list(installed())
    assert {name: trackers[name]["equal"] for name in KEEPERS} == dict.fromkeys(KEEPERS, True)
    rmse = results["experiment"]["metrics"]["validation"]["rmse"]
    assert {trackers[name]["metrics"]["validation/rmse"] for name in KEEPERS} == {rmse}
    vendors = {load(name).vendor for name in KEEPERS} - {None}
    modules = {module for module, names in packages_distributions().items() if vendors & set(names)}
    assert modules
    assert not modules & imported
    assert {path.name for path in Path("reports/all").iterdir()} >= {
        "index.html",
        "report.md",
        "results.json",
        "stores",
    }
    assert all(str(load(name).name) in Path("reports/all/report.md").read_text() for name in installed())


def test_the_courses_number_comes_back_from_every_store() -> None:
    """Lasso(0.1) trained on 2025-01: 8.992581538715234 minutes on 2025-02, to the last bit."""
    if not os.environ.get("TAXIMETER_DATA"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "set TAXIMETER_DATA to a folder with the TLC's green months of 2025"
        )
    results, _ = compare("--train", "2025-01", "--validation", "2025-02", "--test", "2025-03")
    found = {tracker["name"]: tracker for tracker in results["trackers"]}
    assert {found[name]["metrics"]["validation/rmse"] for name in KEEPERS} == {8.992581538715234}
    assert all(found[name]["equal"] for name in KEEPERS)
    assert results["experiment"]["kind"] == "NYC TLC"


def test_a_folder_of_somebody_elses_is_not_replaced() -> None:
    """The message names it, and its files stay."""
    Path("reports/mine").mkdir(parents=True)
    Path("reports/mine/thesis.txt").write_text("precious")
    command = [sys.executable, "-c", PROGRAM, "compare", "--name", "mine", "--data", "sample"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "reports/mine" in done.stderr
    assert [path.name for path in Path("reports/mine").iterdir()] == ["thesis.txt"]
