"""What logging costs is told of what was measured, pair by pair and call by call, and of nothing else."""

import csv
import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from report_cases import make_cost, make_results, make_row, make_tracker, write_comparison, write_project

from taximeter.archive import save
from taximeter.measure.kind import Measurement
from taximeter.plugins import installed
from taximeter.report import write_project as render
from taximeter.report.cost_tables import costs_tables, workloads_tables
from taximeter.report.costs import calls_figure
from taximeter.report.material import Material, read_material
from taximeter.report.samples import find
from taximeter.report.story import story_table
from taximeter.report.tables import Cell
from taximeter.tracker import Feature


def changed(
    measurement: Measurement[Any, Any], way: str, *, samples: list[Any], **row: Any
) -> Measurement[Any, Any]:
    """Return a measurement whose row of one scalar on a way has other samples."""
    rows = [
        make_row(each.settings, samples, **row)
        if each.settings.way == way and each.settings.workload == "one scalar" and not each.settings.attached
        else each
        for each in measurement.rows
    ]
    return msgspec.structs.replace(measurement, rows=rows)


def samples(measurement: Measurement[Any, Any], way: str, *fields: dict[str, Any]) -> list[Any]:
    """Return samples like the first one of one scalar on a way, but for these fields."""
    first = find(measurement, way, lambda settings: settings.workload == "one scalar").samples[0]
    return [msgspec.structs.replace(first, **each) for each in fields]


def cell(measurement: Measurement[Any, Any], way: str, column: str) -> Cell:
    """Return a tracker's cell."""
    tables = [each for each in costs_tables([measurement]) if each.id in {f"cost-{way}", f"run-{way}"}]
    (found,) = (table.rows[0][table.columns.index(column)] for table in tables if column in table.columns)
    return found


# Repetitions that failed


def test_a_figure_of_fewer_samples_than_were_tried_tells_it() -> None:
    """With the reason, in every column."""
    cost = make_cost("csv", 10.0)
    some = changed(
        cost,
        "vendor",
        samples=samples(cost, "vendor", {}, {}),
        repetitions=[0, 2],
        problems=["it <b>hung</b>"] * 3,
    )
    for column in ("a call, p50, µs", "processes"):
        assert cell(some, "vendor", column).problem == "3 of 5 trials gave nothing: it <b>hung</b>"
        assert cell(some, "vendor", column).title.endswith("; 3 of 5 trials gave nothing: it <b>hung</b>")
        assert cell(cost, "vendor", column).problem == ""


def test_a_dash_has_each_reason_once() -> None:
    """However many repetitions failed of it."""
    none = changed(make_cost("csv", 10.0), "vendor", samples=[], problems=["it hung", "it hung", "no room"])
    assert cell(none, "vendor", "finish, s") == Cell(text="–", problem="it hung; no room", kind="number")


def test_page_and_text_show_that_a_repetition_failed(tmp_path: Path, visit: Any) -> None:
    """On hover and for screen readers, in the claims, the chart and the needs, and below the table of the text."""
    cost = make_cost("csv", 10.0)
    some = changed(
        cost, "vendor", samples=samples(cost, "vendor", {}), repetitions=[1], problems=["it <b>hung</b>"]
    )
    save(some, tmp_path / "results", "cost-csv")
    claim = {"group": "a", "who": "b", "words": "c", "source": "d", "tracker": "csv", "question": "call"}
    (tmp_path / "claims.json").write_bytes(msgspec.json.encode([claim]))
    page = visit(render(tmp_path).parent).page
    told = "1 of 2 trials gave nothing: it <b>hung</b>"
    figure = page.locator("#table-cost-vendor data").first
    assert (figure.get_attribute("title") or "").endswith(told)
    assert "underline" in figure.evaluate("each => getComputedStyle(each).textDecorationLine")
    assert page.locator("#table-cost-vendor .hidden").first.inner_text() == told
    assert page.locator(".claim").inner_text().count(told) == 1
    need = page.locator("#table-needs tr", has_text="cheap in the training loop").locator(".vendor.mark")
    assert (need.get_attribute("title") or "").endswith(told)
    assert page.locator(".story .why").first.get_attribute("title") == f"csv: {told}"
    text = (tmp_path / "report.md").read_text().replace("&lt;", "<").replace("&gt;", ">")
    assert f"- csv: {told}" in text
    assert f"- a call that logs one value, p50: csv: {told}" in text
    rows = list(csv.DictReader(StringIO((tmp_path / "tables/chart-calls.csv").read_text())))
    assert [row["sample"] for row in rows if row["way"] == "vendor"] == ["2"]


# Pairs


TIMES = "from start to stored, × the vendor's time"
AT_ONCE = {"imported": 0.0, "started": 0.0}


def test_ratios_pair_samples_of_the_same_repetition() -> None:
    """A repetition that failed on one way is left out on both, and those after it do not slip."""
    cost = make_cost("csv", 10.0)
    vendor = samples(cost, "vendor", *(AT_ONCE | {"complete": each} for each in (1.0, 100.0)))
    ours = samples(cost, "interface", *(AT_ONCE | {"complete": each} for each in (2.0, 9.0, 200.0)))
    cost = changed(cost, "vendor", samples=vendor, repetitions=[0, 2], problems=["it hung"])
    found = cell(changed(cost, "interface", samples=ours), "interface", TIMES)
    assert found.exact == "2"
    assert found.hint.startswith("2.0, median of 2 samples")
    assert found.problem == "as the vendor ships it: 1 of 3 trials gave nothing: it hung"


