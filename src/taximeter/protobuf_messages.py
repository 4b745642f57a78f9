"""A vendor's protobuf messages, without importing the vendor, which may take a second and more.

The messages' descriptors lie in its generated files as one literal each, and are read from there into a pool of
their own. A tracker that uses this has ``protobuf`` among its own dependencies.
"""

import ast
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from google.protobuf import (  # type: ignore[import-untyped]
    descriptor_pb2,
    descriptor_pool,
    message_factory,
)

from taximeter.errors import TrackerError


def message_class(package: str, file: str, message: str, generated: Callable[[Path, str], Path]) -> Any:
    """Return the class of a vendor's message.

    Args:
        package: the vendor's, which must be installed.
        file: the ``.proto`` file that defines the message.
        message: its full name.
        generated: returns where the vendor keeps what was generated of a ``.proto`` file, given its package's
            folder and the file's name.

    Raises:
        TrackerError: it is not installed, or its files have another form.
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise TrackerError(f"{package} is not installed; `pip install {package}` adds it.")
    root = Path(spec.origin).parent
    pool = descriptor_pool.DescriptorPool()
    _add(pool, file, lambda name: _literal(generated(root, name), package), set())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(message))


def _add(pool: Any, name: str, vendors: Callable[[str], bytes], added: set[str]) -> None:
    """Add the file called `name`, and first those that it imports."""
    if name in added:
        return
    added.add(name)
    serialized = _googles(name) if name.startswith("google/") else vendors(name)
    for dependency in descriptor_pb2.FileDescriptorProto.FromString(serialized).dependency:
        _add(pool, dependency, vendors, added)
    pool.AddSerializedFile(serialized)


def _googles(name: str) -> bytes:
    module = import_module(f"{name.removesuffix('.proto').replace('/', '.')}_pb2")
    serialized: bytes = module.DESCRIPTOR.serialized_pb
    return serialized


def _literal(file: Path, package: str) -> bytes:
    """Return the argument of the call of ``AddSerializedFile`` in a generated file."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="AddSerializedFile"), args=[ast.Constant(value=bytes(serialized))]
            ):
                return serialized
    raise TrackerError(
        f"{file} holds no protobuf messages in a form known here; is this version of {package} new?"
    )
