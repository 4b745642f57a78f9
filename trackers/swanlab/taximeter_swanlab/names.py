"""What SwanLab accepts, and the nearest form of what it does not.

Every function is the identity for what SwanLab takes as it is; but for the names of runs and their groups, no two
names become one. A percent sign and two capital hex digits stand for a character that SwanLab refuses or cuts off.
"""

import math
import re
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from taximeter.artifact_files import name_digest
from taximeter.values import Value, pack

OURS = "taximeter"
"""The config entry that holds what SwanLab has no place for: our id, the experiment, the hypothesis."""

ARTIFACTS = "artifacts"
"""The folder among a run's files, and the section among its media, that the artifacts are in."""

_EMPTY = "%FF"
_ODD = re.compile(r"[\x00-\x1f\x7f]|%(?=[0-9A-F]{2})|^[ ./]+|[ ./]+\Z|^_(?=_swanlab__\.)")
_CUT = re.compile(r".{479}~[0-9a-f]{32}", re.DOTALL)
_KEY_LENGTH = 512
_NAME_LENGTH = 512
_PROJECT = re.compile(r"[0-9A-Za-z_+.-]{1,100}")
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_TAGS = 30
_DESCRIPTION_LENGTH = 1024
_BITS_PER_DIGIT = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def run_id_for(run_id: str) -> str:
    """Return the SwanLab id of a run of ours; ids that other trackers made may not fit SwanLab."""
    return run_id if _ID.fullmatch(run_id) else name_digest(run_id)


def folder_for(run_id: str, started: int) -> str:
    """Return the name of a run's folder: SwanLab's form, but with the run's own start in UTC."""
    moment = _EPOCH + timedelta(microseconds=min(max(started, _FIRST), _LAST))
    return f"run-{moment.year:04}{moment:%m%d_%H%M%S}-{run_id_for(run_id)}"


def project_for(experiment: str) -> str:
    """Return the project of an experiment: letters, digits and ``_ - + .``, at most 100 characters."""
    if _PROJECT.fullmatch(experiment):
        return experiment
    safe = re.sub(r"[^0-9A-Za-z_+.-]", "_", experiment)
    return f"{safe[:80]}-{name_digest(experiment)[:16]}"


def name_for(name: str, run_id: str) -> str:
    """Return what a run, or a group of runs, is called: 1 to 512 characters, not blank."""
    return name[:_NAME_LENGTH] if name.strip() else run_id_for(run_id)


def metric_key(key: str) -> str:
    """Return the key of a metric: SwanLab's own rules, and none of an artifact's."""
    escaped = _escaped(key)
    return _fitted(f"%61{escaped[1:]}" if escaped.startswith(f"{ARTIFACTS}/") else escaped)


def media_key(path: str) -> str:
    """Return the key under which an artifact is shown as media."""
    return _fitted(_escaped(f"{ARTIFACTS}/{path}"))


def param_key(name: str) -> str:
    """Return the config key of a param; the one that we need gets an underscore more."""
    return f"{name}_" if name.rstrip("_") == OURS else name


def param_value(value: Value) -> Any:
    """Return a param's value as SwanLab's config takes it: what JSON has no number for becomes text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Inf" if value > 0 else "-Inf"
    if isinstance(value, int) and not _has_digits_for(value):
        return f"json:{msgspec.json.encode(pack(value)).decode()}"
    if isinstance(value, dict):
        return {key: param_value(item) for key, item in value.items()}
    return [param_value(item) for item in value] if isinstance(value, list) else value


def tags_for(tags: dict[str, str]) -> list[str]:
    """Return SwanLab's tags, which are bare text: ``name=value``, those that can be told apart, at most 30."""
    texts = [f"{name}={text}" for name, text in tags.items() if "=" not in name]
    return [text for text in texts if len(text) <= _NAME_LENGTH][:_TAGS]


def description_for(notes: list[str]) -> str:
    """Return the description that notes make: at most 1024 characters."""
    text = "\n\n".join(notes)
    return text if len(text) <= _DESCRIPTION_LENGTH else f"{text[: _DESCRIPTION_LENGTH - 1]}…"


def _escaped(key: str) -> str:
    """Write out what SwanLab would refuse, cut off, or take for a metric of its own."""
    return _ODD.sub(lambda odd: "".join(f"%{ord(char):02X}" for char in odd[0]), key) or _EMPTY


def _fitted(key: str) -> str:
    """Shorten a key of more than 512 characters; none that is short enough looks like a shortened one."""
    if len(key) <= _KEY_LENGTH and not _CUT.fullmatch(key):
        return key
    return f"{key[:479]}~{name_digest(key)}"


def _has_digits_for(value: int) -> bool:
    """Tell whether Python writes an integer in decimal digits; it refuses very long ones."""
    return value.bit_length() < _BITS_PER_DIGIT * (sys.get_int_max_str_digits() or sys.maxsize)
