"""The page of everything that was measured, as a person and a browser meet it."""

import csv
import json
import math
import os
import re
import subprocess
import sys
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page
from report_cases import (
    HOSTILE,
    MEASURED,
    Visit,
    draw,
    make_cost,
    make_results,
    make_row,
    make_tracker,
    make_verdicts,
    rows_of,
    write_comparison,
    write_project,
)

from taximeter.archive import save
from taximeter.capture import taximeter_commit
from taximeter.errors import InputError
from taximeter.measure.cost import COST, CostSettings
from taximeter.measure.kind import Depth
from taximeter.measure.measuring import Step, Versions, measure
from taximeter.report import write_project as render
from taximeter.report.figures import decades, short
from taximeter.report.growth import Curve
from taximeter.results import Screenshot
from taximeter.verdicts.results import save_verdicts

PHONE = {"width": 390, "height": 844}
CLAIM = {
    "group": "What vendors say",
    "who": "a vendor",
    "words": "It never blocks.",
    "source": "https://example.org/claims",
    "seen": "2026-11-25",
    "tracker": "csv",
    "question": "call",
    "both": "For small values of never.",
}


def make_project(folder: Path, **others: Any) -> Path:
    """Write results of four trackers, two comparisons and two claims, and return the folder."""
    write_project(folder, **others)
    write_comparison(folder, "older", made=1_763_800_000_000_000)
    write_comparison(folder, "newest", made=1_763_900_000_000_000)
    claims = [CLAIM, CLAIM | {"tracker": "spreadsheet", "question": "runs", "source": "javascript:alert(1)"}]
    (folder / "claims.json").write_text(json.dumps(claims))
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a project whose page was written."""
    folder = make_project(tmp_path_factory.mktemp("project"))
    render(folder)
    return folder


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the same in which a tracker's name, its problems and its versions are markup."""
    folder = make_project(tmp_path_factory.mktemp("hostile"))
    environment = msgspec.structs.replace(make_results().environment, cpu=HOSTILE)
    cost = make_cost(HOSTILE, 50.0, version=HOSTILE, vendor=HOSTILE, command=HOSTILE, environment=environment)
    rows = [make_row(row.settings, [], problems=[HOSTILE]) for row in cost.rows]
    save(msgspec.structs.replace(cost, rows=rows), folder / "results", "cost-hostile")
    write_project(folder, [f"x{HOSTILE}"])
    claim = dict.fromkeys(("group", "who", "words", "both", "source", "seen", "other"), HOSTILE)
    (folder / "claims.json").write_text(json.dumps([CLAIM | claim]))
    render(folder)
    return folder


@pytest.fixture(scope="module")
def opened(browser: Browser, project: Path) -> Visit:
    """Return a page that tests share, and leave as they found it."""
    return Visit(browser, project)


@pytest.fixture
def page(opened: Visit) -> Page:
    """Return the shared page, as the vendor ships it."""
    opened.page.goto(opened.url)
    return opened.page


def choose(page: Page, way: str) -> None:
    """Turn the switch of the whole page."""
    page.locator(f"label[for=way-{way}]").click()


def names_of(needs: Locator) -> list[str]:
    """Return the trackers in the order of their columns."""
    return needs.locator("thead [data-column]").all_inner_texts()


