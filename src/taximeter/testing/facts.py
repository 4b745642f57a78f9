"""Facts that stores are known to change, lose or choke on, one a run."""

import math
import struct
from io import BytesIO
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from taximeter.events import (
    DatasetLogged,
    EnvironmentCaptured,
    Event,
    MetricsLogged,
    ModelLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    TagsSet,
)
from taximeter.record import Dataset, Environment, Model, Source
from taximeter.testing.recording import StagedRun
from taximeter.testing.staging import (
    BEGAN,
    DATASET,
    ENVIRONMENT,
    MODEL,
    PNG,
    SOURCE,
    TABLE,
    TEXT,
    WEIGHTS,
    id_of,
    logged,
    points,
    staged,
)

_ODD_NAN: float = struct.unpack(">d", bytes.fromhex("fff8000000000123"))[0]
_TINY, _HUGE = 5e-324, 1.7976931348623157e308
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1

VALUES: dict[str, Any] = {
    "None": None,
    "true": True,
    "false": False,
    "zero": 0,
    "an integer beyond float64": 2**53 + 1,
    "an integer beyond int64": -(2**63) - 1,
    "an integer of 3,000 digits": 10**3000 + 1,
    "a float that is whole": 1.0,
    "a float of 17 digits": 0.1 + 0.2,
    "minus zero": -0.0,
    "the smallest float": _TINY,
    "the largest float": _HUGE,
    "NaN": math.nan,
    "a NaN with odd bits": _ODD_NAN,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "an empty text": "",
    "a text of blanks": "  ",
    "a text that looks like a number": "1.50",
    "a text that looks like NaN": "NaN",
    "a text that looks like None": "None",
    "a text that looks like JSON": '{"$float": "nan"}',
    "a text of 20,000 characters": "long " * 4000,
    "a text with control characters": "a\0b\x1b[31m\r\n\t\x7f\u2028",
    "a text beyond the basic plane": "🚕 e\u0301 \u202e ü",
    "a formula": '=HYPERLINK("http://example.org")',
    "an empty list": [],
    "an empty mapping": {},
    "a nested list": [1, 1.0, True, None, "1", [math.nan, [-0.0]]],
    "a nested mapping": {"$float": "nan", "": {"a.b": [2**64]}, "a/b": {}},
}
"""Values of one param."""

NAMES = {
    "empty": ("",),
    "blank": (" ",),
    "that differ in case": ("Loss", "loss", "LOSS"),
    "that look alike once cleaned": ("a/b", "a_b", "a.b", "a b", "a:b", "a__b"),
    "that are one below the other": ("a", "a/b", "a/b/c"),
    "that differ in their last of 300 characters": ("x" * 300 + "1", "x" * 300 + "2"),
    "that normalise to the same": ("é", "e\u0301"),
    "that lead out of a folder": ("../../../up", "/absolute", "~", ".."),
    "with control characters": ("a\0b", "line\nbreak", "\x1b[31m"),
    "that a vendor keeps for itself": ("step", "_step", "_timestamp", "epoch", "time", "run_id", "name", "value"),
    "that mean something in a format": ("=1+1", "@x", "$float", "%s", "a,b", 'a"b', "a'b", "{x}", "#"),
}
"""Names that one run has together; each must stay what it is."""

POINTS: dict[str, list[tuple[float, int, int]]] = {
    "NaN": [(math.nan, 0, BEGAN), (1.0, 1, BEGAN)],
    "a NaN with odd bits": [(_ODD_NAN, 0, BEGAN)],
    "the infinities": [(math.inf, 0, BEGAN), (-math.inf, 1, BEGAN)],
    "minus zero": [(-0.0, 0, BEGAN), (0.0, 1, BEGAN)],
    "the smallest and the largest float": [(_TINY, 0, BEGAN), (_HUGE, 1, BEGAN), (-_HUGE, 2, BEGAN)],
    "a value that float32 changes": [(0.1, 0, BEGAN), (16_777_217.0, 1, BEGAN)],
    "the smallest and the largest step": [(1.0, _SMALLEST, BEGAN), (2.0, _LARGEST, BEGAN)],
    "a step beyond float64": [(1.0, 2**53 + 1, BEGAN), (2.0, 2**53, BEGAN)],
    "a step that is repeated": [(1.0, 5, BEGAN), (2.0, 5, BEGAN + 1), (3.0, 5, BEGAN + 2)],
    "a step that goes back": [(1.0, 10, BEGAN), (2.0, 3, BEGAN + 1), (3.0, 7, BEGAN + 2)],
    "negative steps": [(1.0, -1, BEGAN), (2.0, -10, BEGAN + 1)],
    "a point that is logged twice": [(1.0, 1, BEGAN), (1.0, 1, BEGAN)],
    "times a microsecond apart": [(1.0, 0, BEGAN + 1), (2.0, 1, BEGAN + 2), (3.0, 2, BEGAN + 3)],
    "times that go back": [(1.0, 0, BEGAN + 9), (2.0, 1, BEGAN - 10**9)],
    "times far from now": [(1.0, 0, 0), (2.0, 1, 2**53 + 1)],
}
"""Points of one metric: value, step, time."""

