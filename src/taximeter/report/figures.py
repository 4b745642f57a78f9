"""What the charts have in common: their frame, their colours, and the form in which a page holds them."""

import html
import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import plotly.graph_objects as go

from taximeter.report.text import visible

INK: Final = "#1c1c1a"
MUTED: Final = "#5d5d58"
LINE: Final = "#e1e1dc"
STRONG: Final = "#0067a3"
MEDIUM: Final = "#56a8dc"
DARK: Final = "#4a4f57"
PALE: Final = "#b4b4ad"
PALER: Final = "#d6d6d0"

PALETTE: Final = {
    INK: "#ecece8",
    MUTED: "#a5a59d",
    LINE: "#32322f",
    STRONG: "#5fb4ef",
    MEDIUM: "#2f7fb5",
    DARK: "#c3c7ce",
    PALE: "#77776f",
    PALER: "#4b4b46",
}
"""Each colour on a light page and the one that takes its place on a dark page."""

_LONGEST_LABEL = 28


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A chart.

    Attributes:
        id: unique on the page.
        title: its finding.
        note: how many, and where.
        alternative: what it shows, for those who cannot see it.
        plot: what Plotly draws, as `draw` returns it.
        csv: a link that holds its rows.
        height: in pixels.
        is_wide: whether it has a row of its own.
        legend: colours of `PALETTE`, and what they mean.
    """

    id: str
    title: str
    note: str
    alternative: str
    plot: str
    csv: str
    height: int
    is_wide: bool = False
    legend: Sequence[tuple[str, str]] = ()


def draw(traces: Sequence[Any], *, x: dict[str, Any], y: dict[str, Any], layout: dict[str, Any]) -> str:
    """Return traces in the frame that all charts share, as JSON that is safe inside a page.

    Args:
        traces: Plotly's.
        x: Plotly's layout of the axis to the right.
        y: Plotly's layout of the axis upwards.
        layout: the rest of Plotly's layout.
    """
    axis = {
        "gridcolor": LINE,
        "linecolor": LINE,
        "zeroline": False,
        "fixedrange": True,
        "automargin": True,
        "title": {"font": {"color": MUTED, "size": 13}},
        "tickfont": {"color": MUTED},
    }
    frame: dict[str, Any] = {
        "template": None,
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "dragmode": False,
        "showlegend": False,
        "hoverlabel": {"font": {"family": "system-ui, sans-serif"}},
    }
    axes = {"xaxis": _merged(axis, x), "yaxis": _merged(axis, y)}
    parts = json.loads(go.Figure(traces, frame | axes | layout).to_json())
    return safe_json({"data": parts["data"], "layout": {**parts["layout"], "template": {}}})


def named_rows(names: Sequence[str]) -> dict[str, Any]:
    """Return an axis on which rows 0, 1, … stand below each other under these names, even if two are the same."""
    return {
        "tickvals": list(range(len(names))),
        "ticktext": list(map(label, names)),
        "range": [len(names) - 0.5, -0.5],
        "showgrid": False,
        "tickfont": {"color": INK},
    }


def label(text: str) -> str:
    """Return text that Plotly, which reads a little HTML, shows as it is."""
    shown = visible(text)
    short = shown if len(shown) <= _LONGEST_LABEL else f"{shown[:_LONGEST_LABEL]}…"
    return html.escape(short, quote=False)


def safe_json(value: Any) -> str:
    """Return JSON that no text in it can end the script element around it."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _merged(base: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    both = dict(base)
    for key, value in extra.items():
        mine = both.get(key)
        both[key] = _merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return both
