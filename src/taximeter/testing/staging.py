"""Runs for tests, made of a few events each."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from taximeter.events import (
    ArtifactLogged,
    DatasetLogged,
    EnvironmentCaptured,
    Event,
    Finished,
    MetricsLogged,
    ModelLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    Started,
    TagsSet,
)
from taximeter.files import media_type
from taximeter.record import Artifact, Dataset, Environment, LockFile, Model, Source, Status
from taximeter.testing.recording import StagedRun

BEGAN = 1_750_000_000_000_000
ENDED = BEGAN + 60_000_000

TABLE = b"minutes,zone\n1.5,north\n2.5,south\n"
TEXT = b"The first line.\n\nThe second one.\n"
WEIGHTS = bytes(range(256))
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
    "c9fe92ef0000000049454e44ae426082"
)

DATASET = Dataset(
    name="trips",
    role="train",
    source="https://example.org/trips.parquet",
    sha256=sha256(b"trips").hexdigest(),
    rows=12_345,
    columns={"minutes": "double", "zone": "large_string"},
    statistics={"minutes": {"mean": 12.25, "max": None}, "zones": 261},
)
MODEL = Model(flavour="sklearn", signature={"inputs": ["zone"], "outputs": "minutes"}, input_example="[1.5]")
SOURCE = Source(
    entry_point="train.py",
    argv=("train.py", "--alpha", "0.1"),
    commit="0123456789abcdef0123456789abcdef01234567",
    branch="main",
    diff="--- a/train.py\n+++ b/train.py\n@@ -1 +1 @@\n-alpha = 1\n+alpha = 0.1\n",
)
ENVIRONMENT = Environment(
    python="3.11.7",
    os="Linux-6.1-x86_64",
    cpu="A CPU of 2.5 GHz",
    cores=8,
    memory=16 << 30,
    gpus=("GPU 0", "GPU 1"),
    distributions={"numpy": "2.4.6", "scikit-learn": "1.9.0"},
    lock_file=LockFile("requirements.lock", sha256(b"lock").hexdigest()),
)


def id_of(label: str) -> str:
    """Return a run id that is always the same for a label."""
    return sha256(label.encode()).hexdigest()[:32]


def staged(
    *events: Event, run_id: str, contents: Sequence[bytes] = (), status: Status = "finished", **started: Any
) -> StagedRun:
    """Return a run of these events, with a beginning and an end.

    Args:
        events: what happens in between.
        run_id: our id of the run.
        contents: the bytes of the artifacts.
        status: how it ends.
        started: fields of `Started` that are not to have their usual values.
    """
    fields: dict[str, Any] = {"experiment": "taxi", "name": f"run {run_id[:16]}", "time": BEGAN} | started
    return StagedRun((Started(run_id, **fields), *events, Finished(status, ENDED)), tuple(contents))


def logged(path: str, content: bytes) -> ArtifactLogged:
    """Return the event that says that `content` is kept as `path`."""
    return ArtifactLogged(path, Artifact(len(content), sha256(content).hexdigest(), media_type(path)))


def points(count: int, key: str = "loss", *, first: int = 0) -> list[Event]:
    """Return one point for each of `count` steps: half of its step, a millisecond after the one before."""
    return [MetricsLogged({key: step * 0.5}, step, BEGAN + step * 1000) for step in range(first, first + count)]


def small_run(run_id: str, *, count: int = 3, **started: Any) -> StagedRun:
    """Return a run with a few params, points and tags, an artifact and a note."""
    return staged(
        ParamsLogged({"model": "lasso", "alpha": 0.5}),
        TagsSet({"data": "sample"}),
        *points(count),
        logged("tables/x.csv", TABLE),
        NoteAdded("a note"),
        run_id=run_id,
        contents=[TABLE],
        hypothesis="it learns",
        **started,
    )


def full_run(run_id: str, **started: Any) -> StagedRun:
    """Return a run with something of everything."""
    return staged(
        SourceCaptured(SOURCE),
        EnvironmentCaptured(ENVIRONMENT),
        ParamsLogged({"model": "lasso", "alpha": 0.5, "features": ["zone", "minutes"]}),
        TagsSet({"data": "sample"}),
        DatasetLogged(DATASET),
        *points(20),
        logged("plots/x.png", PNG),
        logged("tables/x.csv", TABLE),
        logged("texts/x.txt", TEXT),
        logged("model/weights.bin", WEIGHTS),
        ModelLogged("model", MODEL),
        NoteAdded("a note"),
        run_id=run_id,
        contents=[PNG, TABLE, TEXT, WEIGHTS],
        hypothesis="it learns",
        **started,
    )
