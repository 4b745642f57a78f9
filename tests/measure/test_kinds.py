"""Every kind of measurement takes samples from real processes, and counts what is really there."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from taximeter.errors import TrackerError
from taximeter.measure.contention import ContentionSettings, measure_contention
from taximeter.measure.cost import CostSettings, measure_cost
from taximeter.measure.crash import CrashSettings, measure_crash
from taximeter.measure.crash_training import POINTS, Death
from taximeter.measure.growth import GrowthSettings, measure_growth
from taximeter.measure.growth_worker import Growth
from taximeter.measure.held import Held, count_held
from taximeter.measure.kind import Depth
from taximeter.measure.kinds import KINDS, kinds_for
from taximeter.measure.measuring import plan
from taximeter.measure.ways import Way, value_of
from taximeter.plugins import load, load_all
from taximeter.record import RunRecord, Series
from taximeter.tracker import Feature

TAXIMETER = str(Path(sys.executable).with_name("taximeter"))
LOGGING: tuple[Way, ...] = ("vendor", "interface")


@pytest.fixture
def lines_store(lines_tracker: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the tracker of the tests always have this store, whose switches are files in it."""
    monkeypatch.setattr(load("lines"), "location_in", classmethod(lambda _, _folder: str(lines_tracker)))
    lines_tracker.mkdir()
    return lines_tracker


