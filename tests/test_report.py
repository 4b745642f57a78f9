"""The report of a comparison, as a person and a browser meet it."""

import csv
import math
import re
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from PIL import Image
from playwright.sync_api import Browser, Error, Page
from report_cases import (
    DESKTOP,
    HOSTILE,
    NAMES,
    Visit,
    draw,
    make_experiment,
    make_hostile,
    make_results,
    make_tracker,
    make_verdicts,
    rows_of,
)

from taximeter.errors import InputError
from taximeter.report import write_report
from taximeter.report.numbers import column, number, share
from taximeter.report.tables import Sheet, csv_link
from taximeter.results import FILE, Screenshot, TrackerResult, add_verdicts, read_results
from taximeter.verdicts.results import save_verdicts

STYLE = Path(__file__).parent.parent / "src/taximeter/report/templates/style.css"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a report."""
    return write_report(make_results(), tmp_path_factory.mktemp("report")).parent


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a report in which every name is hostile."""
    return write_report(make_hostile(), tmp_path_factory.mktemp("hostile")).parent


# Files


def test_the_same_results_give_the_same_bytes(report: Path, tmp_path: Path) -> None:
    """A report is a pure function of the results, also of those that were written and read again."""
    (tmp_path / FILE).write_bytes(make_results().to_json())
    write_report(read_results(tmp_path), tmp_path)
    for name in ("index.html", "report.md"):
        assert (tmp_path / name).read_bytes() == (report / name).read_bytes()


def test_a_report_is_two_files(report: Path) -> None:
    """Nothing is left beside them, and the page stays below six megabytes."""
    assert sorted(path.name for path in report.iterdir()) == ["index.html", "report.md"]
    assert (report / "index.html").stat().st_size < 6_000_000


def test_the_chart_library_comes_last(report: Path) -> None:
    """It is packed, and stands below all text, so that the page can be read before it is there."""
    page = (report / "index.html").read_text()
    assert len(page) < 2_500_000
    assert page.index('id="plotly"') > page.index("Reproduce it</h3>")


def test_results_without_an_experiment_leave_the_earlier_report(tmp_path: Path) -> None:
    """An error says what is wrong, and touches nothing."""
    page = write_report(make_results(), tmp_path)
    before = page.read_bytes()
    with pytest.raises(InputError, match="hold no experiment that can be shown"):
        write_report(make_results(experiment={"model": "lasso"}), tmp_path)
    assert page.read_bytes() == before


@pytest.mark.parametrize(
    "trackers",
    [
        [],
        [
            make_tracker(
                "null", state="keeps nothing", equal=None, metrics=None, native=None, seconds={}, bytes=None
            )
        ],
        [make_tracker("one", state="failed", equal=None, metrics=None, native=None, seconds={}, bytes=None)],
        [make_tracker("one")],
    ],
    ids=["none", "null", "failed", "one"],
)
def test_any_number_of_trackers_can_be_shown(trackers: list[TrackerResult], tmp_path: Path) -> None:
    """Also none, one that keeps nothing, one that failed before anything was measured, and one alone."""
    page = write_report(make_results(trackers=trackers), tmp_path)
    assert all(f">{tracker.name}<" in page.read_text() for tracker in trackers)


@pytest.mark.parametrize("bad", [math.nan, math.inf, None, {"$float": "nan"}])
def test_a_score_that_is_no_number_can_be_shown(bad: Any, tmp_path: Path) -> None:
    """The R² of a single trip is NaN, which JSON writes as null; a value may be tagged."""
    experiment = make_experiment(charts={}, history={})
    experiment["metrics"] = {"validation": {"rmse": bad, "mae": 1.0, "r2": bad}}
    results = make_results(experiment=experiment)
    write_report(results, tmp_path)
    (tmp_path / FILE).write_bytes(results.to_json())
    write_report(read_results(tmp_path), tmp_path)


# Numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (7.123456, "7.12"),
        (0.0012345, "0.00123"),
        (679187.77, "679,000"),
        (-0.00026973, "−0.000270"),
        (0.0000123, "1.23e−05"),
        (0.0, "0"),
        (3, "3"),
        (math.nan, "NaN"),
        (-math.inf, "−∞"),
    ],
)
def test_a_number_has_three_significant_digits(value: float, text: str) -> None:
    """The exact value stands beside it."""
    assert number(value) == (text, repr(value))


