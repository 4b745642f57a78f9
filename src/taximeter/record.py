"""The canonical record of a run: typed, immutable, and equal only when equal bit for bit.

Every tracker is read back into a `RunRecord`; two of them are compared by `taximeter.diff`.
Times are microseconds since 1970 in UTC, metric values float64, steps int64.
"""

import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple
from zlib import crc32

import msgspec

from taximeter.errors import InputError
from taximeter.values import Value, float_from_text, float_to_text, pack, unpack

Status = Literal["running", "finished", "failed", "killed"]
Role = Literal["train", "validation", "test"]

FORMAT = 1
POINTS_PER_LINE = 10_000


class Point(NamedTuple):
    """One value of a metric."""

    value: float
    step: int
    time: int


class Series:
    """The points of one metric in the order they were logged, as three columns of equal length."""

    __slots__ = ("steps", "times", "values")

    def __init__(self, values: Iterable[float] = (), steps: Iterable[int] = (), times: Iterable[int] = ()) -> None:
        self.values = array("d", values)
        self.steps = array("q", steps)
        self.times = array("q", times)
        if not len(self.values) == len(self.steps) == len(self.times):
            raise ValueError("the columns of a series must be equally long")

    @property
    def columns(self) -> tuple[bytes, bytes, bytes]:
        """The bytes of the values, the steps and the times."""
        return self.values.tobytes(), self.steps.tobytes(), self.times.tobytes()

    def append(self, value: float, step: int, time: int) -> None:
        """Add a point at the end."""
        self.values.append(value)
        self.steps.append(step)
        self.times.append(time)

    def extend(self, other: "Series") -> None:
        """Add the points of `other` at the end."""
        self.values.extend(other.values)
        self.steps.extend(other.steps)
        self.times.extend(other.times)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Point]:
        return map(Point, self.values, self.steps, self.times)

    def __getitem__(self, place: int) -> Point:
        return Point(self.values[place], self.steps[place], self.times[place])

    def __eq__(self, other: object) -> bool:
        """Compare bit for bit: NaN equals the same NaN, and 0.0 is not -0.0."""
        return isinstance(other, Series) and self.columns == other.columns

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Series(<{len(self)} points>)"


class Artifact(msgspec.Struct, frozen=True):
    """A file that the run keeps; its path is its name in `RunRecord.artifacts`."""

    size: int
    sha256: str
    media_type: str


class Dataset(msgspec.Struct, frozen=True):
    """Data that the run used: `columns` maps a column to its type, `statistics` is free."""

    name: str
    role: Role
    source: str
    sha256: str
    rows: int
    columns: dict[str, str]
    statistics: dict[str, Any] = {}


class Model(msgspec.Struct, frozen=True):
    """A model kept as a folder of artifacts; the folder is its name in `RunRecord.models`."""

    flavour: str
    signature: Any = None
    input_example: str | None = None


class Source(msgspec.Struct, frozen=True):
    """The code that ran."""

    entry_point: str
    argv: tuple[str, ...]
    commit: str | None = None
    branch: str | None = None
    diff: str | None = None


class LockFile(msgspec.Struct, frozen=True):
    """The file that pins the environment."""

    path: str
    sha256: str


class Environment(msgspec.Struct, frozen=True):
    """The machine and the software that ran it; memory in bytes."""

    python: str
    os: str
    cpu: str
    cores: int
    memory: int
    gpus: tuple[str, ...] = ()
    distributions: dict[str, str] = {}
    lock_file: LockFile | None = None


