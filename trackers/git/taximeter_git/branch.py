"""The commits of one run: the first on top of the code's, then how the run gets on, and its end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock, Timer
from time import monotonic

import msgspec

from taximeter_git.content import Chunks, Content, LazyContent
from taximeter_git.importer import Commit, import_commits
from taximeter_git.repository import Repository

_FIRST_SECONDS = 0.2
_LIVE_SECONDS = 3.0
_PARTS_OF_AGE = 100
_BYTES_A_SECOND = 100_000


class Branch:
    """What a run's ref names, and what of it has changed since.

    Changes become a commit a moment later, by a timer, so that what was logged last is there when nothing else
    follows. The longer the run and the larger its files, the rarer: every commit has the changed files whole.

    Args:
        repository: where the ref is.
        ref: its full name.
        first: the commit that begins the run; it has no files.
        describe: returns the next commit without its files; it is called in the timer's thread.
    """

    def __init__(self, repository: Repository, ref: str, first: Commit, describe: Callable[[], Commit]) -> None:
        self._repository = repository
        self._ref = ref
        self._first = first
        self._describe = describe
        self._source: str | None = None
        self._tip: str | None = None
        self._files: dict[str, LazyContent] = {}
        self._changed: set[str] = set()
        self._lock = RLock()
        self._timer: Timer | None = None
        self._failure: Exception | None = None
        self._began = monotonic()
        self._due = self._began + _FIRST_SECONDS
        with self.changing():
            pass

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change the run's files, and what describes it, while no commit is made; one will be made later.

        Raises:
            TrackerError: the last one could not be made.
        """
        with self._lock:
            if self._failure:
                raise self._failure
            yield
            if self._timer is None:
                self._timer = Timer(max(self._due - monotonic(), 0), self._commit_later)
                self._timer.daemon = True
                self._timer.start()

    def put(self, path: str, content: LazyContent) -> None:
        """Set a file; call it while `changing`."""
        self._files[path] = content
        self._changed.add(path)

    def begin_at(self, source: str | None) -> None:
        """Put the run on top of another commit, with all its files; call it while `changing`."""
        if source != self._source:
            self._source, self._tip = source, None

    def commit(self, commit: Commit) -> None:
        """Make a commit of what has changed.

        Raises:
            TrackerError: git did not do it.
        """
        with self._lock:
            began = monotonic()
            begin = self._tip is None
            paths = sorted(self._files if begin else self._changed)
            commit = msgspec.structs.replace(commit, files={path: self._content(path) for path in paths})
            self._tip = import_commits(
                self._repository,
                self._ref,
                [self._first, commit] if begin else [commit],
                parent=self._source if begin else self._tip,
                begin=begin,
            )
            self._changed.clear()
            self._due = monotonic() + self._pause(began - self._began)

    def close(self) -> None:
        """Make no more commits."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
            self._timer = None

    def _commit_later(self) -> None:
        with self._lock:
            if self._timer is None:
                return
            self._timer = None
            try:
                self.commit(self._describe())
            except Exception as error:  # noqa: BLE001 - whoever changes the run next is told
                self._failure = error

    def _content(self, path: str) -> Content:
        content = self._files[path]
        return content() if callable(content) else content

    def _pause(self, age: float) -> float:
        """Return the seconds until the next commit."""
        size = sum(content.size for content in self._files.values() if isinstance(content, Chunks))
        return max(_LIVE_SECONDS, age / _PARTS_OF_AGE, size / _BYTES_A_SECOND)
