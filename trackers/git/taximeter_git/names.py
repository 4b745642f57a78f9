"""Names that git takes: of refs and of files in a tree, whatever the user called things.

Percent signs escape what a ref, a tree or a checkout on some system refuses; a name that is too long becomes a
digest with two percent signs in front, which no escaped name has.
"""

import re

from taximeter.artifact_files import name_digest
from taximeter_git import REFS
from taximeter_git.layout import ARTIFACT_FOLDER

_LONGEST_PART = 200  # bytes; a ref gets the suffix .lock while it is written, and file systems keep 255
_LONGEST_PATH = 1_000
_IN_NO_FILE = re.compile(r'[\x00-\x1f\x7f%\\"*:<>?|]')
_IN_NO_REF = re.compile(r"[\x00-\x20\x7f%\\\"*:<>?|/~^\[@{}$'`!&;()#]|^[-.]|\.(?=\.)|\.$|\.(?=lock$)")
_IGNORED_BY_HFS = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_SHORT_NAME = re.compile(r"(gi|ma)[^.]*~[0-9]", re.IGNORECASE)


def ref_name(experiment: str, run_id: str) -> str:
    """Return the ref of a run."""
    return f"{REFS}/{_ref_part(experiment)}/{_ref_part(run_id)}"


def ref_pattern(run_id: str) -> str:
    """Return the pattern of the refs of a run, whatever its experiment."""
    return f"{REFS}/*/{_ref_part(run_id)}"


def ref_names(ref: str) -> tuple[str, str]:
    """Return the experiment and the run's id that a ref's name suggests."""
    *folders, name = ref.removeprefix(f"{REFS}/").split("/")
    return _unescaped("/".join(folders)), _unescaped(name)


def metric_file(key: str) -> str:
    """Return the path of the file with a metric's points; a slash makes a folder where that is possible."""
    *folders, _ = parts = key.split("/")
    if all(map(_is_folder, folders)) and parts[-1]:
        path = "/".join(map(_file_part, parts))
    else:
        path = _file_part(key).replace("/", "%2F") or "%"
    return f"metrics/{path if _fits(f'{path}.tsv') else f'%%{name_digest(key)}'}.tsv"


def artifact_file(path: str) -> str:
    """Return where in the tree an artifact lies, unless something else is in the way."""
    escaped = "/".join(map(_file_part, path.split("/")))
    return f"{ARTIFACT_FOLDER}/{escaped}" if _fits(escaped) else artifact_file_aside(path)


def artifact_file_aside(path: str) -> str:
    """Return where in the tree an artifact lies for which there is no room under its own name."""
    suffix = re.search(r"\.[a-z0-9]{1,8}$", path)
    return f"{ARTIFACT_FOLDER}/%%{name_digest(path)}{suffix[0] if suffix else ''}"


def quoted(path: str) -> str:
    """Return a path as ``git fast-import`` reads it."""
    if re.fullmatch(r"[\w./ =%,+-]*", path, re.ASCII):
        return path
    return '"' + re.sub(r'[\x00-\x1f\x7f"\\]', lambda found: f"\\{ord(found[0]):03o}", path) + '"'


def _ref_part(text: str) -> str:
    escaped = _IN_NO_REF.sub(_percent, text) or "%"
    return escaped if _fits(escaped) else f"%%{name_digest(text)}"


def _file_part(text: str) -> str:
    """Return a file's name that is none of git's own, on no file system."""
    escaped = _IN_NO_FILE.sub(_percent, text)
    if _IGNORED_BY_HFS.sub("", escaped).lower().startswith(".git"):
        return escaped.replace(".", "%2E", 1)
    return escaped.replace("~", "%7E") if _SHORT_NAME.match(escaped) else escaped


def _is_folder(part: str) -> bool:
    """Tell whether part of a metric's key can be a folder, which no metric's file is called like."""
    return part not in {"", ".", ".."} and not part.endswith(".tsv")


def _fits(path: str) -> bool:
    parts = path.encode().split(b"/")
    return max(map(len, parts)) <= _LONGEST_PART and len(path.encode()) <= _LONGEST_PATH


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _unescaped(text: str) -> str:
    return re.sub(
        "(%[0-9A-F]{2})+", lambda found: bytes.fromhex(found[0].replace("%", "")).decode(errors="replace"), text
    )