TAGS: dict[str, list[dict[str, str]]] = {
    "an empty text": [{"data": ""}],
    "a text of 10,000 characters": [{"data": "x" * 10_000}],
    "a text with control characters": [{"data": "a\0b\n=1+1"}],
    "a tag that is set again": [{"data": "old", "phase": "one"}, {"data": "new"}],
    "a hundred tags": [{f"tag {place}": str(place) for place in range(100)}],
}

NOTES: dict[str, list[str]] = {
    "an empty note": [""],
    "a note of several lines": ["first\n\n\tsecond\r\n"],
    "two equal notes": ["again", "again"],
    "a note of 10,000 characters": ["word " * 2000],
    "notes around a rule": ["a\n\n---\n\nb", "c", "# d"],
}

ARTIFACTS: dict[str, list[tuple[str, bytes]]] = {
    "an empty file": [("empty.bin", b"")],
    "every byte": [("bytes.bin", WEIGHTS)],
    "a million bytes": [("large.bin", WEIGHTS * 4096)],
    "a path of many folders": [("a/b/c/d/e/f/g/h.json", b"{}")],
    "a path beyond ASCII": [("ünï-🚕/e\u0301.csv", TABLE)],
    "paths that differ in case": [("A.txt", b"1"), ("a.txt", b"2"), ("a.TXT", b"3")],
    "paths that look alike once cleaned": [
        ("a/b.txt", b"1"),
        ("a__b.txt", b"2"),
        ("a_b.txt", b"3"),
        ("a b.txt", b"4"),
    ],
    "a name of 255 characters": [("x" * 255, b"1")],
    "a path of 1,000 characters": [("/".join(["folder " * 9] * 16), b"1")],
    "names with odd characters": [
        ("=cmd.csv", TABLE),
        ("-rf", b"1"),
        ("a\nb.txt", TEXT),
        ("%41?#&:*|<>.txt", TEXT),
    ],
    "names that a vendor keeps for itself": [("run.json", b"1"), ("config.yaml", b"2"), (".git/HEAD", b"3")],
    "a file that is replaced": [("x.txt", b"old"), ("x.txt", b"new")],
    "the same bytes twice": [("one.txt", TEXT), ("two.txt", TEXT)],
    "a picture, a table, a text": [("x.png", PNG), ("x.csv", TABLE), ("x.md", TEXT)],
    "a table of Parquet": [],
    "files that are not what their names say": [
        ("x.png", b"no"),
        ("x.csv", b'"\0'),
        ("x.parquet", b"no"),
        ("x.md", b"\xff"),
    ],
    "pages that could be run": [("x.html", b"<script>alert(1)</script>"), ("x.svg", b"<svg onload='alert(1)'/>")],
}

DATASETS: dict[str, list[Dataset]] = {
    "every field": [DATASET],
    "no rows, columns or statistics": [msgspec.structs.replace(DATASET, rows=0, columns={}, statistics={})],
    "statistics that JSON has no number for": [
        msgspec.structs.replace(DATASET, statistics={"x": [math.nan, -math.inf, 2**70, -0.0]})
    ],
    "the same name in three roles": [
        DATASET,
        msgspec.structs.replace(DATASET, role="validation"),
        msgspec.structs.replace(DATASET, role="test"),
    ],
    "the same dataset twice": [DATASET, DATASET],
    "a name with odd characters": [msgspec.structs.replace(DATASET, name="../a b/=🚕", source="")],
    "300 columns": [
        msgspec.structs.replace(DATASET, columns={f"column {place}": "double" for place in range(300)})
    ],
}

MODELS: dict[str, dict[str, Model]] = {
    "every field": {"model": MODEL},
    "nothing but a flavour": {"model": Model("custom")},
    "a signature that JSON has no number for": {"model": Model("custom", {"x": [math.nan, 2**70]})},
    "two models, one in a folder": {"model": MODEL, "best/of all": MODEL},
}

