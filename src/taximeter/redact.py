"""Takes secrets out of text that is captured on its own: arguments, diffs, tracebacks, locations.

Every pattern is bounded, so the time is linear in the text.
"""

import os
import re
from collections.abc import Iterable

REDACTED = "[redacted]"

_KEY = (
    r"(?:api[_-]?key|access[_-]?key|private[_-]?key|secret|token(?!iz|s\b)|passw(?:or)?d|passphrase|credential"
    r"|pass(?=[\s\"'\]]{0,3}[:=]))"
)
_VALUE = r"(\"[^\"\n]*\"|'[^'\n]*'|[^\s\"',;]+)"
_ASSIGNED = re.compile(
    rf"(?i)({_KEY}[\w-]{{0,40}}[\"'\]]{{0,3}}(?:\s{{0,4}}:\s{{0,4}}[a-z_]\w{{0,40}}(?=\s{{0,4}}=))?"
    rf"\s{{0,4}}[:=]\s{{0,4}}){_VALUE}"
)
_OPTION = re.compile(rf"(?i)(?<!\S)(--?[\w-]{{0,40}}?{_KEY}[\w-]{{0,40}}[ \t]{{1,4}}){_VALUE}")
_LAST_OPTION = re.compile(rf"(?i)--?[\w-]{{0,40}}?{_KEY}[\w-]{{0,40}}")
_URL = re.compile(r"(\b[a-zA-Z][\w+.-]{0,20}://[^\s/:@]{0,100}:)([^\s/]{1,200})(@)")
_AUTHORIZATION = re.compile(r"(?i)(\b(?:bearer|basic)\s{1,4})([\w.~+/=-]{8,})")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,20000}")
_KNOWN = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|sk-[\w-]{20,}|hf_\w{20,}|AKIA[0-9A-Z]{16}|xox[abpr]-[\w-]{10,}"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,})"
)
_VARIABLE = re.compile(rf"(?i){_KEY}|pass\b")
_SHORTEST_VALUE = 6


def redact(text: str) -> str:
    """Return `text` without what looks like a secret: assigned, in a URL, a token, or a variable's."""
    for value in _secret_values():
        text = text.replace(value, REDACTED)
    for pattern in (_ASSIGNED, _OPTION, _AUTHORIZATION):
        text = pattern.sub(_without_value, text)
    text = _URL.sub(rf"\1{REDACTED}\3", text)
    text = _PRIVATE_KEY.sub(REDACTED, text)
    return _KNOWN.sub(REDACTED, text)


def redact_arguments(arguments: Iterable[str]) -> tuple[str, ...]:
    """Return a command line's arguments without secrets; what follows ``--api-key`` and its like is one."""
    redacted: list[str] = []
    is_secret = False
    for argument in arguments:
        redacted.append(REDACTED if is_secret else redact(argument))
        is_secret = bool(_LAST_OPTION.fullmatch(argument))
    return tuple(redacted)


def _without_value(match: re.Match[str]) -> str:
    quote = match[2][0] if match[2][0] in "\"'" else ""
    return f"{match[1]}{quote}{REDACTED}{quote}"


def _secret_values() -> list[str]:
    """Return the values of the environment's secrets, the longest first."""
    found = {
        value for name, value in os.environ.items() if _VARIABLE.search(name) and len(value) >= _SHORTEST_VALUE
    }
    return sorted(found, key=len, reverse=True)
