"""Reads the database with the names, tags and notes of a repository's runs."""

import sqlite3
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from taximeter.sqlite_files import read_unchanged

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RUNS = """
SELECT run.id, run.hash, run.name, run.description, run.created_at, run.finalized_at, experiment.name
FROM run LEFT JOIN experiment ON experiment.id = run.experiment_id
WHERE run.hash = ?1 OR ?1 IS NULL ORDER BY run.created_at, run.id
"""
_TAGS = """
SELECT run_tag.run_id, tag.name FROM run_tag JOIN tag ON tag.id = run_tag.tag_id
WHERE tag.is_archived IS NOT TRUE AND (run_tag.run_id = ?1 OR ?1 IS NULL) ORDER BY run_tag.rowid
"""
_NOTES = "SELECT content FROM note WHERE run_id = ? ORDER BY id"


class StoredRun(msgspec.Struct, frozen=True):
    """A run as the database has it; times in microseconds."""

    vendor_id: str
    name: str = ""
    experiment: str = ""
    description: str | None = None
    started: int = 0
    ended: int | None = None
    tags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def runs_in(path: Path) -> list[StoredRun]:
    """Return every run, oldest first, without its notes."""
    return read_unchanged(path, _runs, text_factory=_text)


def run_in(path: Path, run_hash: str) -> StoredRun:
    """Return a run; where its writer was killed before it was named, only its id is known."""
    return read_unchanged(path, partial(_run_of, run_hash=run_hash), text_factory=_text)


def _runs(database: sqlite3.Connection) -> list[StoredRun]:
    tags: dict[int, list[str]] = {}
    for number, tag in database.execute(_TAGS, (None,)):
        tags.setdefault(number, []).append(str(tag))
    return [_run(row, tags.get(row[0], []), []) for row in database.execute(_RUNS, (None,))]


def _run_of(database: sqlite3.Connection, run_hash: str) -> StoredRun:
    row = database.execute(_RUNS, (run_hash,)).fetchone()
    if row is None:
        return StoredRun(run_hash)
    tags = [str(tag) for _, tag in database.execute(_TAGS, (row[0],))]
    return _run(row, tags, [str(note) for (note,) in database.execute(_NOTES, (row[0],))])


def _run(row: tuple[object, ...], tags: list[str], notes: list[str]) -> StoredRun:
    _, vendor_id, name, description, created, finalized, experiment = row
    return StoredRun(
        vendor_id=str(vendor_id),
        name="" if name is None else str(name),
        experiment="" if experiment is None else str(experiment),
        description=None if description is None else str(description),
        started=_microseconds(created) or 0,
        ended=_microseconds(finalized),
        tags=tuple(tags),
        notes=tuple(notes),
    )


def _microseconds(text: object) -> int | None:
    """Return the time that the text of a date in UTC names."""
    with suppress(ValueError):
        return (datetime.fromisoformat(str(text)).replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
    return None


def _text(data: bytes) -> str:
    return data.decode(errors="replace")
