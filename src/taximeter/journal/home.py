"""A journal folder: the runs that are under way or not yet safe, and the stores they go to.

```
<home>/runs/<run id>/              see `taximeter.journal.folder`
<home>/stores/<store id>/          store.json, lock, log, pending/<run id>, failed/<run id>
```
A run is pending for a store until the store has been read back equal; it has failed when the courier gave up.
"""

import fcntl
import os
import shutil
import sys
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from time import time_ns

import msgspec

from taximeter.errors import InputError, JournalError
from taximeter.journal.folder import RunFolder
from taximeter.journal.receipt import Receipt

DEFAULT_HOME = ".taximeter"


class Destination(msgspec.Struct, frozen=True):
    """A store that runs are delivered to: a tracker, its location, and the folder that this is relative to."""

    tracker: str
    location: str
    folder: str

    @property
    def id(self) -> str:
        """A name for the store that is safe in a path."""
        digest = sha256(msgspec.json.encode(self)).hexdigest()
        return f"{self.tracker}-{digest[:12]}"

    def __str__(self) -> str:
        return f"{self.tracker}:{self.location}"


class Outbox:
    """What one store is still to be given, and the lock that its one courier holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = path / "log"
        self._pending = path / "pending"
        self._failed = path / "failed"

    @property
    def destination(self) -> Destination:
        """The store.

        Raises:
            JournalError: what says so is damaged.
        """
        try:
            return msgspec.json.decode((self.path / "store.json").read_bytes(), type=Destination)
        except msgspec.MsgspecError as error:
            raise JournalError(f"{self.path / 'store.json'} is damaged: {error}; remove {self.path}.") from error

    def create(self, destination: Destination) -> None:
        """Make the outbox where it does not exist."""
        for folder in (self.path, self._pending, self._failed):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(self.path / "store.json", msgspec.json.encode(destination))

    def add(self, run_id: str) -> None:
        """Note that the store is to be given a run."""
        (self._pending / run_id).touch()
        now = time_ns()  # a file system's own clock is too coarse to tell a child from its parent
        os.utime(self._pending / run_id, ns=(now, now))

    def pending(self) -> list[str]:
        """Return the runs that are to be delivered, a parent before its children: in the order they began."""
        with os.scandir(self._pending) as entries:
            began = {entry.name: _changed(entry) for entry in entries}
        return sorted(began, key=lambda run_id: began[run_id])

    def failed(self) -> list[str]:
        """Return the runs that the courier gave up."""
        return [path.name for path in self._failed.iterdir()]

    def awaits(self, run_id: str) -> bool:
        """Tell whether the store is still to be given a run, or could not be."""
        return (self._pending / run_id).exists() or (self._failed / run_id).exists()

    def settle(self, run_id: str, receipt: Receipt, folder: RunFolder) -> None:
        """Note what became of a run, and take it out of the pending ones."""
        folder.receipts.mkdir(parents=True, exist_ok=True)
        write_whole(folder.receipts / f"{self.path.name}.json", msgspec.json.encode(receipt))
        if receipt.is_good:
            (self._pending / run_id).unlink(missing_ok=True)
        else:
            (self._pending / run_id).replace(self._failed / run_id)

    def retry(self, run_id: str, folder: RunFolder) -> None:
        """Make a run that failed pending again."""
        (folder.receipts / f"{self.path.name}.json").unlink(missing_ok=True)
        (self._failed / run_id).replace(self._pending / run_id)

    def has_courier(self) -> bool:
        """Tell whether a courier serves the store, or is being started."""
        descriptor = self._open_lock()
        try:
            return not _try_lock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    def take(self) -> int | None:
        """Take the courier's lock; None where a courier has it.

        Returns:
            The descriptor that holds the lock, in this process and in those that inherit it, until `release`.
        """
        descriptor = self._open_lock()
        while not _try_lock(descriptor, fcntl.LOCK_EX):
            if not _try_lock(descriptor, fcntl.LOCK_SH):
                os.close(descriptor)
                return None
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # somebody only looked
        return descriptor

    def release(self, descriptor: int) -> None:
        """Let the lock go, whoever has inherited it."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)

    def sign(self) -> None:
        """Write who holds the lock, for people, if the disk takes it."""
        with suppress(OSError):
            (self.path / "lock").write_text(str(os.getpid()))

    def forget(self, run_id: str) -> None:
        """Await a run no longer."""
        for folder in (self._pending, self._failed):
            (folder / run_id).unlink(missing_ok=True)

    def _open_lock(self) -> int:
        return os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


class Home:
    """A journal folder; making one touches nothing."""

    def __init__(self, path: Path | None = None) -> None:
        chosen = path or Path(os.environ.get("TAXIMETER_HOME") or DEFAULT_HOME)
        self.path = chosen.absolute()

    def run(self, run_id: str) -> RunFolder:
        """Return the folder of a run, which need not exist."""
        return RunFolder(self.path / "runs" / run_id)

    def create(self) -> None:
        """Make the folder where it does not exist, for its owner alone: diffs and locations are private.

        Raises:
            InputError: it cannot be made.
        """
        try:
            for folder in (self.path, self.path / "runs", self.path / "stores"):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not (self.path / ".gitignore").exists():
                (self.path / ".gitignore").write_text("*\n")
        except OSError as error:
            raise InputError(f"the journal folder {self.path} cannot be made: {error}; choose another.") from error

    def outbox(self, destination: Destination) -> Outbox:
        """Return the outbox of a store, which need not exist."""
        return Outbox(self.path / "stores" / destination.id)

    def outboxes(self) -> list[Outbox]:
        """Return the outbox of every store that a run of this folder went to."""
        return [
            Outbox(path) for path in sorted((self.path / "stores").glob("*/")) if (path / "store.json").exists()
        ]

    def forget(self, run_id: str) -> None:
        """Remove a run that could not begin, as far as that can be done."""
        for outbox in self.outboxes():
            with suppress(OSError):
                outbox.forget(run_id)
        shutil.rmtree(self.run(run_id).path, ignore_errors=True)

    def receipt(self, run_id: str, destination: Destination) -> Receipt | None:
        """Return what became of a run in a store, once that is known."""
        try:
            data = (self.run(run_id).receipts / f"{destination.id}.json").read_bytes()
        except FileNotFoundError:
            return None
        return msgspec.json.decode(data, type=Receipt)

    def awaited(self, run_id: str) -> bool:
        """Tell whether a store is still to be given the run, or could not be."""
        return any(outbox.awaits(run_id) for outbox in self.outboxes())


def _changed(entry: "os.DirEntry[str]") -> int:
    """Return when a file was made, in nanoseconds; one that was just removed counts as the newest."""
    try:
        return entry.stat().st_mtime_ns
    except FileNotFoundError:
        return sys.maxsize


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader finds all of it or the one before."""
    partial = path.with_name(f".{path.name}-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
