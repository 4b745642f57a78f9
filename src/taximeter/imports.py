"""Hides packages that are installed from what would import them, as if they were not."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


def hide(packages: Iterable[str]) -> list[str]:
    """Let packages that nobody has imported yet seem not to be installed: None stands for that; return them."""
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    return hidden


@contextmanager
def hiding(packages: Iterable[str]) -> Iterator[None]:
    """Hide packages meanwhile."""
    hidden = hide(packages)
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
