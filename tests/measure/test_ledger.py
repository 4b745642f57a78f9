"""What was measured is kept as it comes, and survives whatever stops the measurement."""

from pathlib import Path

import pytest

from taximeter.measure.ledger import Ledger


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a ledger is, with two samples."""
    file = tmp_path / "results" / "ledger"
    ledger = Ledger(file)
    ledger.add("one", 1, {"seconds": 0.5}, "")
    ledger.add("other", 2, None, "the server is away")
    return file


def test_a_ledger_knows_what_another_process_added(file: Path) -> None:
    """Samples and problems alike."""
    ledger = Ledger(file)
    sample, problem = ledger.find("one"), ledger.find("other")
    assert sample
    assert problem
    assert (sample.taken, bytes(sample.sample), sample.problem) == (1, b'{"seconds":0.5}', "")
    assert (problem.taken, problem.problem) == (2, "the server is away")
    assert (sample.has_sample, problem.has_sample) == (True, False)


def test_a_ledger_knows_no_sample_that_was_not_taken(file: Path) -> None:
    """It is still to be taken."""
    assert Ledger(file).find("third") is None


@pytest.mark.parametrize("left", [1, 10, 60])
def test_a_torn_last_line_is_taken_again(file: Path, left: int) -> None:
    """What comes after it is kept too."""
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(lines[0] + lines[1][:left])
    ledger = Ledger(file)
    assert ledger.find("one")
    assert ledger.find("other") is None
    ledger.add("other", 3, {"seconds": 1.5}, "")
    ledger.add("third", 4, {"seconds": 2.5}, "")
    again = Ledger(file)
    assert all(map(again.find, ("one", "other", "third")))


def test_a_damaged_line_costs_itself_only(file: Path) -> None:
    """It is measured again."""
    file.write_bytes(b"{]\n" + file.read_bytes())
    assert Ledger(file).find("other")


def test_what_is_removed_leaves_the_rest(file: Path) -> None:
    """On disk too."""
    Ledger(file).remove({"one", "never taken"})
    again = Ledger(file)
    assert again.find("one") is None
    assert again.find("other")


def test_a_ledger_without_entries_has_no_file(file: Path) -> None:
    """And may be emptied twice."""
    ledger = Ledger(file)
    ledger.remove({"one", "other"})
    assert not file.exists()
    ledger.remove({"one", "other"})
    ledger.add("one", 5, {"seconds": 0.5}, "")
    assert Ledger(file).find("one")
