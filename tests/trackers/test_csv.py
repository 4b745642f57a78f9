"""What is special to the spreadsheet: its cells, its columns, its users, and the spreadsheets of others."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pytest
from tracker_cases import BEGAN, begin, dispatched, finished, write_at_once

from taximeter.diff import diff
from taximeter.errors import InputError, Unsupported
from taximeter.events import (
    DatasetLogged,
    EnvironmentCaptured,
    MetricsLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    Started,
    TagsSet,
)
from taximeter.excel import CELL_LIMIT, COLUMN_LIMIT
from taximeter.record import Dataset, Environment, Source
from taximeter.testing import record_run
from taximeter.testing.staging import logged
from taximeter.testing.verdicts import VerdictsOf, by_name
from taximeter_csv import BASE_COLUMNS, LEFT_OUT, CsvTracker, writer
from taximeter_csv.cells import cell_text, cell_time, cell_value, text_cell, time_cell, value_cell

FORMULAS = ["=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "-2+3", "\t=1", "\r=1", "\n=1", "'", "'=1", "''", "＝1+1", "-"]


@pytest.fixture
def tracker(tmp_path: Path) -> CsvTracker:
    """An empty folder."""
    return CsvTracker(CsvTracker.location_in(tmp_path / "store"))


def table_of(tracker: CsvTracker) -> Path:
    """Return the table of all runs."""
    return Path(tracker.location) / "experiments.csv"


def rows_of(tracker: CsvTracker) -> list[list[str]]:
    """Return the rows of the table, the header first."""
    with table_of(tracker).open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def row_of(tracker: CsvTracker, place: int = 0) -> dict[str, str]:
    """Return a row's cells by column."""
    header, *rows = rows_of(tracker)
    return dict(zip(header, rows[place], strict=True))


def rewrite(tracker: CsvTracker, header: list[str], *rows: list[str], **how: Any) -> None:
    """Save the table as a spreadsheet program does after its user changed it."""
    with table_of(tracker).open("w", **({"encoding": "utf-8-sig", "newline": ""} | how)) as stream:
        csv.writer(stream, delimiter=";" if how else ",").writerows([header, *rows])


