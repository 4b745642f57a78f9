"""What DVCLive and DVC accept as a name, and the nearest form of what they do not.

DVCLive takes the key of a metric as the path of a file, which may lead out of the run's folder or be too long.
Every name that is not cut can be turned back, and no two become one.
"""

import re
from typing import Any
from urllib.parse import unquote

from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from taximeter.artifact_files import name_digest
from taximeter.values import Value

OURS = "taximeter"
"""The param that holds what DVCLive has no place for: the run's id, names, status and times."""

IMAGES = (".gif", ".jpeg", ".jpg", ".png", ".svg")
"""The endings of the files that DVC shows as images."""

_ODD = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029%\\<>]|\A\.")
_FILE_ENDING = re.compile(r"\.(?=(csv|gif|jpe?g|json|png|svg|tsv)\Z)")
_READ_BY_DVC = re.compile(r"dvc\.(lock|yaml)|\.(dvc|git)(ignore)?|.*\.dvc", re.DOTALL)
_DIGEST = re.compile(r"%[0-9a-f]{32}([.][a-z0-9]{1,8})?")
_COLUMNS = {"rev", "step", "timestamp"}
_EMPTY, _CONTINUED, _CUT = "%", "%~", "%-"
_PART_BYTES = 200
_LETTERS = 50
_CHUNK = re.compile(rf"(%[0-9A-F]{{2}}|[^%]){{1,{_LETTERS}}}")
_PATH_BYTES = 2_000
_INT_BITS = 13_000
_NEXT_LINE = "\x85"


def file_path(text: str) -> str:
    """Return `text` as the path of a file that stays in its folder, without its ending.

    A part that is too long for a name continues in a folder of it; a path that is too long is cut.
    A part that DVCLive would take for one of its own columns is changed too, and so is a folder that its report
    would take for a file.
    """
    *folders, last = (chunk for part in text.split("/") for chunk in _chunks(_part(part)))
    path = "/".join([*(_FILE_ENDING.sub("%2E", folder) for folder in folders), last])
    if len(path.encode()) <= _PATH_BYTES:
        return path
    return f"{re.sub('[^A-Za-z0-9_-]', '_', text[:_LETTERS])}{_CUT}{name_digest(text)}"


def path_text(path: str) -> str:
    """Return the text that `file_path` was given, if it was not cut."""
    parts = path.replace(f"/{_CONTINUED}", "").split("/")
    return "/".join("" if part == _EMPTY else unquote(part) for part in parts)


def artifact_path(path: str) -> str:
    """Return the path of an artifact's file; DVC would read one that is called like its own, as ``dvc.yaml``."""
    parts = (part.replace("%", "%25") for part in path.split("/"))
    return "/".join(part[:-1] + _percent(part[-1]) if _READ_BY_DVC.fullmatch(part) else part for part in parts)


def path_artifact(path: str) -> str:
    """Return the path that `artifact_path` was given; a digest, under which an odd one is kept, stays one."""
    return path if _DIGEST.fullmatch(path) else path_text(path)


def param_key(name: str) -> str:
    """Return the name of a param; those like ours get a dot."""
    return quoted(f".{name}" if re.fullmatch(rf"\.*{OURS}", name) else name)


def key_param(key: str) -> str:
    """Return the name that `param_key` was given."""
    return key.removeprefix(".") if re.fullmatch(rf"\.+{OURS}", key) else key


def param_value(value: Value) -> Any:
    """Return a param's value as YAML keeps it; integers of thousands of digits, which it cannot, become text."""
    if isinstance(value, list):
        return [param_value(item) for item in value]
    if isinstance(value, dict):
        return {quoted(key): param_value(item) for key, item in value.items()}
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int) and value.bit_length() > _INT_BITS:
        return hex(value)
    return value


def quoted(text: str) -> str:
    """Return text that DVCLive writes so that it can be read back: unquoted, a NEL becomes a space."""
    return DoubleQuotedScalarString(text) if _NEXT_LINE in text else text


def artifact_name(text: str) -> str:
    """Return the name of an artifact in ``dvc.yaml``: of letters, digits, ``-`` and ``_``."""
    if re.fullmatch(r"[a-zA-Z0-9]([a-zA-Z0-9/_-]{0,98}[a-zA-Z0-9])?", text):
        return text
    safe = re.sub(r"[^a-zA-Z0-9]+", "-", text)[:_LETTERS].strip("-")
    return f"{safe}-{name_digest(text)[:12]}".strip("-")


def literal(tree: Any) -> Any:
    """Return a tree for ``dvc.yaml``, where DVC would look up ``${name}`` and fail for the whole repository."""
    return _replaced(tree, "${", "\\${")


def unliteral(tree: Any) -> Any:
    """Return the tree that `literal` was given."""
    return _replaced(tree, "\\${", "${")


def _replaced(tree: Any, old: str, new: str) -> Any:
    if isinstance(tree, list):
        return [_replaced(item, old, new) for item in tree]
    if isinstance(tree, dict):
        return {_replaced(key, old, new): _replaced(item, old, new) for key, item in tree.items()}
    return tree.replace(old, new) if isinstance(tree, str) else tree


def _part(text: str) -> str:
    """Return one part of a path, percent-encoded where it would not be a name, or be another one."""
    if text in _COLUMNS:
        return f"{_percent(text[0])}{text[1:]}"
    return _ODD.sub(lambda match: _percent(match.group()), text) or _EMPTY


def _chunks(part: str) -> list[str]:
    """Return what is short enough for the name of a file, in one or more of them."""
    if len(part.encode()) <= _PART_BYTES:
        return [part]
    first, *others = (match.group() for match in _CHUNK.finditer(part))
    return [first, *(f"{_CONTINUED}{chunk}" for chunk in others)]


def _percent(mark: str) -> str:
    return "".join(f"%{byte:02X}" for byte in mark.encode())
