"""DVC experiments, the runs that DVCLive's own users save: commits under ``refs/exps``, read with Git alone."""

import os
import re
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from taximeter_dvclive.store import RunFolder

_LINE = re.compile(r"(?P<commit>\w+) (?P<saved>\d+) refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/(?P<name>.+)")
_NO_NETWORK = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
_FILES = ("100644", "100755")
_NANOSECONDS = 1_000_000_000


class Experiment(NamedTuple):
    """One experiment that has the store's folder in it."""

    name: str
    commit: str
    saved: int
    """When, in seconds."""


class Experiments:
    """The experiments of the Git repository around a store; none where there is no repository.

    The files of one experiment at a time are kept in a temporary folder.
    """

    def __init__(self, store: Path) -> None:
        self._root = next((folder for folder in (store, *store.parents) if (folder / ".git").exists()), store)
        self._folder = store.relative_to(self._root).as_posix()
        self._commit = ""
        self._files: Path | None = None

    def __iter__(self) -> Iterator[Experiment]:
        """Yield them, in the order of their names; of two with one name, the later has its commit beside it."""
        lines = self._git("for-each-ref", "--format=%(objectname) %(committerdate:unix) %(refname)", "refs/exps")
        matches = map(_LINE.fullmatch, lines.decode(errors="replace").splitlines())
        named = [match.group("name", "commit", "saved") for match in matches if match]
        seen: set[str] = set()
        held = self._held([commit for _, commit, _ in named])
        for name, commit, saved in sorted(named):
            if commit in held:
                yield Experiment(f"{name}-{commit[:7]}" if name in seen else name, commit, int(saved))
                seen.add(name)

    @property
    def repository(self) -> str:
        """The name of the repository's folder."""
        return self._root.name

    def find(self, name: str) -> RunFolder | None:
        """Return the files of an experiment, in a folder that is there until another one is asked for."""
        experiment = next((one for one in self if name in (one.name, one.commit)), None)
        if experiment is None:
            return None
        if self._files is None:
            self._files = Path(tempfile.mkdtemp(prefix="taximeter-"))
            weakref.finalize(self, shutil.rmtree, self._files, ignore_errors=True)
        root = self._files / self.repository
        if experiment.commit != self._commit:
            shutil.rmtree(root, ignore_errors=True)
            self._check_out(experiment, root)
            self._commit = experiment.commit
        return RunFolder(root / self._folder, experiment.name, self.repository, experiment.name)

    def _held(self, commits: list[str]) -> set[str]:
        """Return those of the commits in which the store is a DVCLive folder."""
        if not commits:
            return set()
        asked = "".join(f"{commit}:{self._folder}/metrics.json\n" for commit in commits)
        answers = self._git("cat-file", "--batch-check", text=asked).splitlines()
        return {
            commit for commit, answer in zip(commits, answers, strict=False) if not answer.endswith(b" missing")
        }

    def _check_out(self, experiment: Experiment, root: Path) -> None:
        """Write the files of the store's folder, and ``dvc.yaml`` beside it; no filter runs, no link is made."""
        beside = Path(self._folder).parent.as_posix()
        paths = [self._folder, "dvc.yaml" if beside == "." else f"{beside}/dvc.yaml"]
        listing = self._git("ls-tree", "-r", "-z", experiment.commit, "--", *paths)
        for line in filter(None, listing.decode(errors="surrogateescape").split("\0")):
            about, _, path = line.partition("\t")
            mode, _, blob = about.split(" ")
            file = root / path
            if mode in _FILES and ".." not in file.parts:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(self._git("cat-file", "blob", blob))
                os.utime(file, ns=(experiment.saved * _NANOSECONDS,) * 2)

    def _git(self, *arguments: str, text: str = "") -> bytes:
        """Return what Git says; nothing where it is not there, or finds no repository."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= _NO_NETWORK
        command = ["git", "--no-optional-locks", "-C", str(self._root), *arguments]
        try:
            done = subprocess.run(command, input=text.encode(), capture_output=True, check=False, env=environment)
        except FileNotFoundError:
            return b""
        return done.stdout if done.returncode == 0 else b""
