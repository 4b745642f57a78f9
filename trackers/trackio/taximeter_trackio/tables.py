"""What a project's tables say of its runs, in any version of Trackio's schema."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from taximeter.sqlite_files import columns
from taximeter_trackio.names import OURS, final_alias

_TIMES = {"metrics": "timestamp", "system_metrics": "timestamp", "run_artifact_links": "created_at"}
_LINKS = """
SELECT artifacts.name, artifacts.type, versions.manifest, versions.metadata, links.direction,
       EXISTS (SELECT 1 FROM artifact_aliases AS aliases
               WHERE aliases.artifact_version_id = versions.id AND aliases.alias = ?)
FROM run_artifact_links AS links
JOIN artifact_versions AS versions ON versions.id = links.artifact_version_id
JOIN artifacts ON artifacts.id = versions.artifact_id
WHERE links.run_id = ? ORDER BY links.id
"""


class StoredRun(msgspec.Struct, frozen=True):
    """A run as its project's tables have it."""

    vendor_id: str
    """Its id, or its name in databases from before Trackio 0.24."""
    name: str
    first_time: str
    config: dict[str, Any]

    @property
    def ours(self) -> dict[str, Any] | None:
        """What we keep in the config of the runs that we write."""
        ours = self.config.get(OURS)
        return ours if isinstance(ours, dict) and {"experiment", "status"} <= ours.keys() else None


class Row(msgspec.Struct, frozen=True):
    """One row that was logged."""

    step: Any
    time: str
    values: dict[str, Any]


class Link(msgspec.Struct, frozen=True):
    """A version of an artifact that a run logged or used."""

    name: str
    kind: str
    manifest: list[dict[str, Any]]
    metadata: dict[str, Any]
    direction: str
    final: bool


def runs_in(database: sqlite3.Connection, vendor_id: str | None = None) -> list[StoredRun]:
    """Return the runs of a project, or the one with this id."""
    found: dict[str, tuple[str, str]] = {}
    for table, time in _TIMES.items():
        for key, name, first in _heads(database, table, time, vendor_id):
            found.setdefault(key, (name or "", first))
    configs = _configs(database, vendor_id)
    return [StoredRun(key, name, first, configs.get(key, {})) for key, (name, first) in found.items()]


def rows_of(database: sqlite3.Connection, vendor_id: str) -> Iterator[Row]:
    """Yield the rows of a run in the order in which they were logged."""
    key = _key(database, "metrics")
    if not key:
        return
    query = f"SELECT step, timestamp, metrics FROM metrics WHERE {key} = ? ORDER BY id"  # noqa: S608 - ours
    for step, time, values in database.execute(query, (vendor_id,)):
        yield Row(step, time, json.loads(values))


def links_of(database: sqlite3.Connection, vendor_id: str) -> list[Link]:
    """Return of each artifact of a run the version that it logged last; none where Trackio had none yet."""
    if "run_id" not in columns(database, "run_artifact_links"):
        return []
    latest: dict[tuple[str, str], Link] = {}
    for name, kind, manifest, metadata, direction, final in database.execute(
        _LINKS, (final_alias(vendor_id), vendor_id)
    ):
        link = Link(name, kind, json.loads(manifest), json.loads(metadata or "{}"), direction, bool(final))
        key = (name, direction if direction == "output" else manifest)
        held = latest.get(key)
        if held is None or link.final or not held.final:
            latest[key] = link
    return list(latest.values())


def alerts_of(database: sqlite3.Connection, vendor_id: str) -> list[str]:
    """Return the alerts of a run, each its title and text."""
    key = _key(database, "alerts")
    if not key:
        return []
    query = f"SELECT title, text FROM alerts WHERE {key} = ? ORDER BY id"  # noqa: S608 - ours
    return [f"{title}: {text}" if text else title for title, text in database.execute(query, (vendor_id,))]


def _heads(
    database: sqlite3.Connection, table: str, time: str, vendor_id: str | None
) -> Iterator[tuple[str, str | None, str]]:
    """Yield id, name and first time of each run in a table."""
    key = _key(database, table)
    if not key:
        return
    condition = "IS NOT NULL" if vendor_id is None else "= ?"
    query = f"SELECT {key}, run_name, MIN({time}) FROM {table} WHERE {key} {condition} GROUP BY {key}"  # noqa: S608
    yield from database.execute(query, () if vendor_id is None else (vendor_id,))


def _configs(database: sqlite3.Connection, vendor_id: str | None) -> dict[str, dict[str, Any]]:
    key = _key(database, "configs")
    if not key:
        return {}
    condition = "" if vendor_id is None else f" WHERE {key} = ?"
    query = f"SELECT {key}, config FROM configs{condition}"  # noqa: S608 - a name of ours
    found = database.execute(query, () if vendor_id is None else (vendor_id,))
    return {run: json.loads(config) for run, config in found}


def _key(database: sqlite3.Connection, table: str) -> str:
    """Return the column that tells runs apart; none where the table is missing."""
    names = columns(database, table)
    return next((name for name in ("run_id", "run_name") if {name, "run_name"} <= names), "")
