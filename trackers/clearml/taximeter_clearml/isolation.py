"""The vendor kept to itself: no network, and nothing of the user's that would lead it elsewhere."""

import os
import warnings
from pathlib import Path

_PREFIXES = ("CLEARML_", "TRAINS_", "ALG_")
_NOWHERE = "http://127.0.0.1:9"


def isolate(cache: Path) -> Path:
    """Set the vendor's variables for this process, before the vendor is imported.

    A user's variables may name a server, its keys or a task to go on with.

    Returns:
        The folder in which the vendor then keeps offline sessions.
    """
    for name in [name for name in os.environ if name.startswith(_PREFIXES)]:
        del os.environ[name]
    os.environ |= {
        "CLEARML_OFFLINE_MODE": "1",
        "CLEARML_CACHE_DIR": str(cache),
        "CLEARML_CONFIG_FILE": str(Path(__file__).with_name("clearml.conf")),
    }
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="clearml|pyparsing")
    return cache / "offline"


def shut_off_updates() -> None:
    """Send what this process asks for over HTTPS to a proxy that is not there.

    `Task.init` asks ClearML's servers for updates, offline too, unless it is told to leave the source out.
    """
    for name in ("no_proxy", "NO_PROXY"):
        os.environ.pop(name, None)
    os.environ |= {"https_proxy": _NOWHERE, "HTTPS_PROXY": _NOWHERE}
