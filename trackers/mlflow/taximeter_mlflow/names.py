"""Keys and values as MLflow takes them.

MLflow refuses most punctuation in keys, and every key that is no plain relative path.
A character that it refuses is written ``_xHHHH_`` after its UTF-16 code, as spreadsheets do; so different keys
stay different, and keys that MLflow takes stay themselves, unless they hold ``_x`` and four such digits already.
"""

import re
from hashlib import sha256
from typing import Any

from msgspec import json

from taximeter.values import pack

LONGEST_KEY = 250

# Halves of surrogate pairs, which stand alone in no text.
_EMPTY = "_xD800_"
_CUT = "_xD801_"
_CLASH = "_xD802_"

_REFUSED = re.compile(
    r"""[^/\w.\- :]                 # MLflow's alphabet
    | ^/ | /$ | (?<=/)/             # absolute, a folder, or an empty part
    | (?:^|(?<=/))\.(?=\.?(?:/|$))  # the parts . and ..
    | _(?=x[0-9A-F]{4})             # what would look like one of these""",
    re.VERBOSE,
)


def escape_key(name: str, *, reserved: bool = False, in_bytes: bool = False) -> str:
    """Return a key that MLflow takes, a different one for every name.

    Args:
        name: any text.
        reserved: the name means something to MLflow or to this adapter.
        in_bytes: MLflow will make it the name of a file.
    """
    key = _REFUSED.sub(_escape, name) or _EMPTY
    if reserved:
        key = _code(key[0]) + key[1:]
    return _shorten(key, name, in_bytes=in_bytes)


def clash(key: str) -> str:
    """Return another key for one that would be a file where the file store has a folder, or the reverse."""
    return key.replace("/", _code("/")) + _CLASH


def cut(text: str, longest: int) -> str:
    """Return text that says at its end how much was cut off, if it is longer than MLflow keeps."""
    if len(text) <= longest:
        return text
    mark = f"… [{len(text)} characters]"
    return text[: longest - len(mark)] + mark


def cut_name(text: str, longest: int) -> str:
    """Return text that ends in a digest of all of it, if it is longer than MLflow keeps."""
    return text if len(text) <= longest else f"{text[: longest - 18]}… {_digest(text)[:16]}"


def text_of(value: Any) -> str:
    """Return a param as MLflow writes it: strings as they are, everything else as Python prints it."""
    if isinstance(value, str):
        return value
    try:
        return str(value)
    except ValueError:  # Python prints no integer of more than 4,300 digits
        return json.encode(pack(value)).decode()


def _shorten(key: str, name: str, *, in_bytes: bool) -> str:
    size = len(key.encode()) if in_bytes else len(key)
    if size <= LONGEST_KEY:
        return key
    end = _CUT + _digest(name)[:32]
    room = LONGEST_KEY - len(end)
    return (key.encode()[:room].decode(errors="ignore") if in_bytes else key[:room]).rstrip("/. ") + end


def _escape(match: re.Match[str]) -> str:
    return _code(match.group())


def _code(character: str) -> str:
    units = character.encode("utf-16-be").hex().upper()
    return "".join(f"_x{units[place : place + 4]}_" for place in range(0, len(units), 4))


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