def report_in(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `taximeter report` in a folder."""
    command = [str(Path(sys.executable).with_name("taximeter")), "report", *arguments]
    environment = os.environ | {"COLUMNS": "200"} | variables
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


# Files


def content_of(folder: Path) -> dict[str, bytes]:
    """Return every file that a report writes."""
    made = [*folder.glob("*.html"), *folder.glob("*.md"), *folder.glob("tables/*")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in made}


def test_the_same_files_give_the_same_bytes(project: Path, tmp_path: Path) -> None:
    """Wherever they lie, and however often the page is made; nothing else is left."""
    again = make_project(tmp_path)
    (again / "tables").mkdir()
    (again / "tables/old.csv").write_text("of an earlier report")
    render(again)
    first = content_of(again)
    assert first == content_of(project)
    render(again)
    assert content_of(again) == first


def test_every_table_and_every_chart_is_a_file(project: Path) -> None:
    """On both ways, and with every row."""
    rows = list(csv.DictReader(StringIO((project / "tables/chart-killed.csv").read_text())))
    assert [(row["tracker"], row["kept"], row["lost"]) for row in rows if row["way"] == "vendor"][:2] == [
        ("csv", "750", "741"),
        ("mlflow", "1500", "0"),
    ]


def test_charts_are_photographed_from_the_page(tmp_path: Path, browser: Browser) -> None:
    """Each on both ways, twice as large as on the page, in colours, and the same each time."""
    del browser  # which says that there is a Chromium
    make_project(tmp_path / "reports")
    folder = tmp_path / "reports/figures"
    folder.mkdir()
    (folder / "old.png").write_bytes(b"of an earlier report")

    def photograph() -> dict[str, bytes]:
        assert report_in(tmp_path).stderr == ""
        return {path.stem: path.read_bytes() for path in folder.iterdir()}

    pictures = photograph()
    some = {"calls-vendor", "calls-interface", "killed-vendor", "growth-runs-in-a-store-interface", "rmse"}
    assert some < pictures.keys()
    assert "old" not in pictures
    for picture in pictures.values():
        with Image.open(BytesIO(picture)) as image:
            assert image.width > 1000
            assert len(image.convert("RGB").getcolors(10_000) or ()) > 20
    assert photograph() == pictures


def test_without_chromium_all_but_the_pictures_is_written(tmp_path: Path) -> None:
    """And a sentence says what they need."""
    make_project(tmp_path / "reports")
    done = report_in(tmp_path, PATH=str(tmp_path))
    assert done.stdout == "reports/index.html\n"
    assert "the charts were not drawn as PNG" in done.stderr
    assert "none of chromium, chromium-browser, google-chrome is on the PATH" in done.stderr
    assert (tmp_path / "reports/tables/chart-calls.csv").exists()
    assert not (tmp_path / "reports/figures").exists()


def test_a_full_page_stays_below_six_megabytes(tmp_path: Path) -> None:
    """With fifteen trackers, all measurements of each, more than a hundred facts, and a picture of each."""
    names = [f"tracker-{place}" for place in range(15)]
    folder = write_project(tmp_path, names)
    environment = make_results().environment
    for name in names:
        findings = [
            msgspec.structs.replace(finding, fact=10 * finding.fact + place, reason="x" * 100)
            for finding in make_verdicts(name, environment).findings
            for place in range(17)
        ]
        save_verdicts(make_verdicts(name, environment, findings=findings), folder / "results")
    shots = [Screenshot(tracker=name, caption=name, file=f"{name}.png") for name in names]
    write_comparison(folder, "full", screenshots=shots, trackers=[make_tracker(name) for name in names])
    for place, name in enumerate(names):
        noise = Image.effect_noise((1280, 900), 4 + place)
        noise.save(folder / f"full/{name}.png")
    assert render(folder).stat().st_size < 6_000_000


def test_the_newest_measurement_of_a_tracker_counts(tmp_path: Path) -> None:
    """Whatever the order of the files' names; the older file stays where it is."""
    write_project(tmp_path)
    save(make_cost("csv", 777.0, made=1_763_900_900_000_000), tmp_path / "results", "cost-csv")
    save(make_cost("csv", 555.0, made=1_763_900_100_000_000), tmp_path / "results", "cost-csv")
    render(tmp_path)
    rows = list(csv.reader(StringIO((tmp_path / "tables/cost-vendor.csv").read_text())))
    assert next(row for row in rows if row[0] == "csv")[2] == str(777.0 * 1.1)


def test_releases_of_a_vendor_stand_side_by_side(tmp_path: Path) -> None:
    """Oldest first, in tables of their own: elsewhere a tracker is there once."""
    write_project(tmp_path)
    for place, version in enumerate(("3.9.0", "3.10.0", "2.22.0")):
        measured = make_cost(f"mlflow=={version}", 100.0 * place, version=version)
        save(measured, tmp_path / "results", f"cost-mlflow-{place}")
    render(tmp_path)
    assert names_in(tmp_path / "tables/releases-vendor.csv") == [
        "mlflow==2.22.0",
        "mlflow==3.9.0",
        "mlflow==3.10.0",
        "mlflow",
    ]
    for table in ("cost-vendor", "cost-adapter", "workloads-interface", "chart-calls"):
        assert not any("==" in name for name in names_in(tmp_path / f"tables/{table}.csv"))


def names_in(file: Path) -> list[str]:
    """Return the first cells of a table's rows."""
    return [row[0] for row in csv.reader(StringIO(file.read_text()))][1:]


def test_a_comparison_is_the_newest_or_the_one_that_is_named(project: Path, tmp_path: Path) -> None:
    """Its address is that of its results."""
    assert 'href="newest/results.json"' in (project / "index.html").read_text()
    folder = make_project(tmp_path)
    render(folder, "older")
    assert 'href="older/results.json"' in (folder / "index.html").read_text()


def test_pictures_lead_into_the_folder_of_the_comparison(tmp_path: Path) -> None:
    """The page of all results lies above it."""
    folder = write_project(tmp_path)
    write_comparison(folder, "look", screenshots=[Screenshot(tracker="csv", caption="rows", file="csv.png")])
    Image.new("RGB", (20, 20)).save(folder / "look/csv.png")
    assert '<a href="look/csv.png"><img src="data:image/webp;base64,' in render(folder).read_text()


def test_there_must_be_something_to_show(tmp_path: Path) -> None:
    """The error says what writes it."""
    with pytest.raises(InputError, match="holds no results"):
        render(tmp_path)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """Whether of measurements, faults, verdicts or claims."""
    place = write_project(tmp_path) / "results/2025-11-23/of-a-machine"
    place.mkdir()
    for name in ("cost-csv.json", "faults-csv.json", "verdicts-csv.json"):
        (place / name).write_text("{}")
        with pytest.raises(InputError, match=name):
            render(tmp_path)
        (place / name).unlink()
    (tmp_path / "claims.json").write_text("[1]")
    with pytest.raises(InputError, match="file of claims"):
        render(tmp_path)


def test_what_was_really_measured_can_be_shown(tmp_path: Path) -> None:
    """One process that logs to csv, and the bare write that it timed."""
    settings = CostSettings(tracker="csv", way="vendor", workload="one scalar", calls=20)
    measure([Step(COST, settings, 0, Depth.QUICK, Versions("", taximeter_commit(), None))], tmp_path / "results")
    render(tmp_path)
    rows = list(csv.DictReader(StringIO((tmp_path / "tables/chart-calls.csv").read_text())))
    assert [(row["tracker"], row["way"]) for row in rows] == [("csv", "vendor")]
    assert 0 < float(rows[0]["p50, µs"]) <= float(rows[0]["longest, µs"])
    assert re.search(r"one write to the operating system: a hundred bytes", (tmp_path / "index.html").read_text())


def test_sections_without_results_are_left_out(tmp_path: Path, visit: Any) -> None:
    """Verdicts alone make a page, and so does one kind of measurement."""
    save_verdicts(make_verdicts("csv", make_results().environment), tmp_path / "results")
    page = visit(render(tmp_path).parent).page
    sections = page.eval_on_selector_all("main > section", "all => all.map(each => each.id)")
    assert sections == ["result", "needs", "verdicts", "how"]
    assert page.locator(".contents a").count() == 4


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    """Without a folder it is that of all results, and with one that of a comparison; both at once are refused."""
    make_project(tmp_path / "reports")

    assert report_in(tmp_path, "--comparison", "older").stdout == "reports/index.html\n"
    assert report_in(tmp_path, "reports/older").stdout == "reports/older/index.html\n"
    assert "leave the folder out" in report_in(tmp_path, "reports/older", "--comparison", "older").stderr


# The page in a browser


@pytest.mark.parametrize("name", ["project", "hostile"])
def test_the_page_asks_for_nothing_and_complains_of_nothing(
    name: str, visit: Any, request: pytest.FixtureRequest
) -> None:
    """On both ways, with all charts drawn."""
    visited = visit(request.getfixturevalue(name))
    for way in ("vendor", "interface"):
        choose(visited.page, way)
        draw(visited.page)
    assert visited.requests == [visited.url]
    assert visited.complaints == []


def test_markup_stays_text(project: Path, hostile: Path, visit: Any) -> None:
    """It adds no element that could do anything, no link, and can be read as it is."""
    tags = ("script", "style", "img", "iframe", "object", "form", "link", "meta")
    count = "tags => tags.map(tag => document.querySelectorAll(tag).length)"
    plain, page = visit(project).page, visit(hostile).page
    assert plain.evaluate(count, tags) == page.evaluate(count, tags)
    links = page.eval_on_selector_all("a", "all => all.map(each => each.getAttribute('href'))")
    assert all(
        re.match(r"#|data:text/csv|results/|newest/results\.json|report\.md|https://example\.org/issues", link)
        for link in links
    )
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in HOSTILE)
    assert shown in page.locator(".claim").inner_text()
    assert shown in page.locator("#table-needs thead").inner_text()


