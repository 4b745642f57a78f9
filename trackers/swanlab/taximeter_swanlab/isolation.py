"""The vendor kept to itself: nothing of the user's reaches it, neither a key nor an address."""

import os
from pathlib import Path


def isolate(location: str) -> None:
    """Set the vendor's variables for this process; must come before the vendor is imported.

    A user's variables may name another mode, a server, a webhook or a key, and the folder of their settings may
    hold such: none of them counts. The folder named here is never made.
    """
    for name in [name for name in os.environ if name.startswith("SWANLAB_")]:
        del os.environ[name]
    os.environ["SWANLAB_ROOT"] = str(Path(location, ".swanlab").absolute())
