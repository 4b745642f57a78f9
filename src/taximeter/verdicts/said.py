"""What a vendor says: warnings, log records, and lines on standard error and standard output."""

import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_TELLING = re.compile(
    r"warn|error|fail|ignor|drop|skip|invalid|unsupport|truncat|cut|exceed|cannot|can't|could not|"
    r"not |too (long|large|many)|must|renam|reserved|convert|larger|longer|encounter",
    re.IGNORECASE,
)
_TO_DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ResourceWarning)
_SCRATCH = re.compile(rf"{re.escape(tempfile.gettempdir())}/taximeter-\w+-\w+")
_VARYING = re.compile(r"[0-9a-f]{8,}|\d+|/[^\s'\"]+|\b[\w-]*fact[\w-]*\b")


class Listener(logging.Handler):
    """Hears everything that is said in this process and by those that it started.

    Use `hear` around what may say something; `lines` then has it.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []
        logging.getLogger().addHandler(self)
        logging.captureWarnings(capture=False)
        warnings.simplefilter("always")
        warnings.showwarning = self._take_warning  # type: ignore[assignment]

    def emit(self, record: logging.LogRecord) -> None:
        """Take a log record of a warning or worse."""
        self.lines.append(f"{record.levelname}: {record.getMessage()}")

    @contextmanager
    def hear(self) -> Iterator[None]:
        """Collect in `lines` what is said meanwhile.

        Of what is printed, on either stream, only lines with a word of warning count: vendors greet and sum up.
        """
        self.lines = []
        with tempfile.TemporaryFile() as heard:
            kept = {fd: os.dup(fd) for fd in (1, 2)}
            for fd in kept:
                os.dup2(heard.fileno(), fd)
            try:
                yield
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                for fd, old in kept.items():
                    os.dup2(old, fd)
                    os.close(old)
                self.lines += filter(_TELLING.search, _text_lines(heard))

    def _take_warning(self, message: Any, category: type[Warning], *_: Any) -> None:
        """Take a warning to users; those to developers, of what is to go, tell nothing of the data."""
        if not issubclass(category, _TO_DEVELOPERS):
            self.lines.append(f"{category.__name__}: {message}")


def plain_lines(lines: Iterable[str]) -> list[str]:
    """Return what was said, line by line, without colours and empty lines, each line once."""
    split = (_ESCAPES.sub("", part).rstrip() for line in lines for part in line.splitlines())
    return list(dict.fromkeys(line for line in split if line.strip()))


def kind_of(line: str) -> str:
    """Return a line without what differs from run to run: numbers, paths, ids and names of runs."""
    return _VARYING.sub("…", line).strip()


def is_usual(line: str, usual: str) -> bool:
    """Tell whether a line is of a kind in `usual`, one a line; what a logger puts before it may be missing."""
    kind = kind_of(line)
    return any(known == kind or known.endswith((f" - {kind}", f": {kind}")) for known in usual.split("\n"))


def without_scratch(text: str) -> str:
    """Return text without the temporary folders that facts are written in, which no other run has."""
    return _SCRATCH.sub("…", text)


def _text_lines(heard: IO[bytes]) -> list[str]:
    heard.seek(0)
    return heard.read().decode(errors="replace").splitlines()
