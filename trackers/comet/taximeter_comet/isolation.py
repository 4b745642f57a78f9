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
    "COMET_URL_OVERRIDE": "http://127.0.0.1/clientlib/",  # else it looks Comet's service up to learn its own address
    "http_proxy": "http://127.0.0.1:9",  # else it asks three cloud providers whether it runs on their machines
}


def isolate() -> None:
    """Set the vendor's variables for this process, with all that it logs by itself turned off.

    It must come before the vendor is imported. Variables come before the files that Comet reads them from.
    """
    isolate_plain()
    os.environ["COMET_DISABLE_AUTO_LOGGING"] = "1"


def isolate_plain() -> None:
    """Set the vendor's variables for this process, so that all is as for its users, but nothing leaves the machine.

    Even offline, Comet would use the network for what it logs by itself.
    """
    names = [name for name in os.environ if name.startswith("COMET_") or name.lower() == "no_proxy"]
    for name in names:
        del os.environ[name]
    os.environ |= _QUIET | _NOWHERE
