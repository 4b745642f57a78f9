"""How a tracker's own UI is opened: what its adapter says of it, for people and for screenshots.

A command is a line of shell, as the vendor's users type it.
In commands, pages and texts these words stand for what a run has, quoted as the place needs it:
``{location}`` the store, ``{port}`` a free port, ``{run}`` the vendor's id of the run, ``{name}``,
``{experiment}``, ``{metric}`` the name of one of its metrics, and ``{scores}`` a regular expression for those that
say how good its model is.
"""

from collections.abc import Mapping

import msgspec


class BrowserUI(msgspec.Struct, frozen=True, kw_only=True):
    """A UI that a server on this machine brings to a browser."""

    command: str
    """Opens it."""
    serve: str
    """The same, but on 127.0.0.1 at ``{port}``."""
    page: str
    """Path and query of the page that shows one run."""
    shows: tuple[str, ...]
    """Texts that are to be seen on that page; when they are, it is complete."""
    clicks: tuple[str, ...] = ()
    """CSS selectors of what is in the way, such as a welcome's button; each must come, and is clicked."""
    caption: str
    """What the page shows, in a sentence."""
    height: int = 900
    """Of the page, in pixels."""
    environment: Mapping[str, str] = {}
    """Variables that keep the vendor offline; the user's own do not reach it."""


class TerminalUI(msgspec.Struct, frozen=True, kw_only=True):
    """A UI in the terminal: a program that fills the screen, or one that prints and ends."""

    command: str
    """Opens it."""
    show: str
    """The same for one run."""
    shows: tuple[str, ...]
    """Texts that are to stand on the screen; when they do, it is complete."""
    keys: str = ""
    """Typed then; a carriage return is the key for it."""
    caption: str
    """What the screen shows, in a sentence."""
    columns: int = 120
    lines: int = 60
    """Of the screen; empty last ones are not drawn."""
    environment: Mapping[str, str] = {}
    """Variables that keep the vendor offline; the user's own do not reach it."""


UserInterface = BrowserUI | TerminalUI
