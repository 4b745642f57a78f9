"""Facts about tags, notes, artifacts, media, datasets and models."""

import re
import struct
from collections.abc import Callable
from typing import Any, Final

import msgspec

from taximeter.diff import ABSENT
from taximeter.record import Dataset
from taximeter.verdicts import undo
from taximeter.verdicts.bench import Bench
from taximeter.verdicts.facts import Fact, Theme, unchanged
from taximeter.verdicts.found import Found
from taximeter.verdicts.frames import frame_in

_LONG = "taxi " * 2000
_BYTES = bytes(range(256)) * 16
_NOTE = "Grüße 🚕\n\nsecond *paragraph*"
_TEXT = "line one\nline two: ünïcode 🚕\n"
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = re.compile(rb'<svg [^>]*?width="([^"]+)" height="([^"]+)"')
_PIXELS = [320, 240]
_ROWS = {"trip": [1, 2], "miles": [0.1 + 0.2, 5e-324], "zone": ["JFK, é", "距離 🚕"]}
_NAMED = Dataset("green-2025-01", "train", "data/green.parquet", "ab12cd34", 1234, {"miles": "double"})
_DATASET = msgspec.structs.replace(_NAMED, sha256="ab" * 32)


def _tag(number: int, name: str, value: Any, sentence: str, undone: Callable[[Any], Any] = unchanged) -> Fact:
    """Return the fact that a tag has its value."""

    def write(bench: Bench) -> None:
        bench.run.set_tags({"team": value})

    def read(found: Found) -> Any:
        return found.record.tags.get("team", ABSENT)

    return Fact(number, Theme.TAGS, name, sentence, value, write, read, undone)


def _artifact(number: int, name: str, path: str, content: bytes, sentence: str) -> Fact:
    """Return the fact that an artifact comes back under its path, with its bytes."""

    def write(bench: Bench) -> None:
        bench.run.log_artifact(bench.file("artifact.bin", content), path)

    def read(found: Found) -> Any:
        paths = [path, *sorted(found.record.artifacts)]
        known = (one for one in paths if one in found.record.artifacts and found.content(one) == content)
        return next(known, ABSENT)

    return Fact(number, Theme.ARTIFACTS, name, sentence, path, write, read, undo.to_name)


def _twice(bench: Bench) -> None:
    for content in (b"first", b"second"):
        bench.run.log_artifact(bench.file("artifact.bin", content), "model.bin")


def _read_twice(found: Found) -> Any:
    texts = {found.content(path).decode(errors="replace") for path in found.record.artifacts}
    return "second" if "second" in texts else "first" if "first" in texts else ABSENT


def _figure(bench: Bench) -> None:
    import matplotlib as mpl  # noqa: PLC0415 - a second to import, and one fact needs it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - as above

    figure, axes = plt.subplots(figsize=(3.2, 2.4), dpi=100)
    axes.plot([1, 3, 2])
    try:
        bench.run.log_figure(figure, "curve")
    finally:
        plt.close(figure)


def _size(content: bytes) -> list[Any] | None:
    """Return the size of an image: in pixels, or as a vector graphic has it."""
    if content.startswith(_PNG):
        return list(struct.unpack(">II", content[16:24]))
    vector = _SVG.search(content)
    return [text.decode() for text in vector.groups()] if vector else None


def _table(bench: Bench) -> None:
    import pandas as pd  # noqa: PLC0415 - as above

    bench.run.log_table(pd.DataFrame(_ROWS), "trips")


def _text(bench: Bench) -> None:
    bench.run.log_text(_TEXT, "summary")


def _read_text(found: Found) -> Any:
    """Return the text, or what there is in its place."""
    if _TEXT in found.record.notes:
        return _TEXT
    return found.first_content(
        lambda content: content.decode(errors="replace") if b"line one" in content else None
    )


def _of_dataset(choose: Callable[[Dataset], Any]) -> Callable[[Found], Any]:
    """Read a dataset, or the text of a tag that says something of one."""

    def read(found: Found) -> Any:
        texts = (text for text in found.record.tags.values() if _NAMED.name in text)
        return next(map(choose, found.record.datasets), next(texts, ABSENT))

    return read


def _model(bench: Bench) -> None:
    from sklearn.linear_model import LinearRegression  # noqa: PLC0415 - as above

    bench.run.log_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), "model")


def _read_model(found: Found) -> Any:
    if found.record.models:
        return "a model"
    return "files" if found.record.artifacts else ABSENT


FACTS: Final = (
    _tag(57, "bare tag", "", "A tag without a value comes back."),
    _tag(58, "tag with a value", "blue 🚕 é", "A tag keeps its text, in any script."),
    _tag(59, "number as a tag", 7, "A tag that is the int 7 comes back as 7.", undo.to_integer),
    _tag(60, "long tag", _LONG, "A tag of 10,000 characters comes back whole."),
    Fact(
        61,
        Theme.TAGS,
        "note",
        "A note of two paragraphs comes back as it was.",
        _NOTE,
        lambda bench: bench.run.add_note(_NOTE),
        lambda found: next(iter(found.record.notes), ABSENT),
    ),
    _artifact(62, "bytes", "weights.bin", _BYTES, "A file's every byte comes back under its name."),
    _artifact(63, "empty file", "empty.bin", b"", "An empty file comes back."),
    _artifact(64, "folders", "a/b/c.bin", b"in folders", "A file comes back in the folders of its name."),
    _artifact(65, "unicode name", "ünï çödé 🚕.bin", b"unicode", "A file's name keeps every character."),
    _artifact(66, "path upwards", "../up.bin", b"up", "A file whose name leads out of its folder comes back."),
    Fact(
        67,
        Theme.ARTIFACTS,
        "file twice",
        "A file that is logged again under its name holds the new bytes.",
        "second",
        _twice,
        _read_twice,
    ),
    Fact(
        68,
        Theme.MEDIA,
        "figure",
        "A Matplotlib figure comes back as an image with all its pixels.",
        _PIXELS,
        _figure,
        lambda found: found.first_content(_size),
    ),
    Fact(
        69,
        Theme.MEDIA,
        "table",
        "A data frame comes back with its columns, types and floats.",
        _ROWS,
        _table,
        lambda found: found.first_content(frame_in),
        undo.without_index,
    ),
    Fact(70, Theme.MEDIA, "text", "A text comes back character by character.", _TEXT, _text, _read_text),
    Fact(
        71,
        Theme.DATA,
        "dataset",
        "A dataset comes back with its name, source and role.",
        [_NAMED.name, _NAMED.source, _NAMED.role],
        lambda bench: bench.run.log_dataset(_NAMED),
        _of_dataset(lambda dataset: [dataset.name, dataset.source, dataset.role]),
    ),
    Fact(
        72,
        Theme.DATA,
        "digest of a dataset",
        "The sha256 of a dataset comes back whole.",
        _DATASET.sha256,
        lambda bench: bench.run.log_dataset(_DATASET),
        _of_dataset(lambda dataset: dataset.sha256),
        undo.to_digest,
    ),
    Fact(
        73,
        Theme.DATA,
        "model",
        "A fitted estimator comes back as a model, and not only as files.",
        "a model",
        _model,
        _read_model,
    ),
)
