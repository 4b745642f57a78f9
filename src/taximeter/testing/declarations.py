"""What a tracker says of itself, and that it holds without a store."""

import socket
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest

from taximeter.errors import Unsupported
from taximeter.start import start_run
from taximeter.testing.fence import Fence, FencedSuite, Shelf
from taximeter.testing.staging import DATASET, ENVIRONMENT, MODEL, SOURCE, full_run, id_of, small_run
from taximeter.testing.subject import Subject
from taximeter.tracker import Feature, RunWriter, Tracker, gap_of

_WHOSE = {"not theirs", "not yet ours", "never"}

WRITING: dict[Feature, tuple[str, tuple[Any, ...]]] = {
    Feature.TAGS: ("set_tags", ({"data": "sample"},)),
    Feature.NOTES: ("add_note", ("a note",)),
    Feature.FIGURES: ("log_figure", ("x.png", Path("x.png"), "image/png")),
    Feature.TABLES: ("log_table", ("x.csv", Path("x.csv"), "text/csv")),
    Feature.TEXTS: ("log_text", ("x.txt", Path("x.txt"), "text/plain")),
    Feature.DATASETS: ("log_dataset", (DATASET,)),
    Feature.MODELS: ("log_model", ("model", Path("model"), MODEL)),
    Feature.SOURCE: ("capture_source", (SOURCE,)),
    Feature.ENVIRONMENT: ("capture_environment", (ENVIRONMENT,)),
}
"""The method of a writer that each feature needs, and arguments for it."""

READING: dict[str, tuple[Any, ...]] = {
    "list_runs": (),
    "read_native": ("a" * 32,),
    "read_exact": ("a" * 32,),
    "open_artifact": ("a" * 32, "x.csv"),
}
"""The methods of a tracker that reading needs, and arguments for them."""

_IMPORTER = "import sys; from taximeter.plugins import load; load(sys.argv[1]); print(*sorted(sys.modules))"
_ASKER = "import socket, sys; socket.getaddrinfo(sys.argv[1], 80)"


