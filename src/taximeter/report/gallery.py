"""The gallery: the run in each tracker's own UI, as small pictures that lead to the whole ones.

The page shows it with ``{% include "gallery.html.j2" %}``, as `gallery`.
"""

import base64
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from PIL import Image

from taximeter.results import Screenshot

_WIDTH: Final = 640
_QUALITY: Final = 60


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that is there: small, as a data URI, and where the whole one lies."""

    tracker: str
    caption: str
    command: str
    file: str
    image: str
    width: int
    height: int


class Gallery(msgspec.Struct, frozen=True):
    """What the template's fragment shows: pictures, and the reasons for those that are missing."""

    shown: list[Shown]
    missing: list[Screenshot]


def make_gallery(screenshots: Sequence[Screenshot], folder: Path) -> Gallery:
    """Return the gallery of a report, each picture a few tens of kilobytes.

    Args:
        screenshots: those of a comparison.
        folder: the report's, which holds their files.
    """
    shown = [_shrink(shot, shot.file, folder) for shot in screenshots if shot.file]
    return Gallery(shown, [shot for shot in screenshots if not shot.file])


def _shrink(shot: Screenshot, file: str, folder: Path) -> Shown:
    with Image.open(folder / file) as whole:
        small = whole.convert("RGB")
    small.thumbnail((_WIDTH, 10 * _WIDTH))
    stream = io.BytesIO()
    small.save(stream, "WEBP", quality=_QUALITY)
    return Shown(
        tracker=shot.tracker,
        caption=shot.caption,
        command=shot.command or "",
        file=file,
        image=f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}",
        width=small.width,
        height=small.height,
    )
