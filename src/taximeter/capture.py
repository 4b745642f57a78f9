"""What is noted of a run by itself: the code that runs, the machine, its software."""

import os
import platform
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from functools import cache, partial
from hashlib import sha256
from pathlib import Path

import msgspec

from taximeter.distributions import Distribution, distributions
from taximeter.errors import TrackerError
from taximeter.record import Environment, LockFile, Source
from taximeter.redact import redact, redact_arguments

_LOCK_FILES = (
    "requirements.lock",
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile.lock",
    "conda-lock.yml",
    "requirements.txt",
)
_HEADER = re.compile(r"^(Name|Version):[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_LONGEST_DIFF = 1 << 20
_PATIENCE_SECONDS = 10
_COMMIT = "# branch.oid "
_ASK = (
    "import sys, msgspec; from taximeter.capture import capture_environment; "
    "sys.stdout.buffer.write(msgspec.json.encode(capture_environment()))"
)


def capture_source() -> Source:
    """Return the program, its arguments and the state of the git repository it runs in, without secrets."""
    program = Path(sys.argv[0]).name if sys.argv else ""
    return Source(
        entry_point=_text(program),
        argv=tuple(map(_text, redact_arguments(sys.argv))),
        commit=_git("rev-parse", "HEAD"),
        branch=_git("rev-parse", "--abbrev-ref", "HEAD"),
        diff=_diff(),
    )


def capture_environment() -> Environment:
    """Return the machine and every installed distribution; environment variables are never captured."""
    return Environment(
        python=platform.python_version(),
        os=platform.platform(),
        cpu=_cpu(),
        cores=os.cpu_count() or 0,
        memory=_memory(),
        gpus=_gpus(),
        distributions=_distributions(),
        lock_file=_lock_file(Path.cwd()),
    )


@cache
def environment_of(python: str) -> Environment:
    """Return the environment of an interpreter that has taximeter too, perhaps another one than this.

    Raises:
        TrackerError: it does not answer.
    """
    if python == sys.executable:
        return capture_environment()
    asked = _output(python, "-P", "-c", _ASK)
    if asked is None:
        raise TrackerError(f"{python} does not tell what is installed there; make its environment again.")
    return msgspec.json.decode(asked, type=Environment)


def taximeter_commit() -> str | None:
    """Return the commit of taximeter's own code, as `commit_of` does."""
    return commit_of(Path(__file__))


def commit_of(module: Path) -> str | None:
    """Return the commit of the repository that keeps a module, with a ``+`` where it has changed or new modules.

    None where no repository keeps it, as where a package was installed.
    """
    git = partial(_git, "--no-optional-locks", "-C", str(module.parent))
    if git("ls-files", "--error-unmatch", str(module)) is None:
        return None
    lines = (git("status", "--porcelain=v2", "--branch", "--", ":(top)*.py") or "").splitlines()
    commit = next((line.removeprefix(_COMMIT) for line in lines if line.startswith(_COMMIT)), None)
    is_changed = any(not line.startswith("#") for line in lines)
    return f"{commit}+" if commit and is_changed else commit


@cache
def _distributions() -> dict[str, str]:
    """Return the installed distributions, looked up once in a process; the first of a name is the imported one."""
    found: dict[str, str] = {}
    for dist in distributions():
        head = _head(dist)
        if head.get("Name") and head.get("Version"):
            found.setdefault(head["Name"], head["Version"])
    return dict(sorted(found.items()))


def _head(dist: Distribution) -> dict[str, str]:
    """Return a distribution's name and version without parsing all that it says of itself."""
    text = dist.read_text("METADATA") or dist.read_text("PKG-INFO") or ""
    return dict(_HEADER.findall(text.partition("\n\n")[0]))


def _git(*arguments: str) -> str | None:
    output = _output("git", *arguments)
    return output.strip() if output is not None else None


def _diff() -> str | None:
    diff = _output("git", "diff", "--no-ext-diff", "HEAD")
    if diff is None:
        return None
    if len(diff) <= _LONGEST_DIFF:
        return redact(diff)
    return f"{redact(diff[:_LONGEST_DIFF])}\n[{len(diff) - _LONGEST_DIFF} more characters]\n"


def _output(*command: str) -> str | None:
    """Return what a command prints, or None where it is missing, fails or takes too long."""
    if shutil.which(command[0]) is None:
        return None
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, check=True, timeout=_PATIENCE_SECONDS)
        return done.stdout.decode(errors="backslashreplace")
    return None


def _cpu() -> str:
    with suppress(OSError), Path("/proc/cpuinfo").open() as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _memory() -> int:
    with suppress(ValueError, OSError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 0


def _gpus() -> tuple[str, ...]:
    listed = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader")
    return tuple(listed.splitlines()) if listed else ()


def _lock_file(folder: Path) -> LockFile | None:
    """Return the first lock file in the folder or above it, as far up as the git repository goes."""
    for place in (folder, *folder.parents):
        for name in _LOCK_FILES:
            with suppress(OSError):
                return LockFile(name, sha256((place / name).read_bytes()).hexdigest())
        if (place / ".git").exists():
            return None
    return None


def _text(argument: str) -> str:
    """Return an argument whose undecodable bytes are written out."""
    return argument.encode(errors="surrogateescape").decode(errors="backslashreplace")
