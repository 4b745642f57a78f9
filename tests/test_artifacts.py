"""An artifact is copied into the journal as it was at one moment, or not at all."""

import itertools
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import psutil
import pytest

from taximeter import files, start_run
from taximeter.errors import InputError, JournalError
from taximeter.files import keep_copy
from taximeter.run import Run

SIZE = 4_000_000


@pytest.fixture
def run() -> Run:
    """A run that goes to no store, so that its journal stays."""
    return start_run(experiment="taxi")


@pytest.fixture
def disturb(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what has something done in the middle of the next readings of files of a size."""

    def arrange(change: Callable[[], object], readings: int, size: int = SIZE) -> None:
        left = itertools.count(1)

        def disturbed(source: BinaryIO, length: int) -> Iterator[bytes]:
            chunks = plain(source, length)
            if length == size and next(left) <= readings:
                yield next(chunks)
                change()
            yield from chunks

        plain = files._chunks
        monkeypatch.setattr(files, "_chunks", disturbed)

    return arrange


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of some size, written a while ago."""
    file = tmp_path / "checkpoint.bin"
    file.write_bytes(b"a" * SIZE)
    os.utime(file, (1e9, 1e9))
    return file


def rewrite(file: Path, letters: Iterator[bytes]) -> None:
    """Write a file anew, in place, with another letter."""
    with file.open("r+b") as stream:
        stream.write(next(letters) * SIZE)


def cut(file: Path) -> None:
    """Take half of a file away."""
    os.truncate(file, SIZE // 2)


@pytest.mark.parametrize("way", [rewrite, lambda file, _: cut(file)])
def test_a_file_that_is_changed_once_is_copied_again(
    run: Run, file: Path, disturb: Callable[..., None], way: Callable[[Path, Iterator[bytes]], None]
) -> None:
    """What is kept is the later state, whole."""
    disturb(lambda: way(file, iter([b"b"])), readings=1)
    run.log_artifact(file)
    assert run.record().artifacts["checkpoint.bin"].sha256 == sha256(file.read_bytes()).hexdigest()
    assert file.read_bytes() != b"a" * SIZE


def test_a_change_that_the_files_time_does_not_show_is_found(
    run: Run, file: Path, disturb: Callable[..., None]
) -> None:
    """A write that had begun before the copy leaves no later time."""
    os.utime(file)
    state = file.stat()

    def change() -> None:
        rewrite(file, iter([b"b"]))
        os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))

    disturb(change, readings=1)
    run.log_artifact(file)
    assert run.record().artifacts["checkpoint.bin"].sha256 == sha256(b"b" * SIZE).hexdigest()


def test_a_file_that_is_written_anew_all_the_time_is_refused(
    run: Run, file: Path, disturb: Callable[..., None]
) -> None:
    """Half of one state and half of another is neither; it can be logged when it is done."""
    letters = itertools.cycle([b"b", b"c"])
    disturb(lambda: rewrite(file, letters), readings=10)
    with pytest.raises(InputError, match=r"'.*checkpoint.bin' changed each time it was read"):
        run.log_artifact(file)
    assert run.record().artifacts == {}
    run.log_artifact(file)
    assert run.record().artifacts["checkpoint.bin"].sha256 == sha256(file.read_bytes()).hexdigest()


def test_a_file_that_is_removed_while_it_is_read_is_kept(
    run: Run, file: Path, disturb: Callable[..., None]
) -> None:
    """Whoever has it open reads all of it."""
    disturb(file.unlink, readings=1)
    run.log_artifact(file)
    assert run.record().artifacts["checkpoint.bin"].sha256 == sha256(b"a" * SIZE).hexdigest()


def test_a_file_that_grows_while_it_is_read_is_kept_as_it_was(
    run: Run, file: Path, disturb: Callable[..., None]
) -> None:
    """A log may be kept while it is written to."""

    def grow() -> None:
        with file.open("ab") as stream:
            stream.write(b"more")

    disturb(grow, readings=1)
    run.log_artifact(file)
    assert run.record().artifacts["checkpoint.bin"].sha256 == sha256(b"a" * SIZE).hexdigest()


def test_a_file_of_the_system_that_tells_no_size_is_kept(run: Run) -> None:
    """Such as what the kernel says of the machine."""
    run.log_artifact("/proc/version")
    assert run.record().artifacts["version"].size == len(Path("/proc/version").read_bytes())


def test_a_file_that_vanishes_before_it_is_opened_is_told(tmp_path: Path) -> None:
    """By its name, and nothing is left of it."""
    with pytest.raises(InputError, match=r"gone.bin' cannot be read: No such file"):
        keep_copy(tmp_path / "gone.bin", tmp_path / "kept", "gone.bin")
    assert not list((tmp_path / "kept").iterdir())


def test_a_folder_is_kept_whole_or_not_at_all(run: Run, file: Path, disturb: Callable[..., None]) -> None:
    """A file of it that cannot be kept keeps the others out."""
    (file.parent / "model").mkdir()
    (file.parent / "model" / "a.bin").write_bytes(b"a")
    file = file.rename(file.parent / "model" / "b.bin")
    letters = itertools.cycle([b"b", b"c"])
    disturb(lambda: rewrite(file, letters), readings=10)
    with pytest.raises(InputError, match=r"b\.bin"):
        run.log_artifact(file.parent)
    assert run.record().artifacts == {}
    run.log_artifact(file.parent)
    assert sorted(run.record().artifacts) == ["model/a.bin", "model/b.bin"]


@contextmanager
def full_disk() -> Iterator[None]:
    """Keep files from growing, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


def test_a_full_disk_is_told_and_the_artifact_can_be_logged_again(run: Run, tmp_path: Path) -> None:
    """It is no fault of the file's, and there is nothing half of it."""
    file = tmp_path / "a.bin"
    file.write_bytes(b"a" * SIZE)
    with full_disk(), pytest.raises(JournalError, match=r"'a\.bin' could not be copied into the journal"):
        run.log_artifact(file)
    assert run.record().artifacts == {}
    run.log_artifact(file)
    assert run.record().artifacts["a.bin"].size == SIZE


def test_a_run_that_cannot_be_written_down_does_not_begin(home: Path) -> None:
    """It is told in one sentence, and nothing of it is left."""
    with start_run(trackers=["null"], experiment="taxi"):
        pass
    before, files_open = sorted((home / "runs").iterdir()), psutil.Process().num_fds()
    with full_disk_from_the_first_byte(), pytest.raises(InputError, match="cannot be written to") as raised:
        start_run(trackers=["null"], experiment="taxi")
    assert str(home) in str(raised.value)
    assert sorted((home / "runs").iterdir()) == before
    assert psutil.Process().num_fds() == files_open
    with start_run(trackers=["null"], experiment="taxi") as run:
        pass
    assert all(receipt.is_good for receipt in run.receipts.values())


@contextmanager
def full_disk_from_the_first_byte() -> Iterator[None]:
    """Keep even small files from being written."""
    with full_disk():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        yield


def test_a_journal_folder_that_nobody_may_write_to_is_told(home: Path) -> None:
    """Also where it was made before."""
    with start_run(experiment="taxi"):
        pass
    (home / "runs").rename(home / "aside")
    (home / "runs").touch()
    with pytest.raises(InputError, match="cannot be"):
        start_run(experiment="taxi")
