"""The gallery: the run in each tracker's own UI, as small pictures that lead to the whole ones."""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

import msgspec
from PIL import Image

from taximeter.report.text import capital
from taximeter.results import Screenshot

_WIDTH: Final = 640
_QUALITY: Final = 60


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that is there: small, as a data URI, and where the whole one lies."""

    tracker: str
    caption: str
    command: str
    link: str
    image: str
    width: int
    height: int


class Missing(msgspec.Struct, frozen=True):
    """A picture that is not there, and why."""

    tracker: str
    reason: str


class Gallery(msgspec.Struct, frozen=True):
    """Pictures, and the reasons for those that are missing."""

    shown: Sequence[Shown] = ()
    missing: Sequence[Missing] = ()


def make_gallery(screenshots: Sequence[Screenshot], folder: Path, address: str = "") -> Gallery:
    """Return the gallery of a report, each picture a few tens of kilobytes.

    Args:
        screenshots: those of a comparison.
        folder: the comparison's, which holds their files.
        address: of that folder from the page.
    """
    shown, missing = [], []
    for shot in screenshots:
        if shot.file and _is_there(shot.file, folder):
            shown.append(_shrink(shot, shot.file, folder, address))
        else:
            gone = f"{shot.file} is not in the folder of the comparison." if shot.file else ""
            missing.append(Missing(shot.tracker, gone or capital(shot.reason)))
    return Gallery(shown, missing)


def _is_there(file: str, folder: Path) -> bool:
    """Return whether a file lies in a folder, and not elsewhere."""
    path = (folder / file).resolve()
    return path.is_relative_to(folder.resolve()) and path.is_file()


def _shrink(shot: Screenshot, file: str, folder: Path, address: str) -> Shown:
    with Image.open(folder / file) as whole:
        small = whole.convert("RGB")
    small.thumbnail((_WIDTH, 10 * _WIDTH))
    stream = io.BytesIO()
    small.save(stream, "WEBP", quality=_QUALITY)
    return Shown(
        tracker=shot.tracker,
        caption=shot.caption,
        command=shot.command or "",
        link=quote(f"{address}/{file}".lstrip("/")),
        image=f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}",
        width=small.width,
        height=small.height,
    )
