"""What became of points is told with all that speaks against it."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page
from report_cases import make_contention, make_crash, make_faults, make_row, write_project

from taximeter.archive import save
from taximeter.measure.kind import Measurement
from taximeter.report import write_project as render
from taximeter.report.fates import Fate, Hardship, crash, crowd, fate, faulty
from taximeter.report.material import Source, read_material
from taximeter.report.needs import NEEDS, Tracker, rank_text
from taximeter.report.story import story_table

FULL_DISK = faulty("disk full")
CROWD = crowd(8, fresh=True)


def changed(
    measurement: Measurement[Any, Any], way: str, *samples: dict[str, Any], **row: Any
) -> Measurement[Any, Any]:
    """Return a measurement whose rows of a way have samples like the first one, but for these fields."""
    rows = []
    for each in measurement.rows:
        if each.settings.way == way and each.samples:
            made = [msgspec.structs.replace(each.samples[0], **fields) for fields in samples]
            rows.append(make_row(each.settings, made, **row))
        else:
            rows.append(each)
    return msgspec.structs.replace(measurement, rows=rows)


def with_lone_writer(measurement: Measurement[Any, Any], fields: dict[str, Any]) -> Measurement[Any, Any]:
    """Return a measurement of contention that has rows of one writer too."""
    alone = [
        make_row(
            msgspec.structs.replace(row.settings, writers=1),
            [msgspec.structs.replace(row.samples[0], **fields)],
        )
        for row in measurement.rows
    ]
    return msgspec.structs.replace(measurement, rows=[*alone, *measurement.rows])


def of(measurement: Measurement[Any, Any], hardship: Hardship, way: str = "interface") -> Fate:
    """Return what became of a tracker's points."""
    return fate(measurement, way, hardship)


# Trials that failed


@pytest.mark.parametrize(
    ("measurement", "hardship"),
    [(make_crash("csv", 1.0), crash()), (make_faults("csv", 1.0), FULL_DISK), (make_contention("csv", 0), CROWD)],
    ids=["crash", "faults", "contention"],
)
def test_a_trial_that_failed_is_told_beside_those_that_did_not(
    measurement: Measurement[Any, Any], hardship: Hardship
) -> None:
    """With its reason, each reason once; what is left does not look whole."""
    found = of(
        changed(measurement, "vendor", {}, {}, repetitions=[0, 3], problems=["it hung", "it hung"]),
        hardship,
        "vendor",
    )
    assert found.kept == found.acknowledged > 0
    assert found.sentence.endswith("; 2 of 4 trials gave nothing: it hung")
    assert found.state.endswith("; 2 of 4 trials gave nothing")
    assert (found.verdict, found.is_whole) == ("changed", False)
    assert of(measurement, hardship, "vendor").is_whole


def test_where_every_trial_failed_the_reason_stands_once() -> None:
    """And there is nothing to judge."""
    found = of(changed(make_crash("csv", 1.0), "vendor", problems=["it hung", "it hung"]), crash(), "vendor")
    assert (found.sentence, found.verdict) == ("it hung", "unsupported")


# The exact record


def test_a_record_that_is_not_exact_counts_what_it_holds() -> None:
    """And not what the store shows natively, which is more here."""
    samples: tuple[dict[str, Any], ...] = ({}, {"found": 700, "recovered": 650, "exact": False})
    found = of(changed(make_faults("csv", 1.0), "interface", *samples), FULL_DISK)
    assert (found.acknowledged, found.kept, found.lost, found.verdict) == (1400, 1350, 50, "dropped")
    assert "the exact record was not whole in 1 of 2 trials" in found.sentence


def test_a_record_that_is_not_exact_never_looks_whole() -> None:
    """Also if it holds every point, and some twice."""
    sample = {"found": 700, "recovered": 700, "exact": False}
    found = of(changed(make_faults("csv", 1.0), "interface", sample), FULL_DISK)
    assert (found.kept, found.lost, found.verdict, found.is_whole) == (700, 0, "changed", False)


# What was never acknowledged


REFUSED = {"acknowledged": 0, "refused": 700, "found": 0}


def test_a_store_that_refuses_every_call_is_refused_and_not_whole() -> None:
    """Nothing was acknowledged, so that nothing could be kept."""
    found = of(changed(make_faults("csv", 1.0), "vendor", REFUSED, REFUSED), FULL_DISK, "vendor")
    assert (found.verdict, found.text, found.is_whole) == ("refused", "refused", False)
    assert found.sentence.startswith("no point was acknowledged, 1,400 refused, in 2 trials; afterwards: ")


def test_one_trial_that_acknowledged_nothing_is_told() -> None:
    """Beside another one in which all was kept."""
    samples: tuple[dict[str, Any], ...] = ({"acknowledged": 600, "refused": 100, "found": 600}, REFUSED)
    found = of(changed(make_faults("csv", 1.0), "vendor", *samples), FULL_DISK, "vendor")
    assert "600 of 600 acknowledged points kept, 0 lost, 800 refused, in 2 trials" in found.sentence
    assert "nothing was acknowledged in 1 of 2 trials" in found.sentence
    assert found.verdict == "changed"


