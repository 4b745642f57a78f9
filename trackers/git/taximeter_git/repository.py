"""A repository: found, made where there is none, and asked what it holds."""

import os
import re
import tempfile
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from threading import Lock

from taximeter.errors import TrackerError
from taximeter_git import REFS
from taximeter_git.command import last_words, run_git, try_git

_NOBODY = "taximeter <taximeter@localhost>"


class Repository:
    """A repository by its git folder, which all its work trees share."""

    def __init__(self, git_dir: Path) -> None:
        self.git_dir = git_dir
        self.writing = Lock()
        """Held while a commit is written, so that a sweep's runs do not all start git at once."""
        self.has_commit = cache(self._has_commit)

    @cached_property
    def identity(self) -> str:
        """Who commits: the user as git knows them, or taximeter itself."""
        given = try_git(["var", "GIT_AUTHOR_IDENT"], self.git_dir)
        known = re.fullmatch(r"([^<>\n]*<[^<>\n]*>) \d+ [+-]\d+\n", given.stdout.decode(errors="replace"))
        return known[1] if known and not given.returncode else _NOBODY

    def _has_commit(self, commit: str | None) -> bool:
        """Tell whether `commit` is the full name of a commit that is here."""
        if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", commit or ""):
            return False
        return not try_git(["cat-file", "-e", f"{commit}^{{commit}}"], self.git_dir).returncode

    def runs(self, pattern: str = REFS) -> dict[str, str]:
        """Return the objects that the runs' refs name, by the refs' full names."""
        listed = run_git(["for-each-ref", "--format=%(objectname) %(refname)", pattern], self.git_dir)
        lines = os.fsdecode(listed).removesuffix("\n").split("\n")
        return {ref: oid for oid, _, ref in (line.partition(" ") for line in lines) if ref}

    def store_file(self, file: Path) -> str:
        """Keep the bytes of `file`, unless they are there already, and return the name of the object."""
        with file.open("rb") as stream:
            stored = run_git(["hash-object", "-w", "--stdin"], self.git_dir, stdin=stream)
        return stored.decode().strip()

    def files(self) -> Iterator[Path]:
        """Yield the folders of the objects and of the runs' refs, and what makes a folder a repository."""
        yield from (self.git_dir / name for name in ("objects", REFS, "HEAD", "config"))


def find_repository(folder: Path) -> Repository | None:
    """Return the repository that `folder` is, or lies in, if there is one.

    Raises:
        TrackerError: git refuses it.
    """
    if _is_bare(folder):
        return Repository(folder.absolute())
    if not folder.is_dir():
        return None
    done = try_git(["rev-parse", "--git-common-dir"], folder=folder)
    if not done.returncode:
        return Repository((folder / os.fsdecode(done.stdout.removesuffix(b"\n"))).resolve())
    if b"not a git repository" in done.stderr:
        return None
    raise TrackerError(f"git refuses {folder}: {last_words(done.stderr)}")


def make_repository(folder: Path) -> Repository:
    """Return the repository that `folder` is or lies in; where there is none, make one, in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    return find_repository(folder) or make_apart(folder)


def make_apart(folder: Path) -> Repository:
    """Make a folder that is there a repository, in one step, whatever it lies in."""
    with tempfile.TemporaryDirectory(prefix=".taximeter-", dir=folder) as partial:
        _init(partial)
        try:
            Path(partial, ".git").rename(folder / ".git")
        except OSError:
            if not (folder / ".git").is_dir():  # else somebody else was faster
                raise
    return Repository((folder / ".git").resolve())


def _init(folder: str) -> None:
    done = try_git(["init", "--quiet", "--template=", folder])
    if done.returncode:
        raise TrackerError(f"git makes no repository: {last_words(done.stderr)}")


def has_runs(path: Path) -> bool:
    """Tell whether `path` is the top or the git folder of a repository with a run."""
    if not ((path / ".git").exists() or _is_bare(path)):
        return False
    try:
        found = find_repository(path)
        return bool(found and run_git(["for-each-ref", "--count=1", REFS], found.git_dir))
    except TrackerError:  # git is not there, or refuses it
        return False


def _is_bare(path: Path) -> bool:
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()
