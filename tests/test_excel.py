"""Runs as a workbook, read back with another library."""

import math
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from taximeter import excel, start_run
from taximeter.errors import InputError
from taximeter.excel import CELL_LIMIT, write_workbook
from taximeter.plugins import load_all
from taximeter.record import RunRecord, Series

START = 1_760_000_000_123_456


def record(**parts: Any) -> RunRecord:
    """Return a run with these parts."""
    return RunRecord(
        run_id="a" * 32,
        experiment="taxi",
        name="a run",
        status="finished",
        started=START,
        ended=START + 1,
        **parts,
    )


def written(folder: Path, *records: RunRecord) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of each sheet that these runs become."""
    file = folder / "runs.xlsx"
    assert write_workbook(iter(records), file, "the store") == len(records)
    workbook = load_workbook(file)
    return {sheet.title: list(sheet.values) for sheet in workbook.worksheets}


def test_a_run_is_a_row_and_its_points_are_rows(tmp_path: Path) -> None:
    """Params, last values and tags are columns, in the types that Excel has."""
    points = Series([0.5, 0.25], [0, 1], [START, START + 1_000_000])
    run = record(params={"alpha": 0.1, "deep": [1, {"a": None}], "is": True}, metrics={"loss": points})
    sheets = written(tmp_path, run)
    head, row = sheets["runs"]
    cells = dict(zip(head, row, strict=True))
    assert (cells["run_id"], cells["param.alpha"], cells["param.is"]) == ("a" * 32, 0.1, True)
    assert (cells["param.deep"], cells["metric.loss"]) == ('[1,{"a":null}]', 0.25)
    assert cells["started"] == datetime(2025, 10, 9, 8, 53, 20, 123000)  # noqa: DTZ001 - Excel has no zones
    assert sheets["metrics"][0] == ("run_id", "key", "step", "time", "value")
    assert [row[1:3] + row[4:] for row in sheets["metrics"][1:]] == [("loss", 0, 0.5), ("loss", 1, 0.25)]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (math.nan, "nan"),
        (-math.inf, "-inf"),
        (2**53 + 1, str(2**53 + 1)),
        (2**53, 2**53),
        ("=1+1", "=1+1"),
        ("https://example.org", "https://example.org"),
        ("🚕" * 40_000, None),
    ],
)
def test_what_excel_has_no_number_for_is_text(value: Any, cell: Any, tmp_path: Path) -> None:
    """Nothing is run as a formula, and what is too long says so."""
    file = tmp_path / "runs.xlsx"
    write_workbook([record(params={"p": value})], file, "the store")
    found = load_workbook(file)["runs"].cell(2, 10)
    assert found.data_type == ("n" if isinstance(cell, int) else "s")
    if cell is None:
        assert len(str(found.value).encode("utf-16-le")) <= 2 * CELL_LIMIT
        assert "all are in the store" in str(found.value)
    else:
        assert found.value == cell


def test_points_that_fill_a_sheet_go_on_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is left out."""
    monkeypatch.setattr(excel, "ROW_LIMIT", 4)
    sheets = written(tmp_path, record(metrics={"loss": Series(range(7), range(7), range(7))}))
    steps = [row[2] for name in ("metrics", "metrics 2", "metrics 3") for row in sheets[name][1:]]
    assert steps == list(range(7))


def test_a_workbook_that_fails_leaves_the_one_before(tmp_path: Path) -> None:
    """All of it or nothing."""
    written(tmp_path, record())
    before = (tmp_path / "runs.xlsx").read_bytes()
    with pytest.raises(InputError, match="columns"):
        write_workbook([record(tags={str(number): "" for number in range(16_384)})], tmp_path / "runs.xlsx", "it")
    assert (tmp_path / "runs.xlsx").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
    with pytest.raises(InputError, match=r"\.xlsx"):
        write_workbook([], tmp_path / "runs.ods", "it")


def test_any_store_can_be_exported(tmp_path: Path) -> None:
    """By the command, from whatever tracker holds the runs."""
    tracker = next(tracker.name for tracker in load_all()[0] if "read back" in tracker.features)
    with start_run(trackers=[tracker], name="=evil()") as run:
        run.log_metrics({"loss": 0.5})
    taximeter = str(Path(sys.executable).with_name("taximeter"))
    done = subprocess.run([taximeter, "export", tracker, "runs.xlsx"], capture_output=True, text=True, check=True)
    assert done.stdout == "runs.xlsx: 1 runs\n"
    sheet = load_workbook(tmp_path / "runs.xlsx")["runs"]
    assert (sheet.cell(2, 1).value, sheet.cell(2, 3).value, sheet.cell(2, 3).data_type) == (run.id, "=evil()", "s")
