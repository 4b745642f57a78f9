"""The vendor kept to itself: no network, no telemetry, and nothing of the user's that would lead it elsewhere."""

import os

_KEPT = "TRACKIO_SQLITE_"
_OTHERS = ("SYSTEM", "SPACE_ID", "SPACE_REPO_NAME")
OFFLINE = {
    "DO_NOT_TRACK": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
}


def isolate(location: str) -> None:
    """Set the vendor's variables for this process; must come before the vendor is imported.

    A user's variables may send runs to a Space, a server or a bucket; how SQLite writes is all that is kept.
    """
    names = [name for name in os.environ if name.startswith("TRACKIO_") and not name.startswith(_KEPT)]
    for name in (*names, *_OTHERS):
        os.environ.pop(name, None)
    os.environ |= OFFLINE | {"TRACKIO_DIR": location}
