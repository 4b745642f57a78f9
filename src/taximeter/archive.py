"""Where results are kept: ``<folder>/<date>/<machine>/``, dated, by machine, and never written over."""

import re
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Protocol

import msgspec

from taximeter.record import Environment


class Result(Protocol):
    """What every result says of itself; `made` is microseconds since 1970 in UTC."""

    @property
    def made(self) -> int:
        """When it was made."""

    @property
    def environment(self) -> Environment:
        """Where."""


def save(result: Result, folder: Path, stem: str) -> Path:
    """Write a result beside those of the same day and machine, and return its file.

    Args:
        result: a struct that msgspec writes.
        folder: of all results.
        stem: the file's name without its ending; a number is added where there is such a file.
    """
    day = datetime.fromtimestamp(result.made / 1e6, UTC).strftime("%Y-%m-%d")
    place = folder / day / machine_name(result.environment)
    place.mkdir(parents=True, exist_ok=True)
    content = msgspec.json.format(msgspec.json.encode(result), indent=1) + b"\n"
    for number in count(1):
        file = place / f"{stem}{'' if number == 1 else f'-{number}'}.json"
        try:
            with file.open("xb") as stream:
                stream.write(content)
        except FileExistsError:
            continue
        return file
    raise AssertionError


def machine_name(environment: Environment) -> str:
    """Return a folder's name that tells machines apart by what makes them fast or slow."""
    words = f"{environment.cpu} {environment.cores} cores {round(environment.memory / 1e9)} gb"
    return re.sub("[^a-z0-9]+", "-", words.lower()).strip("-")
