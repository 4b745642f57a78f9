"""Releases of a vendor are shown beside their tracker, and in its place where it has no results of a kind."""

import csv
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from report_cases import (
    make_cost,
    make_crash,
    make_growth,
    make_results,
    make_tracker,
    make_verdicts,
    write_comparison,
)

from taximeter.archive import save
from taximeter.report import write_project as render
from taximeter.report.material import read_material, versions_of
from taximeter.report.sentences import limitations_of
from taximeter.verdicts.results import save_verdicts

RELEASE = "mlflow==3.1.0"


def first_cells(file: Path) -> list[str]:
    """Return the first cells of a table's rows."""
    return [row[0] for row in csv.reader(StringIO(file.read_text()))][1:]


@pytest.mark.parametrize("compared", [["mlflow", "csv"], []], ids=["compared", "unknown"])
def test_a_release_without_its_tracker_is_shown_in_its_place(
    compared: list[str], tmp_path: Path, visit: Any
) -> None:
    """In every section, whether or not a comparison knows the tracker."""
    if compared:
        write_comparison(tmp_path, "one", trackers=[make_tracker(name) for name in compared])
    for measurement in (make_cost(RELEASE, 10.0), make_growth(RELEASE, 1.0), make_crash(RELEASE, 1.0)):
        save(measurement, tmp_path / "results", f"{measurement.kind}-{RELEASE}")
    page = visit(render(tmp_path).parent).page
    for table in ("cost-vendor", "workloads-interface", "growth-vendor", "chart-calls", "chart-killed"):
        assert set(first_cells(tmp_path / f"tables/{table}.csv")) >= {RELEASE}
    for section in ("#cost", "#survival", "#needs", "#result .chips"):
        assert RELEASE in page.locator(section).inner_text()
    assert not (tmp_path / "tables/releases-vendor.csv").exists()


def test_releases_alone_have_their_section(tmp_path: Path, visit: Any) -> None:
    """Their tables stand in it, and nothing is empty."""
    write_comparison(tmp_path, "one", trackers=[make_tracker("mlflow")])
    for version in ("3.1.0", "3.9.0"):
        measured = make_cost(f"mlflow=={version}", 10.0, version=version)
        save(measured, tmp_path / "results", f"cost-mlflow=={version}")
    page = visit(render(tmp_path).parent).page
    assert page.locator("#cost h3", has_text="Releases side by side").is_visible()
    assert page.locator("#table-releases-vendor tbody tr").count() == 2
    assert page.locator("#table-cost-vendor tbody tr").count() == 2


def test_verdicts_on_a_release_stand_beside_none_on_its_tracker(tmp_path: Path) -> None:
    """As measurements do; alone they are shown."""
    environment = make_results().environment
    save_verdicts(make_verdicts(RELEASE, environment), tmp_path / "results")
    assert [each.tracker for each in read_material(tmp_path).verdicts] == [RELEASE]
    save_verdicts(make_verdicts("mlflow", environment), tmp_path / "results")
    assert [each.tracker for each in read_material(tmp_path).verdicts] == ["mlflow"]


def test_what_is_shown_nowhere_is_named(tmp_path: Path) -> None:
    """Beside a tracker only the costs of its releases are shown."""
    for name in ("mlflow", RELEASE):
        for measurement in (make_cost(name, 10.0), make_growth(name, 1.0)):
            save(measurement, tmp_path / "results", f"{measurement.kind}-{name}")
    material = read_material(tmp_path)
    assert material.names == ["mlflow"]
    (sentence,) = (each for each in limitations_of(material, None) if "releases" in each)
    assert sentence.endswith(f"these lie among the files alone: growth of {RELEASE}.")


def test_every_version_of_a_vendor_is_named(tmp_path: Path) -> None:
    """Results of several days may be of several; those of releases beside their tracker stand in their tables."""
    measured = [make_cost("mlflow", 10.0, version="3.10.0"), make_growth("mlflow", 1.0, version="3.9.0")]
    for each in [*measured, make_cost(RELEASE, 10.0, version="3.1.0")]:
        save(each, tmp_path / "results", f"{each.kind}-{each.tracker}")
    write_comparison(tmp_path, "one", trackers=[make_tracker("mlflow", version="3.10.0"), make_tracker("csv")])
    assert versions_of(read_material(tmp_path)) == "csv 3.17.2 and mlflow 3.9.0 / 3.10.0"
