"""The page: one HTML file that needs nothing else, and that its own policy forbids to ask for anything."""

import base64
import hashlib
import re
from importlib.resources import files
from typing import Any, Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from plotly.offline import get_plotlyjs

from taximeter.report.context import PRINCIPLES, Report
from taximeter.report.figures import PALETTE, safe_json
from taximeter.report.matrix import VERDICTS, is_absent
from taximeter.report.text import visible

VERDICTS_SECTION: Final[str] = "verdicts"
SECTIONS: Final = (
    ("result", "Result"),
    ("limits", "Principles and limitations"),
    ("experiment", "Experiment and data"),
    ("models", "Model against the mean"),
    ("trackers", "Trackers"),
    ("differences", "Differences"),
    (VERDICTS_SECTION, "What each keeps"),
    ("native", "Native views"),
    ("features", "Capabilities"),
    ("costs", "Seconds and bytes"),
    ("run", "The run itself"),
    ("versions", "Versions and machine"),
    ("reproduce", "Reproduce it"),
)

_ICON: Final = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 4'><path fill='#f7b500' d='M0 0h4v4H0z'/>"
    "<path d='M0 0h1v1h1v1H1v1H0V2h1V1H0zM2 0h1v1h1v1H3V1H2zM2 2h1v1h1v1H3V3H2z'/></svg>"
)


def render_page(report: Report) -> str:
    """Return the page."""
    theme, page, plotly = _asset("theme.js"), _asset("page.js"), get_plotlyjs()
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            it=report,
            sections=_sections(report),
            principles=PRINCIPLES,
            glyphs={name: glyph for name, (glyph, _) in VERDICTS.items()},
            is_absent=is_absent,
            policy=_policy(theme, page, plotly),
            icon=f"data:image/svg+xml,{quote(_ICON)}",
            style=Markup(_asset("style.css")),  # noqa: S704 - ours, and not HTML
            theme_script=Markup(theme),  # noqa: S704 - as above
            page_script=Markup(page),  # noqa: S704 - as above
            plotly=Markup(plotly),  # noqa: S704 - Plotly's, as it ships it
            colours=PALETTE,
            colours_json=safe_json(PALETTE),
        )
    )


def _sections(report: Report) -> list[tuple[str, str]]:
    return [(id_, title) for id_, title in SECTIONS if id_ != VERDICTS_SECTION or report.verdict_matrix]


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


def _policy(*scripts: str) -> str:
    """Return the content security policy: no request at all, and no script but these."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
