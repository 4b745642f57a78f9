"""A database of SQLite is read as its last completed transaction left it, and nothing on disk changes."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from taximeter.errors import InputError
from taximeter.sqlite_files import columns, is_database, read_unchanged, state_of
from taximeter.testing.safety import digests

CRASH = """
import os, signal, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("INSERT INTO points VALUES ('committed')")
database.execute("PRAGMA cache_size = 1")
database.execute("BEGIN")
database.execute("UPDATE points SET name = 'torn'")
database.executemany("INSERT INTO points VALUES (?)", [(f"{number:09000}",) for number in range(100)])
os.kill(os.getpid(), signal.SIGKILL)
"""

WRITE = """
import sqlite3, sys
path, stays = sys.argv[1:]
print("begun", flush=True)
database = sqlite3.connect(path, isolation_level=None, timeout=60)
for number in range(600):
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA wal_autocheckpoint = 20")
    database.execute("BEGIN IMMEDIATE")
    for table in ("points", "pairs"):
        database.execute(f"INSERT INTO {table} VALUES (?)", (f"{number:01000}",))
    database.execute("COMMIT")
    if stays == "closes" and number % 40 == 0:
        database.close()
        database = sqlite3.connect(path, isolation_level=None, timeout=60)
"""

READ = """
import sys
from pathlib import Path
from taximeter.sqlite_files import read_unchanged
query = "SELECT name FROM points"
print(*read_unchanged(Path(sys.argv[1]), lambda database: [name for (name,) in database.execute(query)]))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A path whose characters mean something in a URI."""
    folder = tmp_path / "50% of a?b#c"
    folder.mkdir()
    return folder / "points é.db"


def connect(path: Path) -> sqlite3.Connection:
    """Open a database as its writer does."""
    return sqlite3.connect(path, isolation_level=None, timeout=60.0)


def make(path: Path, mode: str) -> None:
    """Make a database with one point, and close it."""
    with closing(connect(path)) as database:
        database.execute(f"PRAGMA journal_mode = {mode}")
        database.execute("CREATE TABLE points (name TEXT)")
        database.execute("CREATE TABLE pairs (name TEXT)")
        add(database, "first")


def add(database: sqlite3.Connection, name: str) -> None:
    """Add a point."""
    database.execute("INSERT INTO points VALUES (?)", (name,))


def add_and_close(path: Path, name: str) -> None:
    """Add a point as a writer that keeps no connection."""
    with closing(connect(path)) as database:
        add(database, name)


def kill_writer(path: Path) -> None:
    """Have a process add a point, and be killed in the midst of its next transaction."""
    done = subprocess.run([sys.executable, "-c", CRASH, path], check=False)
    assert done.returncode == -signal.SIGKILL


def names(database: sqlite3.Connection) -> list[Any]:
    """Return the points."""
    return [name for (name,) in database.execute("SELECT name FROM points ORDER BY rowid")]


@contextmanager
def no_copies() -> Iterator[None]:
    """Let no copy be made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", "/nonexistent")
        yield