class RunRecord(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is known of one run."""

    run_id: str
    experiment: str
    name: str
    status: Status
    started: int
    ended: int | None = None
    parent_id: str | None = None
    hypothesis: str | None = None
    notes: tuple[str, ...] = ()
    params: dict[str, Any] = {}
    metrics: dict[str, Series] = {}
    tags: dict[str, str] = {}
    artifacts: dict[str, Artifact] = {}
    datasets: tuple[Dataset, ...] = ()
    models: dict[str, Model] = {}
    source: Source | None = None
    environment: Environment | None = None

    def __eq__(self, other: object) -> bool:
        """Compare exactly: types, bits and the order of points; the order of names does not count."""
        return isinstance(other, RunRecord) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]

    def to_bytes(self) -> bytes:
        """Return the canonical form: JSON lines, first the head, then each metric's points, then a checksum."""
        return b"".join(self.to_lines())

    def to_lines(self) -> Iterator[bytes]:
        """Yield the canonical form line by line, in memory bounded by `POINTS_PER_LINE`."""
        checksum = 0
        for line in self._lines():
            checksum = crc32(line, checksum)
            yield line + b"\n"
        yield _ENCODER.encode({"crc32": checksum}) + b"\n"

    def _lines(self) -> Iterator[bytes]:
        yield _ENCODER.encode({"taximeter": FORMAT} | self.head())
        for key in sorted(self.metrics):
            series = self.metrics[key]
            for start in range(0, max(len(series), 1), POINTS_PER_LINE):
                chunk = slice(start, start + POINTS_PER_LINE)
                line = {
                    "metric": key,
                    "values": pack_floats(series.values[chunk]),
                    "steps": series.steps[chunk].tolist(),
                    "times": series.times[chunk].tolist(),
                }
                yield _ENCODER.encode(line)

    @classmethod
    def from_lines(cls, lines: Iterable[bytes]) -> "RunRecord":
        """Return the record that `to_lines` wrote.

        Raises:
            InputError: the lines are no record, or one of a later version, or damaged.
        """
        metrics: dict[str, Series] = {}
        rows = _checked(lines)
        try:
            head = _head(next(rows))
            for line in rows:
                row = msgspec.json.decode(line, type=_Points)
                points = Series(unpack_floats(row.values), row.steps, row.times)
                metrics.setdefault(row.metric, Series()).extend(points)
            return record_from_head(head, metrics)
        except (msgspec.MsgspecError, ValueError, OverflowError) as error:
            raise InputError(f"the run record is damaged: {error}") from error

    @classmethod
    def from_first_line(cls, line: bytes) -> "RunRecord":
        """Return the record without its metrics, which is what its first line holds.

        Raises:
            InputError: the line is none of a record, or one of a later version.
        """
        try:
            return record_from_head(_head(line), {})
        except (msgspec.MsgspecError, ValueError) as error:
            raise InputError(f"the run record is damaged: {error}") from error

    @classmethod
    def from_bytes(cls, data: bytes) -> "RunRecord":
        """Return the record that `to_bytes` wrote."""
        return cls.from_lines(data.splitlines())

    def head(self) -> dict[str, Any]:
        """Return everything but the metrics as a tree that JSON keeps exactly."""
        head = {field: getattr(self, field) for field in self.__struct_fields__ if field != "metrics"}
        head["params"] = pack(self.params)
        head["datasets"] = [pack_dataset(dataset) for dataset in self.datasets]
        head["models"] = {path: pack_model(model) for path, model in self.models.items()}
        tree: dict[str, Any] = msgspec.to_builtins(head)
        return tree


def _head(line: bytes) -> dict[str, Any]:
    head = msgspec.json.decode(line)
    if not isinstance(head, dict) or head.pop("taximeter", None) != FORMAT:
        raise InputError("this is no run record that this version of taximeter can read.")
    return head


def _checked(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines up to the one with the checksum.

    Raises:
        ValueError: it is not that of the others, or missing.
    """
    checksum = 0
    for line in lines:
        text = line.removesuffix(b"\n")
        if text.startswith(_CHECKSUM):
            if text != b"%b%d}" % (_CHECKSUM, checksum):
                raise ValueError("its checksum is another")
            return
        checksum = crc32(text, checksum)
        yield text
    raise ValueError("its end is missing")


class _Points(msgspec.Struct):
    metric: str
    values: list[float | str]
    steps: list[int]
    times: list[int]


_ENCODER = msgspec.json.Encoder(order="sorted")
_CHECKSUM = b'{"crc32":'


def record_from_head(head: dict[str, Any], metrics: dict[str, Series]) -> RunRecord:
    """Return the record whose `RunRecord.head` is `head`."""
    record = msgspec.convert({**head, "metrics": {}}, RunRecord)
    return msgspec.structs.replace(
        record,
        params=unpack(record.params),
        metrics=metrics,
        datasets=tuple(unpack_dataset(dataset) for dataset in record.datasets),
        models={path: unpack_model(model) for path, model in record.models.items()},
    )


def pack_floats(values: Sequence[float]) -> list[float | str]:
    """Return floats as JSON keeps them: the finite as numbers, the others as text."""
    if all(map(math.isfinite, values)):
        return list(values)
    return [value if math.isfinite(value) else float_to_text(value) for value in values]


def unpack_floats(values: Iterable[float | str]) -> list[float]:
    """Return the floats that `pack_floats` was given."""
    return [float_from_text(value) if isinstance(value, str) else value for value in values]


def pack_dataset(dataset: Dataset) -> Dataset:
    """Return a dataset whose statistics JSON keeps exactly."""
    return msgspec.structs.replace(dataset, statistics=pack(dataset.statistics))


def unpack_dataset(dataset: Dataset) -> Dataset:
    """Return the dataset that `pack_dataset` was given."""
    return msgspec.structs.replace(dataset, statistics=unpack(dataset.statistics))


def pack_model(model: Model) -> Model:
    """Return a model whose signature JSON keeps exactly."""
    return msgspec.structs.replace(model, signature=pack(model.signature))


def unpack_model(model: Model) -> Model:
    """Return the model that `pack_model` was given."""
    return msgspec.structs.replace(model, signature=unpack(model.signature))


__all__ = [
    "Artifact",
    "Dataset",
    "Environment",
    "LockFile",
    "Model",
    "Point",
    "Role",
    "RunRecord",
    "Series",
    "Source",
    "Status",
    "Value",
]
