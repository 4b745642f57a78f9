"""Keeps a test of the suite from the network and from the user's folders, and its child processes too."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from taximeter.record import RunRecord
from taximeter.testing.guard import sitecustomize as guard
from taximeter.testing.recording import StagedRun, record_run
from taximeter.testing.staging import full_run, id_of
from taximeter.testing.subject import Subject
from taximeter.tracker import Feature, Tracker

_PATIENCE_SECONDS = 300
_FOLDERS = ("home", "current", "temporary")


class Fence:
    """Folders that stand in for the user's own, in which no tracker may leave anything, and a log of attempts."""

    def __init__(self, root: Path, subject: Subject) -> None:
        self.root = root
        self.home, self.current, self.temporary = (root / name for name in _FOLDERS)
        self._log = root / "network.log"
        self._log.touch()
        for folder in (self.home, self.current, self.temporary):
            folder.mkdir()
        self.variables = {
            guard.LOG: str(self._log),
            guard.ADMITTED: ",".join(subject.looks_up),
            "HOME": str(self.home),
            "PYTHONPATH": os.pathsep.join([str(Path(guard.__file__).parent), *_python_path()]),
        }

    def attempts(self) -> list[str]:
        """Return the attempts to leave this machine since the last call."""
        lines = self._log.read_text().splitlines()
        self._log.write_text("")
        return lines

    def strays(self) -> list[str]:
        """Return the files that lie in the folders in which none may lie."""
        folders = (self.home, self.current, self.temporary)
        return sorted(str(file.relative_to(self.root)) for folder in folders for file in folder.rglob("*"))

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start Python as couriers and readers are started, with a folder of its own for temporary files."""
        return subprocess.Popen(
            [sys.executable, "-P", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.current,
            env=os.environ | self.variables | {"TMPDIR": str(self.temporary)},
        )

    def run(self, *arguments: str) -> str:
        """Run Python to its end and return what it printed."""
        return printed_by(self.start(*arguments))


def printed_by(process: "subprocess.Popen[str]") -> str:
    """Wait for a process that must succeed, and return what it printed."""
    with process:
        try:
            output, problem = process.communicate(timeout=_PATIENCE_SECONDS)
        finally:
            process.kill()
    assert process.returncode == 0, (problem.strip().splitlines() or ["it said nothing"])[-1]
    return output


def _python_path() -> list[str]:
    """Return the folders of ``PYTHONPATH`` as they are seen from any other folder."""
    return [os.path.abspath(path) for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]  # noqa: PTH100 - links stay


class Shelf:
    """A store in a folder of its own, which is opened anew for each use."""

    def __init__(self, subject: Subject, root: Path) -> None:
        self.subject = subject
        self.root = root
        self.folder = root / "store"
        self.folder.mkdir(parents=True)

    def open(self) -> Tracker:
        """Return the tracker."""
        return self.subject.store(self.folder)

    def record(self, run: StagedRun) -> RunRecord:
        """Record a run and return what must now be read back."""
        return record_run(self.open(), run, self.root / "artifacts")


def has_paths(kind: type[Tracker]) -> bool:
    """Tell whether stores of a tracker are files or folders that can be found by their path."""
    return getattr(kind.recognises, "__func__", None) is not getattr(Tracker.recognises, "__func__", None)


def assert_points_are_shown(kind: type[Tracker], native: RunRecord, record: RunRecord) -> None:
    """Check that the native view has each point once and in order, unless the tracker has no place for points."""
    if Feature.METRICS in kind.features:
        assert list(native.metrics["loss"].steps) == list(record.metrics["loss"].steps)
        assert list(native.metrics["loss"].values) == list(record.metrics["loss"].values)


class FencedSuite:
    """What every part of the suite has: a test that meets the network or leaves a file in HOME fails.

    A suite is a class with a fixture ``subject``, of scope ``class``, that returns a `Subject`.
    """

    @pytest.fixture(scope="class")
    @classmethod
    def fence(cls, subject: Subject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fence]:
        """Put the fence up for a class."""
        guard.install()
        fence = Fence(tmp_path_factory.mktemp("fence"), subject)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in fence.variables.items():
                patch.setenv(name, value)
            patch.chdir(fence.current)
            yield fence

    @pytest.fixture(autouse=True)
    def inside(self, fence: Fence, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
        """Run each test in the fence, with a journal folder of its own."""
        monkeypatch.chdir(fence.current)
        monkeypatch.setenv("TAXIMETER_HOME", str(tmp_path / ".taximeter"))
        yield
        assert fence.attempts() == [], "nothing may leave this machine"

    @pytest.fixture
    def shelf(self, subject: Subject, tmp_path: Path) -> Shelf:
        """A store that does not exist yet."""
        return Shelf(subject, tmp_path / "shelf")

    @pytest.fixture(scope="class")
    @classmethod
    def archive(cls, subject: Subject, fence: Fence) -> Shelf:
        """A store that the tests of a class share; each adds runs of its own."""
        return Shelf(subject, fence.root / "archive")

    @pytest.fixture(scope="class")
    @classmethod
    def settled(cls, subject: Subject, fence: Fence) -> tuple[Shelf, RunRecord, RunRecord]:
        """A store that three processes made at once: one of its runs exactly, and natively."""
        shelf = Shelf(subject, fence.root / "settled")
        location = shelf.open().location
        run_ids = [id_of(f"settled {number}") for number in range(3)]
        arguments = ("-m", "taximeter.testing.child", subject.name, location, str(shelf.root))
        with ExitStack() as stack:
            processes = [stack.enter_context(fence.start(*arguments, run_id)) for run_id in run_ids]
            for process in processes:
                assert process.stdout
                process.stdout.readline()
            (shelf.root / "go").touch()
            for process in processes:
                printed_by(process)
        return shelf, full_run(run_ids[0]).record, shelf.open().read(run_ids[0], native=True)
