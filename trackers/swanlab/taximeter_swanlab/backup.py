"""What SwanLab before 0.8 wrote, JSON in the same kind of log, in the terms of today's records."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

Tree = dict[str, Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FINISHED, _CRASHED = 1, 2
_SCALAR = 1


def fields_in(payload: bytes) -> Tree:
    """Return the fields of the ``Record`` that says the same; none where it says nothing that is read.

    Raises:
        ValueError: it is no JSON, or lacks what it should hold.
    """
    try:
        tree = json.loads(payload)
        return _fields(tree["model_type"], tree["data"])
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError) as error:
        raise ValueError("no record of SwanLab's") from error


def describe(metadata: Tree) -> Tree:
    """Return ``swanlab-metadata.json`` of such a run as it would be today."""
    cpu, git = metadata.get("cpu"), metadata.get("git_info")
    branch, commit = git if isinstance(git, list) and len(git) == 2 else (None, None)  # noqa: PLR2004 - a pair
    memory = str(metadata.get("memory", ""))
    return {
        "runtime": {
            "command": metadata.get("command"),
            "os": metadata.get("os"),
            "python_version": metadata.get("python"),
            "python_executable": metadata.get("executable"),
        },
        "git": {"branch": branch, "commit": commit},
        "hardware": {
            "cpu": {"brand": cpu.get("brand"), "logical_count": cpu.get("cores")} if isinstance(cpu, dict) else {},
            "memory": {"total": int(memory) if memory.isdecimal() else 0, "total_unit": "GB"},
        },
    }


def _fields(kind: str, data: Tree) -> Tree:
    match kind:
        case "Header":
            return {"start": {"started_at": _stamp(data["create_time"])}}
        case "Project":
            return {"start": {"project": data["name"]}}
        case "Experiment":
            head = {name: data.get(name) for name in ("id", "name", "description", "tags")}
            return {"start": {name: value for name, value in head.items() if value is not None}}
        case "Scalar":
            metric = data["metric"]
            number, time = float(metric["data"]), _stamp(metric["create_time"])
            point = {"key": data["key"], "step": data["step"], "type": _SCALAR}
            return {"scalar": point | {"timestamp": time, "value": {"number": number}}}
        case "Footer":
            state = _FINISHED if data["success"] else _CRASHED
            return {"finish": {"state": state, "finished_at": _stamp(data["create_time"])}}
    return {}


def _stamp(text: str) -> dict[str, int]:
    moment = datetime.fromisoformat(text)
    time = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    seconds, microseconds = divmod(time // timedelta(microseconds=1), 1_000_000)
    return {"seconds": seconds, "nanos": microseconds * 1000}
