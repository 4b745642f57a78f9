"""What a native view keeps is counted fact by fact."""

from taximeter.events import DatasetLogged, Event, Finished, MetricsLogged, ParamsLogged, Started, TagsSet, fold
from taximeter.native import NativePart, compare_native
from taximeter.record import Dataset, RunRecord


def record_of(*middle: Event, ended: int = 9) -> RunRecord:
    """Return the record of a run with these events."""
    return fold([Started("a" * 32, "taxi", "lasso", 1), *middle, Finished("finished", ended)])


def parts_of(record: RunRecord, native: RunRecord) -> dict[str, NativePart]:
    """Return the parts by name."""
    return {part.part: part for part in compare_native(record, native)}


def test_equal_records_keep_every_fact() -> None:
    """Nothing is changed, dropped or added, and there is nothing to show."""
    record = record_of(ParamsLogged({"a": 1}), MetricsLogged({"loss": 0.1}, 1, 2), TagsSet({"t": "x"}))
    parts = parts_of(record, record)
    assert set(parts) == {"run", "params", "tags", "metrics", "metric times"}
    assert all(part.kept == part.facts and not part.examples for part in parts.values())


def test_a_fact_is_kept_changed_or_dropped_and_others_are_added() -> None:
    """A change of type alone is a change."""
    record = record_of(ParamsLogged({"kept": [1, None], "changed": 1, "dropped": None}))
    native = record_of(ParamsLogged({"kept": [1, None], "changed": 1.0, "added": True}))
    part = parts_of(record, native)["params"]
    assert (part.facts, part.kept, part.changed, part.dropped, part.added) == (3, 1, 1, 1, 1)
    assert [example.path for example in part.examples] == ["params['changed']", "params['dropped']"]


def test_a_metric_is_kept_with_all_its_points_or_not() -> None:
    """Its times are a fact of their own."""
    first, second = MetricsLogged({"a": 0.1}, 1, 1001), MetricsLogged({"b": -0.0}, 2, 2002)
    record = record_of(first, second, MetricsLogged({"b": 1.0}, 3, 3003))
    cut, turned = MetricsLogged({"a": 0.1}, 1, 1000), MetricsLogged({"b": 0.0}, 2, 2002)
    parts = parts_of(record, record_of(cut, turned, MetricsLogged({"b": 1.0}, 3, 3003)))
    for name, example in (("metrics", "metrics['b'][0].value"), ("metric times", "metrics['a'][0].time")):
        part = parts[name]
        assert (part.facts, part.kept, part.changed) == (2, 1, 1)
        assert [each.path for each in part.examples] == [example]


def test_the_order_of_names_is_no_change() -> None:
    """Datasets and params are compared as mappings."""
    first = Dataset("d", "train", "s", "0" * 64, 3, {"a": "x", "b": "y"}, {"m": 1, "n": {"p": 1, "q": 2}})
    second = Dataset("d", "train", "s", "0" * 64, 3, {"b": "y", "a": "x"}, {"n": {"q": 2, "p": 1}, "m": 1})
    part = parts_of(record_of(DatasetLogged(first)), record_of(DatasetLogged(second)))["datasets"]
    assert (part.facts, part.kept) == (1, 1)


def test_fields_of_the_run_are_facts() -> None:
    """An end time that is cut is one of them."""
    part = parts_of(record_of(ended=9), record_of(ended=8))["run"]
    assert (part.changed, [example.path for example in part.examples]) == (1, ["ended"])
