"""What W&B keeps about a run besides its metrics, in the terms of a run's record."""

from collections.abc import Iterable
from typing import Any

import msgspec

from taximeter.record import Dataset, Environment, Model, Source, unpack_dataset, unpack_model
from taximeter_wandb.fold import Fold, LoggedArtifact
from taximeter_wandb.native import OURS

_BYTES_PER_GIB = 1 << 30


def params_of(fold: Fold) -> dict[str, Any]:
    """Return the config without what W&B and we keep there."""
    hidden = {"_wandb", OURS} if fold.ours else {"_wandb"}
    return {key: value for key, value in fold.config.items() if key not in hidden}


def tags_of(fold: Fold) -> dict[str, str]:
    """Return W&B's tags: in a run that we wrote ``name=value`` each, else names without a value."""
    texts = list(fold.head.tags) if fold.head else []
    if fold.ours is None:
        return dict.fromkeys(texts, "")
    pairs = (text.partition("=") for text in texts)
    return {name: value for name, _, value in pairs} | dict(fold.ours.get("tags", {}))


def source_of(metadata: dict[str, Any], fold: Fold, diff: str | None) -> Source | None:
    """Return the code, where W&B shows any of it."""
    commit = metadata.get("git", {}).get("commit") or (fold.head.git.commit if fold.head else None)
    program, arguments = metadata.get("program"), metadata.get("args", [])
    if not (program or arguments or commit or diff):
        return None
    return Source(program or "", tuple(map(str, arguments)), commit=commit or None, diff=diff)


def environment_of(metadata: dict[str, Any], distributions: dict[str, str]) -> Environment | None:
    """Return the machine and its software, where W&B shows any of it."""
    shown = {"os", "python", "cpu", "cpu_count", "cpu_count_logical", "memory", "gpu"}
    if not (distributions or shown & metadata.keys()):
        return None
    cpu = metadata.get("cpu")
    return Environment(
        python=str(metadata.get("python", "")),
        os=str(metadata.get("os", "")),
        cpu=str(cpu.get("model", "")) if isinstance(cpu, dict) else "",
        cores=int(metadata.get("cpu_count_logical") or metadata.get("cpu_count") or 0),
        memory=_bytes(metadata.get("memory", {}).get("total", 0)),
        gpus=(str(metadata["gpu"]),) * int(metadata.get("gpu_count", 1)) if metadata.get("gpu") else (),
        distributions=distributions,
    )


def distributions_in(lines: Iterable[str]) -> dict[str, str]:
    """Return names and versions from the lines of a ``requirements.txt`` as W&B writes it."""
    pairs = (line.partition("==") for line in lines)
    return {name: version for name, equals, version in pairs if equals}


def datasets_of(artifacts: Iterable[LoggedArtifact]) -> tuple[Dataset, ...]:
    """Return the datasets whose artifacts say what we say of one."""
    found = (_dataset(artifact.metadata) for artifact in artifacts if artifact.kind == "dataset")
    return tuple(dataset for dataset in found if dataset)


def models_of(artifacts: Iterable[LoggedArtifact]) -> dict[str, Model]:
    """Return the models that the run logged; W&B itself notes no flavour."""
    return {
        str(artifact.metadata.get("path", artifact.name)): unpack_model(
            Model(
                str(artifact.metadata.get("flavour", "unknown")),
                artifact.metadata.get("signature"),
                artifact.metadata.get("input_example"),
            )
        )
        for artifact in artifacts
        if artifact.kind == "model"
    }


def _dataset(metadata: dict[str, Any]) -> Dataset | None:
    try:
        return unpack_dataset(msgspec.convert(metadata, Dataset))
    except msgspec.ValidationError:
        return None


def _bytes(total: Any) -> int:
    """Return the memory in bytes; W&B before 0.17 noted gibibytes, as a number that is no whole one."""
    return int(total * _BYTES_PER_GIB) if isinstance(total, float) else int(total)
