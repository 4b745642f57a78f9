"""The vendor kept to itself: no network, no telemetry, and nothing of the user's that would lead it elsewhere."""

import os
import sys
from typing import Any, cast

_QUIET = {
    "COMET_DISABLE_ANNOUNCEMENT": "true",
    "COMET_ERROR_TRACKING_ENABLE": "false",  # else every other process, at random, reports its errors to Sentry
    "COMET_INTERNAL_REPORTING": "false",
    "COMET_INTERNAL_SENTRY_DSN": "",
    "COMET_LOGGING_FILE": os.devnull,
}

_NOWHERE = {
    "COMET_URL_OVERRIDE": "http://127.0.0.1/clientlib/",  # else it looks up its service to learn its own address
    "http_proxy": "http://127.0.0.1:9",  # else it asks three cloud providers whether it runs on their machines
}


_FIGURES = ("matplotlib", "plotly")


def isolate() -> None:
    """Set the vendor's variables for this process, turn off all that it logs by itself, and import it.

    It must come before anything else imports it. Variables come before the files that Comet reads settings from.
    """
    _forget("COMET_")
    os.environ |= _QUIET | {"COMET_DISABLE_AUTO_LOGGING": "1"}
    _import_without_figures()


def isolate_plain() -> None:
    """Set the vendor's variables for a process of its own, and leave on all that it logs by itself.

    Some of that would go over the network, even offline.
    """
    _forget("COMET_", "no_proxy", "NO_PROXY")
    os.environ |= _QUIET | _NOWHERE


def _import_without_figures() -> None:
    """Import the vendor as if nothing could draw: it need not, and Matplotlib leaves its caches in HOME."""
    hidden = [name for name in _FIGURES if name not in sys.modules]
    modules = cast("dict[str, Any]", sys.modules)
    modules |= dict.fromkeys(hidden)  # None is how Python is told that there is no such module
    try:
        import comet_ml  # noqa: F401, PLC0415 - met here only
    finally:
        for name in hidden:
            del sys.modules[name]


def _forget(*beginnings: str) -> None:
    for name in [name for name in os.environ if name.startswith(beginnings)]:
        del os.environ[name]
