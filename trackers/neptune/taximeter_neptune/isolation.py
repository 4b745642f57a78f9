"""The vendor kept to itself: nothing of the user's that would lead it elsewhere, no token, no network."""

import os


def isolate(**settings: str) -> None:
    """Set the vendor's variables for this process; must come before the vendor is imported.

    A user's variables may name a service, a project, a run, or a token; offline, none of them is needed.
    """
    for name in [name for name in os.environ if name.startswith("NEPTUNE_")]:
        del os.environ[name]
    os.environ |= settings
