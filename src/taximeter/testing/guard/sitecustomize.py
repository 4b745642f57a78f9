"""Makes every attempt to leave this machine an error, in a process whose environment asks for it.

A process that starts with this folder on its ``PYTHONPATH`` imports this file by itself, before anything else.
While the variable `LOG` names a file, a look-up or a connection to another machine raises `OSError`, as where
there is no network, and is noted in that file, for a vendor may swallow the error.
Only what goes through Python's sockets is seen, not what a vendor's native code does by itself.
"""

import errno
import os
import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any

LOG = "TAXIMETER_NETWORK_LOG"
"""The variable that names the file in which attempts are noted, a line each."""

ADMITTED = "TAXIMETER_NETWORK_ADMITTED"
"""The variable that lists the names, with commas, that may be looked up in vain: they are not noted."""

_LOOK_UPS = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"}
_PACKETS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_installed = False


def install() -> None:
    """Watch this process from now on; it cannot be undone, but does nothing while `LOG` is unset."""
    global _installed  # noqa: PLW0603 - a process has one
    if not _installed:
        sys.addaudithook(_watch)
        _installed = True


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _LOOK_UPS:
        _refuse(event, arguments[0])
    elif event in _PACKETS:
        _refuse(event, arguments[1])


def _refuse(event: str, address: Any) -> None:
    log = os.environ.get(LOG)
    host = address[0] if isinstance(address, tuple) and address else address
    is_internet = isinstance(address, tuple) or event in _LOOK_UPS
    if log is None or not is_internet or _is_here(host):
        return
    name = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    if name not in os.environ.get(ADMITTED, "").split(","):
        with Path(log).open("a") as stream:
            stream.write(f"{event} {name} {Path(sys.argv[0] if sys.argv else '').name}\n")
    raise OSError(errno.ENETUNREACH, f"{event} to {name} was refused: nothing may leave this machine")


def _is_here(host: Any) -> bool:
    """Tell whether a host is this machine; what is no name and no address belongs to no network."""
    text = host.decode(errors="replace") if isinstance(host, bytes) else host
    if not isinstance(text, str) or text in {"", "localhost"}:
        return True
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _import_the_other() -> None:
    """Import the `sitecustomize` that this one stands before, if the environment has one."""
    here = Path(__file__).parent
    spec = PathFinder.find_spec("sitecustomize", [folder for folder in sys.path if Path(folder) != here])
    if spec and spec.loader:
        spec.loader.exec_module(module_from_spec(spec))


if __name__ == "sitecustomize":
    install()
    _import_the_other()
