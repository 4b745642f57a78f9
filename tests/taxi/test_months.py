"""Months are found by name, path and URL, in the folders that the user expects."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from taximeter.errors import InputError
from taximeter.taxi.months import Month, data_folder, default_months, find_months

MakeTable = Callable[..., pa.Table]
WriteMonth = Callable[..., Path]

JANUARY = "green_tripdata_2025-01.parquet"


def _touch(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def test_a_month_is_found_in_the_named_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`data` comes before TAXIMETER_DATA, and that before ``data/``."""
    monkeypatch.setenv("TAXIMETER_DATA", str(_touch(tmp_path / "variable", JANUARY)))
    _touch(Path("data"), JANUARY)
    named = _touch(tmp_path / "named", JANUARY)
    assert find_months(["2025-01"], data=str(named)) == [Month("2025-01", str(named / JANUARY))]
    assert find_months(["2025-01"]) == [Month("2025-01", str(tmp_path / "variable" / JANUARY))]
    monkeypatch.delenv("TAXIMETER_DATA")
    assert find_months(["2025-01"]) == [Month("2025-01", str(Path("data") / JANUARY))]


def test_what_the_named_folder_lacks_is_looked_for_in_data(tmp_path: Path) -> None:
    """Months of one experiment may lie in both folders."""
    _touch(Path("data"), "green_tripdata_2025-02.parquet")
    named = _touch(tmp_path / "named", JANUARY)
    found = find_months(["2025-02", "2025-01"], data=str(named))
    assert [month.path for month in found] == ["data/green_tripdata_2025-02.parquet", str(named / JANUARY)]


def test_the_colour_completes_the_name(tmp_path: Path) -> None:
    """Yellow months have their own files."""
    folder = _touch(tmp_path / "named", "yellow_tripdata_2025-01.parquet")
    assert (
        find_months(["2025-01"], data=str(folder), colour="yellow")[0].source == "yellow_tripdata_2025-01.parquet"
    )


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    """A path needs no TLC name, and is called by its stem."""
    _touch(tmp_path, "mine.parquet")
    month = find_months([str(tmp_path / "mine.parquet")])[0]
    assert (month.name, month.source, month.period) == ("mine", "mine.parquet", None)


@pytest.mark.parametrize(
    ("name", "period"),
    [
        (JANUARY, "2025-01"),
        ("yellow_2024-12_part.parquet", "2024-12"),
        ("x_2025-13.parquet", None),
        ("a.parquet", None),
    ],
)
def test_the_period_is_read_from_the_name(name: str, period: str | None) -> None:
    """What names no month has no period."""
    assert Month("x", name).period == period


def test_a_missing_month_says_how_to_get_it(tmp_path: Path) -> None:
    """The message names the file, the folders, the command and the option."""
    folder = _touch(tmp_path / "named")
    with pytest.raises(InputError) as caught:
        find_months(["2025-01"], data=str(folder), colour="yellow")
    assert str(caught.value) == (
        f"yellow_tripdata_2025-01.parquet is not in {folder} nor in data: fetch it with "
        "`taximeter data fetch 2025-01 --colour yellow`, name its folder with --data or TAXIMETER_DATA, or "
        "take the synthetic sample with --data sample."
    )


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("2025-13", "'2025-13' is no month: write it as 2025-01"),
        ("2025-1", "'2025-1' is no month"),
        ("202501", "'202501' is no month"),
        ("nowhere.parquet", "there is no file 'nowhere.parquet': give a month such as 2025-01"),
        (".", "there is no file '.'"),
    ],
)
def test_a_name_that_means_nothing_is_refused(name: str, problem: str, tmp_path: Path) -> None:
    """The message says what would be a name."""
    with pytest.raises(InputError, match=problem):
        find_months([name], data=str(tmp_path))


def test_an_unknown_colour_is_refused() -> None:
    """The message lists the colours."""
    with pytest.raises(InputError, match="the colour 'red' is unknown: give green or yellow"):
        find_months(["2025-01"], colour="red")


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """It would otherwise look like an empty folder."""
    with pytest.raises(InputError, match="is a file: name a folder"):
        find_months(["2025-01"], data=str(_touch(tmp_path, "file") / "file"))


def test_the_sample_is_the_default_when_nobody_named_months_or_a_folder() -> None:
    """Without data the sample's months are found, and are no files."""
    chosen = default_months()
    assert chosen["data"] == "sample"
    months = find_months((*chosen["train"], *chosen["test"]), data=chosen["data"])
    assert [month.path for month in months] == [None, None]
    assert months[0].source == "synthetic sample 2025-01"
    assert months[1].period == "2025-03"


def test_real_months_are_the_default_where_there_are_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In ``data/``, or in the folder that somebody named."""
    monkeypatch.setenv("TAXIMETER_DATA", str(tmp_path))
    assert default_months()["data"] is None
    monkeypatch.delenv("TAXIMETER_DATA")
    assert default_months(str(tmp_path))["data"] == str(tmp_path)
    _touch(Path("data"), "green_tripdata_2025-02.parquet")
    assert default_months() == {"train": ("2025-01",), "validation": ("2025-02",), "data": None}


def test_the_sample_is_used_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``sample`` wins over TAXIMETER_DATA."""
    monkeypatch.setenv("TAXIMETER_DATA", str(_touch(tmp_path / "real", JANUARY)))
    assert find_months(["2025-01"], data="sample") == [Month("2025-01")]


@pytest.mark.parametrize("names", [["2025-01", "2025-03"], ["2025-01", "2025-02"]])
def test_a_month_that_was_named_is_never_synthetic_by_itself(names: list[str]) -> None:
    """It must be found as a file; the message says how to get it, or the sample."""
    _touch(Path("data"), "green_tripdata_2025-02.parquet")
    with pytest.raises(InputError, match=r"2025-01\.parquet is not in data: fetch it .* --data sample"):
        find_months(names)


def test_a_named_folder_forbids_the_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names a folder wants its months, not the sample's."""
    with pytest.raises(InputError, match="is not in"):
        find_months(["2025-01"], data=str(tmp_path))
    monkeypatch.setenv("TAXIMETER_DATA", str(tmp_path))
    with pytest.raises(InputError, match="is not in"):
        find_months(["2025-01"])


@pytest.mark.parametrize(("name", "colour"), [("2025-04", "green"), ("2025-01", "yellow")])
def test_the_sample_has_three_green_months(name: str, colour: str) -> None:
    """The message lists them."""
    with pytest.raises(InputError, match=f"has no {colour} {name}: it has green 2025-01, 2025-02, 2025-03"):
        find_months([name], data="sample", colour=colour)


def test_downloads_go_to_the_first_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`data`, else TAXIMETER_DATA, else ``data/``."""
    assert data_folder() == Path("data")
    assert data_folder("sample") == Path("data")
    monkeypatch.setenv("TAXIMETER_DATA", str(tmp_path / "variable"))
    assert data_folder() == tmp_path / "variable"
    assert data_folder(str(tmp_path)) == tmp_path
