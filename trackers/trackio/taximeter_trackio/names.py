"""What Trackio accepts, and the nearest form of what it does not.

Every function is the identity for what Trackio takes as it is; but for the names of runs, which need not differ,
no two names become one.
"""

import re
from typing import Any

from taximeter.artifact_files import name_digest
from taximeter.values import Value

OURS = "taximeter"
"""The config entry that holds what Trackio has no place for: status, end, experiment, hypothesis."""

FILE, MODEL, DATASET, RECORD = "file", "model", "dataset", "taximeter"
"""The types of the artifacts that we log."""

NOTE = "note"
"""The key under which notes are logged as Markdown reports."""

_RESERVED_KEYS = {"project", "run", "timestamp", "step", "time", "metrics"}
_RESERVED_PROJECT = re.compile(
    "registry-.*|.+_(system|configs|traces|artifacts|artifact_versions|artifact_aliases"
    "|run_artifact_links|external_run_artifact_links)",
    re.DOTALL,
)
_PROJECT_BYTES = 200
_ARTIFACT_LENGTH = 100
_INT_BITS = 63
_TEXT_BITS = 13_000


def project_for(experiment: str) -> str:
    """Return the project of an experiment.

    Trackio leaves out of a database's name what is no letter, digit, ``-`` or ``_``, and would put ``a/b`` and
    ``ab`` into one project; some names it refuses.
    """
    plain = experiment == "".join(filter(_is_plain, experiment)) != ""
    if plain and len(experiment.encode()) <= _PROJECT_BYTES and not _RESERVED_PROJECT.fullmatch(experiment):
        return experiment
    safe = "".join(mark if _is_plain(mark) else "_" for mark in experiment)
    cut = safe.encode()[: _PROJECT_BYTES // 2].decode(errors="ignore")
    return f"{re.sub('^registry-', 'registry_', cut)}-{name_digest(experiment)[:12]}"


def run_name_for(name: str, run_id: str) -> str:
    """Return the name of a run; Trackio renames and moves its media as a path, which must not lead elsewhere."""
    leads_out = not {"", ".", ".."}.isdisjoint(name.split("/"))
    safe = name.replace("/", "_") if leads_out else name
    return run_id if safe in {"", ".", ".."} else safe


def metric_key(key: str) -> str:
    """Return the key of a metric; those that Trackio keeps for itself get two underscores, as it does itself."""
    return f"__{key}" if key in _RESERVED_KEYS or key.startswith("__") else key


def param_key(key: str) -> str:
    """Return the config key of a param; Trackio keeps those that begin with an underscore for itself."""
    return f".{key}" if re.match(rf"\.*(_|{OURS}\Z)", key) else key


def param_value(value: Value) -> Any:
    """Return a param's value; integers of more than 64 bits, which Trackio cannot write, become text."""
    if isinstance(value, list):
        return [param_value(item) for item in value]
    if isinstance(value, dict):
        return {key: param_value(item) for key, item in value.items()}
    if isinstance(value, int) and value.bit_length() > _INT_BITS:
        return str(value) if value.bit_length() <= _TEXT_BITS else hex(value)
    return value


def artifact_name_for(path: str) -> str:
    """Return the name of an artifact: letters, digits and ``. _ -`` as they are, a slash as ``__``."""
    name = path.replace("/", "__")
    reversible = re.fullmatch(r"[A-Za-z0-9.-]+(_[A-Za-z0-9.-]+)*", name.replace("__", "_"))
    if reversible and "__" not in path and len(name) <= _ARTIFACT_LENGTH:
        return name
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name)[: _ARTIFACT_LENGTH // 2]
    return f"{safe}-{name_digest(path)[:16]}"


def file_path_for(path: str) -> str:
    """Return the path of a file inside its artifact; Trackio refuses what begins like a drive of Windows."""
    return f"_/{path}" if re.match("[A-Za-z]:", path) else path


def folder_for(run_id: str) -> str:
    """Return the folder of a run's media; Trackio takes the run's name, which may lead out of the store."""
    return run_id if re.fullmatch(r"\w[\w-]{0,99}", run_id, re.ASCII) else f"run-{name_digest(run_id)}"


def final_alias(run_id: str) -> str:
    """Return the alias of the version that a run kept, of an artifact that it logged more than once."""
    return f"final-{name_digest(run_id)[:16]}"


def _is_plain(mark: str) -> bool:
    """Tell whether Trackio keeps a character of a project's name in the name of its database."""
    return mark.isalnum() or mark in "-_"