def test_the_decimal_points_of_a_column_stand_below_each_other() -> None:
    """Every text is padded to the same width behind the point, and what is too small says so."""
    texts = [each.text for each in column([12.34, 1.234, 0.0001, None, 7])]
    assert [text.strip("\u2007\u2008") for text in texts] == ["12.3", "1.23", "<0.001", "–", "7"]
    assert {len(re.split("[.\u2008]", text)[1]) for text in texts} == {3}


def test_a_share_is_all_or_none_only_when_it_is() -> None:
    """999 of 1,000 is not 100 %."""
    assert [share(999, 1000), share(1, 1000), share(0, 9), share(9, 9)] == [">99 %", "<1 %", "0 %", "100 %"]


def test_a_spreadsheet_finds_no_formula() -> None:
    """Text that a spreadsheet would calculate is quoted; numbers are not."""
    link = csv_link(Sheet(head=["=a", "b"], rows=[("@x", -1.5), ("-2", "a,\n")]))
    rows = list(csv.reader(StringIO(unquote(link.partition(",")[2]))))
    assert rows == [["'=a", "b"], ["'@x", "-1.5"], ["-2", "a,\n"]]


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_has_contrast(theme: int) -> None:
    """Every colour of text or glyphs has at least 4.5:1 on both backgrounds."""
    found = re.findall(r"--([a-z]+): light-dark\((#\w{6}), (#\w{6})\)", STYLE.read_text())
    colours = {name: _luminance(pair[theme]) for name, *pair in found}
    for name in colours.keys() - {"paper", "panel", "line", "taxi", "medium", "paler"}:
        for ground in ("paper", "panel"):
            low, high = sorted((colours[name], colours[ground]))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (name, ground)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_verdict_is_faint(visit: Any, report: Path, theme: str) -> None:
    """Every glyph of the matrix has 4.5:1 against what is behind it, as it is drawn."""
    page = visit(report, color_scheme=theme).page
    drawn = """glyphs => glyphs.map(glyph => {
      let opacity = 1, ground = "rgba(0, 0, 0, 0)";
      for (let each = glyph; each; each = each.parentElement) {
        opacity *= getComputedStyle(each).opacity;
        if (ground === "rgba(0, 0, 0, 0)") ground = getComputedStyle(each).backgroundColor;
      }
      return [opacity, getComputedStyle(glyph).color, ground];
    })"""
    for opacity, *colours in page.locator("#table-verdicts .glyph").evaluate_all(drawn):
        colour, ground = ([int(part) for part in re.findall(r"\d+", each)] for each in colours)
        mixed = [round(opacity * a + (1 - opacity) * b) for a, b in zip(colour, ground, strict=True)]
        low, high = sorted(_luminance("#{:02x}{:02x}{:02x}".format(*each)) for each in (mixed, ground))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (opacity, *colours)


# Markdown


def _cells(report: Path) -> tuple[list[list[str]], list[Any]]:
    """Return the rows of the Markdown's tables as a parser finds them, and all its tokens."""
    text = (report / "report.md").read_text()
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    rows: list[list[str]] = []
    for place, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and tokens[place - 1].type in {"td_open", "th_open"}:
            rows[-1].append(token.content)
    inner = [child for token in tokens for child in token.children or ()]
    return rows, tokens + inner


def test_hostile_names_stay_text_in_markdown(hostile: Path) -> None:
    """They open no cell, no link, no image, no heading and no HTML."""
    _, tokens = _cells(hostile)
    assert not [token for token in tokens if token.type in {"html_block", "html_inline", "image"}]
    links = {token.attrs["href"] for token in tokens if token.type == "link_open"}
    assert links == {"results.json", "index.html"}


def test_the_markdown_of_hostile_names_has_the_same_blocks(report: Path, hostile: Path) -> None:
    """Every table has its rows, and every heading stays the one that it was."""
    headings = []
    for folder in (report, hostile):
        _, tokens = _cells(folder)
        places = [place for place, token in enumerate(tokens) if token.type == "heading_open"]
        headings.append([tokens[place + 1].content for place in places][1:])
    assert headings[0] == headings[1]
    text = (hostile / "report.md").read_text()
    tables = re.findall(r"(?m)^\|.*(?:\n\|.*)*", text)
    widths = [{len(re.findall(r"(?<!\\)\|", line)) for line in table.split("\n")} for table in tables]
    assert widths
    assert all(len(width) == 1 for width in widths)


