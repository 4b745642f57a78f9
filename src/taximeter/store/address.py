"""How people write a store: ``csv``, ``csv:results``, or just a path."""

from pathlib import Path

from taximeter.environments import find_environment
from taximeter.errors import InputError
from taximeter.journal.home import Destination
from taximeter.plugins import installed, load, load_all, not_installed, tracker_name


def parse_store(text: str, folder: Path) -> Destination:
    """Return the store that ``<tracker>`` or ``<tracker>:<location>`` names.

    Args:
        text: a tracker alone means its usual store in `folder`; a tracker with a version of its vendor,
            ``<tracker>==<version>``, has its usual store in a folder of that name.
        folder: absolute; what a relative location is relative to.

    Raises:
        InputError: no such tracker is installed, or there is no environment with that version.
    """
    name, _, location = text.partition(":")
    tracker = load(name)
    find_environment(name)
    usual = folder if name == tracker.name else folder / name
    return Destination(name, location or tracker.location_in(usual), str(folder))


def find_store(text: str, folder: Path) -> Destination:
    """Return the store that `text` names, be it as in `parse_store` or by its path alone.

    Raises:
        InputError: nothing is there, or not exactly one tracker recognises it.
    """
    trackers = installed()
    name = text.partition(":")[0]
    if tracker_name(name) in trackers:
        return parse_store(text, folder)
    path = folder / text
    if not path.exists():
        if "/" in name or "." in name:
            raise InputError(f"{text!r}: there is no such file or folder.")
        raise InputError(not_installed(name, list(trackers)))
    found = [tracker.name for tracker in load_all()[0] if tracker.recognises(path)]
    if len(found) != 1:
        which = (
            f"several trackers could read it ({', '.join(found)})" if found else "no installed tracker knows it"
        )
        example = f"{(found or list(trackers))[0]}:{text}"
        raise InputError(f"{text!r}: {which}; write it with the tracker's name, such as {example}.")
    return Destination(found[0], load(found[0]).location_at(path), str(folder))