@pytest.fixture
def while_copied(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Return what has something done each time after a file was copied."""

    def arrange(change: Callable[[], object]) -> None:
        def disturbed(source: Path, target: Path) -> None:
            plain(source, target)
            change()

        monkeypatch.setattr("taximeter.sqlite_files.shutil.copyfile", disturbed)

    plain = shutil.copyfile
    return arrange


@pytest.mark.parametrize("mode", ["DELETE", "TRUNCATE", "PERSIST", "WAL"])
def test_a_closed_database_is_read_where_it_lies(path: Path, mode: str) -> None:
    """Whether its header says that it has a log or not."""
    make(path, mode)
    before = digests(path.parent)
    with no_copies():
        assert read_unchanged(path, names) == ["first"]
    assert digests(path.parent) == before


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_what_an_open_writer_committed_is_read(path: Path, mode: str) -> None:
    """And nothing of the transaction that it is in."""
    make(path, mode)
    with closing(connect(path)) as database:
        add(database, "committed")
        database.execute("BEGIN IMMEDIATE")
        add(database, "not yet")
        before = digests(path.parent)
        assert any(name.endswith(("-wal", "-journal")) for name in before)
        assert read_unchanged(path, names) == ["first", "committed"]
        assert digests(path.parent) == before


@pytest.mark.parametrize(("mode", "torn"), [("DELETE", ""), ("WAL", "-wal")])
def test_what_a_killed_writer_left_is_neither_read_nor_repaired(path: Path, mode: str, torn: str) -> None:
    """A copy is repaired, and the database stays torn."""
    make(path, mode)
    kill_writer(path)
    before = digests(path.parent)
    assert path.with_name(path.name + torn).stat().st_size > 100_000
    assert read_unchanged(path, names) == ["first", "committed"]
    assert digests(path.parent) == before


def test_a_journal_is_heeded_beside_a_header_that_says_log(path: Path) -> None:
    """As a crash leaves them when it comes before the journal is deleted."""
    make(path, "DELETE")
    kill_writer(path)
    journal = path.with_name(f"{path.name}-journal")
    content = journal.read_bytes()
    with closing(connect(path)) as database:
        database.execute("UPDATE points SET name = 'torn'")
        database.execute("PRAGMA journal_mode = WAL")
    journal.write_bytes(content)
    before = digests(path.parent)
    assert read_unchanged(path, names) == ["first", "committed"]
    assert digests(path.parent) == before


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
@pytest.mark.parametrize("stays", ["stays", "closes"])
def test_a_database_is_whole_while_another_process_writes(path: Path, mode: str, stays: str) -> None:
    """Each time it is read, it holds whole transactions, and never fewer than before."""
    make(path, mode)
    command = [sys.executable, "-c", WRITE, str(path), stays]
    seen = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        writer.stdout.readline()
        while writer.poll() is None:
            seen.append(read_unchanged(path, counts))
    assert writer.returncode == 0
    seen.append(read_unchanged(path, counts))
    assert [points - 1 for points, _ in seen] == [pairs for _, pairs in seen]
    assert seen == sorted(seen)
    assert seen[-1] == (601, 600)


def counts(database: sqlite3.Connection) -> tuple[int, int]:
    """Return the numbers of rows of both tables, which each transaction adds to, once the pages are in order."""
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    points, pairs = database.execute(
        "SELECT (SELECT COUNT(*) FROM points), (SELECT COUNT(*) FROM pairs)"
    ).fetchone()
    return points, pairs


def test_a_reading_that_a_writer_came_into_is_done_again(path: Path) -> None:
    """Whether it failed or not: what it saw may have been torn."""
    make(path, "WAL")
    for failure in (None, ValueError("torn"), InputError("there is no such run")):
        calls: list[str] = []

        def read(
            database: sqlite3.Connection, calls: list[str] = calls, failure: Exception | None = failure
        ) -> Any:
            calls.append("read")
            if len(calls) == 1:
                add_and_close(path, "later")
                if failure:
                    raise failure
            return names(database)

        assert read_unchanged(path, read)[-1] == "later"
        assert len(calls) == 2


def test_one_reading_sees_one_transaction(path: Path) -> None:
    """A writer of a database without a log waits meanwhile."""
    make(path, "DELETE")

    def read(database: sqlite3.Connection) -> list[list[str]]:
        first = names(database)
        writer = closing(sqlite3.connect(path, timeout=0.0, isolation_level=None))
        with writer as other, pytest.raises(sqlite3.OperationalError, match="locked"):
            add(other, "later")
        return [first, names(database)]

    assert read_unchanged(path, read) == [["first"], ["first"]]


def test_a_log_that_grows_while_it_is_copied_is_no_obstacle(
    path: Path, while_copied: Callable[[Callable[[], object]], None]
) -> None:
    """Whatever is copied of it completes the database; no second copy is made."""
    make(path, "WAL")
    copied: list[str] = []
    with closing(connect(path)) as database:

        def grow() -> None:
            copied.append("a file")
            add(database, "later")

        add(database, "second")
        while_copied(grow)
        assert read_unchanged(path, names) == ["first", "second", "later"]
    assert len(copied) == 2


def test_a_log_that_is_begun_anew_while_it_is_copied_is_copied_again(
    path: Path, while_copied: Callable[[Callable[[], object]], None]
) -> None:
    """The database may have been copied before, and the log after."""
    make(path, "WAL")
    left = iter(["second"])
    with closing(connect(path)) as database:

        def begin_anew() -> None:
            for name in left:
                database.execute("PRAGMA wal_checkpoint(RESTART)")
                add(database, name)

        add(database, "log")
        while_copied(begin_anew)
        assert read_unchanged(path, names) == ["first", "log", "second"]


def test_a_database_that_never_keeps_still_is_an_input_error(
    path: Path, while_copied: Callable[[Callable[[], object]], None]
) -> None:
    """Unless its writers can be held."""
    make(path, "WAL")
    held = []

    @contextmanager
    def writers_held() -> Iterator[None]:
        held.append("held")
        yield
        held.append("let go")

    def write() -> None:
        if not held:
            add_and_close(path, "later")

    def read(database: sqlite3.Connection) -> int:
        write()
        return len(names(database))

    while_copied(write)
    with pytest.raises(InputError, match=r"points é\.db cannot be read: it is written to all the time\."):
        read_unchanged(path, read)
    assert read_unchanged(path, read, writers_held=writers_held) > 1
    assert held == ["held", "let go"]


@pytest.mark.parametrize("content", [b"SQLite format 3\0" + b"x" * 5000, b"no database", None])
def test_what_is_no_database_is_an_input_error(path: Path, content: bytes | None) -> None:
    """A torn one, a file of another kind, and none; nothing is made there."""
    if content:
        path.write_bytes(content)
    before = digests(path.parent)
    with pytest.raises(InputError, match=r"points é\.db cannot be read"):
        read_unchanged(path, names)
    assert digests(path.parent) == before


def test_what_the_tables_lack_is_an_input_error(path: Path) -> None:
    """An error of the reader's own comes through as it is."""
    make(path, "WAL")
    with pytest.raises(InputError, match=r"points é\.db cannot be read: no such table: runs"):
        read_unchanged(path, lambda database: database.execute("SELECT * FROM runs"))

    def read(database: sqlite3.Connection) -> None:
        raise InputError(f"there is no run {names(database)}.")

    with pytest.raises(InputError, match=r"^there is no run \['first'\]\.$"):
        read_unchanged(path, read)


@pytest.mark.parametrize(("mode", "is_open"), [("DELETE", False), ("WAL", False), ("WAL", True)])
def test_a_database_in_a_folder_that_is_read_only_is_read(path: Path, mode: str, *, is_open: bool) -> None:
    """By a process that may not write there."""
    bound = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    if bound and not shutil.which("setpriv"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "root may write everywhere; install util-linux for setpriv"
        )
    make(path, mode)
    with closing(connect(path)) as writer:
        if is_open:
            add(writer, "second")
        before = digests(path.parent)
        path.parent.chmod(0o555)
        assert subprocess.run([*bound, "touch", path.parent / "new"], check=False).returncode != 0
        done = subprocess.run(
            [*bound, sys.executable, "-c", READ, path], capture_output=True, text=True, check=True
        )
        assert digests(path.parent) == before
        path.parent.chmod(0o755)
    assert done.stdout.split() == ["first", "second"][: 1 + is_open]


def test_texts_that_are_not_utf_8_are_read_with_a_factory(path: Path) -> None:
    """From the database, and from a copy."""
    make(path, "WAL")
    with closing(connect(path)) as database:
        database.execute("INSERT INTO points VALUES (CAST(x'ff41' AS TEXT))")
        with pytest.raises(InputError, match="Could not decode"):
            read_unchanged(path, names)
        assert read_unchanged(path, names, text_factory=bytes) == [b"first", b"\xffA"]
    assert read_unchanged(path, names, text_factory=bytes) == [b"first", b"\xffA"]


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_the_state_changes_with_each_transaction(path: Path, mode: str) -> None:
    """And with none of ours."""
    make(path, mode)
    with closing(connect(path)) as database:
        for name in ("second", "third" * 2000):
            before = state_of(path)
            read_unchanged(path, names)
            assert state_of(path) == before
            add(database, name)
            assert state_of(path) != before


def test_a_table_that_is_missing_has_no_columns(path: Path) -> None:
    """As in databases of older versions."""
    make(path, "DELETE")
    assert read_unchanged(path, lambda database: columns(database, "points")) == {"name"}
    assert read_unchanged(path, lambda database: columns(database, "runs")) == set()


def test_a_database_is_told_by_its_header(path: Path) -> None:
    """A folder, or a file of another format, is none."""
    (path.parent / "text.db").write_text("SQLite format 4")
    make(path, "DELETE")
    assert [is_database(file) for file in (path, path.parent, path.parent / "text.db", path / "none")] == [
        True,
        False,
        False,
        False,
    ]