def test_markdown_shows_hostile_text_as_it_is(hostile: Path) -> None:
    """What cannot be seen is written as an escape, and everything else is there."""
    _, tokens = _cells(hostile)
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in HOSTILE)
    codes = {token.content for token in tokens if token.type == "code_inline"}
    assert shown in codes
    words = ["".join(child.content for child in token.children or ()) for token in tokens]
    assert f"csv{shown}" in words


def test_every_tracker_is_in_every_table_of_the_markdown(report: Path) -> None:
    """Whatever became of it: a failure is a row, not a gap."""
    rows, _ = _cells(report)
    by_head = {tuple(row): place for place, row in enumerate(rows)}
    as_rows = [head for head in by_head if head[0] == "tracker"]
    as_columns = [head for head in by_head if set(NAMES) <= set(head)]
    assert len(as_rows) == 3
    assert len(as_columns) == 3
    for head in as_rows:
        place = by_head[head] + 1
        assert [row[0] for row in rows[place : place + 5]] == NAMES


def test_markdown_shows_where_a_tracker_differs(report: Path) -> None:
    """With what was logged and what came back."""
    rows, _ = _cells(report)
    assert ["`params['alpha']`", "`0.0001`", "`0.0002`"] in rows
    assert ["`tags['data']`", "`'a'`", "○ absent"] in rows


# The page in a browser


@pytest.fixture(scope="module")
def opened(browser: Browser, report: Path) -> Visit:
    """Return a report that tests share, and leave as they found it."""
    return Visit(browser, report)


@pytest.fixture(scope="module")
def opened_hostile(browser: Browser, hostile: Path) -> Visit:
    """Return the hostile report that tests share, and leave as they found it."""
    return Visit(browser, hostile)


@pytest.fixture(scope="module")
def spare(browser: Browser, report: Path) -> Page:
    """Return a dark page that tests may change, as long as they do not count on what others left."""
    return Visit(browser, report, color_scheme="dark").page


@pytest.fixture
def page(opened: Visit) -> Page:
    """Return the shared report's page."""
    return opened.page


@pytest.mark.parametrize("name", ["opened", "opened_hostile"])
def test_the_page_asks_for_nothing_and_complains_of_nothing(name: str, request: pytest.FixtureRequest) -> None:
    """One file is read, all charts are drawn, and the console stays empty."""
    visited = request.getfixturevalue(name)
    page = visited.page
    draw(page)
    assert page.locator(".plot path.point, .plot .point path").count() > 100
    assert visited.requests == [visited.url]
    assert visited.complaints == []


def test_the_page_may_not_ask_for_anything(spare: Page) -> None:
    """Its own policy refuses every request, and every script that is not part of it."""
    with pytest.raises(Error, match="Failed to fetch"):
        spare.evaluate("fetch('http://127.0.0.1:9/')")
    script = "const script = document.createElement('script'); script.text = 'window.ran = 1'"
    spare.evaluate(f"() => {{ {script}; document.body.append(script) }}")
    assert spare.evaluate("window.ran === undefined")


def test_hostile_names_stay_text_in_the_page(opened: Visit, opened_hostile: Visit) -> None:
    """They add no element that could do anything, and can be read as they are."""
    pages = [opened.page, opened_hostile.page]
    tags = ("script", "style", "img", "iframe", "object", "form", "link", "meta")
    count = (
        "tags => tags.map(tag => [...document.querySelectorAll(tag)].filter(each => !each.closest('svg')).length)"
    )
    assert pages[0].evaluate(count, tags) == pages[1].evaluate(count, tags)
    shown = "".join(char if char.isprintable() else repr(char)[1:-1] for char in HOSTILE)
    assert pages[1].locator("h1").inner_text() == shown
    assert shown in pages[1].locator("#trackers").inner_text()
    links = pages[1].eval_on_selector_all("a", "all => all.map(each => each.getAttribute('href'))")
    assert all(re.match(r"#|data:text/csv|results\.json|report\.md", link) for link in links)


