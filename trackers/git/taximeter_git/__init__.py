"""Git: every run a commit on a ref of its own, its facts as files in the tree."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar

from taximeter.errors import InputError
from taximeter.events import Started
from taximeter.record import RunRecord
from taximeter.tracker import Feature, Gap, RunSummary, RunWriter, Tracker
from taximeter.ui import TerminalUI

if TYPE_CHECKING:
    from taximeter_git.reader import Reader
    from taximeter_git.repository import Repository

REFS = "refs/taximeter"


class GitTracker(Tracker):
    """A git repository, or a folder inside one; runs are commits below ``refs/taximeter``."""

    name = "git"
    features = frozenset(Feature) - {Feature.FIGURES, Feature.TABLES}
    gaps: ClassVar = {
        Feature.FIGURES: Gap("not theirs", "git shows no image, it only tells that it changed"),
        Feature.TABLES: Gap("not theirs", "git shows a CSV file as lines of text, and Parquet not at all"),
    }
    ui = TerminalUI(
        command=f"git -C {{location}} log --no-walk --glob={REFS}",
        show="cd {location}; git show --quiet {run}; git show {run}:params.json {run}:metrics.json",
        shows=("{name}", '"{metric}"'),
        caption="The run's commit in git, and its files of params and of the last values of its metrics.",
        lines=90,
        environment={"GIT_PAGER": "cat"},
    )

    @classmethod
    def location_in(cls, folder: Path) -> str:
        """Return the folder itself."""
        return str(folder)

    @classmethod
    def set_apart(cls, folder: Path) -> None:
        """Make the folder a repository of its own."""
        from taximeter_git.repository import make_apart  # noqa: PLC0415 - the vendor is met here only

        make_apart(folder)

    @classmethod
    def recognises(cls, path: Path) -> bool:
        """Tell whether `path` is the top or the git folder of a repository with runs."""
        from taximeter_git.repository import has_runs  # noqa: PLC0415 - what a listing does not need

        return has_runs(path)

    def open_run(self, started: Started) -> RunWriter:
        """Begin the run's ref, or begin it anew; a repository is made where there is none.

        Raises:
            TrackerError: there can be none.
        """
        from taximeter_git.repository import make_repository  # noqa: PLC0415 - the vendor is met here only
        from taximeter_git.writer import GitWriter  # noqa: PLC0415 - as above

        if self._repository is None:
            self._repository = make_repository(Path(self.location))
        return GitWriter(self._repository, started)

    def list_runs(self) -> Iterator[RunSummary]:
        """Yield every commit that a ref below ``refs/taximeter`` names, oldest first."""
        if self._found_repository():
            yield from self._reader.list_runs()

    def read_native(self, run_id: str) -> RunRecord:
        """Read the files and the message of the run's commit."""
        return self._reader.read_native(run_id)

    def read_exact(self, run_id: str) -> RunRecord | None:
        """Read the file of the run's commit that holds the exact record."""
        return self._reader.read_exact(run_id)

    def open_artifact(self, run_id: str, path: str) -> BinaryIO:
        """Open a file of the run's commit."""
        return self._reader.open_artifact(run_id, path)

    def files(self) -> Iterator[Path]:
        """Yield the objects and refs of the repository, its code's among them."""
        repository = self._found_repository()
        yield from repository.files() if repository else ()

    _repository: "Repository | None" = None

    def _found_repository(self) -> "Repository | None":
        from taximeter_git.repository import find_repository  # noqa: PLC0415 - what a listing does not need

        if self._repository is None:
            self._repository = find_repository(Path(self.location))
        return self._repository

    @cached_property
    def _reader(self) -> "Reader":
        from taximeter_git.reader import Reader  # noqa: PLC0415 - what a listing of trackers does not need

        repository = self._found_repository()
        if repository is None:
            raise InputError(f"{self.location} is no git repository, nor does it lie in one.")
        return Reader(repository)
