"""The vendor kept to itself: nothing of the user's reaches it, and it writes nowhere but into the store."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

_KEPT = {"WANDB_ENTITY"}


@cache
def isolate() -> None:
    """Set the vendor's variables for this process; must come before the vendor is imported.

    A user's variables may name another service, a sweep, or a key; whose runs they become is the only one kept.
    What belongs to no run (caches, the service's log) goes to a temporary folder that ends with the process.
    """
    for name in [name for name in os.environ if name.startswith("WANDB_") and name not in _KEPT]:
        del os.environ[name]
    side = tempfile.mkdtemp(prefix="taximeter-wandb-")
    atexit.register(shutil.rmtree, side, ignore_errors=True)
    for folder in ("CACHE", "CONFIG", "DATA", "ARTIFACT"):
        os.environ[f"WANDB_{folder}_DIR"] = str(Path(side, folder.lower()))
    os.environ |= {"WANDB_ERROR_REPORTING": "false", "WANDB_SILENT": "true"}