# What else went wrong


def test_points_that_are_there_twice_or_were_never_logged_are_told() -> None:
    """All are kept, and yet the store is not what was logged."""
    crashed = changed(make_crash("csv", 1.0), "vendor", {"doubled": 2, "invented": 1})
    found = of(crashed, crash(), "vendor")
    assert found.sentence.endswith("; 2 points doubled; 1 point never logged")
    crowded = changed(make_contention("csv", 0), "interface", {"doubled": 3, "invented": 2})
    assert of(crowded, CROWD).sentence.endswith("; 3 points doubled; 2 points never logged")
    assert {found.verdict, of(crowded, CROWD).verdict} == {"changed"}


def test_points_of_writers_that_are_altered_are_told() -> None:
    """They are not kept, and not lost."""
    fields = {"acknowledged": 640, "found": 630, "altered": 8}
    found = of(changed(make_contention("csv", 0), "interface", fields), CROWD)
    assert (found.kept, found.altered, found.lost) == (630, 8, 2)


def test_runs_are_counted_where_no_points_are_kept() -> None:
    """A spreadsheet has a row for each run; those that were written over are lost."""
    fields = {"found": 0, "begun": 40, "died": 4, "runs_found": 14, "missing": 24}
    crowded = with_lone_writer(changed(make_contention("csv", 4), "vendor", fields), {"found": 0})
    found = of(crowded, CROWD, "vendor")
    assert (found.acknowledged, found.kept, found.lost, found.verdict) == (36, 12, 24, "dropped")
    assert found.sentence.startswith("12 of 36 runs that ended well kept, 24 lost, in 1 trial")


def test_points_that_are_all_lost_are_lost_though_all_runs_are_there() -> None:
    """A lone writer's points are kept, or nobody knows."""
    crowded = changed(make_contention("csv", 0), "vendor", {"found": 0})
    for each in (crowded, with_lone_writer(crowded, {"found": 640})):
        found = of(each, CROWD, "vendor")
        assert (found.noun, found.lost, found.verdict) == ("acknowledged points", 640, "dropped")


def test_runs_that_nobody_wrote_are_told() -> None:
    """As are those that are there twice."""
    found = of(changed(make_contention("csv", 0), "vendor", {"strange": 2}), CROWD, "vendor")
    assert found.verdict == "changed"
    assert found.sentence.endswith("; 2 runs there twice, or written by nobody")


def test_runs_that_are_not_there_are_told() -> None:
    """Though others have all their points."""
    fields = {"begun": 40, "died": 0, "runs_found": 40, "missing": 39}
    found = of(changed(make_contention("csv", 0), "vendor", fields), CROWD, "vendor")
    assert (found.lost, found.verdict) == (0, "changed")
    assert found.sentence.endswith("; 39 of 40 runs that ended well are not there")


def test_writers_that_died_are_no_whole_fate() -> None:
    """Though all that was acknowledged is there."""
    found = of(make_contention("csv", 3), CROWD, "vendor")
    assert (found.text, found.verdict, found.is_whole) == ("100 %", "changed", False)


def test_a_training_that_went_on_is_no_whole_fate() -> None:
    """Though all of it is there: it should have ended."""
    found = of(changed(make_crash("csv", 1.0), "vendor", {}, {"went_on": True}), crash(), "vendor")
    assert (found.text, found.verdict, found.is_whole) == ("100 %", "changed", False)
    assert found.sentence.endswith("; went on to its end in 1 of 2 trials")


@pytest.mark.parametrize(("training", "at"), [("hung", "exit"), ("died", "finish"), ("met exceptions", "finish")])
def test_a_training_that_did_not_end_as_it_should_is_no_whole_fate(training: str, at: str) -> None:
    """Though all points are there; what was refused at a call is counted instead."""
    fields = {"training": training, "at": at}
    found = of(changed(make_faults("csv", 1.0), "vendor", {}, fields), FULL_DISK, "vendor")
    assert (found.text, found.is_whole) == ("100 %", False)
    assert found.states == f"training {training} at {at}, run running (1×) and training went on, run running (1×)"
    assert found.state == found.states
    refused = {"training": "met exceptions", "at": "a call"}
    found = of(changed(make_faults("csv", 1.0), "vendor", refused), FULL_DISK, "vendor")
    assert found.is_whole


@pytest.mark.parametrize(("died", "grade"), [(0, "identical"), (1, "changed"), (14, "dropped")])
def test_many_writers_are_judged_by_the_runs_that_live_too(died: int, grade: str) -> None:
    """Not only by what the dead ones were acknowledged."""
    (need,) = (each for each in NEEDS if each.name == "many writers")
    crowded = changed(make_contention("csv", died), "vendor", {"missing": 0})
    mark = need.judge(Tracker("csv", {"contention": crowded}, None, None), "vendor")
    assert (mark.verdict, mark.text) == (grade, f"{died} of 16 died" if died else "100 %")


