"""Where months of trips are found: a name such as ``2025-01``, a path, a URL, or the synthetic sample."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from taximeter.errors import InputError
from taximeter.taxi.fetch import Progress, fetch, is_url
from taximeter.taxi.sample import SAMPLE_MONTHS
from taximeter.taxi.tlc import COLOURS, file_name, is_month

DATA_VARIABLE = "TAXIMETER_DATA"
DEFAULT_FOLDER = "data"
SAMPLE = "sample"

_LOOKS_LIKE_MONTH = re.compile(r"[\d-]+")
_PERIOD_IN_FILE = re.compile(r"(?<!\d)\d{4}-(0[1-9]|1[0-2])(?!\d)")
_TLC_FILE = re.compile(r"(green|yellow)_tripdata_\d{4}-\d{2}\.parquet")


class Month(msgspec.Struct, frozen=True):
    """One month of trips: a parquet file, or a month of the synthetic sample when `path` is None."""

    name: str
    path: str | None = None

    @property
    def source(self) -> str:
        """The file's name without its folder."""
        return f"synthetic sample {self.name}" if self.path is None else Path(self.path).name

    @property
    def period(self) -> str | None:
        """The calendar month as ``YYYY-MM``, None where neither name nor file tells."""
        found = _PERIOD_IN_FILE.search(self.source)
        return found[0] if found else None

    @property
    def has_tlc_name(self) -> bool:
        """Whether the file is named as the TLC names it."""
        return _TLC_FILE.fullmatch(self.source) is not None


def find_months(
    names: Sequence[str], *, data: str | None = None, colour: str = "green", on_progress: Progress | None = None
) -> list[Month]:
    """Find every month that is named, in the order given.

    Names are looked for in `data`, or else in the folder that TAXIMETER_DATA names, then in ``data/``.
    The synthetic sample is used for ``data="sample"`` only; real and synthetic months never mix.

    Args:
        names: months (``2025-01``), paths or URLs; a URL is downloaded once, to the data folder.
        data: a folder, or ``sample``.
        colour: ``green`` or ``yellow``; it completes names and says nothing about paths.
        on_progress: receives the bytes done and the bytes expected of a download.

    Raises:
        InputError: a name means nothing, or its file is in no folder.
    """
    if colour not in COLOURS:
        raise InputError(f"the colour {colour!r} is unknown: give {' or '.join(COLOURS)}.")
    if data == SAMPLE:
        return [_sample_month(name, colour) for name in names]
    folders = _folders(data)
    return [_find(name, folders, colour, on_progress) for name in names]


def default_months(data: str | None = None) -> dict[str, Any]:
    """Return the settings of an experiment whose months nobody named.

    They are the course's months where the data folder has them, and the synthetic sample where nobody named a
    folder and ``data/`` has none.
    """
    folders = _folders(data)
    is_named = data is not None or bool(os.environ.get(DATA_VARIABLE))
    if data == SAMPLE or not (is_named or any(_in_folders(name, folders, "green") for name in SAMPLE_MONTHS)):
        train, validation, test = SAMPLE_MONTHS
        return {"train": (train,), "validation": (validation,), "test": (test,), "data": SAMPLE}
    return {"train": SAMPLE_MONTHS[:1], "validation": SAMPLE_MONTHS[1:2], "data": data}


def data_folder(data: str | None = None) -> Path:
    """Return the folder that downloads go to: `data`, else TAXIMETER_DATA, else ``data/``."""
    return _folders(data)[0]


def _folders(data: str | None) -> list[Path]:
    named = None if data == SAMPLE else data or os.environ.get(DATA_VARIABLE)
    if not named:
        return [Path(DEFAULT_FOLDER)]
    if Path(named).exists() and not Path(named).is_dir():
        raise InputError(f"the data folder {named} is a file: name a folder with --data or {DATA_VARIABLE}.")
    return list(dict.fromkeys([Path(named), Path(DEFAULT_FOLDER)]))


def _sample_month(name: str, colour: str) -> Month:
    if colour != "green" or name not in SAMPLE_MONTHS:
        raise InputError(
            f"the synthetic sample has no {colour} {name}: it has green {', '.join(SAMPLE_MONTHS)}; "
            "for other months name a folder with --data."
        )
    return Month(name)


def _find(name: str, folders: list[Path], colour: str, on_progress: Progress | None) -> Month:
    if is_url(name):
        path = fetch(name, folders[0], on_progress=on_progress)
        return Month(path.stem, str(path))
    if is_month(name):
        return Month(name, str(_in_folders(name, folders, colour) or _missing(name, folders, colour)))
    if Path(name).is_file():
        return Month(Path(name).stem, name)
    if _LOOKS_LIKE_MONTH.fullmatch(name):
        raise InputError(f"{name!r} is no month: write it as 2025-01.")
    raise InputError(f"there is no file {name!r}: give a month such as 2025-01, a parquet file or a URL.")


def _in_folders(name: str, folders: list[Path], colour: str) -> Path | None:
    paths = (folder / file_name(name, colour) for folder in folders)
    return next((path for path in paths if path.is_file()), None)


def _missing(name: str, folders: list[Path], colour: str) -> Path:
    places = " nor in ".join(str(folder) for folder in folders)
    option = "" if colour == "green" else f" --colour {colour}"
    raise InputError(
        f"{file_name(name, colour)} is not in {places}: fetch it with `taximeter data fetch {name}{option}`, "
        f"name its folder with --data or {DATA_VARIABLE}, or take the synthetic sample with --data {SAMPLE}."
    )
