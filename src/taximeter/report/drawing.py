"""Drawings: a few marks on a plot whose width follows the page, as SVG that needs no script."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import Final, Literal

import msgspec

from taximeter.report.text import visible

_ROOMY: Final = 150
"""So many pixels for words at the right are too many on a phone, which has them in the table below."""

Anchor = Literal["start", "middle", "end"]


class Mark(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """What all marks have: a tone of the page, words on hover, and the row that is emphasised with them."""

    tone: str
    title: str = ""
    row: int | None = None


class Line(Mark, frozen=True, kw_only=True, tag=True):
    """From one point to another; x is a share of the plot's width, y is in pixels from the top."""

    x: tuple[float, float]
    y: tuple[float, float]
    width: float = 1.0
    dash: str = ""


class Dot(Mark, frozen=True, kw_only=True, tag=True):
    """A dot, pale where there are many."""

    x: float
    y: float
    radius: float = 5.0
    opacity: float = 1.0


class Bar(Mark, frozen=True, kw_only=True, tag=True):
    """A filled box."""

    x: tuple[float, float]
    y: tuple[float, float]


class Label(Mark, frozen=True, kw_only=True, tag=True):
    """Words at a place, moved by some pixels to stand beside what they name; a phone hides minor ones."""

    x: float
    y: float
    text: str
    anchor: Anchor = "start"
    move: float = 0.0
    is_minor: bool = False


AnyMark = Line | Dot | Bar | Label


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """Marks on a plot between two margins in pixels; `title` stands above it."""

    height: float
    left: float
    right: float
    marks: Sequence[AnyMark]
    title: str = ""


def to_svg(drawing: Drawing, alternative: str) -> str:
    """Return a drawing as SVG between its margins; its text stays text, and its colours are those of the page."""
    rows = groupby(drawing.marks, key=lambda mark: mark.row)
    inner = "".join(_row(row, marks) for row, marks in rows)
    roomy = " roomy" if drawing.right > _ROOMY else ""
    return (
        f'<div class="drawing{roomy}" style="padding:0 {drawing.right:g}px 0 {drawing.left:g}px">'
        f'<svg role="img" aria-label="{_text(alternative)}" height="{drawing.height:g}">{inner}</svg></div>'
    )


def _row(row: int | None, marks: Iterable[AnyMark]) -> str:
    drawn = "".join(map(_mark, marks))
    return drawn if row is None else f'<g class="row">{drawn}</g>'


def _mark(mark: AnyMark) -> str:
    title = f"<title>{_text(mark.title)}</title>" if mark.title else ""
    match mark:
        case Line():
            dash = f' stroke-dasharray="{mark.dash}"' if mark.dash else ""
            return (
                f'<line class="{mark.tone}" x1="{_share(mark.x[0])}" x2="{_share(mark.x[1])}" '
                f'y1="{mark.y[0]:.5g}" y2="{mark.y[1]:.5g}" stroke-width="{mark.width:g}"{dash}>{title}</line>'
            )
        case Dot():
            opacity = f' opacity="{mark.opacity:g}"' if mark.opacity < 1 else ""
            return (
                f'<circle class="{mark.tone}" cx="{_share(mark.x)}" cy="{mark.y:.5g}" '
                f'r="{mark.radius:g}"{opacity}>{title}</circle>'
            )
        case Bar():
            top, bottom = sorted(mark.y)
            left, right = sorted(mark.x)
            return (
                f'<rect class="{mark.tone}" x="{_share(left)}" y="{top:.5g}" width="{_share(right - left)}" '
                f'height="{bottom - top:.5g}">{title}</rect>'
            )
        case Label():
            move = f' dx="{mark.move:g}"' if mark.move else ""
            minor = " minor" if mark.is_minor else ""
            return (
                f'<text class="{mark.tone}{minor}" x="{_share(mark.x)}" y="{mark.y:.5g}"{move} '
                f'text-anchor="{mark.anchor}">{title}{_text(mark.text)}</text>'
            )


def _share(part: float) -> str:
    return f"{100 * part:.5g}%"


def _text(words: str) -> str:
    return escape(visible(words))