class DeclarationSuite(FencedSuite):
    """What a tracker declares is so, in both directions."""

    def test_its_name_is_that_of_its_entry_point(self, subject: Subject) -> None:
        """Messages, stores and the command line then mean the same."""
        assert subject.kind.name == subject.name

    def test_every_gap_has_an_owner_and_a_reason(self, subject: Subject) -> None:
        """What is missing is somebody's, and a sentence says why."""
        for feature in set(Feature) - subject.kind.features:
            gap = gap_of(subject.kind, feature)
            assert gap.whose in _WHOSE, feature
            assert gap.reason.strip(), feature
            assert not gap.reason.endswith("."), f"{feature}: the message ends the sentence"

    def test_a_declared_feature_is_no_gap(self, subject: Subject) -> None:
        """One of both is wrong."""
        assert sorted(subject.kind.gaps.keys() & subject.kind.features) == []

    def test_a_vendor_that_is_not_active_has_a_reason(self, subject: Subject) -> None:
        """People then know what they choose."""
        assert (subject.kind.standing.state == "active") or subject.kind.standing.reason

    def test_its_ui_is_told_the_location(self, subject: Subject) -> None:
        """The command opens this store and no other."""
        assert subject.kind.ui is None or "{location}" in subject.kind.ui.command

    def test_making_a_tracker_touches_nothing(self, shelf: Shelf) -> None:
        """A store is made when a run begins."""
        shelf.open()
        assert list(shelf.folder.iterdir()) == []

    @pytest.mark.parametrize("feature", WRITING)
    def test_a_writer_does_what_is_declared_and_refuses_the_rest(self, feature: Feature, archive: Shelf) -> None:
        """A declared feature's method is the tracker's own; another one raises, and says whose gap it is."""
        name, arguments = WRITING[feature]
        tracker = archive.open()
        writer = tracker.open_run(small_run(id_of(f"writer {feature}")).events[0])  # type: ignore[arg-type]
        try:
            if feature in tracker.features:
                assert getattr(type(writer), name) is not getattr(RunWriter, name), f"{name} is not written"
            else:
                assert_refused(type(tracker), feature, lambda: getattr(writer, name)(*arguments))
        finally:
            writer.close()

    @pytest.mark.parametrize("name", READING)
    def test_reading_is_there_if_it_is_declared(self, name: str, shelf: Shelf) -> None:
        """A tracker that cannot be read says so, in every way of reading."""
        kind = shelf.subject.kind
        if Feature.READ in kind.features:
            assert getattr(kind, name) is not getattr(Tracker, name), f"{name} is not written"
        else:
            assert_refused(kind, Feature.READ, lambda: getattr(shelf.open(), name)(*READING[name]))

    def test_a_plain_run_is_refused_or_written(self, subject: Subject, shelf: Shelf) -> None:
        """Until somebody writes it, it says so by name; without a vendor, the adapter is all there is."""
        if subject.kind.vendor and subject.kind.start_plain is Tracker.start_plain:
            with pytest.raises(Unsupported, match=subject.name):
                shelf.open().start_plain("taxi", "plain")

    def test_importing_it_imports_no_vendor(self, subject: Subject, fence: Fence) -> None:
        """The vendor is met in couriers and readers only."""
        loaded = {name.partition(".")[0] for name in fence.run("-c", _IMPORTER, subject.name).split()}
        files = distribution(subject.kind.vendor).files or [] if subject.kind.vendor else []
        theirs = {file.parts[0].removesuffix(".py") for file in files if file.suffix == ".py"}
        assert sorted(loaded & theirs) == []

    @pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "taximeter.invalid"])
    def test_this_process_is_kept_from_the_network(self, host: str, fence: Fence) -> None:
        """The guard of these tests works: an attempt raises, and is noted even if the error is swallowed."""
        with pytest.raises(OSError, match=host):
            socket.create_connection((host, 80), timeout=1)
        assert any(host in attempt for attempt in fence.attempts())

    def test_child_processes_are_kept_from_the_network(self, fence: Fence) -> None:
        """The guard works in processes that are started as couriers and readers are."""
        with pytest.raises(AssertionError, match="nothing may leave this machine"):
            fence.run("-c", _ASKER, "taximeter.invalid")
        assert [attempt.split()[:2] for attempt in fence.attempts()] == [
            ["socket.getaddrinfo", "taximeter.invalid"]
        ]

    def test_this_machine_may_talk_to_itself(self, fence: Fence) -> None:
        """The guard lets connections to the loopback through: a vendor may have a server of its own."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()
        assert fence.attempts() == []


def assert_refused(kind: type[Tracker], feature: Feature, call: Any) -> None:
    """Check that a call raises `Unsupported`, and that its message names tracker, feature, owner and reason."""
    gap = gap_of(kind, feature)
    with pytest.raises(Unsupported) as caught:
        call()
    message = str(caught.value)
    missing = [word for word in (kind.name, str(feature), gap.whose, gap.reason) if word not in message]
    assert missing == [], message


class BaselineSuite(DeclarationSuite):
    """A tracker that keeps nothing: it takes everything, and leaves no trace."""

    def test_it_takes_everything_and_leaves_nothing(self, shelf: Shelf, fence: Fence) -> None:
        """No file anywhere."""
        shelf.record(full_run("a" * 32))
        assert list(shelf.folder.iterdir()) == []
        assert fence.strays() == []

    def test_its_courier_says_that_nothing_was_kept(self, subject: Subject, tmp_path: Path) -> None:
        """And the run is not left in the journal."""
        with start_run(trackers=[subject.name], folder=tmp_path) as run:
            run.log_metrics({"loss": 0.5})
        assert [receipt.state for receipt in run.receipts.values()] == ["kept nothing"]
        assert all(receipt.is_good for receipt in run.receipts.values())
