"""The vendor kept to itself: nothing of the user's environment leads it elsewhere."""

import importlib
import os
import warnings

_PREFIXES = ("AIM_", "__AIM_")


def isolate() -> None:
    """Set the vendor's variables and import it, without its warnings of what will change one day.

    Aim reads from variables another name for the repository's folder, a thread that tracks later, and a server.
    This release has no telemetry; the libraries below it are asked for none.
    """
    for name in [name for name in os.environ if name.startswith(_PREFIXES)]:
        os.environ.pop(name)
    os.environ["DO_NOT_TRACK"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("aim")
