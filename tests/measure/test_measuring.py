"""Samples are taken in turns, each once, and what comes of them is kept."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event
from time import sleep, time_ns

import msgspec
import pytest

from taximeter.environments import version_in_use
from taximeter.errors import InputError, TrackerError
from taximeter.measure import measuring
from taximeter.measure.kind import Depth, Kind, Settings, Times
from taximeter.measure.measuring import LEDGER, Step, measure, plan
from taximeter.plugins import installed


class Lap(Settings, frozen=True, kw_only=True):
    """A row of the kind of these tests."""

    number: int


class Time(msgspec.Struct, frozen=True, kw_only=True):
    """A sample of it: how many had been taken before, and what was said."""

    place: int
    words: str = ""


class Track:
    """A kind of measurement that notes what it is asked, and fails or stops where it is told to."""

    def __init__(self, tracker: str, *, fails: Exception | None = None) -> None:
        self.tracker = tracker
        self.taken: list[tuple[str, int]] = []
        self.folders: list[Path] = []
        self.fails = fails
        self.stops_at: int | None = None

    def kind(self, name: str = "laps") -> Kind[Lap, Time]:
        """Return the kind."""
        return Kind(
            name=name,
            sentence="how laps are run",
            settings=Lap,
            sample=Time,
            plan=lambda trackers, _: [Lap(tracker=one, number=number) for number in (1, 2) for one in trackers],
            measure=self._measure,
            repetitions=Times(3, 2),
            seconds=lambda lap: lap.number * 10.0,
        )

    def _measure(self, lap: Lap, folder: Path) -> Time:
        if len(self.taken) == self.stops_at:
            raise KeyboardInterrupt
        self.taken.append((lap.tracker, lap.number))
        self.folders.append(folder)
        (folder / "left behind").touch()
        if self.fails and lap.number == 2:
            raise self.fails
        return Time(place=len(self.taken))


@pytest.fixture(autouse=True)
def code(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let taximeter's code be of a commit, which tests may change."""
    commit = ["c0ffee"]
    monkeypatch.setattr(measuring, "taximeter_commit", lambda: commit[0])
    return commit


@pytest.fixture
def track(cheap_tracker: str) -> Track:
    """A kind without faults."""
    return Track(cheap_tracker)


def test_each_repetition_goes_through_all_rows() -> None:
    """So that what disturbs the machine disturbs all alike; one kind comes after the other."""
    track = Track("")
    one, other, *_ = installed()
    steps = plan([track.kind(), track.kind("rest")], [one, other], Depth.QUICK)
    row = [(one, 1), (other, 1), (one, 2), (other, 2)]
    assert [(step.settings.tracker, step.settings.number) for step in steps] == row * 4
    assert [step.repetition for step in steps] == [0] * 4 + [1] * 4 + [0] * 4 + [1] * 4
    assert [step.kind.name for step in steps] == ["laps"] * 8 + ["rest"] * 8
    assert len(plan([track.kind()], [one], Depth.FULL)) == 6
    assert (str(steps[0]), steps[2].seconds) == (f"laps {one} 1", 20.0)


def test_a_sample_stands_for_no_other(cheap_tracker: str) -> None:
    """Neither one of another depth, row or repetition, nor one of other software."""
    kind = Track("").kind()
    step = plan([kind], [cheap_tracker], Depth.QUICK)[0]
    others = [
        *plan([kind], [cheap_tracker], Depth.QUICK)[1:],
        *plan([kind], [cheap_tracker], Depth.FULL),
        *plan([Track("").kind("rest")], [cheap_tracker], Depth.QUICK),
        *(step._replace(versions=step.versions._replace(**{part: "another"})) for part in step.versions._fields),
    ]
    keys = [each.key for each in (step, *others)]
    assert len(set(keys)) == len(keys)
    assert plan([kind], [cheap_tracker], Depth.QUICK)[0].key == step.key


def test_results_hold_every_sample_of_every_row(track: Track, tmp_path: Path) -> None:
    """In the order of the repetitions; the file says what makes it again, and on which machine it was made."""
    before = time_ns() // 1000
    (file,) = measure(plan([track.kind()], [track.tracker], Depth.FULL), tmp_path)
    found = track.kind().read(file)
    assert (found.kind, found.tracker, found.depth) == ("laps", track.tracker, Depth.FULL)
    assert [(row.settings.number, [sample.place for sample in row.samples]) for row in found.rows] == [
        (1, [1, 3, 5]),
        (2, [2, 4, 6]),
    ]
    assert [row.problems for row in found.rows] == [[], []]
    assert found.environment.cores > 0
    assert (found.commit, found.version) == ("c0ffee", version_in_use(track.tracker))
    taken = sorted(time for row in found.rows for time in row.taken)
    assert before <= taken[0] < taken[-1] <= found.made
    assert [time for times in zip(*(row.taken for row in found.rows), strict=True) for time in times] == taken
    assert found.command.startswith("taximeter")
    assert file.parent.parent.parent == tmp_path
    assert not (tmp_path / LEDGER).exists()