def test_the_switch_turns_every_table_and_chart(page: Page) -> None:
    """Nothing of the other way stays in view, and the titles say what is found on this one."""
    for way, other in (("interface", "vendor"), ("vendor", "interface")):
        choose(page, way)
        assert page.locator(f".{other}:visible").count() == 0
        assert page.locator(f".{way}:visible").count() > 40
    title = page.locator("#chart-killed .vendor .finding").inner_text()
    assert title == "1 of 4 trackers keeps every acknowledged point of a kill; wandb keeps 25 %"
    choose(page, "interface")
    title = page.locator("#chart-killed .interface .finding").inner_text()
    assert title == "4 of 4 trackers keep every acknowledged point of a kill"


def test_the_switch_works_with_the_keyboard_and_without_scripts(visit: Any, project: Path) -> None:
    """It is a pair of radio buttons, and the style does the rest."""
    page = visit(project, java_script_enabled=False).page
    page.locator("#way-vendor").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#way-interface").is_checked()
    assert page.locator("#table-cost-interface").is_visible()
    assert page.locator("#table-cost-vendor").is_hidden()


def test_ticked_needs_order_the_trackers(page: Page) -> None:
    """Those that meet them come first, on the way that is shown; without a tick the names decide."""
    needs = page.locator("#table-needs")
    assert names_of(needs) == sorted(MEASURED)
    needs.get_by_label("cheap in the training loop").check()
    assert names_of(needs) == ["mlflow", "tensorboard", "csv", "wandb"]
    needs.get_by_label("survives a kill").check()
    assert names_of(needs)[0] == "mlflow"
    first = needs.locator("tbody tr", has_text="survives a kill").locator("td .vendor .figure")
    assert first.all_inner_texts() == ["100 %", "75 %", "50 %", "25 %"]
    choose(page, "interface")
    needs.get_by_label("cheap in the training loop").uncheck()
    assert names_of(needs) == sorted(MEASURED)


