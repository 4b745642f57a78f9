"""Records are equal when they are equal bit for bit, and `diff` says where they are not."""

import math
from time import process_time

import pytest
from hypothesis import given, settings

from taximeter.diff import diff
from taximeter.errors import InputError
from taximeter.events import (
    Event,
    Finished,
    MetricsLogged,
    ParamsLogged,
    Started,
    TagsSet,
    decode,
    encode,
    fold,
    unfold,
)
from taximeter.record import POINTS_PER_LINE, RunRecord, Series
from taximeter.testing import StagedRun, staged_runs

STARTED = Started("0" * 32, "taxi", "lasso", 1_700_000_000_000_000)
FINISHED = Finished("finished", 1_700_000_001_000_000)


def record_of(*events: object) -> RunRecord:
    """Return the record of a run with these events in the middle."""
    return fold([STARTED, *events, FINISHED])  # type: ignore[list-item]


@settings(max_examples=300)
@given(staged_runs())
def test_a_record_survives_its_canonical_form(run: StagedRun) -> None:
    """Writing and reading a record changes nothing."""
    assert diff(RunRecord.from_bytes(run.record.to_bytes()), run.record) == []


@settings(max_examples=300)
@given(staged_runs())
def test_events_survive_their_lines(run: StagedRun) -> None:
    """Every event is one line, and the lines add up to the same record."""
    lines = [encode(event) for event in run.events]
    assert not any(b"\n" in line for line in lines)
    assert fold(map(decode, lines)) == run.record


@settings(max_examples=300)
@given(staged_runs())
def test_unfolding_a_record_gives_events_that_add_up_to_it(run: StagedRun) -> None:
    """A record can be recorded again."""
    assert fold(unfold(run.record)) == run.record


def test_a_long_metric_spans_lines() -> None:
    """A line holds a bounded number of points, in order."""
    count = POINTS_PER_LINE * 2 + 1
    metrics = {"loss": Series((index * 0.1 for index in range(count)), range(count), range(count))}
    record = RunRecord(run_id="a", experiment="e", name="n", status="finished", started=0, metrics=metrics)
    lines = list(record.to_lines())
    assert len(lines) == 1 + 3 + 1
    assert RunRecord.from_lines(lines) == record


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, 1.0), (1, True), (0.0, -0.0), (None, "None"), ("1", 1), ([1], [1.0]), ({"a": 1}, {"a": True})],
)
def test_params_of_different_types_differ(left: object, right: object) -> None:
    """Python's `1 == 1.0 == True` does not make two records equal."""
    first, second = record_of(ParamsLogged({"x": left})), record_of(ParamsLogged({"x": right}))
    assert first != second
    assert [difference.path[:11] for difference in diff(first, second)] == ["params['x']"]


@pytest.mark.parametrize(
    ("left", "right", "path"),
    [
        (MetricsLogged({"m": 0.0}, 1, 5), MetricsLogged({"m": -0.0}, 1, 5), "metrics['m'][0].value"),
        (MetricsLogged({"m": 0.0}, 1, 5), MetricsLogged({"m": 0.0}, 2, 5), "metrics['m'][0].step"),
        (MetricsLogged({"m": 0.0}, 1, 5), MetricsLogged({"m": 0.0}, 1, 6), "metrics['m'][0].time"),
        (MetricsLogged({"m": math.nan}, 1, 5), MetricsLogged({"m": -math.nan}, 1, 5), "metrics['m'][0].value"),
        (MetricsLogged({"m": 1.0}, 1, 5), MetricsLogged({"n": 1.0}, 1, 5), "metrics['m']"),
    ],
)
def test_a_point_that_differs_in_one_bit_is_found(left: MetricsLogged, right: MetricsLogged, path: str) -> None:
    """The difference names the metric, the place and the column."""
    found = diff(record_of(left), record_of(right))
    assert found[0].path == path


def test_nan_equals_itself() -> None:
    """The same bits are the same value."""
    point = MetricsLogged({"m": math.nan}, 1, 5)
    assert record_of(point) == record_of(point)


def test_the_order_of_names_does_not_count() -> None:
    """Params, tags and metrics are mappings."""
    first = record_of(TagsSet({"a": "1", "b": "2"}), MetricsLogged({"x": 1.0, "y": 2.0}, 0, 0))
    second = record_of(MetricsLogged({"y": 2.0, "x": 1.0}, 0, 0), TagsSet({"b": "2"}), TagsSet({"a": "1"}))
    assert diff(first, second) == []
    assert first == second


def test_the_order_of_points_counts() -> None:
    """A repeated or backward step is a point like any other."""
    first = record_of(MetricsLogged({"m": 1.0}, 1, 1), MetricsLogged({"m": 2.0}, 0, 0))
    second = record_of(MetricsLogged({"m": 2.0}, 0, 0), MetricsLogged({"m": 1.0}, 1, 1))
    assert first != second


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"null", b"[]", b'{"taximeter": 2}', b"not json", b'{"taximeter":1}']
)
def test_what_is_no_record_is_refused(data: bytes) -> None:
    """A damaged or later record is an error of its own, not a traceback."""
    with pytest.raises(InputError, match="record"):
        RunRecord.from_bytes(data)


@pytest.fixture(scope="module")
def written() -> bytes:
    """A record as it is written."""
    points = [MetricsLogged({"loss": 0.1 * number, "rmse": 7.0}, number, number) for number in range(20)]
    return record_of(TagsSet({"colour": "yellow"}), *points).to_bytes()


def test_a_record_with_any_bit_flipped_is_refused(written: bytes) -> None:
    """A digit may be another digit, and JSON none the worse for it."""
    for place, byte in enumerate(written):
        for bit in (1 << (place % 8), 4):
            with pytest.raises(InputError):
                RunRecord.from_bytes(written[:place] + bytes([byte ^ bit]) + written[place + 1 :])


def test_a_record_that_was_cut_is_refused(written: bytes) -> None:
    """Its first line may stand alone only for whoever asks for it."""
    for length in range(len(written) - 1):
        with pytest.raises(InputError):
            RunRecord.from_bytes(written[:length])
    head = written.index(b"\n") + 1
    assert RunRecord.from_first_line(written[:head]).metrics == {}
    with pytest.raises(InputError):
        RunRecord.from_first_line(written[: head - 2])


def test_a_text_that_looks_absent_is_not_absent() -> None:
    """What marks a missing fact can be no value."""
    assert len(diff(record_of(TagsSet({"a": "(absent)"})), record_of())) == 1


@settings(max_examples=100)
@given(staged_runs(), staged_runs())
def test_records_are_equal_when_nothing_differs(first: StagedRun, second: StagedRun) -> None:
    """`diff` and equality never disagree."""
    assert bool(diff(first.record, second.record)) == (first.record != second.record)
    assert diff(first.record, first.record) == []


def test_params_that_were_logged_one_by_one_are_folded_in_linear_time() -> None:
    """Ten times as many take nowhere near a hundred times as long."""

    def seconds(count: int) -> float:
        logged: list[Event] = [STARTED, *(ParamsLogged({f"{place}": place}) for place in range(count))]
        began = process_time()
        assert len(fold(logged).params) == count
        return process_time() - began

    seconds(10)
    assert seconds(30_000) < 40 * max(seconds(3_000), 0.001)
