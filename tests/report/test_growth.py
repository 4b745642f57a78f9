"""How stores grow is told with the sizes that are missing, and in the order that the page says."""

from typing import Any

import msgspec
from report_cases import make_growth, make_row

from taximeter.measure.kind import Measurement
from taximeter.report.growth import growth_figures, growth_tables, sizes_tables


def without(measurement: Measurement[Any, Any], way: str, *sizes: int) -> Measurement[Any, Any]:
    """Return a measurement of which some sizes could not be written."""
    rows = [
        make_row(each.settings, [], problems=["no room", "no room"])
        if each.settings.way == way and each.settings.size in sizes
        else each
        for each in measurement.rows
    ]
    return msgspec.structs.replace(measurement, rows=rows)


def test_a_size_that_failed_is_told_beside_the_slope_of_the_others() -> None:
    """In the table and in the chart."""
    growth = without(make_growth("csv", 1.5), "vendor", 1_000)
    cell = growth_tables([growth])["vendor"].rows[0][2]
    assert (cell.text, cell.problem) == ("1.50", "1,000 runs in a store: no room")
    (figure,) = growth_figures([growth], "here")
    assert figure.plots["vendor"][0].figure.layout.xaxis.title.text == "slope 1.50, gaps"
    assert "the steepest first; gaps are sizes that failed, for the reasons in the table; here" in figure.note
    assert figure.plots["interface"][0].figure.layout.xaxis.title.text == "slope 1.50"


def test_one_size_alone_tells_no_slope() -> None:
    """The dash says which it is, and why the others are missing."""
    growth = without(make_growth("csv", 1.5), "vendor", 100, 1_000)
    cell = growth_tables([growth])["vendor"].rows[0][2]
    assert cell.text == "–"
    assert cell.problem.startswith("no two sizes are far enough apart: 10; 100 runs in a store: no room; 1,000 ")


def test_a_title_says_of_how_many_trackers_it_is() -> None:
    """Also where none grows faster than what it holds."""
    growths = [
        make_growth("csv", 1.0),
        make_growth("git", 0.9),
        without(make_growth("aim", 1.0), "vendor", 100, 1_000),
    ]
    (figure,) = growth_figures(growths, "here")
    words = "Writing grows about as the runs in a store do, or slower, with"
    assert figure.title == {
        "vendor": f"{words} 2 trackers of which two sizes were measured",
        "interface": f"{words} 3 trackers",
    }


def test_the_order_is_that_of_the_vendors_slopes_on_both_ways() -> None:
    """One without a slope comes last, also after one that falls."""
    growths = [
        without(make_growth("aim", 2.0), "vendor", 100, 1_000),
        make_growth("csv", -0.5),
        make_growth("git", 1.0),
    ]
    (figure,) = growth_figures(growths, "here")
    assert "in the order of the slopes as the vendor ships it, the steepest first" in figure.note
    for way in ("vendor", "interface"):
        assert [plot.title for plot in figure.plots[way]] == ["git", "csv", "aim"]


def test_a_chart_says_how_many_stores_a_dot_is_of() -> None:
    """One, or the median of several."""
    growth = make_growth("csv", 1.0)
    rows = [make_row(each.settings, each.samples * 3) for each in growth.rows[:3]]
    several = msgspec.structs.replace(growth, rows=[*rows, *growth.rows[3:]])
    notes = [growth_figures([each], "here")[0].note.partition(";")[0] for each in (growth, several)]
    assert notes == ["n = 1 store a dot", "n = 1 to 3 stores a dot"]


def test_the_largest_store_tells_what_a_single_one_took() -> None:
    """Times and bytes of writing are shared out, and those of reading are not."""
    table = sizes_tables([without(make_growth("csv", 1.0), "vendor", 1_000)])[0]
    cells = dict(zip(table.columns, table.rows[0], strict=True))
    assert (cells["how many"].text, cells["how many"].problem) == ("100", "1,000 runs in a store: no room")
    exact = {name: cell.exact for name, cell in cells.items() if cell.kind == "number"}
    assert exact == {
        "how many": "100",
        "write one, µs": "10000.0",
        "bytes of one": "1000.0",
        "list all runs, ms": "100.0",
        "read the last run, ms": "2.0",
        "read all runs, ms a run": "2.0",
    }


def test_a_store_that_could_not_be_written_is_a_dash() -> None:
    """With the reason."""
    table = sizes_tables([without(make_growth("csv", 1.0), "vendor", 10, 100, 1_000)])[0]
    assert {(cell.text, cell.problem.split(";")[0]) for cell in table.rows[0][2:]} == {
        ("–", "10 runs in a store: no room")
    }
