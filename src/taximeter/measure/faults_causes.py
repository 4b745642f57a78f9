"""What makes things go wrong from outside the training: disks, permissions, damage, servers, broken packages."""

import errno
import os
import random
import resource
import shutil
import subprocess
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Final, Literal

import psutil
from packaging.utils import canonicalize_name

from taximeter.errors import TrackerError
from taximeter.measure.faults_proxy import Proxy
from taximeter.measure.faults_worker import CLOCK_BACK_SECONDS, Fault
from taximeter.tracker import Tracker

DISK_BYTES: Final = 64 << 20
_MIB = 1 << 20
_SERVER_SECONDS = 3.0
_DELAY_SECONDS = 0.5
_MOUNT = 'mount -t tmpfs -o size="$1" tmpfs "$0" && shift && exec "$@"'
_POWERS = "-dac_override,-dac_read_search"

When = Literal["from the start", "in the middle", "afterwards"]


class Cause:
    """One fault as it is made; this one is made by the training itself.

    Attributes:
        means: how it is made, for whoever reads the results.
        when: the time at which it begins.
        seconds: how long it lasts; without a number until the training has tried to end its run.
    """

    when: When = "in the middle"
    seconds: float | None = None

    def __init__(self, means: str) -> None:
        self.means = means

    @property
    def environment(self) -> dict[str, str]:
        """Variables of the training."""
        return {}

    def begin(self, training: int) -> None:
        """Let it go wrong, given the training's process id."""

    def end(self) -> None:
        """Put it right."""


OWN_MEANS: Final = {
    Fault.CLOCK_BACK: f"time.time and time.time_ns of the training go back {CLOCK_BACK_SECONDS} seconds",
    Fault.FORK: "os.fork; both processes log to the run, every other point each",
    Fault.ARTIFACT_VANISHES: "the file is removed as soon as the call has returned",
    Fault.ARTIFACT_CHANGES: "a thread writes the file anew, in place, while the call lasts",
}


def prefix_for(fault: Fault, area: Path) -> list[str]:
    """Return the command that the measuring of a fault is to be started with, so that it can be made.

    Raises:
        TrackerError: it cannot be made here.
    """
    match fault:
        case Fault.DISK_FULL if can_mount():
            return [*_unshare(), "sh", "-c", _MOUNT, str(area), str(DISK_BYTES)]
        case Fault.READ_ONLY if os.geteuid() == 0:
            if shutil.which("setpriv") is None:
                raise TrackerError(
                    "root may write anywhere, and setpriv of util-linux, which changes it, is missing"
                )
            return ["setpriv", f"--bounding-set={_POWERS}", f"--inh-caps={_POWERS}", "--"]
    return []


def can_mount() -> bool:
    """Tell whether a disk of our own can be mounted where nobody else sees it."""
    if shutil.which("unshare") is None:
        return False
    command = [*_unshare(), "sh", "-c", "mount -t tmpfs tmpfs /tmp"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _unshare() -> list[str]:
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *own, "--mount", "--propagation", "private"]


class FullDisk(Cause):
    """A small disk that a file fills to the last byte."""

    def __init__(self, area: Path) -> None:
        super().__init__(
            f"a tmpfs of {DISK_BYTES // _MIB} MiB in a mount namespace, filled; it holds journal and store"
        )
        self._ballast = area / "ballast"

    def begin(self, _training: int) -> None:
        """Fill it."""
        with self._ballast.open("wb", buffering=0) as ballast:
            for size in (_MIB, 4096):
                try:
                    while ballast.write(b"\0" * size) == size:
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def end(self) -> None:
        """Make room."""
        self._ballast.unlink(missing_ok=True)


