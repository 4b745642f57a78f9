"""Facts about one point of a metric: its value and its key."""

from collections.abc import Mapping
from typing import Any, Final

from taximeter.verdicts import undo
from taximeter.verdicts.bench import Bench
from taximeter.verdicts.facts import Fact, Theme
from taximeter.verdicts.found import MARKER, Found

_BIG = 2**53 + 1


def _value(number: int, name: str, value: Any, sentence: str) -> Fact:
    """Return the fact that a point has its value."""

    def write(bench: Bench) -> None:
        bench.run.log_metrics({"loss": value}, step=0)

    def read(found: Found) -> Any:
        return found.value("loss")

    return Fact(number, Theme.VALUES, name, sentence, value, write, read)


def _key(number: int, name: str, key: str, sentence: str) -> Fact:
    """Return the fact that a metric has its key."""

    def write(bench: Bench) -> None:
        bench.run.log_metrics({key: MARKER}, step=0)

    def read(found: Found) -> Any:
        return found.key_of_marker(key)

    return Fact(number, Theme.KEYS, name, sentence, key, write, read, undo.to_name)


def _keys(number: int, name: str, values: Mapping[str, float], sentence: str) -> Fact:
    """Return the fact that metrics with similar keys stay apart."""

    def write(bench: Bench) -> None:
        for key, value in values.items():
            bench.run.log_metrics({key: value}, step=0)

    def read(found: Found) -> Any:
        series = found.record.metrics
        return {key: list(points.values) for key, points in series.items() if set(points.values) & set(written)}

    written = values.values()
    return Fact(number, Theme.KEYS, name, sentence, {key: [value] for key, value in values.items()}, write, read)


def _infinities(bench: Bench) -> None:
    bench.run.log_metrics({"loss": float("inf")}, step=0)
    bench.run.log_metrics({"loss": float("-inf")}, step=1)


def _integer(bench: Bench) -> None:
    bench.run.log_metrics({"loss": _BIG}, step=0)


def _read_integer(found: Found) -> Any:
    last = found.last("loss", (float(_BIG), 0))
    return last[0] if isinstance(last, list) else last


def _param_and_metric(bench: Bench) -> None:
    bench.run.log_params({"loss": "squared"})
    bench.run.log_metrics({"loss": MARKER}, step=0)


FACTS: Final = (
    _value(25, "float64", 0.1 + 0.2, "A metric's value keeps all 17 digits."),
    _value(26, "NaN", float("nan"), "A point that is NaN comes back as NaN."),
    Fact(
        27,
        Theme.VALUES,
        "infinities",
        "Points that are +∞ and -∞ come back as they are.",
        [float("inf"), float("-inf")],
        _infinities,
        lambda found: found.values("loss"),
    ),
    _value(28, "negative zero", -0.0, "A point that is -0.0 keeps its sign."),
    _value(29, "subnormal", 5e-324, "A point that is the smallest float64 comes back."),
    _value(30, "largest float64", 1.7976931348623157e308, "A point that is the largest float64 comes back."),
    Fact(
        31,
        Theme.VALUES,
        "int beyond 2^53",
        "A point that is an int which float64 cannot hold keeps all digits.",
        _BIG,
        _integer,
        _read_integer,
        undo.to_integer,
    ),
    _key(32, "slash", "val/loss", "A metric's key keeps its slash."),
    _key(33, "dots", "../up", "A metric's key may begin with ../ ."),
    _key(34, "@ [ ] =", "a@b[0]=c", "A metric's key keeps @ [ ] = ."),
    _key(35, "spaces", " a  b ", "A metric's key keeps its spaces, also at its ends."),
    _key(36, "control characters", "a\tb\x1b[31m", "A metric's key keeps its control characters."),
    _key(37, "emoji", "loss 🚕", "A metric's key keeps an emoji."),
    _key(38, "300 characters", "k" * 300, "A metric's key of 300 characters comes back whole."),
    _key(39, "empty key", "", "A metric may have the empty key."),
    _key(40, "the key step", "step", "A metric may be called step."),
    _keys(41, "case", {"Loss": 0.25, "loss": 0.5}, "The metrics Loss and loss stay apart."),
    _keys(
        42,
        "similar keys",
        {"a/b": 0.25, "a_b": 0.5, "a b": 0.75},
        "The metrics a/b, a_b and 'a b' stay apart.",
    ),
    _keys(
        43,
        "composed or not",
        {"\u00e9": 0.25, "e\u0301": 0.5},
        "Keys that look alike, é as one character and as two, stay apart.",
    ),
    Fact(
        44,
        Theme.KEYS,
        "as a param too",
        "A param and a metric of one name are both there.",
        ["squared", MARKER],
        _param_and_metric,
        lambda found: [found.param("loss"), found.value("loss")],
    ),
)
