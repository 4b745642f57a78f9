"""What a run's fields say about its data, models, code and machine."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, get_args

import msgspec

from taximeter.record import (
    Dataset,
    Environment,
    LockFile,
    Model,
    Role,
    Source,
    unpack_dataset,
    unpack_model,
)
from taximeter_neptune.fields import Fields
from taximeter_neptune.names import DATASETS, ENVIRONMENT, MODELS, SOURCE


def datasets_of(fields: Fields) -> Iterator[Dataset]:
    """Yield the datasets of a run that we wrote."""
    for about in _numbered(fields, DATASETS):
        with suppress(KeyError, TypeError, ValueError):  # the run was cut off in the middle of it
            trees = {name: json.loads(about[name]) for name in ("columns", "statistics")}
            yield unpack_dataset(msgspec.convert(about | trees, Dataset))


def tracked_datasets(fields: Fields) -> Iterator[Dataset]:
    """Yield data that Neptune's users track, where a path tells the role; the client notes only where they lie."""
    for path, source in fields.tracked.items():
        roles = [part for part in path.split("/") if part in get_args(Role)]
        if roles:
            yield Dataset(path.rpartition("/")[2], roles[0], source, "", 0, {})  # type: ignore[arg-type]


def models_of(fields: Fields) -> Iterator[tuple[str, Model]]:
    """Yield the models of a run that we wrote, with the folders that they are."""
    for about in _numbered(fields, MODELS):
        with suppress(KeyError, TypeError, ValueError):
            signature = json.loads(about["signature"])
            yield about["path"], unpack_model(Model(about["flavour"], signature, about.get("input_example")))


def source_of(fields: Fields, text_of: Callable[[str], str | None]) -> Source | None:
    """Return the code, as far as either client notes it."""
    about = fields.below(SOURCE)
    diff = next(filter(None, map(text_of, (f"{SOURCE}/diff", f"{SOURCE}/diff/head"))), None)
    if not about and diff is None:
        return None
    entry_point = str(about.get("entrypoint", about.get("run_command", "")))
    argv = _list_in(about.get("argv"))
    return Source(entry_point, argv, about.get("commit/commit_id"), about.get("branch"), diff)


def environment_of(fields: Fields, text_of: Callable[[str], str | None]) -> Environment | None:
    """Return the machine and its software, as a run that we wrote has them."""
    about = fields.below(ENVIRONMENT)
    lines = (text_of(f"{SOURCE}/requirements") or "").split("\n")
    pairs = (line.partition("==") for line in lines)
    lock_file = (about.pop("lock_file/path", None), about.pop("lock_file/sha256", None))
    with suppress(KeyError, TypeError, ValueError):
        return Environment(
            **{name: about[name] for name in ("python", "os", "cpu", "cores", "memory")},
            gpus=_list_in(about["gpus"]),
            distributions={name: version for name, equals, version in pairs if equals},
            lock_file=LockFile(*lock_file) if all(lock_file) else None,
        )
    return None


def _list_in(text: Any) -> tuple[str, ...]:
    """Return the texts that a field holds as JSON; none where it is something else."""
    with suppress(TypeError, ValueError):
        return tuple(map(str, json.loads(text)))
    return ()


def _numbered(fields: Fields, namespace: str) -> list[dict[str, Any]]:
    """Return what is said of each dataset or model, in their order."""
    found: dict[int, dict[str, Any]] = {}
    for below, value in fields.below(namespace).items():
        number, _, name = below.partition("/")
        if number.isdecimal():
            found.setdefault(int(number), {})[name] = value
    return [found[number] for number in sorted(found)]