def test_each_sample_has_an_empty_folder_that_is_gone_afterwards(track: Track, tmp_path: Path) -> None:
    """Nothing of one sample is there for the next."""
    measure(plan([track.kind()], [track.tracker], Depth.QUICK), tmp_path)
    assert len(set(track.folders)) == 4
    assert not any(folder.exists() for folder in track.folders)


def test_results_are_never_written_over(track: Track, tmp_path: Path) -> None:
    """A second measurement lies beside the first."""
    steps = plan([track.kind()], [track.tracker], Depth.QUICK)
    (first,) = measure(steps, tmp_path)
    before = first.read_bytes()
    (second,) = measure(steps, tmp_path)
    assert first != second
    assert first.read_bytes() == before
    assert len(track.taken) == 8, "a measurement that was completed is not resumed"


def _of_samples(take: Callable[[Lap], None], *, is_timed: bool = False) -> Kind[Lap, Time]:
    """Return a kind that takes samples so, and whose places are the numbers of its rows."""

    def measure_lap(lap: Lap, _: Path) -> Time:
        take(lap)
        return Time(place=lap.number)

    return replace(Track("").kind(), measure=measure_lap, is_timed=is_timed)


@pytest.mark.parametrize(("is_timed", "depth"), [(False, Depth.FULL), (False, Depth.QUICK), (True, Depth.QUICK)])
def test_samples_that_need_no_quiet_are_taken_at_once(
    cheap_tracker: str, tmp_path: Path, depth: Depth, *, is_timed: bool
) -> None:
    """Each of the two waits for the other; the results are in the order of the plan all the same."""
    barrier = Barrier(2)

    def take(_: Lap) -> None:
        barrier.wait(60)

    kind = _of_samples(take, is_timed=is_timed)
    (file,) = measure(plan([kind], [cheap_tracker], depth), tmp_path, jobs=2)
    assert [[sample.place for sample in row.samples] for row in kind.read(file).rows] == [
        [number] * kind.repetitions.at(depth) for number in (1, 2)
    ]


def test_samples_that_tell_times_are_taken_alone(cheap_tracker: str, tmp_path: Path) -> None:
    """However many are allowed at once."""
    at_work = Event()

    def take(_: Lap) -> None:
        assert not at_work.is_set()
        at_work.set()
        sleep(0.05)  # for another one to come in
        at_work.clear()

    kind = _of_samples(take, is_timed=True)
    (file,) = measure(plan([kind], [cheap_tracker], Depth.FULL), tmp_path, jobs=4)
    assert [row.problems for row in kind.read(file).rows] == [[], []]


def test_a_stop_among_several_keeps_what_was_taken(cheap_tracker: str, tmp_path: Path) -> None:
    """Those under way are kept too, and none of them is taken again."""
    begun: list[int] = []

    def take(lap: Lap) -> None:
        begun.append(lap.number)
        if len(begun) == 3:
            raise KeyboardInterrupt

    steps = plan([_of_samples(take)], [cheap_tracker], Depth.FULL)
    with pytest.raises(KeyboardInterrupt):
        measure(steps, tmp_path, jobs=2)
    kept = (tmp_path / LEDGER).read_text().count("\n")
    assert 2 <= kept < 6
    begun[:] = [0] * 3
    measure(steps, tmp_path, jobs=2)
    assert len(begun) == 3 + 6 - kept


@pytest.mark.parametrize("stops_at", range(4))
def test_a_measurement_that_was_stopped_takes_no_sample_twice(track: Track, tmp_path: Path, stops_at: int) -> None:
    """It goes on where it was, with the samples that it has."""
    steps = plan([track.kind()], [track.tracker], Depth.QUICK)
    track.stops_at = stops_at
    with pytest.raises(KeyboardInterrupt):
        measure(steps, tmp_path)
    assert not list(tmp_path.rglob("*.json"))
    track.stops_at = None
    told: list[str] = []
    (file,) = measure(steps, tmp_path, on_step=lambda step: told.append(str(step)))
    assert len(track.taken) == 4
    assert len(told) == 4 - stops_at
    places = [sample.place for row in track.kind().read(file).rows for sample in row.samples]
    assert sorted(places) == [1, 2, 3, 4]


def test_code_that_is_changed_meanwhile_ends_the_measurement(
    track: Track, tmp_path: Path, code: list[str]
) -> None:
    """What was taken is kept, and goes into no results of other code."""
    steps = plan([track.kind()], [track.tracker], Depth.QUICK)

    def change(_: Step) -> None:
        code[0] = "decaf"

    with pytest.raises(InputError, match="changed while it measured"):
        measure(steps, tmp_path, on_step=change)
    assert not list(tmp_path.rglob("*.json"))
    assert len(track.taken) == 1
    (file,) = measure(plan([track.kind()], [track.tracker], Depth.QUICK), tmp_path)
    assert track.kind().read(file).commit == "decaf"
    assert len(track.taken) == 5


