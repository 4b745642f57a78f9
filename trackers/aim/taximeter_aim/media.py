"""Images, texts, figures and audio that a run tracked, as files."""

from collections.abc import Iterator
from typing import Any

import msgspec

from taximeter_aim.native import Facts
from taximeter_aim.rocks import Database
from taximeter_aim.tree import Blob, Node, tree_of, value_of

_FOLDERS = {"aim.image": "images", "aim.text": "texts", "aim.figure": "figures", "aim.audio": "audios"}
_ENDINGS = {"aim.text": "txt", "aim.figure": "json"}


class Medium(msgspec.Struct, frozen=True):
    """One medium: the path that we give it, and where its bytes lie."""

    path: str
    place: bytes


def media_of(database: Database, facts: Facts) -> Iterator[Medium]:
    """Yield the media of a run by ``<sort>/<key>/<step>.<ending>``; those of a list have a number too."""
    for trace in facts.traces:
        kind = trace.kind.removeprefix("list(").removesuffix(")")
        if kind in _FOLDERS:
            prefix = trace.place + b"val\xfe"
            tracked = tree_of(database.entries(prefix), prefix)
            for step, value in tracked.items() if isinstance(tracked, Node) else ():
                yield from _media(value, f"{_FOLDERS[kind]}/{_safe(trace.key)}/{step}")


def read_medium(database: Database, medium: Medium) -> bytes:
    """Return the bytes of a medium."""
    data = database.blob(medium.place)
    value = value_of(data) if data else b""
    return value if isinstance(value, bytes) else str(value).encode()


def _media(value: Any, path: str) -> Iterator[Medium]:
    if not isinstance(value, Node):
        return
    data = value.get("data")
    if value.kind == "array":
        for place, item in value.items():
            yield from _media(item, f"{path}.{place}")
    elif isinstance(data, Blob):
        yield Medium(f"{path}.{_ENDINGS.get(value.kind) or str(value.get('format') or 'bin').lower()}", data.path)


def _safe(key: str) -> str:
    """Return a key as one part of a path."""
    marks = "%/\\\0" if key.strip(".") else "."
    return "".join(f"%{ord(mark):02X}" if mark in marks else mark for mark in key)
