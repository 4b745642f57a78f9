"""A terminal of a fixed size, for UIs that live in one: what its screen shows, as text and as HTML."""

import contextlib
import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import pyte

from taximeter.errors import TrackerError
from taximeter.redact import redact
from taximeter.screenshots.processes import PATIENCE, started

_QUIET: Final = 2.0
_POLL: Final = 0.1
_CHUNK: Final = 65536
_LAST_WORDS: Final = 500
_INK: Final = "#e6e6e6"
_PAPER: Final = "#14161a"
_COLOURS: Final = {
    "black": _PAPER,
    "red": "#ff6b6b",
    "green": "#7ddc8a",
    "brown": "#f7b500",
    "blue": "#6ba8ff",
    "magenta": "#d78bff",
    "cyan": "#5fd7d7",
    "white": _INK,
    "brightblack": "#8a8f98",
}
_ODD: Final = re.compile("[^ -~\u2500-\u259f]")
"""What the font may lack, so that another one with other widths draws it."""

_PAGE: Final = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; background: {paper}; }}
i {{ display: inline-block; width: 1ch; overflow: hidden; vertical-align: bottom; font-style: normal; }}
pre {{ margin: 0; padding: 14px 16px; font: {size}px/1.25 "DejaVu Sans Mono", monospace; color: {ink}; }}
b {{ color: {accent}; white-space: normal; }}
</style><pre>{lines}</pre>"""


class _Screen(pyte.Screen):
    keyboard: int

    def write_process_input(self, data: str) -> None:
        """Answer a program that asks what the terminal is."""
        os.write(self.keyboard, data.encode())


class Terminal:
    """The screen of a program that runs in a pseudo-terminal."""

    def __init__(self, columns: int, lines: int) -> None:
        self._screen = _Screen(columns, lines)
        self._command = ""
        self._stream = pyte.ByteStream(self._screen)

    def run(
        self, command: str, shows: Sequence[str], folder: Path, environment: Mapping[str, str], keys: str = ""
    ) -> None:
        """Run a line of shell until its screen shows these texts and is still, or it ends.

        Args:
            command: the line.
            shows: texts that must come to stand on the screen.
            folder: where it runs.
            environment: its variables.
            keys: typed when it is still, after which it is to become so again.

        Raises:
            TrackerError: the texts do not come.
        """
        ours, theirs = os.openpty()
        size = struct.pack("HHHH", self._screen.lines, self._screen.columns, 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        variables = {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self._screen.keyboard, self._command = ours, command
        try:
            with started(command, folder, variables, stdin=theirs, stdout=theirs, stderr=theirs) as process:
                os.close(theirs)
                self._follow(ours, process, shows)
                if keys:
                    os.write(ours, keys.encode())
                    self._follow(ours, process, shows)
        finally:
            os.close(ours)

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip()

    def to_html(self, width: int) -> str:
        """Return the screen as a page of this width in pixels, below the command, without empty last lines."""
        count = len(self.text.splitlines())
        lines = "\n".join([f"<b>$ {escape(self._command)}</b>", *map(self._line, range(count))])
        size = (width - 32) / self._screen.columns / 0.602
        return _PAGE.format(paper=_PAPER, ink=_INK, accent=_COLOURS["brown"], size=size, lines=lines)

    def _follow(self, ours: int, process: "subprocess.Popen[bytes]", shows: Sequence[str]) -> None:
        last = begun = time.monotonic()
        while (now := time.monotonic()) < begun + PATIENCE:
            if chunk := _read(ours):
                self._stream.feed(chunk)
                last = now
            elif process.poll() is not None or (now > last + _QUIET and self._shows(shows)):
                break
        if not self._shows(shows):
            raise TrackerError(f"its UI was to show {' and '.join(shows)}, and showed: {self._last_words()}")

    def _shows(self, texts: Sequence[str]) -> bool:
        return all(text in self.text for text in texts)

    def _last_words(self) -> str:
        return redact(self.text[-_LAST_WORDS:]) or "nothing"

    def _line(self, place: int) -> str:
        row = self._screen.buffer[place]
        cells = [row[column] for column in range(self._screen.columns)]
        styles = groupby(cells, key=_style)
        return "".join(_span(style, "".join(cell.data for cell in same)) for style, same in styles)


def _read(ours: int) -> bytes | None:
    """Return what the program wrote, or None where it wrote nothing for a moment or has ended."""
    with contextlib.suppress(OSError):  # how a pseudo-terminal says that nobody is left
        if select.select([ours], [], [], _POLL)[0]:
            return os.read(ours, _CHUNK) or None
    return None


def _style(cell: Any) -> str:
    ink, paper = _colour(cell.fg, _INK), _colour(cell.bg, _PAPER)
    ink, paper = (paper, ink) if cell.reverse else (ink, paper)
    parts = [f"color:{ink}" if ink != _INK else "", f"background:{paper}" if paper != _PAPER else ""]
    parts.append("font-weight:bold" if cell.bold else "")
    return ";".join(part for part in parts if part)


def _colour(name: str, default: str) -> str:
    if name == "default":
        return default
    known = _COLOURS.get(name) or _COLOURS.get(name.removeprefix("bright"))
    return known or f"#{name}"


def _span(style: str, text: str) -> str:
    drawn = _ODD.sub(r"<i>\g<0></i>", escape(text))
    return f'<span style="{style}">{drawn}</span>' if style else drawn
