"""Values keep their type and their bits."""

import math
import struct

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taximeter.errors import InputError
from taximeter.values import check_text, check_value, float_from_text, float_to_text, pack, unpack

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_every_value_survives_json(value: object) -> None:
    """Packing, JSON and unpacking give back the same types and bits."""
    packed = pack(value)  # type: ignore[arg-type]
    again = unpack(msgspec.json.decode(msgspec.json.encode(packed)))
    assert repr(again) == repr(value)


@given(st.integers(0, 2**64 - 1))
def test_every_bit_pattern_of_a_float_survives(bits: int) -> None:
    """NaN payloads and signs come back too."""
    value = struct.unpack(">d", bits.to_bytes(8, "big"))[0]
    again = value if math.isfinite(value) else float_from_text(float_to_text(value))
    assert struct.pack(">d", again) == struct.pack(">d", value)


@pytest.mark.parametrize("key", ["$float", "$int", "$", "$$float", "plain"])
def test_a_mapping_that_looks_like_a_tag_stays_a_mapping(key: str) -> None:
    """A user's key may begin with a dollar sign."""
    assert unpack(pack({key: "nan"})) == {key: "nan"}


def test_an_integer_of_ten_thousand_digits_survives() -> None:
    """Python's limit on decimal digits does not apply."""
    number = 1 << 40_000
    assert unpack(msgspec.json.decode(msgspec.json.encode(pack(number)))) == number


def test_numpy_scalars_become_pythons_own() -> None:
    """A record holds no foreign types."""
    import numpy as np  # noqa: PLC0415 - only this test needs it

    values = [np.float64(0.1), np.int32(7), np.bool_(1), np.float32(0.1), np.str_("a")]
    checked = check_value(values, "x")
    assert repr(checked) == repr([0.1, 7, True, float(np.float32(0.1)), "a"])


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", 1j, {1: "a"}, [object()]])
def test_a_value_that_no_record_can_hold_is_named(value: object) -> None:
    """The message says which value, and what can be given instead."""
    with pytest.raises(InputError, match="x"):
        check_value(value, "param 'x'")


def test_a_value_nested_too_deeply_is_refused() -> None:
    """A list inside itself does not exhaust the stack."""
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(InputError, match="levels deep"):
        check_value(endless, "param 'x'")


def test_half_a_surrogate_pair_is_refused() -> None:
    """What UTF-8 cannot hold is said at the call."""
    with pytest.raises(InputError, match="surrogate"):
        check_text("\ud83d", "a tag's name")