def test_every_tracker_is_in_every_table_of_the_page(page: Page) -> None:
    """And among the chips at the top, and in the charts."""
    assert page.locator(".chips strong").all_inner_texts() == NAMES
    for name in ("trackers", "costs"):
        assert page.locator(f"#table-{name} tbody th").all_inner_texts() == NAMES
    for name in ("native", "features", "metrics"):
        heads = page.locator(f"#table-{name} thead th").all_text_contents()
        assert [head.strip() for head in heads][1:] == NAMES
    for chart in ("seconds", "bytes"):
        draw(page, f"#chart-{chart} .plot")
        drawn = page.locator(f"#chart-{chart} .ytick text").all_text_contents()
        assert set(drawn) == set(NAMES)


def test_the_page_says_first_who_holds_the_run(page: Page) -> None:
    """And which data it used, and where the trackers differ."""
    assert page.locator(".headline.bad").inner_text() == "2 of 4 trackers hold the same run"
    assert "Synthetic sample" in page.locator("#result .facts").inner_text()
    assert rows_of(page.locator("#differences tbody")) == [
        ["params['alpha']", "0.0001", "0.0002"],
        ["tags['data']", "'a'", "○ absent"],
    ]


def test_when_all_hold_the_run_nothing_differs(tmp_path: Path) -> None:
    """The sentence that everybody wants to read."""
    trackers = [make_tracker("mlflow"), make_tracker("csv")]
    text = write_report(make_results(trackers=trackers), tmp_path).read_text()
    assert '<p class="headline good">2 of 2 trackers hold the same run</p>' in text
    assert "Nowhere: every store was read back, and none differs" in text


@pytest.mark.parametrize(("system", "other"), [("light", "dark"), ("dark", "light")])
def test_colours_follow_the_system_and_the_button(visit: Any, report: Path, system: str, other: str) -> None:
    """What the button chose holds for the next visit too, and for the charts."""
    visited = visit(report, color_scheme=system)

    def look() -> tuple[str, str]:
        page = visited.page
        draw(page, "#chart-bytes .plot")
        chart = "getComputedStyle(document.querySelector('#chart-bytes .point path')).fill"
        return page.evaluate("getComputedStyle(document.body).backgroundColor"), page.evaluate(chart)

    before = look()
    visited.page.get_by_role("button", name=f"Switch to {other} colours").click()
    after = look()
    assert before[0] != after[0]
    assert before[1] != after[1]
    kept = visited.page.evaluate("JSON.stringify(localStorage)")  # Chromium itself may lose it on the way
    visited.page.add_init_script(f"Object.assign(localStorage, {kept})")
    visited.page.reload()
    assert look() == after


@pytest.mark.parametrize("name", ["opened", "opened_hostile"])
def test_the_page_never_scrolls_sideways(name: str, request: pytest.FixtureRequest) -> None:
    """Tables scroll inside themselves, also with everything unfolded and on a phone."""
    page = request.getfixturevalue(name).page
    unfold = "(all, open) => all.forEach(each => each.open = open)"
    page.eval_on_selector_all("details", unfold, arg=True)
    for width in (1280, 320, 390):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.eval_on_selector_all("details", unfold, arg=False)
    page.set_viewport_size(DESKTOP)


def test_the_head_of_a_long_table_stays_in_sight(page: Page) -> None:
    """With the names of the trackers, however far one has scrolled."""
    page.set_viewport_size({"width": 1280, "height": 300})
    table = page.locator("#table-verdicts .scroll")
    table.scroll_into_view_if_needed()
    scrolled = table.evaluate("box => { box.scrollTop = box.scrollHeight; return box.scrollTop; }")
    box, head = table.bounding_box(), table.locator("thead th").first.bounding_box()
    page.set_viewport_size(DESKTOP)
    assert box
    assert head
    assert scrolled > head["height"]
    assert box["y"] <= head["y"] < box["y"] + box["height"] / 2