def test_the_table_reads_like_a_course_would_have_it(tracker: CsvTracker, blobs: Path) -> None:
    """One row a run; pandas knows the types."""
    params = {"alpha": 0.1, "iterations": 100, "fit": True, "solver": "cd", "none": None}
    metrics: Mapping[str, Any] = {"loss": 0.25}
    events = (ParamsLogged(params), MetricsLogged({"loss": 0.5}, 0, BEGAN), MetricsLogged({**metrics}, 1, BEGAN))
    record_run(tracker, finished(begin("a" * 32), *events, TagsSet({"team": "ä🚕"})), blobs)
    frame = pd.read_csv(table_of(tracker))
    assert list(frame.columns[:8]) == list(BASE_COLUMNS)
    assert frame.iloc[0].dropna().to_dict() == {
        "run_id": "a" * 32,
        "experiment": "taxi",
        "name": "lasso",
        "status": "finished",
        "started": "2025-10-09T08:53:20.123456Z",
        "ended": "2025-10-09T08:53:20.123457Z",
        "hypothesis": "it learns",
        "param.alpha": 0.1,
        "param.iterations": 100,
        "param.fit": True,
        "param.solver": "cd",
        "metric.loss": 0.25,
        "tag.team": "ä🚕",
    }
    assert table_of(tracker).read_bytes().startswith(b"\xef\xbb\xbfrun_id,experiment,")
    points = pd.read_csv(table_of(tracker).parent / "experiments" / ("a" * 32) / "points.csv")
    assert points["value"].tolist() == [0.5, 0.25]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula(text: str, tracker: CsvTracker, blobs: Path) -> None:
    """In any file, whatever held it; and natively it comes back as it was."""
    started = Started(uuid4().hex, text, text, BEGAN, None, text)
    tagged = (ParamsLogged({text: text}), TagsSet({text: text}), NoteAdded(text))
    listed = (MetricsLogged({text: -1.5}, -1, BEGAN), logged(text, b"1"))
    captured = (SourceCaptured(Source(text, (text,), text)), DatasetLogged(Dataset(text, "test", text, "", 0, {})))
    environment = EnvironmentCaptured(Environment(text, "", "", 0, 0, distributions={text: text}))
    run = finished(started, *tagged, *listed, *captured, environment, contents=(b"1",))
    record = record_run(tracker, run, blobs)
    assert diff(tracker.read_native(record.run_id), record) == []
    for file in Path(tracker.location).rglob("*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as stream:
            cells = [cell for row in csv.reader(stream) for cell in row]
        assert [cell for cell in cells if cell.startswith(tuple("=+-@\t\r\n＝")) and not is_number(cell)] == []


def is_number(cell: str) -> bool:
    """Tell whether a cell is a number, which may begin with a sign."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("text", [*FORMULAS, "", "x", "a'b", "=", "1", "'x"])
def test_text_cells_give_their_text_back(text: str) -> None:
    """Exactly."""
    assert cell_text(text_cell(text)) == text


@pytest.mark.parametrize(
    "value",
    [True, False, 0, -7, 2**70, 0.1, -0.0, 5e-324, 1.7976931348623157e308, float("-inf"), "text", "007", "1_0"],
)
def test_values_are_known_by_their_form(value: Any) -> None:
    """What looks like a number is one, and what looks like text is text."""
    found = cell_value(value_cell(value))
    assert (type(found), repr(found)) == (type(value), repr(value))


def test_a_number_in_a_text_is_a_number_natively(tracker: CsvTracker, blobs: Path) -> None:
    """That is what a CSV file knows; the record knows better."""
    params = {"text": "5", "nested": {"a": [1]}, "none": None, "huge": 1 << 20_000}
    record = record_run(tracker, finished(begin(), ParamsLogged(params)), blobs)
    native = {"text": 5, "nested": '{"a":[1]}', "huge": hex(1 << 20_000)}
    assert tracker.read_native(record.run_id).params == native
    assert tracker.read(record.run_id).params == params


@pytest.mark.parametrize("time", [0, -1, BEGAN, 2**53 + 1, 2**63 - 1, -(2**63)])
def test_times_come_back_to_the_microsecond(time: int) -> None:
    """Where no calendar reaches, they are numbers."""
    assert cell_time(time_cell(time)) == time


def test_new_columns_come_last_and_old_rows_stay(tracker: CsvTracker, blobs: Path) -> None:
    """No cell moves under another header."""
    record_run(tracker, finished(begin("a" * 32), ParamsLogged({"one": 1})), blobs)
    before = row_of(tracker)
    record_run(tracker, finished(begin("b" * 32), ParamsLogged({"zero": 0}), TagsSet({"t": "x"})), blobs)
    assert rows_of(tracker)[0] == [*before, "param.zero", "tag.t"]
    assert row_of(tracker) == before | {"param.zero": "", "tag.t": ""}
    assert row_of(tracker, 1)["param.one"] == ""


def test_what_the_user_added_stays(tracker: CsvTracker, blobs: Path) -> None:
    """A column of remarks, a row of their own, cells without a header, and the order of columns."""
    record_run(tracker, finished(begin("a" * 32), ParamsLogged({"one": 1})), blobs)
    header, row = rows_of(tracker)
    theirs = ["", "", "by hand", *[""] * (len(header) - 3), "=SUM(A1)", "no header"]
    rewrite(tracker, ["remarks", *header[::-1]], ["good; très bon", *row[::-1]], theirs)
    record = record_run(tracker, finished(begin("b" * 32), ParamsLogged({"two": 2})), blobs)
    found, first, second, third = rows_of(tracker)
    assert found == ["remarks", *header[::-1], "", "param.two"]
    assert first == ["good; très bon", *row[::-1], "", ""]
    assert second == [*theirs, ""]
    assert (third[0], third[-1]) == ("", "2")
    assert tracker.read_native("a" * 32).tags == {"remarks": "good; très bon"}
    assert diff(tracker.read(record.run_id), record) == []


def test_a_remark_survives_the_end_of_its_run(tracker: CsvTracker, blobs: Path) -> None:
    """It was written while the run was live."""
    live = dispatched(tracker, finished(begin("a" * 32), ParamsLogged({"one": 1})), blobs, 2)
    header, row = rows_of(tracker)
    rewrite(tracker, [*header, "remarks"], [*row, "watch this"])
    record = finished(begin("a" * 32), ParamsLogged({"one": 1})).record
    live.finish(record)
    assert (row_of(tracker)["remarks"], row_of(tracker)["status"]) == ("watch this", "finished")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8"])
def test_a_table_saved_by_excel_in_another_form_is_understood(
    encoding: str, tracker: CsvTracker, blobs: Path
) -> None:
    """With semicolons, which stay, and in its other encodings, of which nothing is lost."""
    record_run(tracker, finished(begin("a" * 32, "für €"), ParamsLogged({"a,b": 1})), blobs)
    rewrite(tracker, *rows_of(tracker), encoding=encoding, newline="")
    assert tracker.read_native("a" * 32).name == "für €"
    record_run(tracker, finished(begin("b" * 32)), blobs)
    assert [run.name for run in tracker.list_runs()] == ["für €", "lasso"]
    assert table_of(tracker).read_bytes().startswith(b"\xef\xbb\xbfrun_id;experiment;")
    assert CsvTracker.recognises(Path(tracker.location))


def test_a_row_that_the_user_wrote_is_a_run(tracker: CsvTracker, blobs: Path) -> None:
    """Its number in the spreadsheet is its id, and its metrics have one point each."""
    record_run(tracker, finished(begin("a" * 32), MetricsLogged({"loss": 0.5}, 3, BEGAN)), blobs)
    header, row = rows_of(tracker)
    by_hand = {"experiment": "old", "name": "paper", "started": "2020-01-01", "metric.loss": "0.75"}
    rewrite(tracker, header, row, [], [by_hand.get(column, "") for column in header])
    assert [(run.run_id, run.experiment) for run in tracker.list_runs()] == [("4", "old"), ("a" * 32, "taxi")]
    record = tracker.read("4")
    assert list(record.metrics["loss"]) == [(0.75, 0, 1_577_836_800_000_000)]
    assert record.status == "finished"
    with pytest.raises(InputError, match="no run '3'"):
        tracker.read("3")


def test_many_processes_write_into_a_fresh_folder(tracker: CsvTracker) -> None:
    """Eight with twenty runs each, all at once; nothing is lost."""
    write_at_once(tracker, 8, 20)
    header, *rows = rows_of(tracker)
    assert len(header) == len(BASE_COLUMNS) + 8 + 1
    assert {row[0] for row in rows} == {f"{number}-{place}" for number in range(8) for place in range(20)}
    assert len(rows) == 160
    for number in range(8):
        record = tracker.read_native(f"{number}-19")
        assert (record.params, record.metrics["loss"][0].value) == ({f"of {number}": 19}, 19 / 3)


def test_the_table_is_not_written_for_every_point(
    tracker: CsvTracker, blobs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only at the start and at the end, and every few seconds in between."""
    run = finished(begin(), *(MetricsLogged({"loss": 0.5}, step, BEGAN) for step in range(500)))
    dispatched(tracker, run, blobs, 1)
    monkeypatch.setattr(writer, "_LIVE_SECONDS", 3600.0)
    before = table_of(tracker).stat().st_ino
    live = dispatched(tracker, run, blobs, 100)
    begun = table_of(tracker).stat().st_ino
    live.write(run.events[100:300])
    assert table_of(tracker).stat().st_ino == begun != before
    assert "metric.loss" not in row_of(tracker)
    monkeypatch.setattr(writer, "_LIVE_SECONDS", 0.0)
    live.write(run.events[300:500])
    assert (row_of(tracker)["metric.loss"], row_of(tracker)["status"]) == ("0.5", "running")


def test_excels_limits_fail_no_run(tracker: CsvTracker, blobs: Path) -> None:
    """What is cut is said in the cell, and kept in the record."""
    many = {f"p{number}": number for number in range(COLUMN_LIMIT)}
    long = {"long": "ä" * 50_000, "🚕" * 40_000: "x"}
    record = record_run(tracker, finished(begin("a" * 32), ParamsLogged(long | many)), blobs)
    header, row = rows_of(tracker)
    assert len(header) == len(row) == COLUMN_LIMIT
    assert header[-1] == LEFT_OUT
    assert row[-1].startswith(f"{8 + 2 + 1} values, which are in experiments/{'a' * 32}/record.jsonl: param.p163")
    cut = row[header.index("param.long")]
    assert cut.endswith(f"of 50000 characters; all are in experiments/{'a' * 32}/record.jsonl)")
    assert max(len(cell.encode("utf-16-le")) // 2 for cell in (*header, *row)) <= CELL_LIMIT
    assert diff(tracker.read(record.run_id), record) == []
    assert len(tracker.read_native(record.run_id).params) == COLUMN_LIMIT - 8 - 1
    record_run(tracker, finished(begin("b" * 32), ParamsLogged({"new": 1})), blobs)
    assert row_of(tracker, 1)[LEFT_OUT].endswith("param.new")
    assert row_of(tracker)[LEFT_OUT] == row[-1]


def test_what_the_columns_hold_comes_back_natively(tracker: CsvTracker, blobs: Path) -> None:
    """Everything but empty texts, which a cell cannot tell from nothing."""
    run = finished(
        begin(parent="b" * 32),
        ParamsLogged({"a": 1}),
        SourceCaptured(Source("other.py", (), "commit", "branch")),
        SourceCaptured(Source("train.py", ("--a", "=1"), "abc")),
        EnvironmentCaptured(Environment("3.11", "linux", "c", 2, 8 << 30, ("gpu",), {"numpy": "2", "pip": "1"})),
        DatasetLogged(Dataset("green", "train", "s", "0" * 64, 3, {"a": "int"}, {"mean": float("nan")})),
        DatasetLogged(Dataset("green", "test", "s", "0" * 64, 0, {})),
        NoteAdded("first\nnote"),
        NoteAdded("second"),
        TagsSet({"t": "1"}),
        *(MetricsLogged({"loss": step / 3, "nan": float("nan")}, -step, BEGAN + step) for step in range(10)),
    )
    record = record_run(tracker, run, blobs)
    assert diff(tracker.read_native(record.run_id), record) == []


def test_a_torn_point_is_left_out_and_told(
    tracker: CsvTracker, blobs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Wherever the disk ran full."""
    run = finished(begin("a" * 32), *(MetricsLogged({"a,b": step / 3}, step, BEGAN) for step in range(5)))
    dispatched(tracker, run, blobs, 6)
    file = Path(tracker.location) / "experiments" / ("a" * 32) / "points.csv"
    data = file.read_bytes()
    for size in range(len(data) - 1, len(data) - 40, -1):
        file.write_bytes(data[:size])
        assert list(tracker.read("a" * 32).metrics["a,b"].steps) == [0, 1, 2, 3]
    assert "torn" in caplog.text


def test_a_run_that_is_written_again_is_there_once(tracker: CsvTracker, blobs: Path) -> None:
    """Its row, its points, and its files."""
    run = finished(begin("a" * 32), MetricsLogged({"x": 1.0}, 0, BEGAN), logged("f", b"1"), contents=(b"1",))
    for _ in range(2):
        record = record_run(tracker, run, blobs)
    assert diff(tracker.read_native(record.run_id), record) == []
    assert len(rows_of(tracker)) == 2


@pytest.mark.parametrize(
    "paths", [("a", "a/b"), ("a/b", "a"), ("x" * 300 + ".txt",), ("y/" * 800 + "z",), ("=cmd.csv", "%41")]
)
def test_any_artifact_can_be_kept(paths: tuple[str, ...], tracker: CsvTracker, blobs: Path) -> None:
    """Whatever the file system makes of its name."""
    contents = tuple(path[:9].encode() + bytes([place]) for place, path in enumerate(paths))
    record = record_run(tracker, finished(begin(), *map(logged, paths, contents), contents=contents), blobs)
    assert diff(tracker.read(record.run_id), record) == []
    assert tracker.read_native(record.run_id).artifacts == record.artifacts


@pytest.mark.parametrize("run_id", ["../../up", "a/b", "=1", "", "x" * 300])
def test_any_run_id_stays_in_the_folder(run_id: str, tracker: CsvTracker, blobs: Path, tmp_path: Path) -> None:
    """It is a folder's name only if it is a plain one."""
    record = record_run(tracker, finished(begin(run_id)), blobs)
    assert diff(tracker.read(record.run_id), record) == []
    assert {path.name for path in tmp_path.iterdir()} == {"store", "blobs"}


def test_no_artifact_is_read_from_outside_the_folder(tracker: CsvTracker, blobs: Path, tmp_path: Path) -> None:
    """Neither by a name that climbs, nor by a link that somebody put there."""
    (tmp_path / "secret").write_bytes(b"secret")
    record = record_run(tracker, finished(begin(), logged("a", b"1"), contents=(b"1",)), blobs)
    kept = Path(tracker.location) / "experiments" / record.run_id / "artifacts"
    (kept / "link").symlink_to(tmp_path)
    for path in ("../../../../secret", "link/secret", str(tmp_path / "secret")):
        with pytest.raises(FileNotFoundError):
            tracker.open_artifact(record.run_id, path)


def test_somebody_elses_spreadsheet_is_read(tmp_path: Path) -> None:
    """As the course writes it with pandas: rows are runs, and columns are what their names and cells say."""
    file = tmp_path / "log.csv"
    columns = {
        "Experiment ID": ["exp1", "exp2"],
        "learning_rate": [0.1, 0.01],
        "optimizer": ["adam", "007"],
        "val_acc": [0.9, None],
        "Date": ["2024-05-01", "2023-05-01T12:00:00Z"],
        "comment": ["'tis", None],
    }
    pd.DataFrame(columns).to_csv(file, index=False)
    tracker = CsvTracker(str(file))
    assert CsvTracker.recognises(file)
    assert [(run.run_id, run.experiment, run.name) for run in tracker.list_runs()] == [
        ("3", "log", "exp2"),
        ("2", "log", "exp1"),
    ]
    record = tracker.read("2")
    assert record.params == {"learning_rate": 0.1, "optimizer": "adam"}
    assert list(record.metrics["val_acc"]) == [(0.9, 0, 1_714_521_600_000_000)]
    assert record.notes == ("'tis",)
    assert tracker.read("3").params == {"learning_rate": 0.01, "optimizer": "007"}
    assert (list(tracker.files()), tracker.read("3").metrics) == ([file], {})
    with pytest.raises(InputError, match="give a folder"):
        tracker.open_run(begin())
    with pytest.raises(InputError, match="no run '1'"):
        tracker.read("1")


def test_the_table_itself_names_its_folder(tracker: CsvTracker, blobs: Path) -> None:
    """So a store may be given by what one would open."""
    record = record_run(tracker, finished(begin(), logged("f", b"1"), contents=(b"1",)), blobs)
    assert diff(CsvTracker(str(table_of(tracker))).read(record.run_id), record) == []


def test_a_folder_is_recognised_by_our_columns(tracker: CsvTracker, blobs: Path, tmp_path: Path) -> None:
    """Not by the name of the file alone."""
    record_run(tracker, finished(begin()), blobs)
    assert CsvTracker.recognises(Path(tracker.location))
    (tmp_path / "experiments.csv").write_text("Experiment ID,learning_rate\n")
    assert not CsvTracker.recognises(tmp_path)
    assert not CsvTracker.recognises(tmp_path / "none")


def test_our_columns_are_added_to_a_table_that_was_there(tracker: CsvTracker, blobs: Path) -> None:
    """It may have the name that ours has."""
    Path(tracker.location).mkdir()
    table_of(tracker).write_text("Experiment ID,val_acc\nexp1,0.5\n")
    record = record_run(tracker, finished(begin()), blobs)
    assert rows_of(tracker)[0] == ["Experiment ID", "val_acc", *BASE_COLUMNS]
    assert rows_of(tracker)[1] == ["exp1", "0.5", *[""] * 8]
    assert diff(tracker.read(record.run_id), record) == []


def test_a_picture_is_not_for_cells(tracker: CsvTracker) -> None:
    """And the error says so."""
    with pytest.raises(Unsupported, match="shows no image"):
        tracker.open_run(begin()).log_figure("a.png", Path(), "image/png")


# Verdicts


def test_what_cells_do_to_values_is_known(verdicts_of: VerdictsOf) -> None:
    """A cell has no type: text that looks like a number is one, and None is an empty cell."""
    params = by_name(verdicts_of("csv"), "params")
    assert (params["number or text"].verdict, params["None or text"].verdict) == ("changed with loss",) * 2
    assert params["None"].verdict == params["empty text"].verdict == "dropped"
    assert params["list"].verdict == params["nested mapping"].verdict == "changed without loss"
    assert params["float64"].verdict == params["NaN"].verdict == params["int beyond 2^63"].verdict == "identical"
