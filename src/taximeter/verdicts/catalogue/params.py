"""Facts about params: what becomes of their values, types and names."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from taximeter.diff import ABSENT
from taximeter.verdicts import undo
from taximeter.verdicts.bench import Bench
from taximeter.verdicts.facts import Fact, Theme, unchanged
from taximeter.verdicts.found import Found

_MARKER = 7
_LONG = "taxi " * 2000


def _value(
    number: int,
    name: str,
    value: Any,
    sentence: str,
    undone: Callable[[Any], Any] = unchanged,
) -> Fact:
    """Return the fact that a param has its value."""

    def write(bench: Bench) -> None:
        _log(bench, {"lr": value})

    def read(found: Found) -> Any:
        return found.param_or_parts("lr") if isinstance(value, list | dict) else found.param("lr")

    return Fact(number, Theme.PARAMS, name, sentence, value, write, read, undone)


def _values(
    number: int,
    name: str,
    values: Mapping[str, Any],
    sentence: str,
    undone: Callable[[Any], Any] = unchanged,
) -> Fact:
    """Return the fact that several params, logged in one call, have their values."""

    def write(bench: Bench) -> None:
        _log(bench, values)

    def read(found: Found) -> Any:
        return {key: found.param(key) for key in values if found.param(key) != ABSENT} or ABSENT

    return Fact(number, Theme.PARAMS, name, sentence, dict(values), write, read, undone)


def _name(number: int, name: str, param: str, sentence: str) -> Fact:
    """Return the fact that a param has its name."""

    def write(bench: Bench) -> None:
        _log(bench, {param: _MARKER})

    def read(found: Found) -> Any:
        names = [one for one, value in found.record.params.items() if undo.to_integer(value) == _MARKER]
        return param if param in names else next(iter(names), ABSENT)

    return Fact(number, Theme.PARAM_NAMES, name, sentence, param, write, read, undo.to_name)


def _log(bench: Bench, params: Mapping[str, Any]) -> None:
    """Log params, and then a point: whether a run may have params alone is a fact of its own."""
    bench.run.log_params(params)
    bench.run.log_metrics({"loss": 0.5}, step=0)


def _alone(bench: Bench) -> None:
    bench.run.log_params({"lr": 1})


def _change(bench: Bench) -> None:
    bench.run.log_params({"lr": 1})
    _log(bench, {"lr": 2})


def _late(bench: Bench) -> None:
    bench.run.log_metrics({"loss": 0.5}, step=0)
    bench.run.log_metrics({"loss": 0.25}, step=1)
    bench.run.log_params({"lr": 1})


def _read_lr(found: Found) -> Any:
    return found.param("lr")


FACTS: Final = (
    _value(1, "float64", 0.1 + 0.2, "A float param keeps all 17 digits.", undo.to_float),
    _value(2, "NaN", float("nan"), "A param that is NaN comes back as NaN.", undo.to_float),
    _values(
        3,
        "infinities",
        {"high": float("inf"), "low": float("-inf")},
        "Params that are +∞ and -∞ come back as they are.",
        undo.to_floats,
    ),
    _value(4, "negative zero", -0.0, "The param -0.0 keeps its sign.", undo.to_float),
    _value(5, "subnormal", 5e-324, "The smallest float64 comes back as a param.", undo.to_float),
    _value(
        6, "int beyond 2^53", 2**53 + 1, "An int param that float64 cannot hold keeps all digits.", undo.to_integer
    ),
    _value(
        7, "int beyond 2^63", 2**63 + 1, "An int param of more than 64 bits keeps all digits.", undo.to_integer
    ),
    _value(8, "bool", True, "A param that is True comes back as True.", undo.to_bool),
    _value(9, "None", None, "A param that is None comes back as None.", undo.to_nothing),
    _value(10, "text in any script", "ünïcode e\u0301 距離 🚕", "A text param keeps every character."),
    _value(11, "empty text", "", "A param that is the empty text comes back as that."),
    _value(12, "long text", _LONG, "A text param of 10,000 characters comes back whole."),
    _value(13, "list", [1, 2.5, "x", None, True], "A list of mixed types comes back as a list.", undo.to_tree),
    _value(
        14, "nested mapping", {"a": {"b": 1, "c": [0.5]}}, "A nested mapping comes back as it was.", undo.to_tree
    ),
    _values(
        15,
        "number or text",
        {"number": 1, "text": "1"},
        "The params 1 and '1' stay apart.",
        undo.integers_to_numbers,
    ),
    _values(16, "int or float", {"int": 1, "float": 1.0}, "The params 1 and 1.0 stay apart.", undo.to_numbers),
    _values(17, "None or text", {"nothing": None, "text": "None"}, "The params None and 'None' stay apart."),
    Fact(
        18,
        Theme.PARAMS,
        "param changed",
        "A param that is logged as 1 and again as 2 is 2.",
        2,
        _change,
        _read_lr,
        undo.to_integer,
    ),
    Fact(
        19,
        Theme.PARAMS,
        "param after metrics",
        "A param that is logged after points comes back.",
        1,
        _late,
        _read_lr,
        undo.to_integer,
    ),
    Fact(
        20,
        Theme.PARAMS,
        "params alone",
        "A run with a param and without a point comes back with its param.",
        1,
        _alone,
        _read_lr,
        undo.to_integer,
    ),
    _name(21, "slash", "a/b", "A param's name keeps its slash."),
    _name(22, "punctuation", "a@b[0]=c, d.e", "A param's name keeps @ [ ] = , . and spaces."),
    _name(23, "empty name", "", "A param may have the empty name."),
    _name(24, "300 characters", "n" * 300, "A param's name of 300 characters comes back whole."),
)
