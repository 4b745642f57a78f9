"""The vendor kept to itself: no network, no telemetry, and nothing of the user's that would lead it elsewhere."""

import os

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


def isolate() -> None:
    """Set the vendor's variables for this process, and turn off all that it logs by itself.

    It must come before the vendor is imported. Variables come before the files that Comet reads settings from.
    """
    _forget("COMET_")
    os.environ |= _QUIET | {"COMET_DISABLE_AUTO_LOGGING": "1"}


def isolate_plain() -> None:
    """Set the vendor's variables for a process of its own, and leave on all that it logs by itself.

    Some of that would go over the network, even offline.
    """
    _forget("COMET_", "no_proxy", "NO_PROXY")
    os.environ |= _QUIET | _NOWHERE


def _forget(*beginnings: str) -> None:
    for name in [name for name in os.environ if name.startswith(beginnings)]:
        del os.environ[name]