SOURCES: dict[str, Source] = {
    "every field": SOURCE,
    "nothing but a program": Source("", ()),
    "arguments with odd characters": Source("a b.py", ("a b.py", "", "--x=1 2", "\n", "🚕", "'\"")),
    "a diff of 100,000 characters": msgspec.structs.replace(SOURCE, diff="+line\n" * 17_000),
}

ENVIRONMENTS: dict[str, Environment] = {
    "every field": ENVIRONMENT,
    "nothing but numbers": Environment("", "", "", 0, 0),
    "a memory beyond 32 bits and 300 distributions": msgspec.structs.replace(
        ENVIRONMENT, memory=2**50, distributions={f"d-{place}": "1.0" for place in range(300)}
    ),
}

RUNS: dict[str, dict[str, Any]] = {
    "no hypothesis": {"hypothesis": None},
    "an empty hypothesis": {"hypothesis": ""},
    "a hypothesis of several lines": {"hypothesis": "a\n\nb" * 500},
    "an empty name": {"name": ""},
    "a name with odd characters": {"name": "../../=🚕\n\0\x1b[31m e\u0301"},
    "a name of 1,000 characters": {"name": "x" * 1000},
    "an experiment with a slash": {"experiment": "a/b"},
    "an experiment that leads out of a folder": {"experiment": "../../up"},
    "an experiment beyond ASCII": {"experiment": "ünï 🚕"},
    "an experiment of 1,000 characters": {"experiment": "x" * 1000},
    "an experiment with odd characters": {"experiment": ' :*?"<>|%#\\ '},
    "a start in 1970": {"time": 0},
    "a start after its end": {"time": BEGAN + 10**12},
    "a failed run": {"status": "failed"},
    "a killed run": {"status": "killed"},
}


def params_run(label: str, params: dict[str, Any]) -> StagedRun:
    """Return a run with these params."""
    return staged(ParamsLogged(params), run_id=id_of(label))


def points_run(label: str, rows: list[tuple[float, int, int]]) -> StagedRun:
    """Return a run with these points of one metric."""
    return staged(*(MetricsLogged({"loss": value}, step, time) for value, step, time in rows), run_id=id_of(label))


def artifacts_run(label: str, files: list[tuple[str, bytes]]) -> StagedRun:
    """Return a run with these artifacts."""
    files = files or [("x.parquet", _parquet())]
    return staged(
        *(logged(path, content) for path, content in files),
        run_id=id_of(label),
        contents=[content for _, content in files],
    )


def models_run(label: str, models: dict[str, Model]) -> StagedRun:
    """Return a run with these models, each of two files."""
    events: list[Event] = []
    for path, model in models.items():
        events += [logged(f"{path}/weights.bin", WEIGHTS), logged(f"{path}/deep/about.txt", TEXT)]
        events.append(ModelLogged(path, model))
    return staged(*events, run_id=id_of(label), contents=[WEIGHTS, TEXT])


def _parquet() -> bytes:
    stream = BytesIO()
    pq.write_table(pa.table({"minutes": [1.5, None], "zones": [["a"], []], "count": [2**53 + 1, 0]}), stream)
    return stream.getvalue()


MIXED: dict[str, StagedRun] = {
    "nothing at all": staged(run_id=id_of("nothing")),
    "5,000 points": staged(*points(5000), run_id=id_of("5,000 points")),
    "200 metrics in one call": staged(
        MetricsLogged({f"metric {place}": place / 7 for place in range(200)}, 1, BEGAN),
        run_id=id_of("200 metrics"),
    ),
    "500 params": staged(
        ParamsLogged({f"param {place}": place / 7 for place in range(500)}), run_id=id_of("500 params")
    ),
    "metrics whose calls alternate": staged(
        *(MetricsLogged({"ab"[step % 2]: step / 7, "c": -step}, step // 3, BEGAN + step) for step in range(50)),
        run_id=id_of("alternate"),
    ),
    "the same name as param, metric and tag": staged(
        ParamsLogged({"x": 1}), MetricsLogged({"x": 2.0}, 0, BEGAN), TagsSet({"x": "3"}), run_id=id_of("same name")
    ),
    "everything after the points": staged(
        *points(5),
        NoteAdded("late"),
        TagsSet({"late": "yes"}),
        ParamsLogged({"late": True}),
        DatasetLogged(DATASET),
        EnvironmentCaptured(ENVIRONMENT),
        SourceCaptured(SOURCE),
        run_id=id_of("late"),
    ),
}