def test_a_need_shows_its_figure_and_what_nobody_measured(page: Page) -> None:
    """A glyph never stands without a word for those who cannot see it."""
    marks = page.locator("#table-needs .mark")
    assert all(words.strip() for words in marks.locator(".hidden").all_text_contents())
    assert marks.locator(".hidden").count() == marks.count()
    assert "Not measured: search" in page.locator("#needs").inner_text()


def test_a_tracker_that_is_not_kept_up_is_marked(page: Page) -> None:
    """Its chip tells its standing."""
    assert page.locator(".chips li").first.inner_text().split() == ["●", "mlflow", "active"]


def test_a_gap_has_its_reason(page: Page) -> None:
    """It is a dash in the row, and the reason is on hover and for screen readers."""
    page.locator("#cost details:not(.rows) summary").first.click()
    gap = page.locator("#table-workloads-vendor tr", has_text="wandb").locator(".why")
    assert gap.get_attribute("title") == "wandb has <b>no</b> params"
    assert gap.inner_text().split()[0] == "–"
    down = page.locator("#table-survival-vendor tr", has_text="server down").locator("a.mark").first
    assert down.get_attribute("title") == "csv has no server"


def test_a_number_has_its_spread_on_hover(page: Page) -> None:
    """The median in full, and the range of its few samples."""
    cell = page.locator("#table-cost-vendor tr", has_text="mlflow").locator("data").first
    assert cell.inner_text() == "11.0"
    assert cell.get_attribute("value") == "11.0"
    assert cell.get_attribute("title") == "11.0 µs, median of 5 samples, range 10 to 12"