def test_samples_by_code_that_nobody_knows_are_taken_again(track: Track, tmp_path: Path, code: list[str]) -> None:
    """It may have been changed since."""
    code[0] += "+"
    steps = plan([track.kind()], [track.tracker], Depth.QUICK)
    track.stops_at = 2
    with pytest.raises(KeyboardInterrupt):
        measure(steps, tmp_path)
    track.stops_at = None
    measure(steps, tmp_path)
    assert len(track.taken) == 2 + 4


@pytest.mark.parametrize("error", [TrackerError("the server is away"), OSError("the server is away")])
def test_a_sample_that_fails_is_a_problem_with_its_reason(
    cheap_tracker: str, tmp_path: Path, error: Exception
) -> None:
    """Told once for each; the other samples are taken."""
    track = Track(cheap_tracker, fails=error)
    (file,) = measure(plan([track.kind()], [cheap_tracker], Depth.QUICK), tmp_path)
    good, bad = track.kind().read(file).rows
    assert (len(good.samples), good.problems) == (2, [])
    assert good.repetitions == [0, 1]
    assert (bad.samples, bad.repetitions, len(bad.problems)) == ([], [], 2)
    assert all(problem.endswith("the server is away") for problem in bad.problems)


def test_samples_keep_the_numbers_of_their_repetitions(cheap_tracker: str, tmp_path: Path) -> None:
    """So that those of two rows can be compared pair by pair, whichever failed."""
    taken: list[Lap] = []

    def take(lap: Lap) -> None:
        taken.append(lap)
        if taken.count(lap) == lap.number:
            raise TrackerError("the server is away")

    kind = _of_samples(take)
    (file,) = measure(plan([kind], [cheap_tracker], Depth.FULL), tmp_path)
    found = [(row.settings.number, row.repetitions, row.problems) for row in kind.read(file).rows]
    assert found == [(1, [1, 2], ["the server is away"]), (2, [0, 2], ["the server is away"])]


def test_results_do_not_name_the_folder_of_a_sample(cheap_tracker: str, tmp_path: Path) -> None:
    """No other sample has it: neither in what it says nor in its problem."""

    def take(lap: Lap, folder: Path) -> Time:
        if lap.number == 2:
            raise TrackerError(f"{folder}/store is locked")
        return Time(place=1, words=f"{folder}/store is there")

    kind = replace(Track("").kind(), measure=take)
    (file,) = measure(plan([kind], [cheap_tracker], Depth.QUICK), tmp_path)
    good, bad = kind.read(file).rows
    assert [sample.words for sample in good.samples] == ["…/store is there"] * 2
    assert bad.problems == ["…/store is locked"] * 2


def test_a_measurement_leaves_the_samples_of_another(cheap_tracker: str, tmp_path: Path) -> None:
    """One that was stopped goes on after another one that was not."""
    stopped, whole = Track(cheap_tracker), Track(cheap_tracker)
    stopped.stops_at = 1
    steps = plan([stopped.kind("stopped")], [cheap_tracker], Depth.QUICK)
    with pytest.raises(KeyboardInterrupt):
        measure(steps, tmp_path)
    measure(plan([whole.kind("whole")], [cheap_tracker], Depth.QUICK), tmp_path)
    stopped.stops_at = None
    measure(steps, tmp_path)
    assert (len(stopped.taken), len(whole.taken)) == (4, 4)


def test_no_secret_gets_into_results(cheap_tracker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither from a problem nor from the command."""
    monkeypatch.setattr("sys.argv", ["taximeter", "measure", "--token", "canary-0815"])
    track = Track(cheap_tracker, fails=TrackerError("http://me:canary-0815@here refused password=canary-0815"))
    (file,) = measure(plan([track.kind()], [cheap_tracker], Depth.QUICK), tmp_path)
    assert b"refused" in file.read_bytes()
    assert b"canary" not in file.read_bytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": 2}, "has format 2"),
        ({"rows": [{"settings": {"tracker": "x"}, "samples": []}]}, "number"),
        ({"rows": [{"settings": {"tracker": "x", "number": 1}, "samples": [{"place": "first"}]}]}, "place"),
        ({"depth": "deep"}, "depth"),
    ],
)
def test_a_file_that_is_no_result_is_refused(
    track: Track, tmp_path: Path, change: dict[str, object], said: str
) -> None:
    """The message says what is wrong with it."""
    (file,) = measure(plan([track.kind()], [track.tracker], Depth.QUICK), tmp_path)
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(InputError, match=said):
        track.kind().read(file)


def test_a_file_that_is_not_there_is_refused(track: Track, tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(InputError, match="nothing"):
        track.kind().read(tmp_path / "nothing.json")
