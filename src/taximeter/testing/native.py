"""What a tracker declares is in the vendor's own concepts, and what it does not declare is not."""

from collections.abc import Callable
from contextlib import suppress

import pytest

from taximeter.errors import InputError
from taximeter.record import RunRecord, Status
from taximeter.testing.fence import Fence, FencedSuite, Shelf
from taximeter.testing.polling import wait_until
from taximeter.testing.staging import (
    DATASET,
    ENVIRONMENT,
    MODEL,
    SOURCE,
    full_run,
    id_of,
    points,
    small_run,
    staged,
)
from taximeter.testing.subject import Subject
from taximeter.tracker import Feature, Tracker

_PARENT, _CHILD = id_of("native parent"), id_of("native child")
LIVE_SECONDS = 30

NATIVE: dict[Feature, Callable[[RunRecord, RunRecord], bool]] = {
    Feature.PARAMS: lambda native, _: str(native.params.get("model")) == "lasso" and "alpha" in native.params,
    Feature.METRICS: lambda native, record: _columns(native) == _columns(record),
    Feature.TAGS: lambda native, _: native.tags.get("data") == "sample",
    Feature.NOTES: lambda native, _: any("a note" in note for note in native.notes),
    Feature.ARTIFACTS: lambda native, record: _shows(native, record, "model/weights.bin"),
    Feature.FIGURES: lambda native, record: _shows(native, record, "plots/x.png"),
    Feature.TABLES: lambda native, record: _shows(native, record, "tables/x.csv"),
    Feature.TEXTS: lambda native, record: _shows(native, record, "texts/x.txt"),
    Feature.DATASETS: lambda native, _: (
        (DATASET.name, DATASET.role) in [(dataset.name, dataset.role) for dataset in native.datasets]
    ),
    Feature.MODELS: lambda native, _: (
        native.models.keys() >= {"model"} and native.models["model"].flavour == MODEL.flavour
    ),
    Feature.SOURCE: lambda native, _: native.source is not None and native.source.commit == SOURCE.commit,
    Feature.ENVIRONMENT: lambda native, _: (
        native.environment is not None
        and (
            native.environment.python == ENVIRONMENT.python
            or native.environment.distributions == ENVIRONMENT.distributions
        )
    ),
    Feature.CHILD_RUNS: lambda native, _: native.parent_id == _PARENT,
}
"""How the native view shows each feature of the full run."""

HIDDEN = set(NATIVE) - {
    Feature.PARAMS,
    Feature.ARTIFACTS,
    Feature.FIGURES,
    Feature.TABLES,
    Feature.TEXTS,
}
"""Features that a native view shows only if they are declared: the others are handed over in any case."""

_PLAIN = """
import sys
from taximeter.plugins import load
run = load(sys.argv[1])(sys.argv[2]).start_plain("taxi", "plain")
run.log_params({"model": "lasso"})
for step in range(3):
    run.log_metrics({"loss": step * 0.5}, step=step)
run.finish()
print("\\nid", run.id)
"""


def _columns(record: RunRecord) -> tuple[list[float], list[int]]:
    series = record.metrics.get("loss")
    return (list(series.values), list(series.steps)) if series else ([], [])


def _shows(native: RunRecord, record: RunRecord, path: str) -> bool:
    return native.artifacts.get(path) == record.artifacts[path]


class NativeSuite(FencedSuite):
    """Features are what the vendor's own readers see, not what our record holds."""

    @pytest.fixture(scope="class")
    @classmethod
    def full(cls, archive: Shelf) -> tuple[RunRecord, RunRecord]:
        """A run with something of everything, below another: natively, and as it was recorded."""
        archive.record(small_run(_PARENT))
        record = archive.record(full_run(_CHILD, parent_id=_PARENT))
        return archive.open().read(_CHILD, native=True), record

    @pytest.mark.parametrize("feature", NATIVE)
    def test_the_native_view_shows_what_is_declared(
        self, feature: Feature, subject: Subject, full: tuple[RunRecord, RunRecord]
    ) -> None:
        """A declared feature is there; another one is in our record only, or it would be declared."""
        shown = NATIVE[feature](*full)
        if feature in subject.kind.features:
            assert shown, f"{feature} is declared, but the native view does not show it"
        elif feature in HIDDEN:
            assert not shown, f"{feature} is not declared, but the native view shows it"

    def test_the_native_view_names_the_run(self, full: tuple[RunRecord, RunRecord]) -> None:
        """Experiment and name are the vendor's own."""
        native, record = full
        assert (native.experiment, native.name) == (record.experiment, record.name)

    @pytest.mark.parametrize("status", ["finished", "failed", "killed"])
    def test_the_native_view_says_how_the_run_ended(self, status: Status, archive: Shelf) -> None:
        """And so does the list of runs."""
        run_id = id_of(f"native {status}")
        archive.record(staged(*points(1), run_id=run_id, status=status))
        assert archive.open().read(run_id, native=True).status == status
        assert {run.status for run in archive.open().list_runs() if run.run_id == run_id} == {status}

    def test_a_run_can_be_watched_while_it_is_written(self, archive: Shelf) -> None:
        """With a live view, points are in the store before the run has ended; without, nothing breaks."""
        run = small_run(id_of("live"))
        writer = archive.open().open_run(run.events[0])  # type: ignore[arg-type]
        try:
            writer.log_metrics(points(50))  # type: ignore[arg-type]
            if Feature.LIVE in archive.subject.kind.features:
                wait_until(lambda: _live_points(archive, run.record.run_id) == 50, LIVE_SECONDS)  # noqa: PLR2004 - all
                listed = [one.status for one in archive.open().list_runs() if one.run_id == run.record.run_id]
                assert listed == ["running"]
        finally:
            writer.close()

    def test_a_plain_run_is_read_natively_by_its_id(self, subject: Subject, shelf: Shelf, fence: Fence) -> None:
        """What the vendor's users write can be read, in a process that has not written it."""
        if subject.kind.start_plain is Tracker.start_plain:
            return
        location = shelf.open().location
        run_id = fence.run("-c", _PLAIN, subject.name, location).split()[-1]
        native = shelf.open().read_native(run_id)
        assert str(native.params["model"]) == "lasso"
        if Feature.METRICS in subject.kind.features:
            assert _columns(native) == ([0.0, 0.5, 1.0], [0, 1, 2])


def _live_points(shelf: Shelf, run_id: str) -> int:
    """Return how many points can be read; what has just begun may not be there yet."""
    with suppress(InputError):
        return len(_columns(shelf.open().read_native(run_id))[0])
    return 0
