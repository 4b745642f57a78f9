"""The report that is kept in the repository is made of the results that are kept beside it."""

import shutil
import subprocess
from pathlib import Path

import pytest

from taximeter.report import write_project

REPORTS = Path(__file__).parents[1] / "reports"
COMPARISON = "course"
KEPT = ("results", "claims.json", f"{COMPARISON}/results.json", f"{COMPARISON}/screenshots")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a report that is made again, of what is kept and nothing else."""
    folder = tmp_path_factory.mktemp("reports")
    for name in KEPT:
        place = folder / name
        place.parent.mkdir(exist_ok=True)
        if (REPORTS / name).is_dir():
            shutil.copytree(REPORTS / name, place)
        else:
            shutil.copyfile(REPORTS / name, place)
    write_project(folder, COMPARISON)
    return folder


def test_the_text_is_the_same(made: Path) -> None:
    """Else `taximeter report --comparison course` has to be run again."""
    assert (made / "report.md").read_text() == (REPORTS / "report.md").read_text()


def test_the_tables_are_the_same(made: Path) -> None:
    """Every one of them, and no other is there."""
    again, kept = (
        {file.name: file.read_bytes() for file in folder.glob("tables/*")} for folder in (made, REPORTS)
    )
    assert again == kept


@pytest.mark.parametrize("tracker", ["mlflow", "wandb", "tensorboard"])
def test_three_releases_were_measured(tracker: str) -> None:
    """Side by side, each in an environment of its own."""
    releases = {file.name for file in REPORTS.glob(f"results/*/*/cost-{tracker}==*.json")}
    assert len(releases) >= 3


def test_no_path_of_the_machine_is_in_it() -> None:
    """What is kept is for everybody; what else has been compared here is not."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPORTS, capture_output=True, text=True, check=True
    ).stdout
    texts = [REPORTS / name for name in listed.split("\0") if name.endswith((".json", ".md", ".csv"))]
    assert texts
    for file in texts:
        assert not {word for word in ("/root/", "/home/", "/tmp/") if word in file.read_text()}, file  # noqa: S108