def test_silent_losses_are_marked_and_counted(page: Page) -> None:
    """In a cell of their own colour, and in the first row; a loss that was told of is not among them."""
    matrix = page.locator("#table-verdicts")
    assert (
        matrix.locator("figcaption span").inner_text()
        == "2 of 2 trackers lost facts without a word; mlflow lost 2 of 6"
    )
    rows = unquote((matrix.locator("a.csv").get_attribute("href") or "").partition(",")[2]).splitlines()
    assert rows[2] == '2,params,list,"changed with loss, in silence","changed with loss, in silence"'
    assert matrix.locator("thead th").all_inner_texts() == ["fact", "mlflow", "csv"]
    assert rows_of(matrix.locator("tbody.score")) == [["lost in silence", "2 of 6", "2 of 6"]]
    assert matrix.locator("td[data-silent]").count() == 4
    colours = "all => new Set(all.map(each => getComputedStyle(each).backgroundColor)).size"
    assert page.eval_on_selector_all("[data-silent] .glyph, td:not([data-silent]) .glyph.dropped", colours) == 2
    assert "csv: version 2.0; the comparison used 3.17.2" in page.locator("#verdicts").inner_text()


def test_verdicts_are_sieved_by_theme_and_by_verdict(visit: Any, report: Path) -> None:
    """What is not sought is out of the way."""
    page = visit(report).page
    rows, selects = (
        page.locator("#table-verdicts tbody[data-theme] th[scope='row']:visible"),
        page.locator(".sieve select"),
    )
    selects.nth(1).select_option("lost in silence")
    assert rows.all_inner_texts() == ["2 list", "7 killed"]
    selects.nth(0).select_option("runs")
    assert rows.all_inner_texts() == ["7 killed"]
    selects.nth(1).select_option("refused")
    assert rows.all_inner_texts() == []
    selects.nth(0).select_option("")
    assert rows.all_inner_texts() == ["4 float step"]


def test_enter_opens_the_evidence_of_a_verdict(page: Page) -> None:
    """What was written, what came back, what was reported, and how to see it again; Escape returns to the cell."""
    cell = page.locator("#table-verdicts tr", has_text="list").locator("a.mark").first
    cell.focus()
    page.keyboard.press("Enter")
    panel = page.locator(".evidence:visible")
    assert panel.locator("h3").inner_text() == "mlflow: 2 list"
    for text in (
        "changed with loss, in silence",
        "'[1]'",
        "https://example.org/issues/7",
        "verdicts mlflow --fact 2",
    ):
        assert text in panel.inner_text()
    page.keyboard.press("Escape")
    assert panel.count() == 0
    assert cell.evaluate("cell => cell === document.activeElement")


def test_trackers_that_keep_a_fact_share_its_evidence(page: Page) -> None:
    """And Escape returns to the cell that was chosen, not to another one."""
    cell = page.locator("#table-verdicts tr", has_text="no step").locator("a.mark").nth(1)
    cell.click()
    panel = page.locator(".evidence:visible")
    assert panel.locator("h3").inner_text() == "5 no step"
    page.keyboard.press("Escape")
    assert cell.evaluate("cell => cell === document.activeElement")


def test_an_address_that_is_no_page_is_no_link(page: Page) -> None:
    """Only what is reported at an https address is linked to."""
    links = page.eval_on_selector_all(".evidence dd a", "all => all.map(each => each.getAttribute('href'))")
    assert set(links) == {"https://example.org/issues/7"}


def test_a_report_without_verdicts_has_no_place_for_them(tmp_path: Path) -> None:
    """Neither a section nor a line of the contents; Markdown likewise."""
    write_report(make_results(verdicts=[]), tmp_path)
    assert 'id="verdicts"' not in (tmp_path / "index.html").read_text()
    assert "keeps by itself" not in (tmp_path / "report.md").read_text()


def test_the_markdown_lists_the_silent_losses(report: Path) -> None:
    """With what was written and what came back, below the matrix in which they are bold."""
    text = (report / "report.md").read_text()
    assert "| 2 list | **◑** | **◑** |" in text
    assert "| 3 backward step | ○ | ○ |" in text
    assert "- mlflow: 7 killed: written `0`, came back `nothing`" in text