def test_the_short_story_leaves_out_who_has_no_vendor(tmp_path: Path) -> None:
    """On the vendors' way, and says so."""
    for name, vendor in (("csv", None), ("mlflow", "mlflow")):
        save(msgspec.structs.replace(make_crash(name, 1.0), vendor=vendor), tmp_path / "results", f"crash-{name}")
    table = story_table(read_material(tmp_path))
    assert table
    cells = {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}
    assert cells["keep every acknowledged point of a kill"] == ["1 of 1 tracker", "2 of 2 trackers"]
    assert table.note == "Without csv as the vendor ships it: of these there is no vendor."


# On the page


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project in which mlflow refuses every call on a full disk, and a trial of tensorboard failed."""
    folder = write_project(tmp_path_factory.mktemp("fates"))
    refusing = changed(make_faults("mlflow", 1.0), "vendor", REFUSED)
    failing = changed(
        make_crash("tensorboard", 1.0), "vendor", {}, {}, repetitions=[1, 2], problems=["a <b>fault</b>"]
    )
    for each in (refusing, failing):
        newer = msgspec.structs.replace(each, made=each.made + 1)
        save(newer, folder / "results", f"{each.kind}-{each.tracker}")
    render(folder)
    return folder


@pytest.fixture
def page(visit: Any, project: Path) -> Page:
    """Return its page."""
    opened: Page = visit(project).page
    return opened


def test_the_page_shows_what_was_refused_with_a_sign_of_its_own(page: Page) -> None:
    """The legend says what it means, and the evidence how many calls were."""
    row = page.locator("#table-survival-vendor tr", has_text="disk full")
    mark = row.locator("td").nth(1)
    assert mark.inner_text().split()[:2] == ["✕", "refused"]
    assert "✕ nothing was acknowledged" in page.locator("#survival .legend").inner_text()
    mark.locator("a").click()
    assert "no point was acknowledged, 700 refused" in page.locator(".evidence:visible").inner_text()
    need = page.locator("#table-needs tr", has_text="survives a full disk").locator("td").nth(1)
    assert need.locator(".vendor").inner_text().split()[:2] == ["✕", "refused"]


def test_the_page_shows_that_a_trial_failed(page: Page) -> None:
    """In the cell, in its evidence with the reason, and in the need."""
    cell = page.locator("#table-survival-vendor tr", has_text="the training dies: SIGKILL").locator("td").nth(2)
    assert cell.inner_text().split("\n")[0].split() == ["◐", "100", "%"]
    assert "1 of 3 trials gave nothing" in cell.locator(".state").inner_text()
    cell.locator("a").click()
    assert "1 of 3 trials gave nothing: a <b>fault</b>" in page.locator(".evidence:visible").inner_text()
    need = page.locator("#table-needs tr", has_text="survives a kill").locator("td").nth(2).locator(".vendor")
    assert need.inner_text().split()[:3] == ["◐", "100", "%"]
    assert (need.get_attribute("title") or "").endswith("1 of 3 trials gave nothing: a <b>fault</b>")


def test_the_text_says_the_same(project: Path) -> None:
    """With the legend, and with what speaks against a cell below the matrix."""
    text = (project / "report.md").read_text()
    assert "- ✕ nothing was acknowledged" in text
    assert "- tensorboard (the training dies: SIGKILL; " in text
    assert "1 of 3 trials gave nothing: a &lt;b&gt;fault&lt;/b&gt;" in text


def test_the_short_story_counts_only_what_is_whole(project: Path) -> None:
    """Neither the trial that failed, nor the one that refused every call."""
    table = story_table(read_material(project))
    assert table
    cells = {row[0].text: row[1].text for row in table.rows}
    assert cells["keep every acknowledged point of a kill"] == "1 of 4 trackers"
    assert cells["keep every acknowledged point of a full disk, once there is room"] == "0 of 3 trackers"
    assert cells["bear 8 writers into a new store"] == "2 of 4 trackers"


def test_the_short_story_counts_a_tracker_whose_runs_all_died(project: Path) -> None:
    """It acknowledged nothing, and that is what became of it."""
    fields = {"begun": 16, "died": 16, "acknowledged": 0, "runs_found": 0, "found": 0}
    dead = changed(make_contention("dead", 16), "vendor", fields)
    material = read_material(project)
    measured = [*material.measured, Source(address="", kind="contention", tracker="dead", content=dead)]
    table = story_table(msgspec.structs.replace(material, measured=measured))
    assert table
    cells = {row[0].text: row[1].text for row in table.rows}
    assert cells["bear 8 writers into a new store"] == "2 of 5 trackers"


def test_who_refuses_comes_after_who_loses() -> None:
    """And before who was not tried."""
    (need,) = (each for each in NEEDS if each.name == "survives a full disk")
    refusing = changed(make_faults("a", 1.0), "vendor", REFUSED)
    tried = [refusing, make_faults("a", 0.2), make_faults("a", 1.0)]
    marks = [need.judge(Tracker("a", {"faults": each}, None, None), "vendor") for each in tried]
    missing = need.judge(Tracker("a", {}, None, None), "vendor")
    ranks = [float(rank_text(mark)) for mark in (missing, *marks)]
    assert ranks == sorted(ranks, reverse=True)
    assert [round(rank) for rank in ranks] == [3, 2, 2, 0]