def measure(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run([TAXIMETER, "measure", *arguments], capture_output=True, text=True, check=False)


def test_the_cost_of_a_tracker_is_measured_by_the_command(cheap_tracker: str, tmp_path: Path) -> None:
    """It prints the files, which hold what it says it measures."""
    done = measure("cost", "-t", cheap_tracker, "--quick", "--json", "--results", str(tmp_path / "results"))
    assert done.returncode == 0, done.stderr
    (file,) = map(Path, json.loads(done.stdout))
    assert file.is_relative_to(tmp_path / "results")
    found = KINDS["cost"].read(file)
    assert (found.tracker, found.vendor, found.depth) == (cheap_tracker, None, Depth.QUICK)
    assert [row.settings.way for row in found.rows] == ["vendor", "interface"]
    for row in found.rows:
        assert row.problems == []
        (sample,) = row.samples
        assert sample.calls == row.settings.calls
        assert 0 < sample.p50 <= sample.p99 <= sample.longest
        assert sample.loop <= sample.complete
        assert min(sample.size, sample.threads, sample.files) > 0
        assert 0 < sample.memory <= sample.memory_all
    assert found.rows[1].samples[0].processes > 1, "the courier is seen too"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("speed",), "there is no kind 'speed'"),
        (("cost", "-t", "nope"), "pip install taximeter-nope"),
        (("cost", "-t", "no pe==1"), "names no environment"),
    ],
)
def test_what_cannot_be_measured_is_told_in_one_sentence(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    """Before anything is measured."""
    done = measure(*arguments, "--quick", "--results", str(tmp_path / "results"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert said in done.stderr
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("name", list(KINDS))
def test_every_kind_plans_less_when_it_is_to_be_quick(name: str, cheap_tracker: str) -> None:
    """Its settings can be read back, and it says how long it takes."""
    kind = KINDS[name]
    full, quick = (plan([kind], [cheap_tracker], depth) for depth in (Depth.FULL, Depth.QUICK))
    assert 0 < sum(step.seconds for step in quick) < sum(step.seconds for step in full)
    for step in (*full, *quick):
        assert msgspec.json.decode(msgspec.json.encode(step.settings), type=kind.settings) == step.settings
    assert len({step.settings for step in full}) * kind.repetitions.full == len(full)


def test_a_first_impression_has_what_takes_little_time() -> None:
    """Faults are measured so only when they are asked for."""
    assert [kind.name for kind in kinds_for((), Depth.FULL)] == list(KINDS)
    assert [kind.name for kind in kinds_for((), Depth.QUICK)] == ["cost", "growth", "crash", "contention"]
    assert [kind.name for kind in kinds_for(("faults",), Depth.QUICK)] == ["faults"]


@pytest.mark.parametrize("name", ["crash", "contention", "growth", "faults"])
def test_what_is_read_back_is_planned_for_trackers_that_can_be_read(name: str) -> None:
    """The others have nothing to count."""
    trackers = load_all()[0]
    planned = KINDS[name].plan([tracker.name for tracker in trackers], Depth.QUICK)
    readable = {tracker.name for tracker in trackers if Feature.READ in tracker.features}
    assert {settings.tracker for settings in planned} == readable


@pytest.mark.parametrize("death", list(Death))
def test_the_interface_survives_every_death_of_a_training(
    cheap_tracker: str, tmp_path: Path, death: Death
) -> None:
    """Each acknowledged point is held, once."""
    sample = measure_crash(CrashSettings(tracker=cheap_tracker, way="interface", death=death), tmp_path)
    assert sample.acknowledged > 0
    assert (sample.found, sample.altered, sample.doubled, sample.invented) == (sample.acknowledged, 0, 0, 0)
    assert (sample.exact, sample.recovered, sample.said) == (True, sample.acknowledged, {})
    expected = {"killed", "finished"} if death == Death.FINISHING else {"killed"}
    assert sample.status in expected
    assert not sample.went_on


def test_a_death_without_the_interface_is_counted_too(cheap_tracker: str, tmp_path: Path) -> None:
    """There is no exact record of it."""
    sample = measure_crash(CrashSettings(tracker=cheap_tracker, way="vendor", death=Death.KILL), tmp_path)
    assert 0 < sample.found <= sample.acknowledged
    assert (sample.altered, sample.invented, sample.exact, sample.recovered) == (0, 0, None, None)


@pytest.mark.parametrize("death", list(Death))
def test_a_training_that_fails_by_itself_has_not_died_of_anything_else(
    tmp_path: Path, lines_store: Path, death: Death
) -> None:
    """Its own last words are the problem."""
    (lines_store / "deadly").write_text("50")
    with pytest.raises(TrackerError, match="the vendor of the tests has died"):
        measure_crash(CrashSettings(tracker="lines", way="vendor", death=death), tmp_path)


def test_a_training_that_was_done_before_it_could_be_killed_is_repeated(
    cheap_tracker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until one dies in time."""
    delays = iter([60.0, 0.0])
    monkeypatch.setattr("taximeter.measure.crash_training.random.uniform", lambda *_: next(delays))
    settings = CrashSettings(tracker=cheap_tracker, way="vendor", death=Death.FINISHING)
    assert measure_crash(settings, tmp_path).acknowledged > 0
    assert {"training-0", "training-1"} <= {folder.name for folder in tmp_path.iterdir()}


def test_a_store_that_cannot_be_read_after_a_death_says_why(tmp_path: Path, lines_store: Path) -> None:
    """It is not the same as a store without the run."""
    (lines_store / "unreadable").touch()
    sample = measure_crash(CrashSettings(tracker="lines", way="vendor", death=Death.KILL), tmp_path)
    assert (sample.found, sample.status) == (0, "unreadable")
    assert "its pages are torn" in sample.said["reading"]


def test_a_training_that_goes_on_after_sigterm_says_so(tmp_path: Path, lines_store: Path) -> None:
    """It is no death, whatever is kept."""
    (lines_store / "stubborn").touch()
    sample = measure_crash(CrashSettings(tracker="lines", way="vendor", death=Death.TERM), tmp_path)
    assert (sample.went_on, sample.acknowledged) == (True, POINTS)


@pytest.mark.parametrize("way", LOGGING)
@pytest.mark.parametrize("fresh", [True, False])
@pytest.mark.parametrize("writers", [1, 2])
def test_writers_at_once_are_counted(
    cheap_tracker: str, tmp_path: Path, way: Way, writers: int, *, fresh: bool
) -> None:
    """A run that was there before is not."""
    settings = ContentionSettings(tracker=cheap_tracker, way=way, writers=writers, fresh=fresh, runs=2)
    sample = measure_contention(settings, tmp_path)
    runs = 2 * writers
    assert (sample.begun, sample.runs_found, sample.died, sample.reasons) == (runs, runs, 0, [])
    assert (sample.found, sample.doubled) == (sample.acknowledged, 0) == (runs * 40, 0)
    assert (sample.altered, sample.invented, sample.missing, sample.strange) == (0, 0, 0, 0)
    assert sample.seconds


@pytest.mark.parametrize("growth", list(Growth))
def test_a_store_grows_by_what_it_is_given(cheap_tracker: str, tmp_path: Path, growth: Growth) -> None:
    """As much as was asked for, and everything is read."""
    settings = GrowthSettings(tracker=cheap_tracker, way="interface", growth=growth, size=10)
    sample = measure_growth(settings, tmp_path)
    assert sample.written >= 10
    assert sample.runs_read == (10 if growth == Growth.RUNS else 1)
    assert sample.size > 0


def test_runs_that_all_die_are_counted(tmp_path: Path, lines_store: Path) -> None:
    """That is the worst that can become of them, and no lack of a result."""
    location = lines_store / "fail"
    location.mkdir(parents=True)  # where the tracker looks for a number
    settings = ContentionSettings(tracker="lines", way="vendor", writers=2, fresh=True, runs=2)
    sample = measure_contention(settings, tmp_path)
    assert (sample.begun, sample.died, sample.acknowledged, sample.found) == (4, 4, 0, 0)
    assert sample.seconds is None
    assert [reason for reason in sample.reasons if "Is a directory" in reason] == sample.reasons != []


def test_what_a_writer_was_acknowledged_before_it_died_is_counted(tmp_path: Path, lines_store: Path) -> None:
    """And found."""
    (lines_store / "deadly").write_text("7")
    settings = ContentionSettings(tracker="lines", way="vendor", writers=2, fresh=True, runs=2)
    sample = measure_contention(settings, tmp_path)
    assert (sample.begun, sample.died, sample.reasons) == (4, 4, ["its process died"])
    assert (sample.acknowledged, sample.found, sample.runs_found) == (14, 14, 2)
    assert (sample.altered, sample.doubled, sample.invented, sample.missing, sample.strange) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("what", "reason"), [("unreadable", "its pages are torn"), ("unlistable", "cannot be read afterwards")]
)
def test_a_store_that_cannot_be_read_has_lost_everything(
    tmp_path: Path, lines_store: Path, what: str, reason: str
) -> None:
    """With the reason; that is the worst result, and no lack of one."""
    (lines_store / what).touch()
    settings = ContentionSettings(tracker="lines", way="vendor", writers=2, fresh=True, runs=1)
    sample = measure_contention(settings, tmp_path)
    assert (sample.died, sample.acknowledged, sample.found) == (0, 80, 0)
    assert sample.missing == (2 if what == "unlistable" else 0)
    assert any(reason in each for each in sample.reasons)


@pytest.mark.parametrize("name", ["cost", "crash", "growth"])
def test_a_tracker_that_cannot_write_is_a_problem(
    name: str, tmp_path: Path, lines_tracker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the tracker's own reason."""
    del lines_tracker
    monkeypatch.setattr(
        load("lines"), "location_in", classmethod(lambda _, folder: str(_file_in(folder) / "store"))
    )
    kind = KINDS[name]
    settings = kind.plan(["lines"], Depth.QUICK)[0]
    with pytest.raises(TrackerError, match="Not a directory"):
        kind.measure(settings, tmp_path)


def test_what_a_vendor_keeps_elsewhere_costs_it_too(tmp_path: Path, lines_tracker: Path) -> None:
    """The calls were made, whatever can be read of them."""
    settings = CostSettings(tracker="lines", way="vendor", workload="artifact", calls=2)
    sample = measure_cost(settings, tmp_path)
    assert sample.calls == 2
    assert len([*lines_tracker.with_name("elsewhere").iterdir()]) == 2


def test_points_are_told_apart() -> None:
    """Found, altered, doubled and invented."""
    steps = [0, 1, 1, 2, 3, 9]
    values = [value_of(0), value_of(1), value_of(1), -1.0, value_of(3), 9.0]
    record = RunRecord(
        run_id="0" * 32,
        experiment="taxi",
        name="run",
        status="finished",
        started=0,
        metrics={"loss": Series(values, steps, [0] * 6)},
    )
    assert count_held(record, range(3), {3}) == Held(found=2, altered=1, doubled=1, invented=1)
    assert count_held(record, range(12), {}) == Held(found=3, altered=2, doubled=1, invented=0)
    assert count_held(None, range(3), {3}) == Held(found=0, altered=0, doubled=0, invented=0)


def _file_in(folder: Path) -> Path:
    file = folder / "a file"
    if not file.exists():
        file.touch()
    return file
