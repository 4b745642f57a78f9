"""Every error that taximeter raises.

TaximeterError
├── InputError       what was given cannot be used; the message names it and the way out
├── JournalError     the journal could not be written or read
├── TrackerError     a tracker's own software failed; its error is the cause
└── Unsupported      a tracker was asked for something outside its features
    └── StoredElsewhere  it was done, and what came of it lies outside the store
"""


class TaximeterError(Exception):
    """Base of every error raised here."""


class InputError(TaximeterError):
    """What was given cannot be used; the message names it and the way out."""


class JournalError(TaximeterError):
    """The journal could not be written or read."""


class TrackerError(TaximeterError):
    """A tracker's own software failed; the vendor's error is the cause."""


class Unsupported(TaximeterError):  # noqa: N818 - the field's own word for it
    """A tracker was asked for something outside its features."""


class StoredElsewhere(Unsupported):
    """A vendor did what it was asked, and what came of it lies outside its store, where nothing is read."""
