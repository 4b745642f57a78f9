"""The machine and the code as ``swanlab-metadata.json`` and ``requirements.txt`` describe them, there and back."""

from collections.abc import Iterable
from typing import Any

from taximeter.record import Environment, Source

Tree = dict[str, Any]

_VERSION = 2
_UNITS = {"MB": 1 << 20, "GB": 1 << 30}


def describe_source(source: Source) -> Tree:
    """Return what SwanLab's metadata say of the code; they have no place for a diff."""
    return {
        "_version": _VERSION,
        "runtime": {"command": " ".join((source.entry_point, *source.argv))},
        "git": {"remote_url": None, "branch": source.branch, "commit": source.commit},
    }


def describe_environment(environment: Environment) -> Tree:
    """Return what SwanLab's metadata say of the machine, its memory in whole mebibytes."""
    devices = [{"index": index, "name": name} for index, name in enumerate(environment.gpus)]
    return {
        "_version": _VERSION,
        "runtime": {"os": environment.os, "python_version": environment.python},
        "hardware": {
            "cpu": {"brand": environment.cpu, "logical_count": environment.cores},
            "memory": {"total": environment.memory // _UNITS["MB"], "total_unit": "MB"},
            "accelerators": [{"vendor": "nvidia", "devices": devices}] if devices else [],
        },
    }


def list_distributions(distributions: dict[str, str]) -> str:
    """Return the lines of a ``requirements.txt``."""
    return "".join(f"{name}=={version}\n" for name, version in distributions.items())


def source_in(metadata: Tree) -> Source | None:
    """Return the code, where the metadata say anything of it; SwanLab joins a command's words by spaces."""
    runtime, git = _branch(metadata, "runtime"), _branch(metadata, "git")
    command = _text(runtime.get("command"))
    if not (command or any(git.values())):
        return None
    words = command.removeprefix(f"{runtime.get('python_executable')} ").split(" ")
    commit, branch = (_text(git.get(name)) or None for name in ("commit", "branch"))
    return Source(words[0], tuple(words[1:]), commit=commit, branch=branch)


def environment_in(metadata: Tree, requirements: str) -> Environment | None:
    """Return the machine and its software, where SwanLab says anything of them."""
    runtime, hardware = _branch(metadata, "runtime"), _branch(metadata, "hardware")
    if not (requirements or hardware or {"os", "python_version"} & runtime.keys()):
        return None
    cpu, memory = _branch(hardware, "cpu"), _branch(hardware, "memory")
    return Environment(
        python=_text(runtime.get("python_version")),
        os=_text(runtime.get("os")),
        cpu=_text(cpu.get("brand")),
        cores=_number(cpu.get("logical_count")),
        memory=_number(memory.get("total")) * _UNITS.get(str(memory.get("total_unit")), 1),
        gpus=tuple(_devices(hardware.get("accelerators"))),
        distributions=dict(_distributions(requirements.split("\n"))),
    )


def _distributions(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    pairs = (line.partition("==") for line in lines)
    return ((name, version) for name, equals, version in pairs if equals)


def _devices(accelerators: object) -> Iterable[str]:
    for accelerator in accelerators if isinstance(accelerators, list) else ():
        devices = accelerator.get("devices") if isinstance(accelerator, dict) else None
        for device in devices if isinstance(devices, list) else ():
            if isinstance(device, dict):
                yield _text(device.get("name"))


def _branch(tree: Tree, name: str) -> Tree:
    branch = tree.get(name)
    return branch if isinstance(branch, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _text(value: object) -> str:
    """Return a value as text that UTF-8 can hold; empty where there is none."""
    return "" if value is None else str(value).encode(errors="replace").decode()
