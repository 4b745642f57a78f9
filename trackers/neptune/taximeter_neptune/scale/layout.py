"""Where the client keeps runs, and what they say of themselves."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from copy import deepcopy
from functools import partial
from pathlib import Path

from taximeter.errors import InputError
from taximeter.sqlite_files import is_database, read_unchanged, state_of
from taximeter_neptune.fields import Fields
from taximeter_neptune.names import OURS, SYS
from taximeter_neptune.native import our_id
from taximeter_neptune.store import Identity, folders_in

NAME = "run_operations.sqlite3"

_SNAPSHOT, _CREATION = 0, 1
_HEAD = f"AND (instr(operation, CAST('{SYS}/' AS BLOB)) OR instr(operation, CAST('{OURS}/' AS BLOB)))"

_logger = logging.getLogger(__name__)


class ScaleLayout:
    """The folder that ``NEPTUNE_LOG_DIRECTORY`` names, or a run's own."""

    vendor = "Neptune Scale"

    def candidates(self, location: Path) -> Iterator[str]:
        """Yield the location itself, and the folders in it."""
        yield str(location)
        yield from folders_in(location)

    def holds_run(self, part: Path) -> bool:
        """Tell whether there is a run's database."""
        return is_database(part / NAME)

    def identify(self, part: Path) -> Identity | None:
        """Return which run the database is of; None where it holds no values yet, or cannot be read."""
        if not self.holds_run(part):
            return None
        try:
            return read_unchanged(part / NAME, partial(_identify, part=part))
        except InputError as error:
            _logger.warning("%s", error)
            return None

    def head_state(self, part: Path) -> object:  # noqa: ARG002 - no database needs a second look
        """Tell that what its first values say will not change."""
        return None

    def read(self, parts: Sequence[Path], *, head: bool = False) -> Fields:
        """Return the fields of a run, or only those that tell what it is."""
        fields = Fields()
        for part in parts:
            apply = partial(_fields, begun=fields, part=part, chosen=_HEAD if head else "")
            fields = read_unchanged(part / NAME, apply)
        return fields

    def files(self, part: Path) -> Path:
        """Return the folder for a run's files: its own."""
        return part

    def state(self, part: Path) -> object:
        """Return what changes whenever the run does."""
        return state_of(part / NAME)


def _identify(database: sqlite3.Connection, part: Path) -> Identity | None:
    fields = Fields()
    row = database.execute("SELECT project, run_id FROM metadata").fetchone()
    _apply(fields, part, database, f"operation_type = {_CREATION}")
    is_begun = _apply(fields, part, database, f"operation_type = {_SNAPSHOT} ORDER BY sequence_id LIMIT 1")
    return Identity(f"{row[0]}/{row[1]}", row[1], our_id(fields), fields.began) if row and is_begun else None


def _fields(database: sqlite3.Connection, begun: Fields, part: Path, chosen: str) -> Fields:
    """Return what the fields of earlier parts become by the messages of this one."""
    fields = deepcopy(begun)
    fields.project = database.execute("SELECT project FROM metadata").fetchone()[0]
    _apply(fields, part, database, f"operation_type = {_CREATION}")
    _apply(fields, part, database, f"operation_type = {_SNAPSHOT} {chosen} ORDER BY sequence_id")
    return fields


def _apply(fields: Fields, part: Path, database: sqlite3.Connection, which: str) -> bool:
    """Apply messages to fields; tell whether there were any."""
    # the vendor's messages, met only where a store of its own is read
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # noqa: PLC0415

    from taximeter_neptune.scale.snapshots import apply_creation, apply_snapshot  # noqa: PLC0415

    uploads = dict(database.execute("SELECT destination, source_path FROM file_upload_requests ORDER BY id"))
    is_any = False
    query = f"SELECT operation_type, operation FROM run_operations WHERE {which}"  # noqa: S608 - ours alone
    for kind, message in database.execute(query):
        is_any = True
        try:
            if kind == _CREATION:
                apply_creation(fields, message)
            else:
                apply_snapshot(fields, part, uploads, message)
        except (DecodeError, ValueError, OverflowError, OSError) as error:
            _logger.warning("%s: a message cannot be read: %r", part, error)
    return is_any
