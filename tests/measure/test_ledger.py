"""What was measured is kept as it comes, and survives whatever stops the measurement."""

from pathlib import Path

import pytest

from taximeter.measure.kind import Settings
from taximeter.measure.ledger import Ledger

ROW, OTHER = Settings(tracker="one"), Settings(tracker="other")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a ledger is, with two samples."""
    file = tmp_path / "results" / "ledger"
    ledger = Ledger(file)
    ledger.add("cost", ROW, 0, {"seconds": 0.5}, "")
    ledger.add("cost", OTHER, 0, None, "the server is away")
    return file


def test_a_ledger_knows_what_another_process_added(file: Path) -> None:
    """Samples and problems alike."""
    ledger = Ledger(file)
    sample, problem = ledger.find("cost", ROW, 0), ledger.find("cost", OTHER, 0)
    assert sample
    assert problem
    assert (bytes(sample.sample), sample.problem, sample.has_sample) == (b'{"seconds":0.5}', "", True)
    assert (problem.problem, problem.has_sample) == ("the server is away", False)


def test_samples_are_told_apart_by_kind_row_and_repetition(file: Path) -> None:
    """Another one has not been taken."""
    ledger = Ledger(file)
    assert ledger.find("crash", ROW, 0) is None
    assert ledger.find("cost", Settings(tracker="third"), 0) is None
    assert ledger.find("cost", ROW, 1) is None


@pytest.mark.parametrize("left", [1, 10, 60])
def test_a_torn_last_line_is_taken_again(file: Path, left: int) -> None:
    """What comes after it is kept too."""
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + lines[1][:left])
    ledger = Ledger(file)
    assert ledger.find("cost", ROW, 0)
    assert ledger.find("cost", OTHER, 0) is None
    ledger.add("cost", OTHER, 0, {"seconds": 1.5}, "")
    ledger.add("cost", OTHER, 1, {"seconds": 2.5}, "")
    again = Ledger(file)
    assert all(again.find("cost", row, number) for row, number in ((ROW, 0), (OTHER, 0), (OTHER, 1)))


def test_a_damaged_line_costs_itself_only(file: Path) -> None:
    """It is measured again."""
    file.write_bytes(b"{]\n" + file.read_bytes())
    assert Ledger(file).find("cost", OTHER, 0)


def test_a_removed_ledger_knows_nothing(file: Path) -> None:
    """And may be removed twice."""
    ledger = Ledger(file)
    ledger.remove()
    ledger.remove()
    assert Ledger(file).find("cost", ROW, 0) is None
