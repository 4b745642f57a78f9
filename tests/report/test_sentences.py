"""The sentences of a report say no more than its results do."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from report_cases import (
    make_cost,
    make_experiment,
    make_growth,
    make_results,
    make_row,
    make_tracker,
    make_verdicts,
    write_comparison,
    write_project,
)

from taximeter.archive import save
from taximeter.report import write_project as render
from taximeter.report.context import make_report
from taximeter.report.experiment import read_experiment
from taximeter.report.material import Material, read_material
from taximeter.report.model_figures import model_figures
from taximeter.report.sentences import limitations_of, principles_of
from taximeter.report.verdicts import verdict_matrix
from taximeter.verdicts.results import Verdict, save_verdicts

CLAIMS = Path(__file__).parents[2] / "reports" / "claims.json"


def test_where_there_is_no_vendor_it_is_said_who_wrote_the_facts(tmp_path: Path) -> None:
    """On the page and in the text: code of our own did."""
    environment = make_results().environment
    for name, vendor in (("mlflow", "mlflow"), ("csv", None), ("git", None)):
        save_verdicts(make_verdicts(name, environment, vendor=vendor), tmp_path / "results")
    words = "There is no vendor of csv and git: there, code of taximeter's own wrote it, in the process that logs"
    assert words in render(tmp_path).read_text().replace("&#39;", "'")
    assert words in (tmp_path / "report.md").read_text()
    (limit,) = (each for each in limitations_of(read_material(tmp_path), None) if "vendor of" in each)
    assert limit.startswith(
        "There is no vendor of csv and git: what is shown as its way is code of taximeter's own"
    )
    matrix = verdict_matrix([make_verdicts("mlflow", environment)], [])
    assert matrix
    assert "no vendor" not in matrix.how


def test_a_tracker_that_keeps_nothing_needs_no_such_sentence() -> None:
    """Nothing is written there."""
    assert Material(comparison=make_results()).vendorless == ["csv"]


def test_verdicts_are_compared_with_a_comparison_only_where_there_is_one() -> None:
    """Its version may be another one, or none at all."""
    verdicts = [make_verdicts("mlflow", make_results().environment)]
    for trackers, warning in (
        ([], ""),
        ([make_tracker("csv")], ""),
        ([make_tracker("mlflow")], ""),
        ([make_tracker("mlflow", version="2.0")], "version 3.17.2; the comparison used 2.0"),
        ([make_tracker("mlflow", version=None)], "version 3.17.2; the comparison used an unknown one"),
    ):
        matrix = verdict_matrix(verdicts, trackers)
        assert matrix
        assert matrix.columns[0].warning == warning


def test_no_silent_loss_is_said_of_the_trackers_that_were_examined() -> None:
    """And of no others."""
    kept = [
        each
        for each in make_verdicts("csv", make_results().environment).findings
        if each.verdict == Verdict.IDENTICAL
    ]
    matrix = verdict_matrix([make_verdicts("csv", make_results().environment, findings=kept)], [])
    assert matrix
    assert matrix.headline == "None of 1 tracker lost a fact without a word"


def test_what_was_not_measured_has_no_principles(tmp_path: Path) -> None:
    """Verdicts are no measurement: they have no seconds, and no samples."""
    save_verdicts(make_verdicts("csv", make_results().environment), tmp_path / "results")
    material = read_material(tmp_path)
    assert not [each for each in principles_of(material) if "sample" in each]
    assert not [each for each in limitations_of(material, None) if each.startswith("Seconds")]
    assert make_report(material).sentence == "What each of 1 tracker keeps."


@pytest.mark.parametrize(
    ("fields", "several"),
    [
        ({}, ""),
        ({"commit": "c0ffee"}, "states of taximeter"),
        ({"made": 0}, "days"),
        ({"commit": "c0ffee", "made": 0}, "days and states of taximeter"),
    ],
)
def test_what_differs_among_measurements_is_named(tmp_path: Path, fields: dict[str, Any], several: str) -> None:
    """And nothing else."""
    for name, changes in (("csv", {}), ("mlflow", fields)):
        save(replace(make_cost(name, 10.0), **changes), tmp_path / "results", f"cost-{name}")
    found = [each for each in limitations_of(read_material(tmp_path), None) if "compare them with care" in each]
    assert found == ([f"The measurements are of several {several}; compare them with care."] if several else [])


def test_only_what_was_examined_is_announced(tmp_path: Path) -> None:
    """Beside a comparison, too."""
    save(make_cost("csv", 10.0), tmp_path / "results", "cost-csv")
    ways = ", as its vendor ships it and through taximeter."
    assert make_report(read_material(tmp_path)).sentence == f"What each of 1 tracker costs{ways}"
    write_comparison(tmp_path, "one")
    sentence = make_report(read_material(tmp_path)).sentence
    assert sentence.endswith("And trackers were examined alone: what each costs.")
    assert "then every store that could be read was read back" in sentence


def test_the_page_says_when_it_has_pictures_and_what_is_declared(tmp_path: Path) -> None:
    """Charts are PNG where there is a Chromium, and not every glyph was measured."""
    text = render(write_project(tmp_path)).read_text()
    assert "<code>figures/</code>, where Chromium was installed, every chart as PNG" in text
    assert "Every glyph has its figure" not in text
    assert "is as its adapter declares it" in text


@pytest.mark.parametrize(
    ("values", "title"),
    [
        ([7.5], "validation/rmse is 7.50 min after 1 epoch"),
        ([7.5, 7.5001], "validation/rmse is 7.50 min after 2 epochs"),
        ([7.5, 7.1], "validation/rmse falls from 7.50 to 7.10 min in 2 epochs"),
        ([7.1, 7.5, 8.0], "validation/rmse rises from 7.10 to 8.00 min in 3 epochs"),
    ],
)
def test_epochs_are_counted_in_words(values: list[float], title: str) -> None:
    """And an error that neither falls nor rises does neither."""
    results = make_results(experiment=make_experiment(history={"validation/rmse": values}))
    (figure,) = (each for each in model_figures(read_experiment(results), "here") if each.id == "epochs")
    assert figure.title == {"": title}


def test_what_is_true_of_a_tracker_by_itself_alone_says_so() -> None:
    """Claims are answered on both ways."""
    both = [claim.get("both", "") for claim in json.loads(CLAIMS.read_bytes())]
    for words in ("leaves none", "takes longer than the one before", "several that read, add a row and write do"):
        (found,) = (each for each in both if words in each)
        assert found.startswith("By itself, ")


def test_a_claim_about_growth_tells_what_failed(tmp_path: Path) -> None:
    """Beside what was measured."""
    growth = make_growth("csv", 1.0)
    rows: list[Any] = [*growth.rows]
    rows[2] = make_row(rows[2].settings, [], problems=["no room"])
    save(replace(growth, rows=rows), tmp_path / "results", "growth-csv")
    claim = {"group": "a", "who": "b", "words": "c", "source": "d", "tracker": "csv", "question": "runs"}
    (tmp_path / "claims.json").write_text(json.dumps([claim]))
    assert (
        "1,000 runs in a store: no room" in make_report(read_material(tmp_path)).claims["a"][0].measured["vendor"]
    )
