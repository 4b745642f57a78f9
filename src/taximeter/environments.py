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
import sysconfig
import tempfile
from collections.abc import Callable, Iterable
from importlib.metadata import Distribution, distribution
from pathlib import Path

import msgspec

from taximeter.errors import InputError, TrackerError
from taximeter.plugins import distribution_of, load, vendor_version

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(==[A-Za-z0-9][A-Za-z0-9.+!_-]*)?")
_DESCRIPTION = "environment.json"
_LAST_LINES = 15


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
    found = next((environment for environment in list_environments() if environment.name == name), None)
    if found is None and "==" in name:
        raise InputError(f"{name} has no environment; `taximeter environment add {name}` makes it.")
    return found


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


def add_environment(
    name: str, extra: Iterable[str] = (), *, on_line: Callable[[str], None] = lambda _: None
) -> Environment:
    """Make an environment; one that was begun and not completed is made anew.

    Args:
        name: an installed tracker, or ``<tracker>==<version>``.
        extra: further requirements, such as ``sqlalchemy<2.1`` for an old vendor.
        on_line: called with each line that uv prints.

    Raises:
        InputError: it cannot be called so, or is there already.
        TrackerError: uv could not make it.
    """
    if not _NAME.fullmatch(name):
        raise InputError(f"{name!r} names no environment; write a tracker's name, or name==version.")
    tracker, version = load(name), name.partition("==")[2]
    if version and tracker.vendor is None:
        raise InputError(f"{tracker.name} has no software of its own, and so no versions.")
    folder = environments_home() / name
    if (folder / _DESCRIPTION).exists():
        raise InputError(f"{name} has an environment; `taximeter environment remove {name}` removes it.")
    shutil.rmtree(folder, ignore_errors=True)
    python = folder / "bin" / "python"
    _run_uv(["venv", "--python", sys.executable, str(folder)], on_line)
    wanted = [*_requirement(distribution("taximeter")), *_requirement(distribution_of(tracker.name)), *extra]
    pins = f"{tracker.vendor}=={version}\n" if version else ""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as overrides:
        overrides.write(pins)
        overrides.flush()
        _run_uv(["pip", "install", "--python", str(python), "--overrides", overrides.name, *wanted], on_line)
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


def _requirement(installed: Distribution) -> list[str]:
    """Return what asks for the same distribution: its folder where it came from one, else its version."""
    origin = msgspec.json.decode(installed.read_text("direct_url.json") or "{}")
    if "url" not in origin:
        return [f"{installed.name}=={installed.version}"]
    is_editable = origin.get("dir_info", {}).get("editable")
    return ["--editable", origin["url"].removeprefix("file://")] if is_editable else [origin["url"]]


def _version_in(python: Path, vendor: str | None) -> str | None:
    if vendor is None:
        return None
    code = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"
    asked = subprocess.run([python, "-I", "-c", code, vendor], capture_output=True, text=True, check=True)
    return asked.stdout.strip()


def _run_uv(arguments: list[str], on_line: Callable[[str], None]) -> None:
    lines: list[str] = []
    command = [_uv(), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            on_line(lines[-1])
    if process.returncode:
        said = "\n".join(lines[-_LAST_LINES:])
        raise TrackerError(f"uv could not make the environment:\n{said}")


def _uv() -> str:
    """Return uv's program: beside our interpreter, or on the PATH."""
    found = shutil.which("uv", path=sysconfig.get_path("scripts")) or shutil.which("uv")
    if found is None:
        raise InputError("environments are made with uv, which is not installed; `pip install uv` adds it.")
    return found
