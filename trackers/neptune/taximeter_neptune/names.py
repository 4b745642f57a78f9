"""Where in a run's tree of fields a name lies.

Neptune splits paths at slashes and leaves empty parts out, and a field cannot lie below another one. So ``%`` and
the slashes that it would lose are percent-encoded, and a lone ``%`` at the end sets a name apart from the others.
"""

import re
from collections.abc import Callable, Iterator, Mapping

from taximeter.artifact_files import name_digest
from taximeter.values import Value

SYS = "sys"
"""Neptune's own fields: the run's name, description and tags."""
PARAMS, METRICS, ARTIFACTS, NOTES = "parameters", "metrics", "artifacts", "notes"
DATASETS, MODELS, SOURCE, ENVIRONMENT = "datasets", "models", "source_code", "environment"
OURS = "taximeter"
"""What Neptune has no place for: our id, the experiment, times, the status, names that are too long."""

LONGEST = 1024
"""The bytes that Neptune allows a path."""

_LOST_SLASH = re.compile("^/|(?<=/)/|/$")
_ENCODED = re.compile("%(25|2F)")
_DIGEST = "%~"


class Paths:
    """The paths of one run's fields.

    Args:
        keep: called with the field that is to hold the rest of a path that is too long, and that rest.
    """

    def __init__(self, keep: Callable[[str, str], None]) -> None:
        self._keep = keep
        self._known: dict[tuple[str, str], str] = {}
        self._fields: set[str] = set()
        self._namespaces: set[str] = set()

    def place(self, namespace: str, name: str) -> str:
        """Return the path of the field `name`; its slashes make namespaces unless another field is in the way."""
        if (namespace, name) not in self._known:
            self._known[namespace, name] = self._new_place(namespace, name)
        return self._known[namespace, name]

    def shorten(self, namespace: str, below: str) -> str:
        """Return the path of what lies `below` a namespace, encoded already."""
        path = f"{namespace}/{below}"
        if len(path.encode()) <= LONGEST:
            return path
        digest = name_digest(below)
        self._keep(f"{OURS}/names/{digest}", below)
        return f"{namespace}/{_DIGEST}{digest}"

    def _new_place(self, namespace: str, name: str) -> str:
        path = self.shorten(namespace, encode(name))
        if path in self._namespaces or any(above in self._fields for above in _above(path)):
            path = self.shorten(namespace, encode_part(name).removesuffix("%") + "%")
        self._fields.add(path)
        self._namespaces.update(_above(path))
        return path


def encode(name: str) -> str:
    """Return a name with the slashes that Neptune keeps."""
    return _LOST_SLASH.sub("%2F", name.replace("%", "%25")) or "%"


def encode_part(name: str) -> str:
    """Return a name as one part of a path."""
    return name.replace("%", "%25").replace("/", "%2F") or "%"


def decode(text: str) -> str:
    """Return the name that was encoded."""
    return _ENCODED.sub(lambda found: "%" if found[1] == "25" else "/", text.removesuffix("%"))


def lengthen(below: str, names: Mapping[str, str]) -> str:
    """Return what `Paths.shorten` was given; `names` are the texts that it kept, by their digests."""
    return names.get(below.removeprefix(_DIGEST), below) if below.startswith(_DIGEST) else below


def leaves(name: str, value: Value) -> Iterator[tuple[str, Value]]:
    """Yield the encoded path of each value in a nested param, as Neptune nests them."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            for below, leaf in leaves(key, item):
                yield f"{encode_part(name)}/{below}", leaf
    else:
        yield encode_part(name), value


def tag_for(name: str, text: str) -> str:
    """Return a tag as the bare text that Neptune's tags are."""
    return f"{name.replace('%', '%25').replace('=', '%3D')}={text}"


def tag_from(tag: str) -> tuple[str, str]:
    """Return the name and text that `tag_for` was given."""
    name, _, text = tag.partition("=")
    return name.replace("%3D", "=").replace("%25", "%"), text


def _above(path: str) -> Iterator[str]:
    """Yield the namespaces that a path lies in."""
    place = path.find("/")
    while place >= 0:
        yield path[:place]
        place = path.find("/", place + 1)