def test_a_head_sorts_by_exact_values(page: Page) -> None:
    """Once upwards, twice downwards."""
    table = page.locator("#table-cost-vendor")
    table.get_by_role("button", name="p99, µs").click()
    assert [row[0] for row in rows_of(table.locator("tbody"))] == ["mlflow", "tensorboard", "csv", "wandb"]
    table.get_by_role("button", name="p99, µs").click()
    assert [row[0] for row in rows_of(table.locator("tbody"))] == ["wandb", "csv", "tensorboard", "mlflow"]


def test_a_head_sorts_versions_by_their_numbers(tmp_path: Path, visit: Any) -> None:
    """A version is no decimal."""
    for name, version in (("mlflow", "3.9.0"), ("csv", "10.1"), ("wandb", "3.17.2")):
        cost = msgspec.structs.replace(make_cost(name, 10.0), version=version)
        save(cost, tmp_path / "results", f"cost-{name}")
    table = visit(render(tmp_path).parent).page.locator("#table-cost-vendor")
    table.get_by_role("button", name="version").click()
    assert [row[1] for row in rows_of(table.locator("tbody"))] == ["3.9.0", "3.17.2", "10.1"]


def test_enter_opens_the_evidence_of_a_loss(page: Page) -> None:
    """What was counted, what was said, and the command; Escape goes back to the cell."""
    cell = page.locator("#table-survival-vendor tr", has_text="disk full").locator("a.mark").last
    cell.focus()
    page.keyboard.press("Enter")
    words = page.locator(".evidence:visible").inner_text()
    assert "175 of 700 acknowledged points kept, 525 lost, in 1 trial" in words
    assert "Warning: No space left on <device>" in words
    assert "taximeter measure faults --tracker wandb" in words
    page.keyboard.press("Escape")
    assert page.locator(".evidence:visible").count() == 0
    assert cell.evaluate("cell => cell === document.activeElement")


def test_verdicts_filter_to_the_silent_losses(page: Page) -> None:
    """Rows without any are hidden."""
    page.locator("#table-verdicts .sieve select").nth(1).select_option("lost in silence")
    shown = page.locator("#table-verdicts tbody[data-theme] tr:not(.theme):visible th[scope=row]")
    assert shown.all_inner_texts() == ["2 list", "7 killed"]


def test_through_taximeter_the_exact_read_back_stands_in_place_of_the_verdicts(page: Page) -> None:
    """Part by part of the comparison's run, also where it differs."""
    choose(page, "interface")
    assert page.locator("#table-verdicts").is_hidden()
    row = page.locator("#table-exact tr", has_text="params")
    assert row.locator("td .glyph").all_inner_texts() == ["●", "●", "◑", "✕", "–"]


def test_claims_stand_beside_what_was_measured(page: Page) -> None:
    """With their source, if it is an address; what was not measured is said."""
    claims = page.locator(".claim")
    assert "a call to csv took 99.0 µs" in claims.first.inner_text()
    assert claims.first.locator("a").get_attribute("href") == "https://example.org/claims"
    assert "spreadsheet: not measured" in claims.last.inner_text()
    assert claims.last.locator("a").count() == 0


def test_every_link_leads_somewhere(page: Page, project: Path) -> None:
    """To a part of the page, to a file beside it, or out into the world."""
    links = page.eval_on_selector_all("a", "all => all.map(each => each.getAttribute('href'))")
    ids = set(page.eval_on_selector_all("[id]", "all => all.map(each => each.id)"))
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids
        elif not link.startswith(("data:text/csv", "https://")):
            assert (project / link).is_file()
    assert sum(link.startswith("results/") for link in links) == 24


def test_a_chart_says_how_many_and_where(page: Page) -> None:
    """And has a name for those who cannot see it."""
    assert page.locator("#chart-calls .note").inner_text().startswith("n = 5 processes of 200 calls for each dot")
    assert "one write to the operating system" in page.locator("#chart-calls .note").inner_text()
    for chart in page.locator("#cost .chart, #survival .chart").all():
        assert chart.locator(".note").inner_text().startswith("n = ")
        assert chart.locator(".plot:not([role=img][aria-label])").count() == 0


