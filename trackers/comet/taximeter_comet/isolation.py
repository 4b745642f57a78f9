"""The vendor kept to itself: no network, no telemetry, and nothing of the user's that would lead it elsewhere."""

import os

_QUIET = {
    "COMET_DISABLE_ANNOUNCEMENT": "true",
    "COMET_ERROR_TRACKING_ENABLE": "false",  # else every other process, at random, reports its errors to Sentry
    "COMET_INTERNAL_REPORTING": "false",
    "COMET_INTERNAL_SENTRY_DSN": "",
    "COMET_LOGGING_FILE": os.devnull,
}


def isolate(*, auto_logging: bool = False) -> None:
    """Set the vendor's variables for this process; must come before the vendor is imported.

    Variables come before the files that Comet reads them from, and decide for this process.

    Args:
        auto_logging: leave Comet free to patch other libraries and log what they do.
    """
    for name in [name for name in os.environ if name.startswith("COMET_")]:
        del os.environ[name]
    os.environ |= _QUIET
    if not auto_logging:
        os.environ["COMET_DISABLE_AUTO_LOGGING"] = "1"