def test_verdicts_are_added_from_the_latest_that_were_saved(tmp_path: Path) -> None:
    """They are part of the results from then on; where there are none, the error says how to make some."""
    results = make_results(verdicts=[])
    with pytest.raises(InputError, match="taximeter verdicts --save"):
        add_verdicts(results, tmp_path, tmp_path / "saved")
    verdicts = make_verdicts("mlflow", results.environment)
    save_verdicts(verdicts, tmp_path / "saved")
    added = add_verdicts(results, tmp_path, tmp_path / "saved")
    assert added.verdicts == [verdicts.without_distributions()]
    assert read_results(tmp_path).verdicts == added.verdicts


def test_a_phone_shows_one_tracker_at_a_time(page: Page) -> None:
    """A picker above the matrix chooses it; a wide screen shows them all."""
    page.set_viewport_size({"width": 390, "height": 844})
    heads = page.locator("#table-native thead th[data-column]:visible")
    assert heads.all_inner_texts() == ["mlflow"]
    page.locator("#table-native select").select_option(label="tensorboard")
    assert heads.all_inner_texts() == ["tensorboard"]
    page.set_viewport_size(DESKTOP)
    assert heads.all_inner_texts() == NAMES


def test_the_keyboard_opens_the_evidence_and_comes_back(page: Page) -> None:
    """Enter on a cell shows what was logged and what came back; Escape returns to the cell."""
    cell = page.locator("#table-native tr", has_text="params").locator("a.mark").first
    cell.focus()
    page.keyboard.press("Enter")
    panel = page.locator(".evidence:visible")
    assert panel.locator("h3").inner_text() == "mlflow: params"
    assert rows_of(panel.locator("tbody"))[0] == ["params['alpha']", "0.0001", "'0.0001'"]
    assert panel.evaluate("panel => panel === document.activeElement")
    page.keyboard.press("Escape")
    assert panel.count() == 0
    assert cell.evaluate("cell => cell === document.activeElement")


def test_everything_is_reached_by_the_keyboard(page: Page) -> None:
    """Every table that scrolls takes the focus and has a name, and so has every chart."""
    reachable = page.locator(".scroll[tabindex='0'][role='region']:is([aria-labelledby], [aria-label])")
    assert page.locator(".scroll").count() == reachable.count() > 10
    named = "all => all.every(each => document.getElementById(each.getAttribute('aria-labelledby'))?.textContent)"
    assert page.eval_on_selector_all("[aria-labelledby]", named)
    assert page.locator(".plot[role='img'][aria-label]").count() == page.locator(".plot").count()
    ids = page.eval_on_selector_all("[id]:not(svg [id])", "all => all.map(each => each.id)")
    assert len(ids) == len(set(ids))


def test_every_chart_leads_to_its_rows(page: Page) -> None:
    """And says in its title what it found, and below how many it shows."""
    for chart in page.locator(".chart").all():
        link = chart.locator("a.csv").get_attribute("href") or ""
        assert len(unquote(link.partition(",")[2]).splitlines()) > 1
        assert chart.locator(".note").inner_text().startswith("n = ")
    assert (
        page.locator("#chart-bytes .finding").inner_text()
        == "mlflow's store takes 16.6 times the bytes of tensorboard's"
    )


def test_a_gap_says_whose_it_is(page: Page) -> None:
    """On hover and in the evidence; the part of a run that it explains is not called missing."""
    gap = page.locator("#table-features tr", has_text="artifacts").locator("a.mark").first
    assert gap.get_attribute("title") == "Not theirs: it has no artifacts, and the UI ignores it"
    part = page.locator("#table-native tr", has_text="artifacts").locator("a.mark").first
    assert part.locator(".glyph").inner_text() == "–"


def test_exact_values_are_on_hover(page: Page) -> None:
    """A rounded number carries the number that it was."""
    assert page.locator("#table-scores data[title='7.015714732054826']").first.inner_text() == "7.02"


def test_print_unfolds_the_page(page: Page) -> None:
    """The evidence and the folded tables are on paper, and the screen is as before."""
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#native .evidence tbody tr:visible").count() == 3
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert page.locator("details[open]").count() == 0


def test_a_dark_page_is_printed_light(spare: Page) -> None:
    """Ink is for text, not for the ground."""
    colour = "getComputedStyle(document.body).color"
    assert spare.evaluate(colour) == "rgb(236, 236, 232)"
    spare.emulate_media(media="print")
    assert spare.evaluate(colour) == "rgb(28, 28, 26)"
    spare.emulate_media(media="screen")