def test_ratios_compare_times_of_a_call() -> None:
    """A loop that ran out of time has made fewer calls than the other one."""
    cost = make_cost("csv", 10.0)
    vendor = samples(cost, "vendor", AT_ONCE | {"complete": 20.0, "calls": 10})
    ours = samples(cost, "interface", AT_ONCE | {"complete": 4.0, "calls": 200})
    cost = changed(cost, "vendor", samples=vendor)
    assert cell(changed(cost, "interface", samples=ours), "interface", TIMES).exact == "0.01"


def test_ratios_count_from_the_start_of_the_run() -> None:
    """A vendor is imported before its first call, and a courier's after the first of taximeter."""
    cost = make_cost("csv", 10.0)
    vendor = samples(cost, "vendor", {"imported": 1.0, "started": 0.5, "complete": 0.5})
    ours = samples(cost, "interface", {"imported": 0.1, "started": 0.1, "complete": 1.8})
    cost = changed(cost, "vendor", samples=vendor)
    assert cell(changed(cost, "interface", samples=ours), "interface", TIMES).exact == "1"


def test_bytes_are_those_of_a_call() -> None:
    """A call may log no point, one, or ten."""
    assert cell(make_cost("csv", 10.0), "vendor", "bytes a call").exact == "100"


# Rows of several trackers at once


def test_a_dash_of_several_trackers_has_its_reason() -> None:
    """Why they could not be measured, and that other workloads were not."""
    cost = make_cost("csv", 10.0)
    rows = [
        make_row(each.settings, [], problems=["no room"]) if each.settings.attached else each for each in cost.rows
    ]
    (table,) = (
        each
        for each in workloads_tables([msgspec.structs.replace(cost, rows=rows)])
        if each.id == "workloads-interface"
    )
    name, scalar, params = table.rows[-1]
    assert (name.text, scalar.text, scalar.problem) == ("csv and 2 others at once", "–", "no room")
    assert (params.text, params.problem) == ("–", "with several trackers at once it was not measured")


# Titles


def titles(costs: Sequence[Measurement[Any, Any]], mute: Sequence[str] = ()) -> dict[str, str]:
    """Return the titles of the chart of a call."""
    return calls_figure(costs, "here", mute).title


def test_a_tracker_that_keeps_no_metrics_is_compared_with_no_other() -> None:
    """Its call writes nothing: it is in the chart, and in no title."""
    costs = [make_cost("mlflow", 1000.0), make_cost("csv", 10.0), make_cost("spreadsheet", 0.1)]
    assert titles(costs)["vendor"].endswith("as long as one to spreadsheet (0.110 µs)")
    assert titles(costs, ["spreadsheet"])["vendor"].endswith("as long as one to csv (11.0 µs)")
    figure = calls_figure(costs, "here", ["spreadsheet", "null"])
    assert "; the titles leave out spreadsheet, where no metric is kept point by point; " in figure.note
    assert "spreadsheet" in {row[0] for row in figure.sheet.rows}


def test_a_title_says_of_how_many_trackers_it_is() -> None:
    """Not of those that were not measured."""
    costs = [make_cost("mlflow", 1000.0), make_cost("csv", 10.0)]
    none = changed(make_cost("wandb", 1.0), "interface", samples=[], problems=["it hung"])
    assert titles([*costs, none])["interface"] == "A call takes 2.75 µs with each of 2 trackers"


def test_whether_metrics_are_kept_is_as_it_was_compared_or_is_installed() -> None:
    """And taken for granted of a tracker that is neither; a release is as its tracker."""
    tracker = make_tracker("mine", features=[str(Feature.PARAMS)])
    compared = Material(comparison=make_results(trackers=[tracker, make_tracker("null")]))
    assert not compared.keeps_metrics("mine")
    assert not compared.keeps_metrics("mine==1.0")
    assert compared.keeps_metrics("null")
    assert not Material().keeps_metrics("null")
    assert {name: Material().keeps_metrics(name) for name in installed()}["csv"]
    assert Material().keeps_metrics("nobody has <this>")


def test_the_short_story_leaves_them_out_too(tmp_path: Path) -> None:
    """As the comparison has it; the chart does too, and the need says why its call is so cheap."""
    write_project(tmp_path, ["mlflow", "csv"])
    features = [str(Feature.PARAMS)]
    write_comparison(tmp_path, "one", trackers=[make_tracker("mlflow", features=features), make_tracker("csv")])
    table = story_table(read_material(tmp_path))
    assert table
    assert table.rows[0][1].text == "44.0 µs"
    text = render(tmp_path).read_text()
    assert "A call to csv takes 44.0 µs" in text
    assert text.count("so a call writes nothing") == 2  # in the title and for screen readers, on the vendor's way


@pytest.mark.parametrize(("count", "words"), [(3, "range"), (5, "range"), (6, "95 % within"), (9, "95 % within")])
def test_the_spread_is_called_what_it_is(count: int, words: str) -> None:
    """Fewer than six samples have no interval of 95 %."""
    cost = make_cost("csv", 10.0)
    many = samples(cost, "vendor", *({"p50": 1.0 + place} for place in range(count)))
    hint = cell(changed(cost, "vendor", samples=many), "vendor", "a call, p50, µs").hint
    assert re.search(f"median of {count} samples, {words} [12] to ", hint)


def test_a_table_says_what_its_spread_is() -> None:
    """In the line below it."""
    cost = make_cost("csv", 10.0)
    notes = [
        costs_tables([changed(cost, "vendor", samples=samples(cost, "vendor", *[{}] * count))])[0].note
        for count in (1, 5, 6)
    ]
    starts = ["One sample each. ", "Medians; on the page, hover for the range. "]
    starts.append("Medians; on the page, hover for the interval of 95 %. ")
    assert [note.startswith(start) for note, start in zip(notes, starts, strict=True)] == [True] * 3
