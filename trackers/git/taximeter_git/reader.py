"""Finds the commits of runs, and reads what is in them."""

import gzip
import logging
from collections.abc import Iterator
from functools import lru_cache
from typing import BinaryIO

from taximeter.errors import InputError, TrackerError
from taximeter.record import RunRecord
from taximeter.tracker import RunSummary
from taximeter_git import layout
from taximeter_git.commit import RunCommit, read_commit
from taximeter_git.names import ref_pattern
from taximeter_git.native import native_record
from taximeter_git.objects import Objects
from taximeter_git.repository import Repository
from taximeter_git.tree import Tree

_TREES_KEPT = 4

_logger = logging.getLogger(__name__)


class Reader:
    """The runs of a repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._objects = Objects(repository.git_dir)
        self._refs: dict[str, str] = {}
        self._tree = lru_cache(_TREES_KEPT)(self._read_tree)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield the run of every ref, oldest first."""
        commits = [commit for ref in self._repository.runs() if (commit := self._commit(ref))]
        for run in sorted(commits, key=lambda run: run.started):
            yield RunSummary(run.run_id, run.ref, run.experiment, run.name, run.status, run.started)

    def read_native(self, run_id: str) -> RunRecord:
        """Return what the message and the files of a run's commit tell."""
        commit = self._find(run_id)
        return native_record(commit, self._tree(commit.tree))

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Return the exact record, if the run's commit has one, whatever became of its other files."""
        tree = self._tree(self._find(run_id).tree)
        packed = tree.open(layout.RECORD)
        if packed is None and tree.problems:
            raise InputError(f"the exact record of {run_id} is damaged, if it has one: {tree.problems[0]}")
        if packed is None:
            return None
        try:
            with packed, gzip.open(packed) as lines:
                return RunRecord.from_lines(lines)
        except (OSError, EOFError) as error:
            raise InputError(f"the exact record of {run_id} is damaged: {error}") from error

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open an artifact.

        Raises:
            FileNotFoundError: there is no such artifact.
        """
        tree = self._tree(self._find(run_id).tree)
        file, _ = tree.artifacts.get(path, ("", ""))
        stream = tree.open(file)
        if stream is None:
            raise FileNotFoundError(f"{run_id} has no artifact {path!r}")
        return stream

    def _read_tree(self, name: str) -> Tree:
        tree = Tree(self._objects, *self._objects.tree(name))
        for problem in tree.problems:
            _logger.warning("%s", problem)
        return tree

    def _find(self, run_id: str) -> RunCommit:
        """Return the commit of a run by its id, its ref or the commit's own name.

        Raises:
            InputError: there is none.
        """
        for look in (self._look_up, self._look_for, self._look_through):
            if commit := look(run_id):
                self._refs[run_id] = commit.ref
                return commit
        raise InputError(f"{self._repository.git_dir} has no run {run_id!r}.")

    def _look_up(self, run_id: str) -> RunCommit | None:
        ref = self._refs.get(run_id)
        return self._commit(ref) if ref else None

    def _look_for(self, run_id: str) -> RunCommit | None:
        """Look where we put a run of this id, whatever its experiment."""
        commits = map(self._commit, self._repository.runs(ref_pattern(run_id)))
        return next((commit for commit in commits if commit and commit.run_id == run_id), None)

    def _look_through(self, run_id: str) -> RunCommit | None:
        for ref, oid in self._repository.runs().items():
            commit = self._commit(ref)
            if commit and run_id in {oid, ref, ref.removeprefix("refs/"), commit.run_id}:
                return commit
        return None

    def _commit(self, ref: str) -> RunCommit | None:
        """Return the run of a ref, unless the ref names something else, or nothing that can be read."""
        try:
            content = self._objects.read(f"{ref}^{{commit}}")
            if content is not None:
                return read_commit(ref, content)
            self._objects.need(ref).stream.close()  # something else than a commit
        except TrackerError as error:
            _logger.warning("%s is left out: %s", ref, error)
        return None
