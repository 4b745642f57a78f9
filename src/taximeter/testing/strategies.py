"""Hypothesis strategies for runs of every shape that the interface accepts."""

from hashlib import sha256
from uuid import uuid4

from hypothesis import strategies as st

from taximeter.events import (
    ArtifactLogged,
    DatasetLogged,
    EnvironmentCaptured,
    Event,
    Finished,
    MetricsLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    Started,
    TagsSet,
)
from taximeter.files import media_type
from taximeter.record import Artifact, Dataset, Environment, Source
from taximeter.testing.recording import StagedRun

_INT64 = st.integers(-(2**63), 2**63 - 1)
_AWKWARD_TEXT = st.sampled_from(
    [
        "",
        " ",
        "loss",
        "Loss",
        "a/b",
        "../up",
        "=1+1",
        "@x",
        "step",
        "_step",
        "$float",
        "a\0b",
        "\x1b[31m",
        "line\nbreak\r\n",
        "🚕",
        "e\u0301",
        "x" * 300,
        "long " * 2000,
    ]
)
_TEXT = st.one_of(st.text(max_size=30), _AWKWARD_TEXT)
_FLOAT = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([float("nan"), float("inf"), float("-inf"), -0.0, 5e-324, 1.7976931348623157e308, 0.1]),
)
_TIME = st.one_of(st.integers(1_700_000_000_000_000, 1_900_000_000_000_000), st.sampled_from([0, 1, 2**53 + 1]))
_SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**53 + 1, 2**63, -(2**63) - 1, 2**200]),
    _FLOAT,
    _TEXT,
)
_VALUE = st.recursive(
    _SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_ARTIFACT_PATH = st.sampled_from(
    ["a.bin", "notes/read me.txt", "deep/er/still/x.json", "ünïcode-🚕.csv", "=cmd.csv", "empty"]
)


@st.composite
def staged_runs(draw: st.DrawFn) -> StagedRun:
    """Draw a run with awkward keys, values, steps, times and artifacts, or with nothing at all."""
    started = Started(
        run_id=uuid4().hex,
        experiment=draw(st.sampled_from(["taxi", "Taxi", "ünïcode 🚕", "a/b", "x" * 200])),
        name=draw(_TEXT),
        time=draw(_TIME),
        hypothesis=draw(st.none() | _TEXT),
    )
    names = draw(st.lists(_TEXT, max_size=4, unique=True))
    values = draw(st.lists(_VALUE, min_size=len(names), max_size=len(names)))
    contents = draw(st.dictionaries(_ARTIFACT_PATH, st.binary(max_size=200), max_size=2))
    middle: list[Event] = [ParamsLogged({name: value}) for name, value in zip(names, values, strict=True)]
    middle += [_artifact(path, content) for path, content in contents.items()]
    middle += draw(st.lists(_rows(), max_size=12))
    middle += draw(st.lists(st.one_of(_tags(), _notes(), _datasets(), _sources(), _environments()), max_size=3))
    finished = Finished(draw(st.sampled_from(["finished", "failed", "killed"])), draw(_TIME))
    return StagedRun((started, *draw(st.permutations(middle)), finished), tuple(contents.values()))


def _artifact(path: str, content: bytes) -> ArtifactLogged:
    return ArtifactLogged(path, Artifact(len(content), sha256(content).hexdigest(), media_type(path)))


def _rows() -> st.SearchStrategy[MetricsLogged]:
    steps = st.one_of(st.integers(0, 5), _INT64)
    return st.builds(MetricsLogged, st.dictionaries(_TEXT, _FLOAT, min_size=1, max_size=3), steps, _TIME)


def _tags() -> st.SearchStrategy[TagsSet]:
    return st.builds(TagsSet, st.dictionaries(_TEXT, _TEXT, min_size=1, max_size=2))


def _notes() -> st.SearchStrategy[NoteAdded]:
    return st.builds(NoteAdded, _TEXT)


def _datasets() -> st.SearchStrategy[DatasetLogged]:
    dataset = st.builds(
        Dataset,
        name=_TEXT,
        role=st.sampled_from(["train", "validation", "test"]),
        source=_TEXT,
        sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
        rows=st.integers(0, 2**40),
        columns=st.dictionaries(_TEXT, st.sampled_from(["int32", "double", "large_string"]), max_size=2),
        statistics=st.dictionaries(_TEXT, _VALUE, max_size=2),
    )
    return st.builds(DatasetLogged, dataset)


def _sources() -> st.SearchStrategy[SourceCaptured]:
    arguments = st.lists(_TEXT, max_size=2).map(tuple)
    commit, branch, patch = (st.none() | _TEXT for _ in range(3))
    return st.builds(SourceCaptured, st.builds(Source, _TEXT, arguments, commit, branch, patch))


def _environments() -> st.SearchStrategy[EnvironmentCaptured]:
    counts = st.integers(0, 2**50)
    distributions = st.dictionaries(_TEXT, _TEXT, max_size=2)
    environment = st.builds(Environment, _TEXT, _TEXT, _TEXT, counts, counts, distributions=distributions)
    return st.builds(EnvironmentCaptured, environment)
