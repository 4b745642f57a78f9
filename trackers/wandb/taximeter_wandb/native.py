"""What W&B accepts, and the nearest form of what it does not.

Every function is the identity for what W&B takes as it is, and maps no two keys to the same one.
"""

import hashlib
import json
import re
import sys
from typing import Any

from taximeter.values import Value, pack

OURS = "taximeter"
"""The config entry that holds what W&B has no place for: the parent, the hypothesis, tags that are too long."""

STEP = "step"
"""The history column that holds a row's step, as W&B documents for an x-axis of one's own."""

_ROW_COLUMNS = {"", STEP, "_step", "_timestamp", "_runtime", "_wandb"}
_CONFIG_KEYS = {OURS, "_wandb"}
_PROJECT_LENGTH = 128
_ARTIFACT_LENGTH = 128
_TAG_LENGTH = 64
_BITS_PER_DIGIT = 3
_REFERENCE = "wandb-artifact://"


def run_id_for(run_id: str) -> str:
    """Return the W&B run id of a run of ours; ids that other trackers made may not fit W&B."""
    if re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", run_id) and run_id.strip("."):
        return run_id
    return hashlib.sha256(run_id.encode()).hexdigest()[:32]


def project_for(experiment: str) -> str:
    r"""Return the W&B project of an experiment: without ``/\#?%:``, at most 128 characters."""
    name = re.sub(r"[/\\#?%:]", "_", experiment) or "uncategorized"
    return name if len(name) <= _PROJECT_LENGTH else _shortened(name, _PROJECT_LENGTH)


def metric_key(key: str) -> str:
    """Return the history column of a metric; the columns that W&B or the step need get an underscore more."""
    return f"{key}_" if key.rstrip("_") in _ROW_COLUMNS else key


def param_key(key: str) -> str:
    """Return the config key of a param; W&B would strip the dashes around a key, so underscores guard them."""
    bare = key.strip("_")
    if bare.startswith("-") or bare.endswith("-"):
        return f"_{key}_"
    return f"{key}_" if key.rstrip("_") in _CONFIG_KEYS else key


def param_value(value: Value) -> Any:
    """Return a param's value, or its exact JSON as text where W&B takes it for a reference or cannot write it."""
    return value if _is_plain(value) else f"json:{json.dumps(pack(value))}"


def tag_for(name: str, text: str) -> str | None:
    """Return a tag as the bare text that W&B's tags are, or None where W&B or its reader could not hold it."""
    tag = f"{name}={text}"
    return None if "=" in name or len(tag) > _TAG_LENGTH else tag


def artifact_name_for(name: str) -> str:
    """Return the W&B artifact name for a dataset or model: letters, digits, ``_ - .``, at most 128 characters."""
    safe = re.sub(r"[^A-Za-z0-9_.-]", "_", name) or "_"
    return safe if len(safe) <= _ARTIFACT_LENGTH else _shortened(safe, _ARTIFACT_LENGTH)


def file_path_for(path: str, longest: int = 255) -> str:
    """Return where below a folder an artifact lies: its path, names of more than `longest` bytes made short."""
    return "/".join(_file_name(part, longest) for part in path.split("/"))


def _file_name(part: str, longest: int) -> str:
    encoded = part.encode()
    if len(encoded) <= longest:
        return part
    cut = encoded[: longest - 17].decode(errors="ignore")
    return f"{cut}-{hashlib.sha256(encoded).hexdigest()[:16]}"


def _shortened(name: str, length: int) -> str:
    """Cut a name so that two long ones stay two."""
    return f"{name[: length - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _is_plain(value: Value) -> bool:
    """Tell whether W&B writes `value` as it is: no artifact reference, and no integer too long for text."""
    if isinstance(value, str):
        return not value.startswith(_REFERENCE)
    if isinstance(value, int):
        return value.bit_length() < _BITS_PER_DIGIT * (sys.get_int_max_str_digits() or sys.maxsize)
    if isinstance(value, dict):
        return value.get("_type") != "artifactVersion" and all(map(_is_plain, value.values()))
    return all(map(_is_plain, value)) if isinstance(value, list) else True
