"""The vendor kept to itself: no network, no telemetry, and nothing of the user's that would lead it elsewhere."""

import os

_THEIRS = ("DVC_", "DVCLIVE_", "STUDIO_")
OFFLINE = {"DVC_NO_ANALYTICS": "1", "DVC_STUDIO_OFFLINE": "1"}


def isolate() -> None:
    """Set the vendor's variables for this process; must come before the vendor is imported.

    A user's variables may hold a token of DVC Studio, to which every point would be posted, or those of the DVC
    pipeline that the training is a stage of.
    """
    for name in [name for name in os.environ if name.startswith(_THEIRS)]:
        del os.environ[name]
    os.environ |= OFFLINE