def test_a_click_on_a_head_sorts_by_the_exact_values(spare: Page) -> None:
    """Once upwards, twice downwards; what has no value stays last."""
    head = spare.locator("#table-trackers").get_by_role("button", name="store, MB")
    names = spare.locator("#table-trackers tbody th")
    head.click()
    assert names.all_inner_texts() == ["csv", "tensorboard", "mlflow", "wandb", "null"]
    head.click()
    assert names.all_inner_texts() == ["mlflow", "tensorboard", "csv", "wandb", "null"]


def test_the_row_under_the_pointer_is_emphasised(visit: Any, report: Path) -> None:
    """All pieces of its bar keep their strength, and those of the others fade until the pointer leaves."""
    page = visit(report).page
    draw(page, "#chart-seconds .plot")
    bars = page.locator("#chart-seconds .trace.bars")
    opacities = "all => all.map(each => getComputedStyle(each).opacity)"
    assert set(bars.evaluate_all(opacities)) == {"1"}
    box = bars.last.locator(".point").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator("#chart-seconds .hovertext").wait_for()
    found = bars.evaluate_all(opacities)
    assert found == ["0.3"] * (len(found) - 5) + ["1"] * 5
    page.locator("h1").hover()
    page.locator("#chart-seconds .hovertext").wait_for(state="detached")
    assert set(bars.evaluate_all(opacities)) == {"1"}


def test_a_chart_follows_the_width_of_the_page(visit: Any, report: Path) -> None:
    """Also after it was drawn."""
    page = visit(report).page
    draw(page, "#chart-bytes .plot")
    svg = page.locator("#chart-bytes .main-svg").first
    before = svg.bounding_box()
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.querySelector('#chart-bytes .main-svg').clientWidth < 390")
    after = svg.bounding_box()
    assert before
    assert after
    assert after["width"] < before["width"]
    assert after["height"] == before["height"]


def test_without_scripts_the_page_can_be_read(visit: Any, report: Path) -> None:
    """Text, tables and evidence need none, and below each chart are its rows."""
    page = visit(report, java_script_enabled=False).page
    page.locator("#chart-bytes summary").click()
    assert rows_of(page.locator("#chart-bytes tbody"))[:2] == [["mlflow", "1430221"], ["tensorboard", "86004"]]
    assert "does not run here" in page.locator("noscript").inner_text()
    assert page.locator("#table-costs tbody th").all_inner_texts() == NAMES
    page.locator("#table-native a.mark").first.click()
    assert page.locator(".evidence:visible").count() == 1


def test_the_gallery_shows_pictures_and_reasons(visit: Any, tmp_path: Path) -> None:
    """Each is small and leads to the whole one; what is elsewhere or gone has a reason, and text stays text."""
    (tmp_path / "screenshots").mkdir()
    Image.new("RGB", (1280, 900), "#f7b500").save(tmp_path / "screenshots/one #1.png")
    Image.new("RGB", (10, 10)).save(tmp_path.parent / "outside.png")
    shots = [
        Screenshot(tracker="one", caption="<b>its</b> page", command="one ui", file="screenshots/one #1.png"),
        Screenshot(tracker="two", reason=HOSTILE),
        Screenshot(tracker="three", caption="gone", file="screenshots/three.png"),
        Screenshot(tracker="four", caption="not its own", file="../outside.png"),
    ]
    visited = visit(write_report(make_results(screenshots=shots), tmp_path).parent)
    section = visited.page.locator("#gallery")
    picture = section.get_by_role("img", name="<b>its</b> page")
    picture.scroll_into_view_if_needed()
    picture.evaluate("picture => picture.decode()")
    assert picture.evaluate("picture => [picture.naturalWidth, picture.naturalHeight]") == [640, 450]
    assert section.locator("img").count() == 1
    assert section.locator("dt").all_inner_texts() == ["two", "three", "four"]
    assert "screenshots/three.png is not in the folder of the comparison" in section.inner_text()
    assert visited.complaints == []
    picture.click()
    assert unquote(visited.page.url).endswith("/screenshots/one #1.png")