class SizeLimit(Cause):
    """No file of the training and its couriers can grow: the nearest to a full disk where none can be mounted."""

    def __init__(self) -> None:
        super().__init__("RLIMIT_FSIZE 0 for the training and its processes: no mount namespace can be made here")
        self._limited: list[psutil.Process] = []

    def begin(self, training: int) -> None:
        """Limit every process that there is."""
        process = psutil.Process(training)
        self._limited = [process, *process.children(recursive=True)]
        self._limit(0)

    def end(self) -> None:
        """Take the limit away."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        for process in self._limited:
            if process.is_running():
                _, hard = process.rlimit(psutil.RLIMIT_FSIZE)
                process.rlimit(psutil.RLIMIT_FSIZE, (size if size == 0 else hard, hard))


class ReadOnly(Cause):
    """A folder that nobody may write to."""

    when = "from the start"

    def __init__(self, folder: Path) -> None:
        how = "root without its power to write anywhere" if os.geteuid() == 0 else "an ordinary user"
        super().__init__(f"the folder of the store has mode 0555; the training runs as {how}")
        self._folder = folder

    def begin(self, _training: int) -> None:
        """Take the permission away."""
        self._folder.chmod(0o555)

    def end(self) -> None:
        """Give it back."""
        self._folder.chmod(0o755)


class BrokenVendor(Cause):
    """A package of the vendor's name, found before the vendor's own, that cannot be imported."""

    when = "from the start"

    def __init__(self, vendor: str, folder: Path) -> None:
        super().__init__(f"a package of {vendor}'s name on PYTHONPATH raises ImportError")
        self._folder = folder
        wanted = canonicalize_name(vendor)
        packages = [
            name for name, owners in packages_distributions().items() if wanted in map(canonicalize_name, owners)
        ]
        if not packages:
            raise TrackerError(
                f"{vendor} is not installed beside taximeter, so what it is imported as is not known"
            )
        self._packages = packages

    @property
    def environment(self) -> dict[str, str]:
        """Where it is found."""
        return {"PYTHONPATH": os.pathsep.join(filter(None, [str(self._folder), os.environ.get("PYTHONPATH", "")]))}

    def begin(self, _training: int) -> None:
        """Put it there."""
        for name in self._packages:
            package = self._folder / name
            package.mkdir(parents=True)
            (package / "__init__.py").write_text('raise ImportError("this package is broken")\n')

    def end(self) -> None:
        """Remove it."""
        shutil.rmtree(self._folder)


class Damage(Cause):
    """A file of the closed store that is cut, or in which one bit is another.

    The file and the place in it are chosen by chance, each byte of the store as likely as any other.
    """

    when = "afterwards"

    def __init__(self, fault: Fault, store: Tracker) -> None:
        super().__init__("")
        self._fault = fault
        self._store = store

    def begin(self, _training: int) -> None:
        """Damage the store."""
        files = [file for place in self._store.files() for file in _files_below(place)]
        sizes = [file.stat().st_size for file in files]
        if not sum(sizes):
            raise TrackerError("the store has no files that could be damaged")
        file = random.choices(files, sizes)[0]  # noqa: S311 - not a secret
        size = file.stat().st_size
        place = random.randrange(size)  # noqa: S311 - as above
        file.chmod(0o644)
        if self._fault == Fault.TORN:
            os.truncate(file, place)
        else:
            _flip(file, place)
        what = "cut to" if self._fault == Fault.TORN else "with a bit flipped at"
        self.means = f"{file.name}, {what} {place} of {size} bytes"


def _files_below(place: Path) -> Iterator[Path]:
    found = place.rglob("*") if place.is_dir() else [place]
    return (file for file in found if file.is_file() and not file.is_symlink())


def _flip(file: Path, place: int) -> None:
    with file.open("r+b") as stream:
        stream.seek(place)
        byte = stream.read(1)[0]
        stream.seek(place)
        stream.write(bytes([byte ^ (1 << random.randrange(8))]))  # noqa: S311 - as above


class Server(Cause):
    """A server behind a proxy that refuses, or holds back what passes."""

    seconds = _SERVER_SECONDS

    def __init__(self, fault: Fault, proxy: Proxy) -> None:
        is_down = fault == Fault.SERVER_DOWN
        what = (
            "refuses and cuts connections" if is_down else f"holds back all that passes for {_DELAY_SECONDS:g} s"
        )
        super().__init__(f"a proxy before the server {what}, for {_SERVER_SECONDS:g} seconds")
        self._is_down = is_down
        self._proxy = proxy

    def begin(self, _training: int) -> None:
        """Refuse, or hold back."""
        if self._is_down:
            self._proxy.go_down()
        else:
            self._proxy.be_slow(_DELAY_SECONDS)

    def end(self) -> None:
        """Hand everything on."""
        if self._is_down:
            self._proxy.come_back()
        else:
            self._proxy.be_slow(0)
