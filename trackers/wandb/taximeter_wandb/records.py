"""The vendor's protobuf messages, without the vendor.

Importing ``wandb.proto`` imports all of ``wandb``, which takes a second and more; the messages' descriptors lie
in its generated files as one literal each, and are read from there into a pool of their own.
"""

import ast
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from google.protobuf import (  # type: ignore[import-untyped]
    __version__ as protobuf_version,
)
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message,
    message_factory,
)

from taximeter.errors import TrackerError
from taximeter_wandb.log import WandbLog

_RECORD = "wandb_internal.Record"
_FILE = "wandb/proto/wandb_internal.proto"


def parse(payload: bytes) -> Any:
    """Return the ``wandb_internal.Record`` that a log holds as `payload`, or None where it is none."""
    try:
        return _record_class().FromString(payload)
    except message.DecodeError:
        return None


def exit_in(log: Path) -> Any:
    """Return the ``RunExitRecord`` at the end of a log, or None where there is none (yet)."""
    records = map(parse, WandbLog(log).last_payloads())
    return next((record.exit for record in records if record is not None and record.HasField("exit")), None)


def to_dict(record: Any) -> dict[str, Any]:
    """Return a message as the JSON that W&B makes of it."""
    tree: dict[str, Any] = json_format.MessageToDict(record)
    return tree


@cache
def _record_class() -> Any:
    pool = descriptor_pool.DescriptorPool()
    _add(pool, _FILE, set())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(_RECORD))


def _add(pool: Any, name: str, added: set[str]) -> None:
    """Add the file called `name`, and first those that it imports."""
    if name in added:
        return
    added.add(name)
    serialized = _descriptor(name)
    for dependency in descriptor_pb2.FileDescriptorProto.FromString(serialized).dependency:
        _add(pool, dependency, added)
    pool.AddSerializedFile(serialized)


def _descriptor(name: str) -> bytes:
    """Return the serialized descriptor of a ``.proto`` file of Google's or the vendor's."""
    module = name.removesuffix(".proto").replace("/", ".") + "_pb2"
    if module.startswith("google."):
        serialized: bytes = import_module(module).DESCRIPTOR.serialized_pb
        return serialized
    return _literal(_generated_folder() / f"{Path(name).stem}_pb2.py")


def _generated_folder() -> Path:
    """Return where the vendor keeps the messages for the installed protobuf."""
    spec = find_spec("wandb")
    if spec is None or spec.origin is None:
        raise TrackerError("wandb is not installed; `pip install wandb` adds it.")
    folder = Path(spec.origin).parent / "proto"
    return folder / f"v{protobuf_version.partition('.')[0]}"


def _literal(file: Path) -> bytes:
    """Return the argument of the call of ``AddSerializedFile`` in a generated file."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="AddSerializedFile"), args=[ast.Constant(value=bytes(serialized))]
            ):
                return serialized
    raise TrackerError(f"{file} holds no protobuf messages in a form known here; is this version of wandb new?")
