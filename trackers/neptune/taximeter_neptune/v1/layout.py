"""Where the client keeps runs, and what they say of themselves."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from taximeter_neptune.fields import Fields
from taximeter_neptune.names import OURS, SYS
from taximeter_neptune.native import is_ours, our_id
from taximeter_neptune.store import Identity, folders_in
from taximeter_neptune.v1.log import has_log, logs_in, operations_in
from taximeter_neptune.v1.operations import FILES, apply, to_microseconds

FOLDERS = ("offline", "async")
"""What was never sent, and what was to be sent when its process or Neptune's service ended."""

_RUN = "run"
_EXECUTION = "exec-"
_HEAD_BYTES = 1 << 16
_HEAD = tuple(f'"{namespace}"'.encode() for namespace in (SYS, OURS))


class V1Layout:
    """The folder that ``NEPTUNE_DATA_DIRECTORY`` names, or one below it, or a run's own."""

    vendor = "Neptune"

    def candidates(self, location: Path) -> Iterator[str]:
        """Yield the location itself, and what lies in the folders that the client makes."""
        yield str(location)
        for folder in [location] if location.name in FOLDERS else [location / name for name in FOLDERS]:
            for part in folders_in(folder):
                yield part
                if part.count("__") - str(folder).count("__") <= 1:  # until 0.17, executions had folders below it
                    yield from (inner for inner in folders_in(part) if f"/{_EXECUTION}" in inner)

    def holds_run(self, part: Path) -> bool:
        """Tell whether there are operations of a run: models and projects have such folders too."""
        kind, separator, _ = _folder_name(part).partition("__")
        return (kind == _RUN or not separator) and has_log(part)

    def identify(self, part: Path) -> Identity | None:
        """Return whose operations these are; None where there are none yet."""
        if not self.holds_run(part):
            return None
        fields, is_begun = Fields(), False
        for document in operations_in(logs_in(part)[0], limit=_HEAD_BYTES):
            is_begun = True
            apply(fields, part, [document])
            if is_ours(fields):
                break
        run_id = _container_id(part)
        return Identity(run_id, run_id, our_id(fields), _created(part)) if is_begun else None

    def head_state(self, part: Path) -> object:
        """Return what changes as long as what is written may tell who it is."""
        return [min(log.stat().st_size, _HEAD_BYTES) for log in logs_in(part)[:1]]

    def read(self, parts: Sequence[Path], *, head: bool = False) -> Fields:
        """Return the fields of a run, or only those that tell what it is."""
        fields = Fields()
        for part in parts:
            for log in logs_in(part):
                apply(fields, part, operations_in(log, *(_HEAD if head else ())))
        return fields

    def files(self, part: Path) -> Path:
        """Return the folder for a run's files."""
        return part / FILES

    def state(self, part: Path) -> object:
        """Return what changes whenever the run does."""
        return [(file.name, file.stat().st_size) for file in logs_in(part)]


def _container_id(part: Path) -> str:
    """Return the client's id of the run; a run that forked, or was resumed, has several folders."""
    return _folder_name(part).removeprefix(f"{_RUN}__").partition("__")[0]


def _folder_name(part: Path) -> str:
    return part.parent.name if part.name.startswith(_EXECUTION) else part.name


def _created(part: Path) -> int:
    """Return when the run was begun, in microseconds: as the client noted, or as its log was made."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        made = json.loads((part / "metadata.json").read_bytes())["createdAt"]
        return to_microseconds(datetime.fromisoformat(made).timestamp())
    first = next(iter(operations_in(logs_in(part)[0], limit=1)), {})
    return to_microseconds(first.get("at") or logs_in(part)[0].stat().st_mtime)
