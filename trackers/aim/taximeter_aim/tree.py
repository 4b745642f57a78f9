"""Aim's trees: how the paths and values of a nested mapping are laid out in the keys and values of a database.

A path is its keys one after the other, each followed by a byte that UTF-8 never uses; an integer has that byte
before it too, and is big-endian.
A value is a byte for its type and then its content, little-endian; large ones lie elsewhere under the same key.
"""

import struct
from collections.abc import Iterable
from typing import Any

_END = b"\xfe"
_NONE, _BOOL, _INT, _FLOAT, _TEXT, _BYTES, _ARRAY, _OBJECT, _CUSTOM = 0, 1, 2, 3, 4, 5, 6, 7, 0x0F
_DOUBLE, _INT64, _KEY = struct.Struct("<d"), struct.Struct("<q"), struct.Struct(">q")
_INT_KEY = 1 + _KEY.size + 1
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


def path_to(*keys: Key) -> bytes:
    """Return the path of these keys."""
    return b"".join((key.encode() if isinstance(key, str) else _END + _KEY.pack(key)) + _END for key in keys)


def keys_of(path: bytes) -> list[Key]:
    """Return the keys of a path; what is damaged at its end is left out."""
    keys: list[Key] = []
    place = 0
    while place < len(path):
        if path[place : place + 1] == _END:
            if place + _INT_KEY > len(path):
                break
            keys.append(_KEY.unpack_from(path, place + 1)[0])
            place += _INT_KEY
        else:
            end = path.find(_END, place)
            keys.append(path[place : end if end >= 0 else None].decode(errors="replace"))
            place = end + 1 if end >= 0 else len(path)
    return keys


def value_of(data: bytes) -> Any:
    """Return a value; a `Node` without children for what begins one, None for what is damaged."""
    kind, content = data[0], data[1:]
    if len(content) < _SHORTEST.get(kind, 0):
        return None
    match kind:
        case 1:
            return content[0] != 0
        case 2:
            return _INT64.unpack_from(content)[0]
        case 3:
            return _DOUBLE.unpack_from(content)[0]
        case 4:
            return content.decode(errors="replace")
        case 5:
            return content
        case 6:
            return Node("array")
        case 7:
            return Node()
        case 15:
            return Node(content.decode(errors="replace"))
    return None


def tree_of(entries: Iterable[tuple[bytes, bytes]], prefix: bytes = b"") -> Any:
    """Return the value that the entries make up, which may be a `Node` with more in it.

    Args:
        entries: paths and values in their order.
        prefix: where they lie in the database, for what lies elsewhere.
    """
    root: dict[Key, Any] = {}
    for path, data in entries:
        *parents, last = ["", *keys_of(path)]
        node = root
        for key in parents:
            if not isinstance(node.get(key), Node):
                node[key] = Node()
            node = node[key]
        node[last] = value_of(data) if data else Blob(prefix + path)
    return root.get("")
