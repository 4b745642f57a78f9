"""Names of folders that a file system holds, reversible."""

import re
from urllib.parse import unquote

from taximeter.artifact_files import name_digest

_ODD = re.compile(r"[\x00-\x1f\x7f/\\%\x80-\x9f\u2028\u2029]|^\.")
_EMPTY = "%"
_NAME_BYTES = 100


def folder_name(text: str) -> str:
    """Return `text` as the name of a folder: percent-encoded where needed, and cut with a digest if it is long."""
    name = _ODD.sub(_percent, text) or _EMPTY
    data = name.encode()
    if len(data) <= _NAME_BYTES:
        return name
    cut = data[:_NAME_BYTES].decode(errors="ignore")
    return f"{re.sub('%.?$', '', cut)}~{name_digest(text)[:8]}"


def text_of(name: str) -> str:
    """Return the text that `folder_name` was given, if it was not cut."""
    return "" if name == _EMPTY else unquote(name)


def safe_path(text: str) -> str:
    """Return any text as a relative path that stays in its folder."""
    return "/".join(map(folder_name, text.split("/")))


def _percent(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match.group().encode())
