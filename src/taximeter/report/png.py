"""Drawings as PNG files, for those who write about them; the same drawing gives the same bytes."""

import io
from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Circle, Rectangle

from taximeter.report.drawing import AnyMark, Bar, Dot, Drawing, Label, Line
from taximeter.report.text import visible

TONES: Final = {
    "ink": "#1c1c1a",
    "muted": "#5d5d58",
    "line": "#e1e1dc",
    "strong": "#0067a3",
    "medium": "#56a8dc",
    "dark": "#4a4f57",
    "pale": "#8e8e87",
    "paler": "#c9c9c3",
    "taxi": "#b07d00",
    "identical": "#00735a",
    "changed": "#0067a3",
    "dropped": "#b84300",
    "refused": "#9a3b76",
}
"""The tones of a light page."""

_WIDTH = 880
_DPI = 200
_PIXELS = 100
_TITLE = 24
_COLUMNS = 4
_SIZE = 13 * 72 / _PIXELS
_ANCHORS = {"start": "left", "middle": "center", "end": "right"}


def to_png(panels: Sequence[Drawing], title: str) -> bytes:
    """Return the panels of a figure below its title."""
    columns = min(len(panels), _COLUMNS)
    rows = -(-len(panels) // columns)
    head = _TITLE if any(panel.title for panel in panels) else 0
    height = max(panel.height for panel in panels) + head
    total = rows * height + _TITLE + 10
    canvas = Canvas(figsize=(_WIDTH / _PIXELS, total / _PIXELS), facecolor="white")
    FigureCanvasAgg(canvas)
    canvas.text(10 / _WIDTH, 1 - 20 / total, visible(title), fontsize=_SIZE * 1.1, weight="bold", parse_math=False)
    for place, panel in enumerate(panels):
        row, column = divmod(place, columns)
        width = _WIDTH / columns
        top = _TITLE + 10 + row * height
        axes = canvas.add_axes((column / columns, 1 - (top + height) / total, 1 / columns, height / total))
        axes.set(xlim=(0, width), ylim=(height, 0))
        axes.axis("off")
        _draw(axes, panel, width, head)
    file = io.BytesIO()
    canvas.savefig(file, format="png", dpi=_DPI, metadata={"Software": None})
    return file.getvalue()


def _draw(axes: Axes, panel: Drawing, width: float, head: float) -> None:
    if panel.title:
        axes.text(panel.left, 14, visible(panel.title), fontsize=_SIZE, weight="bold", parse_math=False)
    inner = width - panel.left - panel.right
    for mark in panel.marks:
        _mark(axes, mark, (panel.left, head), inner)


def _mark(axes: Axes, mark: AnyMark, corner: tuple[float, float], width: float) -> None:
    """Draw a mark on a plot of this width with this upper left corner."""
    left, top = corner
    colour = TONES[mark.tone]
    match mark:
        case Line():
            x = [left + part * width for part in mark.x]
            style = "--" if mark.dash else "-"
            axes.plot(
                x,
                [y + top for y in mark.y],
                color=colour,
                linewidth=mark.width * 0.72,
                linestyle=style,
                zorder=2,
            )
        case Dot():
            place = (left + mark.x * width, mark.y + top)
            axes.add_patch(Circle(place, mark.radius, color=colour, alpha=mark.opacity, linewidth=0, zorder=3))
        case Bar():
            at = (left + mark.x[0] * width, mark.y[0] + top)
            size = ((mark.x[1] - mark.x[0]) * width, mark.y[1] - mark.y[0])
            axes.add_patch(Rectangle(at, *size, color=colour, linewidth=0, zorder=2))
        case Label():
            axes.text(
                left + mark.x * width + mark.move,
                mark.y + top,
                visible(mark.text),
                color=colour,
                fontsize=_SIZE * 0.9,
                ha=_ANCHORS[mark.anchor],
                parse_math=False,
            )
