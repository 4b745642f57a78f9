"""The vendor's protobuf messages, without the vendor.

Importing ``swanlab.proto`` imports all of ``swanlab``, which takes a second and more; the messages' descriptors
lie in its generated files as one literal each, and are read from there into a pool of their own.
"""

import ast
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message,
    message_factory,
)

from taximeter.errors import TrackerError
from taximeter_swanlab.backup import fields_in

_FILE = "swanlab/record/v1/record.proto"
_RECORD = "swanlab.record.v1.Record"


def parse(payload: bytes) -> Any:
    """Return the ``Record`` that a log, also an older one, holds as `payload`, or None where it is none."""
    record = _record_class()
    try:
        return record(**fields_in(payload)) if payload.startswith(b"{") else record.FromString(payload)
    except (message.DecodeError, TypeError, ValueError):
        return None


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
    stem = f"{name.removesuffix('.proto')}_pb2"
    if stem.startswith("google/"):
        serialized: bytes = import_module(stem.replace("/", ".")).DESCRIPTOR.serialized_pb
        return serialized
    return _literal(_vendor_folder() / "proto" / f"{stem}.py")


def _vendor_folder() -> Path:
    spec = find_spec("swanlab")
    if spec is None or spec.origin is None:
        raise TrackerError("swanlab is not installed; `pip install swanlab` adds it.")
    return Path(spec.origin).parent


def _literal(file: Path) -> bytes:
    """Return the argument of the call of ``AddSerializedFile`` in a generated file."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="AddSerializedFile"), args=[ast.Constant(value=bytes(serialized))]
            ):
                return serialized
    raise TrackerError(f"{file} holds no protobuf messages in a form known here; is this version of swanlab new?")
