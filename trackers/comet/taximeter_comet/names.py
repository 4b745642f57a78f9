"""What Comet accepts, and the nearest form of what it does not.

Every function for keys is the identity for what Comet takes as it is, and maps no two keys to the same one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from taximeter.artifact_files import name_digest
from taximeter.tracker import RECORD_FOLDER
from taximeter.values import Value, pack

RUN_ID, STARTED, PARENT, HYPOTHESIS = (
    f"taximeter.{name}" for name in ("run_id", "started", "parent", "hypothesis")
)
NAME = "Name"
"""Keys of Comet's other values; the first of ours comes before all else in a run that we write."""

DATASET_INFO = "dataset_info"
"""The key under which Comet says which data were used."""

HIDDEN = {NAME, "offline_experiment", "hasNestedParams"}
"""Other values that Comet itself logs."""

UNNAMED_PROJECT = "general"
"""Comet's project for runs that name none."""

DATASETS = f"{RECORD_FOLDER}/datasets"
"""The folder of the assets that describe datasets."""

CORES, MEMORY = "cores", "memory"
"""Keys of the system information that we log."""

FAILED, KILLED, UNENDED = "The run failed.", "The run was killed.", "The run had not ended."
"""The errors that we report of runs that did not finish."""

_KEY_LENGTH = 100
_VALUE_LENGTH = 1_000
_TEXT_BITS = 13_000
_OURS = "taximeter."
_DIGEST = re.compile(r"~[0-9a-f]{16}\Z")


def key_for(run_id: str) -> str:
    """Return the experiment key of a run: 32 to 50 letters and digits."""
    return run_id if re.fullmatch("[0-9A-Za-z]{32,50}", run_id) else name_digest(run_id)


def metric_key(key: str) -> str:
    """Return the name of a metric; Comet cuts long ones, and does not upload those with line breaks."""
    return key if _is_plain(key) else _digested(key)


def param_key(key: str) -> str:
    """Return the name of a param; Comet drops those without a name, and nests with a bar."""
    return key if _is_plain(key) and key and "|" not in key else _digested(key.replace("|", "_"), key)


def tag_key(key: str) -> str:
    """Return the key of a tag among Comet's other values, some of which mean something."""
    reserved = key in HIDDEN or key == DATASET_INFO or key.startswith(_OURS)
    return _digested(key) if reserved or not _is_plain(key) else key


def file_name(path: str) -> str:
    """Return the name of an asset, which may be long; Comet refuses those with line breaks."""
    odd = "\n" in path or _DIGEST.search(path)
    return f"{_in_a_line(path)}~{name_digest(path)[:16]}" if odd else path


def flatten(params: Mapping[str, Value], above: str = "") -> Iterator[tuple[str, Value]]:
    """Yield params as Comet nests them: the names of an inner one joined by bars."""
    for name, value in params.items():
        path = f"{above}{param_key(name)}"
        if isinstance(value, dict) and value:
            yield from flatten(value, f"{path}|")
        else:
            yield (path if len(path) <= _KEY_LENGTH else _digested(path)), value


def param_value(value: Value) -> Any:
    """Return a param's value as Comet takes it: a scalar, a list of scalars, or text."""
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        items = [param_value(item) for item in value]
        return items if len(str(items)) <= _VALUE_LENGTH else cut(_json(value))
    if isinstance(value, list | dict):
        return cut(_json(value))
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, int) and value.bit_length() > _TEXT_BITS:
        return cut(hex(value))  # Python writes no decimal number of more than 4,300 digits
    return value


def cut(text: str) -> str:
    """Return text that says at its end how much was cut off, if it is longer than Comet keeps."""
    if len(text) <= _VALUE_LENGTH:
        return text
    mark = f"… [{len(text)} characters]"
    return text[: _VALUE_LENGTH - len(mark)] + mark


def _json(value: Value) -> str:
    return json.dumps(pack(value), ensure_ascii=False)


def _is_plain(key: str) -> bool:
    return len(key) <= _KEY_LENGTH and "\n" not in key and not _DIGEST.search(key)


def _digested(shown: str, key: str | None = None) -> str:
    """Return the beginning of a key and a digest of all of it."""
    return f"{_in_a_line(shown)[: _KEY_LENGTH - 17]}~{name_digest(shown if key is None else key)[:16]}"


def _in_a_line(text: str) -> str:
    return text.replace("\n", " ")
