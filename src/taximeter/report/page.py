"""The page: one HTML file that needs nothing else, and that its own policy forbids to ask for anything."""

import base64
import gzip
import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from taximeter.report.context import Report
from taximeter.report.fates import MEANINGS as FATES
from taximeter.report.matrix import VERDICTS, is_absent
from taximeter.report.model_figures import MODEL_FIGURES
from taximeter.report.needs import MEANINGS as NEEDS
from taximeter.report.needs import rank_text
from taximeter.report.text import visible

SECTIONS: Final = (
    ("result", "Result"),
    ("needs", "Which tracker for me?"),
    ("cost", "What it costs"),
    ("survival", "What it survives"),
    ("verdicts", "What it keeps"),
    ("native", "Native views"),
    ("features", "Capabilities"),
    ("experiment", "The experiment and its data"),
    ("models", "Model against the mean"),
    ("gallery", "In each tracker's own UI"),
    ("trackers", "What each holds"),
    ("differences", "Differences"),
    ("costs", "Costs of the comparison"),
    ("run", "The run itself"),
    ("claims", "Claims and measurements"),
    ("how", "How it was measured"),
)

_OF_COMPARISON: Final = ("native", "features", "experiment", "models", "trackers", "differences", "costs", "run")

_ICON: Final = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 4'><path fill='#f7b500' d='M0 0h4v4H0z'/>"
    "<path d='M0 0h1v1h1v1H1v1H0V2h1V1H0zM2 0h1v1h1v1H3V1H2zM2 2h1v1h1v1H3V3H2z'/></svg>"
)


def render_page(report: Report) -> str:
    """Return the page."""
    theme, page = _asset("theme.js"), _asset("page.js")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            it=report,
            whole=report,
            gallery=report.gallery,
            ways=report.ways,
            rank=rank_text,
            fate_meanings=FATES,
            need_meanings=NEEDS,
            need_glyphs={style: glyph for style, glyph, _ in NEEDS},
            model_figures=[name for name in report.figures if name.startswith(MODEL_FIGURES)],
            glyphs={name: glyph for name, (glyph, _) in VERDICTS.items()},
            is_absent=is_absent,
            policy=_policy(theme, page, get_plotlyjs()),
            icon=f"data:image/svg+xml,{quote(_ICON)}",
            style=Markup(_asset("style.css")),  # noqa: S704 - ours, and not HTML
            theme_script=Markup(theme),  # noqa: S704 - as above
            page_script=Markup(page),  # noqa: S704 - as above
            plots=Markup(_plots(report)),  # noqa: S704 - opens and closes no tag
            plotly=_packed_plotly(),
            sections=_sections(report),
        )
    )


def _sections(report: Report) -> list[tuple[str, str]]:
    """Return those that the page has."""
    measured = report.measured
    has = {
        "needs": report.needs,
        "cost": measured and (measured.costs or measured.growth),
        "survival": measured and measured.survival,
        "verdicts": report.verdict_matrix,
        "claims": report.claims,
        "gallery": report.gallery,
        **dict.fromkeys(_OF_COMPARISON, report.comparison),
    }
    return [(id_, title) for id_, title in SECTIONS if has.get(id_, True)]


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("taximeter.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["breakable"] = _breakable
    return environment


def _visible(value: Any) -> Any:
    """Make text visible; what is HTML already stays as it is."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _breakable(value: str) -> Markup:
    """Return what a program wrote as HTML that a narrow column may break at its joints."""
    return Markup(re.sub("([/_.,=])(?=[^ ])", r"\1<wbr>", str(escape(visible(value)))))  # noqa: S704 - escaped here


def _asset(name: str) -> str:
    return (files("taximeter.report") / "templates" / name).read_text(encoding="utf-8")


def _plots(report: Report) -> str:
    """Return what Plotly is to draw, by the ids of the places on the page, as JSON."""
    specs = (
        f"{json.dumps(figure.plot_id(way, place))}:{plot.figure.to_json()}"
        for figure in report.figures.values()
        for way, plots in figure.plots.items()
        for place, plot in enumerate(plots)
    )
    return f"{{{','.join(specs)}}}".replace("<", "\\u003c")


@cache
def _packed_plotly() -> str:
    """Return Plotly's script in base64, packed to a third of its size."""
    return base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode()


def _policy(*scripts: str) -> str:
    """Return the content security policy: no request at all, and no script but these."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