def test_only_taximeter_is_yellow(page: Page) -> None:
    """A vendor's marks are grey."""
    fills = "all => [...new Set(all.map(each => getComputedStyle(each).fill))]"
    for way, colour in (("vendor", "rgb(74, 79, 87)"), ("interface", "rgb(176, 125, 0)")):
        choose(page, way)
        draw(page, "#chart-calls .plot")
        assert page.locator(f"#chart-calls .{way} .points path.point:not([display])").evaluate_all(fills) == [
            colour
        ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("way", ["vendor", "interface"])
def test_nothing_keeps_anybody_out(visit: Any, project: Path, theme: str, way: str) -> None:
    """Axe finds nothing serious on the page, in both themes and on both ways."""
    visited = visit(project, color_scheme=theme, bypass_csp=True)
    choose(visited.page, way)
    found = Axe().run(visited.page).response["violations"]
    serious = [each for each in found if each["impact"] in {"serious", "critical"}]
    assert [(each["id"], each["nodes"][0]["html"]) for each in serious] == []


def test_a_phone_shows_one_tracker_at_a_time(visit: Any, project: Path) -> None:
    """One picker chooses for every table, a ticked need the one that meets it; only tables scroll sideways."""
    page = visit(project).page
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator("#table-needs .picker select").select_option(label="wandb")
    for table in ("needs", "survival-vendor", "native"):
        shown = page.locator(f"#table-{table} thead [data-column]:visible")
        assert shown.all_inner_texts() == ["wandb"]
    page.locator("#table-needs").get_by_label("survives a kill").check()
    assert page.locator("#table-needs thead [data-column]:visible").all_inner_texts() == ["mlflow"]
    options = page.locator("#table-needs .picker option").all_text_contents()
    assert options == ["mlflow", "tensorboard", "csv", "wandb"]


def test_paper_shows_both_ways_side_by_side(visit: Any, project: Path) -> None:
    """With the name of each; nothing to click remains."""
    page = visit(project).page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    boxes = [page.locator(f"#chart-killed .{way}").bounding_box() for way in ("vendor", "interface")]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] < boxes[1]["x"]
    charts = [
        page.locator(f"#chart-killed .{way} .main-svg").first.bounding_box() for way in ("vendor", "interface")
    ]
    for box, drawn in zip(boxes, charts, strict=True):
        assert box
        assert drawn
        assert box["x"] <= drawn["x"] < drawn["x"] + drawn["width"] <= box["x"] + box["width"] + 1
        assert box["y"] <= drawn["y"] < drawn["y"] + drawn["height"] <= box["y"] + box["height"] + 1
    for way in ("vendor", "interface"):
        assert page.locator(f"#table-cost-{way}").is_visible()
        assert page.locator(f"#table-needs tbody .{way}").first.is_visible()
    assert page.locator(".switch").is_hidden()


# Charts


def test_words_in_a_chart_stay_words(visit: Any, hostile: Path) -> None:
    """Plotly would read markup in them: no link, no image and no other style comes of it."""
    page = visit(hostile).page
    draw(page)
    assert page.locator(".plot :is(a, image, tspan[style])").count() == 0
    names = page.locator("#chart-killed .ytick text").all_text_contents()
    assert f"x{HOSTILE[:27]}…" in names


def test_a_slope_is_the_power_of_the_size() -> None:
    """One size has none."""
    assert Curve([(10.0, 5.0), (100.0, 500.0)]).slope == pytest.approx(2)
    assert Curve([(1.0, 5.0), (10.0, 5.0), (100.0, 500.0), (110.0, 500.0)]).slope == pytest.approx(
        math.log(100) / math.log(11)
    )
    assert Curve([(10.0, 5.0), (11.0, 6.0)]).slope is None
    assert Curve([]).slope is None


def test_a_logarithmic_axis_has_whole_decades() -> None:
    """It holds all numbers that it can, and names its ticks in short."""
    assert decades([3.0, 900.0, 0.0]) == [0, 3]
    assert decades([]) == [0, 1]
    assert [short(value) for value in (0.1, 1000.0, 2.5e6, -1e9)] == ["0.1", "1k", "2.5M", "−1G"]
