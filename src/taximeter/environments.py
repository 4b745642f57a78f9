"""Environments of their own for trackers: another version of a vendor, or dependencies that fit with no other's.

An environment is a virtual environment that uv makes; it holds taximeter, one tracker and its vendor.
It is called like what it was made for, ``<tracker>==<version of the vendor>`` or just ``<tracker>``; couriers and
readers of a tracker that is written so run in it, every other one in the environment of the training.
What describes the tracker is its module here, which imports no vendor.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from taximeter.errors import InputError
from taximeter.plugins import load, vendor_version
from taximeter.uv import run_uv

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(==[0-9][A-Za-z0-9.+!_-]*)?")
_DESCRIPTION = "environment.json"


class Environment(msgspec.Struct, frozen=True):
    """One environment: what it was made for, its vendor's version, and its interpreter."""

    name: str
    vendor: str | None
    version: str | None
    python: str


def environments_home() -> Path:
    """Return the folder of all environments: ``TAXIMETER_ENVIRONMENTS``, else below the user's data."""
    chosen = os.environ.get("TAXIMETER_ENVIRONMENTS")
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(chosen) if chosen else Path(data) / "taximeter" / "environments"


def list_environments() -> list[Environment]:
    """Return every environment that was made, by name."""
    files = sorted(environments_home().glob(f"*/{_DESCRIPTION}"))
    return [msgspec.json.decode(file.read_bytes(), type=Environment) for file in files]


def find_environment(name: str) -> Environment | None:
    """Return the environment of this name.

    Raises:
        InputError: the name asks for a version, and there is none.
    """
    try:
        described = (environments_home() / name / _DESCRIPTION).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if "==" in name:
            raise InputError(f"{name} has no environment; `taximeter environment add {name}` makes it.") from None
        return None
    return msgspec.json.decode(described, type=Environment)


def python_for(name: str) -> str:
    """Return the interpreter that runs a tracker's couriers and readers.

    Raises:
        InputError: as in `find_environment`.
    """
    environment = find_environment(name)
    return environment.python if environment else sys.executable


def version_in_use(name: str) -> str | None:
    """Return the version of the vendor that a tracker's couriers meet, or None where there is none."""
    environment = find_environment(name)
    return environment.version if environment else vendor_version(load(name))


def check_version(name: str) -> None:
    """Make sure that a tracker's adapter can write with the vendor's version in its environment.

    In the environment of the training, whatever installed it has seen to that.

    Raises:
        InputError: it cannot, or as in `find_environment`.
    """
    environment = find_environment(name)
    if environment is None or environment.version is None:
        return
    from taximeter.requirements import vendor_requirement  # noqa: PLC0415 - slow to import, and rarely needed

    wanted = vendor_requirement(load(name))
    if wanted and not wanted.specifier.contains(environment.version, prereleases=True):
        raise InputError(
            f"{name} cannot record runs, for the adapter needs {wanted}; "
            "`taximeter measure` can still measure the vendor's own interface."
        )


def lacks_environment(name: str) -> bool:
    """Tell whether a name asks for a version that has no environment."""
    return "==" in name and name not in [environment.name for environment in list_environments()]


def check_new(name: str) -> None:
    """Make sure that an environment may be made under a name.

    Raises:
        InputError: it cannot be called so, or is there already.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} names no environment; write a tracker's name, or name==version.")
    tracker = load(name)
    if "==" in name and tracker.vendor is None:
        raise InputError(f"{tracker.name} has no software of its own, and so no versions.")
    if (environments_home() / name / _DESCRIPTION).exists():
        raise InputError(f"{name} has an environment; `taximeter environment remove {name}` removes it.")


def add_environment(
    name: str,
    extra: Iterable[str] = (),
    *,
    exclude_newer: str | None = None,
    on_line: Callable[[str], None] = lambda _: None,
) -> Environment:
    """Make an environment; one that was begun and not completed is made anew.

    Args:
        name: an installed tracker, or ``<tracker>==<version>``.
        extra: further requirements, such as ``sqlalchemy<2.1`` for an old vendor.
        exclude_newer: a date; the vendor and all that it needs are then what there was before it.
        on_line: called with each line that uv prints.

    Raises:
        InputError: it cannot be called so, or is there already.
        TrackerError: uv could not make it.
    """
    check_new(name)
    tracker, version, folder = load(name), name.partition("==")[2], environments_home() / name
    from taximeter.requirements import install_steps  # noqa: PLC0415 - slow to import, and rarely needed

    shutil.rmtree(folder, ignore_errors=True)
    python = folder / "bin" / "python"
    run_uv(["venv", "--python", sys.executable, str(folder)], on_line)
    for arguments in install_steps(tracker, version, list(extra), exclude_newer):
        run_uv(["pip", "install", "--python", str(python), *arguments], on_line)
    made = Environment(name, tracker.vendor, _version_in(python, tracker.vendor), str(python))
    (folder / _DESCRIPTION).write_bytes(msgspec.json.encode(made))
    return made


def remove_environment(name: str) -> None:
    """Remove an environment; the stores that were written from it stay.

    Raises:
        InputError: there is none.
    """
    if name not in [environment.name for environment in list_environments()]:
        raise InputError(f"{name} has no environment; `taximeter environment list` shows those there are.")
    shutil.rmtree(environments_home() / name)


def _version_in(python: Path, vendor: str | None) -> str | None:
    if vendor is None:
        return None
    code = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
    asked = subprocess.run([python, "-I", "-c", code, vendor], capture_output=True, text=True, check=True)
    return asked.stdout.strip()
