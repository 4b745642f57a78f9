"""Where an MLflow store is: a database of SQLite, a folder of the file store, or a tracking server."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

import msgspec

from taximeter import sqlite_files
from taximeter.errors import InputError

Kind = Literal["sqlite", "folder", "other"]

ARTIFACTS = "mlruns"
SERVER_ARTIFACTS = "mlartifacts"
_DATABASES = {"postgresql", "mysql", "mssql"}
_META_BYTES = 1 << 16
_TABLES = {"experiments", "runs", "metrics", "params", "tags"}
_EXPERIMENT_META = re.compile(r"^(artifact_location|experiment_id|lifecycle_stage):", re.MULTILINE)


class Location(msgspec.Struct, frozen=True):
    """A store's tracking URI, and its database or folder where it lies on this machine."""

    kind: Kind
    uri: str
    path: Path

    @classmethod
    def parse(cls, location: str) -> Self:
        """Return the location that a tracking URI or a path names; relative ones begin at the current directory.

        Raises:
            InputError: it names no store, or one that lives in memory.
        """
        if re.match(r"sqlite(\+\w+)?:", location):
            return cls._parse_sqlite(location)
        scheme = urlsplit(location).scheme
        if scheme == "file":
            return cls._parse_path(Path(unquote(urlsplit(location).path)))
        if scheme or location.startswith("databricks"):
            return cls("other", location, Path())
        if not location:
            raise InputError("an MLflow store needs a tracking URI, like sqlite:///mlflow.db.")
        return cls._parse_path(Path(location))

    @classmethod
    def _parse_sqlite(cls, location: str) -> Self:
        head, _, rest = location.partition(":///")
        name, mark, options = rest.partition("?")
        if name in {"", ":memory:"}:
            raise InputError(f"{location!r} keeps nothing; name a file, like sqlite:///mlflow.db.")
        path = Path(unquote(name)).absolute()
        return cls("sqlite", f"{head}:///{quoted(path)}{mark}{options}", path)

    @classmethod
    def _parse_path(cls, path: Path) -> Self:
        path = path.absolute()
        if sqlite_files.is_database(path):
            return cls("sqlite", f"sqlite:///{quoted(path)}", path)
        return cls("folder", path.as_uri(), path)

    @property
    def folder(self) -> Path:
        """The folder that holds everything of the store."""
        return self.path.parent if self.kind == "sqlite" else self.path

    @property
    def is_database(self) -> bool:
        """Whether MLflow would open it with SQL."""
        return self.kind == "sqlite" or self.uri.partition(":")[0].partition("+")[0] in _DATABASES

    @property
    def is_server(self) -> bool:
        """Whether everything goes through a server, in requests of limited size."""
        return self.kind == "other" and not self.is_database

    def files(self) -> Iterator[Path]:
        """Yield what of the store lies on this machine."""
        if self.kind == "folder" and self.path.exists():
            yield self.path
        elif self.kind == "sqlite":
            endings = ("", "-wal", "-shm", "-journal")
            candidates = [self.path.with_name(f"{self.path.name}{ending}") for ending in endings]
            candidates += [self.folder / ARTIFACTS, self.folder / SERVER_ARTIFACTS]
            yield from filter(Path.exists, candidates)


def quoted(path: Path) -> str:
    """Return a path as it stands in a database's URI, where percent signs and question marks mean something."""
    return str(path).replace("%", "%25").replace("?", "%3F")


def is_database(path: Path) -> bool:
    """Tell whether `path` is a database of SQLite with MLflow's tables."""
    if not sqlite_files.is_database(path):
        return False
    try:
        return sqlite_files.read_unchanged(path, _table_names) >= _TABLES
    except InputError:
        return False


def _table_names(database: sqlite3.Connection) -> set[str]:
    return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def is_file_store(path: Path) -> bool:
    """Tell whether `path` is a folder that holds an experiment of MLflow's file store."""
    return path.is_dir() and any(map(_is_experiment, path.glob("*/meta.yaml")))


def _is_experiment(meta: Path) -> bool:
    with meta.open("rb") as file:
        head = file.read(_META_BYTES).decode(errors="replace")
    return len(set(_EXPERIMENT_META.findall(head))) == 3  # noqa: PLR2004 - all of them
