"""Aim's trees: how the paths and values of a nested mapping are laid out in the keys and values of a database.

A path is its keys one after the other, each followed by a byte that UTF-8 never uses; an integer has that byte
before it too, and is big-endian.
A value is a byte for its type and then its content, little-endian; large ones lie elsewhere under the same key.
"""

import struct
from collections.abc import Callable, Iterable
from typing import Any

_END = b"\xfe"
_BOOL, _INT, _FLOAT, _TEXT, _BYTES, _ARRAY, _OBJECT, _CUSTOM = 1, 2, 3, 4, 5, 6, 7, 15
_DOUBLE, _INT64, _KEY = struct.Struct("<d"), struct.Struct("<q"), struct.Struct(">q")
INT_KEY = 1 + _KEY.size + 1
"""The bytes of a path that is one integer."""

_SHORTEST = {_BOOL: 1, _INT: _INT64.size, _FLOAT: _DOUBLE.size}

Key = int | str


class Blob:
    """A value that lies elsewhere, under the path."""

    def __init__(self, path: bytes) -> None:
        self.path = path


class Node(dict[Key, Any]):
    """A mapping, an array or an object of Aim's own, by its `kind`."""

    def __init__(self, kind: str = "mapping") -> None:
        super().__init__()
        self.kind = kind


_DECODERS: dict[int, Callable[[bytes], Any]] = {
    _BOOL: lambda content: content[0] != 0,
    _INT: lambda content: _INT64.unpack_from(content)[0],
    _FLOAT: lambda content: _DOUBLE.unpack_from(content)[0],
    _TEXT: lambda content: content.decode(errors="replace"),
    _BYTES: lambda content: content,
    _ARRAY: lambda _: Node("array"),
    _OBJECT: lambda _: Node(),
    _CUSTOM: lambda content: Node(content.decode(errors="replace")),
}


def path_to(*keys: Key) -> bytes:
    """Return the path of these keys."""
    return b"".join((key.encode() if isinstance(key, str) else _END + _KEY.pack(key)) + _END for key in keys)


def keys_of(path: bytes) -> list[Key] | None:
    """Return the keys of a path; None where one is empty, which Aim writes but takes for an integer afterwards."""
    keys: list[Key] = []
    place = 0
    while place < len(path):
        is_integer = path[place : place + 1] == _END
        end = place + INT_KEY - 1 if is_integer else path.find(_END, place)
        if path[end : end + 1] != _END or end < 0:
            return None
        key = path[place:end]
        keys.append(_KEY.unpack_from(key, 1)[0] if is_integer else key.decode(errors="replace"))
        place = end + 1
    return keys


def value_of(data: bytes) -> Any:
    """Return a value; a `Node` without children for what begins one, None for what is damaged."""
    kind, content = data[0], data[1:]
    if len(content) < _SHORTEST.get(kind, 0):
        return None
    decode = _DECODERS.get(kind)
    return decode(content) if decode else None


def tree_of(entries: Iterable[tuple[bytes, bytes]], prefix: bytes = b"") -> Any:
    """Return the value that the entries make up, which may be a `Node` with more in it.

    Args:
        entries: paths and values in their order.
        prefix: where they lie in the database, for what lies elsewhere.
    """
    root: dict[Key, Any] = {}
    for path, data in entries:
        keys = keys_of(path)
        if keys is None:
            continue
        *parents, last = ["", *keys]
        node = root
        for key in parents:
            if not isinstance(node.get(key), Node):
                node[key] = Node()
            node = node[key]
        node[last] = value_of(data) if data else Blob(prefix + path)
    return root.get("")
