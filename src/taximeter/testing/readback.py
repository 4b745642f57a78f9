"""What is read back is what was recorded, bit for bit."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from taximeter.diff import diff
from taximeter.events import (
    DatasetLogged,
    EnvironmentCaptured,
    MetricsLogged,
    NoteAdded,
    ParamsLogged,
    SourceCaptured,
    TagsSet,
)
from taximeter.testing import facts
from taximeter.testing.fence import FencedSuite, Shelf
from taximeter.testing.recording import StagedRun, record_run
from taximeter.testing.staging import BEGAN, full_run, id_of, small_run, staged
from taximeter.testing.strategies import staged_runs


def assert_comes_back(shelf: Shelf, run: StagedRun) -> None:
    """Record a run, read it back equal, and read it natively without an error."""
    record = shelf.record(run)
    tracker = shelf.open()
    differences = diff(tracker.read(record.run_id), record)
    assert not differences, str(differences[0])
    tracker.read_native(record.run_id)


class ReadBackSuite(FencedSuite):
    """Whatever the interface accepts, the store gives back, bit for bit; and its native view can be read."""

    @pytest.mark.parametrize("value", facts.VALUES)
    def test_a_param_comes_back(self, value: str, archive: Shelf) -> None:
        """With its type."""
        assert_comes_back(archive, facts.params_run(f"param {value}", {"x": facts.VALUES[value]}))

    @pytest.mark.parametrize("names", facts.NAMES)
    def test_params_keep_their_names(self, names: str, archive: Shelf) -> None:
        """And stay apart."""
        params = {name: place for place, name in enumerate(facts.NAMES[names])}
        assert_comes_back(archive, facts.params_run(f"params {names}", params))

    @pytest.mark.parametrize("names", facts.NAMES)
    def test_metrics_keep_their_keys(self, names: str, archive: Shelf) -> None:
        """And stay apart, be they logged in one call or in several."""
        values = {name: place * 0.5 for place, name in enumerate(facts.NAMES[names])}
        together = MetricsLogged(values, 0, BEGAN)
        alone = [MetricsLogged({name: value}, 1, BEGAN + 1) for name, value in values.items()]
        assert_comes_back(archive, staged(together, *alone, run_id=id_of(f"metrics {names}")))

    @pytest.mark.parametrize("names", facts.NAMES)
    def test_tags_keep_their_names(self, names: str, archive: Shelf) -> None:
        """And stay apart."""
        tags = {name: f"text {place}" for place, name in enumerate(facts.NAMES[names])}
        assert_comes_back(archive, staged(TagsSet(tags), run_id=id_of(f"tags {names}")))

    @pytest.mark.parametrize("points", facts.POINTS)
    def test_points_come_back(self, points: str, archive: Shelf) -> None:
        """In their order, with their steps and times."""
        assert_comes_back(archive, facts.points_run(f"points {points}", facts.POINTS[points]))

    @pytest.mark.parametrize("tags", facts.TAGS)
    def test_tags_come_back(self, tags: str, archive: Shelf) -> None:
        """The last text holds."""
        assert_comes_back(archive, staged(*map(TagsSet, facts.TAGS[tags]), run_id=id_of(f"tag {tags}")))

    @pytest.mark.parametrize("notes", facts.NOTES)
    def test_notes_come_back(self, notes: str, archive: Shelf) -> None:
        """Each by itself, in their order."""
        assert_comes_back(archive, staged(*map(NoteAdded, facts.NOTES[notes]), run_id=id_of(f"notes {notes}")))

    @pytest.mark.parametrize("files", facts.ARTIFACTS)
    def test_artifacts_come_back(self, files: str, archive: Shelf) -> None:
        """Under their paths, with their bytes."""
        run = facts.artifacts_run(f"artifacts {files}", facts.ARTIFACTS[files])
        assert_comes_back(archive, run)
        last = dict(facts.ARTIFACTS[files])
        for path, content in last.items():
            with archive.open().open_artifact(run.record.run_id, path) as stream:
                assert stream.read() == content, path

    @pytest.mark.parametrize("datasets", facts.DATASETS)
    def test_datasets_come_back(self, datasets: str, archive: Shelf) -> None:
        """In their order."""
        events = map(DatasetLogged, facts.DATASETS[datasets])
        assert_comes_back(archive, staged(*events, run_id=id_of(f"datasets {datasets}")))

    @pytest.mark.parametrize("models", facts.MODELS)
    def test_models_come_back(self, models: str, archive: Shelf) -> None:
        """With their files."""
        assert_comes_back(archive, facts.models_run(f"models {models}", facts.MODELS[models]))

    @pytest.mark.parametrize("source", facts.SOURCES)
    def test_the_source_comes_back(self, source: str, archive: Shelf) -> None:
        """Program, arguments, commit and diff."""
        event = SourceCaptured(facts.SOURCES[source])
        assert_comes_back(archive, staged(event, run_id=id_of(f"source {source}")))

    @pytest.mark.parametrize("environment", facts.ENVIRONMENTS)
    def test_the_environment_comes_back(self, environment: str, archive: Shelf) -> None:
        """Machine and software."""
        event = EnvironmentCaptured(facts.ENVIRONMENTS[environment])
        assert_comes_back(archive, staged(event, run_id=id_of(f"environment {environment}")))

    @pytest.mark.parametrize("fields", facts.RUNS)
    def test_the_run_itself_comes_back(self, fields: str, archive: Shelf) -> None:
        """Experiment, name, hypothesis, times and status."""
        options: dict[str, Any] = facts.RUNS[fields]
        assert_comes_back(archive, staged(ParamsLogged({"x": 1}), run_id=id_of(f"run {fields}"), **options))

    @pytest.mark.parametrize("shape", facts.MIXED)
    def test_a_run_of_any_shape_comes_back(self, shape: str, archive: Shelf) -> None:
        """However much, and in whatever order."""
        assert_comes_back(archive, facts.MIXED[shape])

    @pytest.mark.parametrize("batch", [1, 7, 10_000])
    def test_the_size_of_batches_changes_nothing(self, batch: int, archive: Shelf) -> None:
        """A courier delivers as much at a time as there is."""
        run = full_run(id_of(f"batch {batch}"))
        record = record_run(archive.open(), run, archive.root / "artifacts", batch=batch)
        assert diff(archive.open().read(record.run_id), record) == []

    @pytest.mark.parametrize("run_id", ["TAXI-1", "0", "a b/c", "../../up", "ünï", "X" * 200])
    def test_a_run_keeps_the_id_that_another_tracker_gave_it(self, run_id: str, archive: Shelf) -> None:
        """Runs are copied from one tracker to another, and keep their ids."""
        name = f"copied {id_of(run_id)}"
        assert_comes_back(archive, small_run(run_id, name=name))
        assert [run.run_id for run in archive.open().list_runs() if run.name == name] == [run_id]

    def test_every_record_comes_back(self, shelf: Shelf, tmp_path: Path) -> None:
        """Runs of every shape that the interface accepts, drawn at random."""
        tracker = shelf.open()

        @settings(
            max_examples=shelf.subject.examples,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            phases=(
                Phase.explicit,
                Phase.generate,
            ),  # to shrink takes minutes; the difference says it all
        )
        @given(staged_runs())
        def record_and_read(run: StagedRun) -> None:
            record = record_run(tracker, run, tmp_path / "artifacts")
            assert diff(tracker.read(record.run_id), record) == []
            tracker.read_native(record.run_id)

        record_and_read()
