"""What a file of a commit holds.

It is bytes, a function that returns them when the commit is made, chunks whose size is known, or an object that
the repository has; None removes the file.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeAlias

import msgspec

_CHUNK = 1 << 20


class Stored(msgspec.Struct, frozen=True):
    """Content that the repository has as the object `oid`."""

    oid: str


class Chunks(ABC):
    """Content in chunks; `size` is that of all of them in bytes."""

    size: int

    @abstractmethod
    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks."""


class FileChunks(Chunks):
    """The content of an open file, all of it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = stream.seek(0, 2)

    def __iter__(self) -> Iterator[bytes]:
        self._stream.seek(0)
        while chunk := self._stream.read(_CHUNK):
            yield chunk


Content: TypeAlias = bytes | Chunks | Stored | None
LazyContent: TypeAlias = Content | Callable[[], bytes]
