"""The journal keeps what it acknowledged, whatever happens to the process or to a line."""

import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest

from taximeter.errors import InputError, JournalError
from taximeter.events import Event, Finished, MetricsLogged, Started, TagsSet, encode
from taximeter.journal.folder import RunFolder
from taximeter.journal.segment import SegmentReader, SegmentWriter, frame, has_writer
from taximeter.journal.writer import JournalWriter

STARTED = Started("0" * 32, "taxi", "lasso", 10)


def point(number: int) -> MetricsLogged:
    """Return a point."""
    return MetricsLogged({"loss": number * 0.1}, number, number)


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    """A run's folder, made."""
    made = RunFolder(tmp_path / "run")
    made.create()
    return made


def test_a_reader_sees_events_as_they_are_appended(tmp_path: Path) -> None:
    """Each read goes on where the last one stopped."""
    writer, reader = SegmentWriter(tmp_path / "s"), SegmentReader(tmp_path / "s")
    assert list(reader.read()) == []
    writer.append(encode(STARTED))
    assert list(reader.read()) == [STARTED]
    writer.append(encode(point(1)))
    writer.append(encode(point(2)))
    assert list(reader.read()) == [point(1), point(2)]
    writer.close()


def test_a_torn_line_waits_for_its_end(tmp_path: Path) -> None:
    """Half an event is no event yet."""
    path = tmp_path / "s"
    writer = SegmentWriter(path)
    writer.append(encode(STARTED))
    writer.append(encode(point(1)))
    writer.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    reader = SegmentReader(path)
    assert list(reader.read()) == [STARTED]
    path.write_bytes(whole)
    assert list(reader.read()) == [point(1)]


def test_a_line_that_ends_while_it_is_read_is_read_once_and_whole(tmp_path: Path) -> None:
    """Its first half is not taken for an event, nor its second."""
    path = tmp_path / "s"
    writer = SegmentWriter(path)
    writer.append(encode(STARTED))
    writer.append(encode(point(1)))
    writer.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    reader = SegmentReader(path)
    batches = reader.read_batches()
    assert [event for _, event in next(batches)] == [STARTED]
    with path.open("ab") as stream:
        stream.write(whole[-5:])
    assert [[event for _, event in batch] for batch in batches] == [[point(1)]]
    assert list(reader.read()) == []
    assert reader.damaged == 0


def test_a_file_that_grows_while_it_is_read_is_read_whole(tmp_path: Path) -> None:
    """However its lines are torn just when they are read."""
    path = tmp_path / "s"
    path.touch()
    lines = [frame(encode(point(number)), number) for number in range(20_000)]
    text = b"".join(lines)

    def write() -> None:
        with path.open("ab", buffering=0) as stream:
            for place in range(0, len(text), 97):
                stream.write(text[place : place + 97])

    reader = SegmentReader(path)
    seen: list[Event] = []
    writer = Thread(target=write)
    writer.start()
    while writer.is_alive():
        seen += reader.read()
    seen += reader.read()
    assert seen == [point(number) for number in range(20_000)]
    assert reader.damaged == 0


def test_a_long_file_is_read_in_parts(tmp_path: Path) -> None:
    """What is held in memory at once is bounded, and nothing is lost between two parts."""
    writer = SegmentWriter(tmp_path / "s")
    for number in range(20_000):
        writer.append(encode(point(number)))
    writer.close()
    batches = list(SegmentReader(tmp_path / "s").read_batches())
    assert max(map(len, batches)) < 15_000
    assert [event for batch in batches for _, event in batch] == [point(number) for number in range(20_000)]


def test_a_flipped_byte_costs_its_own_line_only(tmp_path: Path) -> None:
    """Every other event is read, and the damage is counted."""
    path = tmp_path / "s"
    writer = SegmentWriter(path)
    for number in range(20):
        writer.append(encode(point(number)))
    writer.close()
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    place = sum(map(len, lines[:7])) + len(lines[7]) // 2
    path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    reader = SegmentReader(path)
    assert list(reader.read()) == [point(number) for number in range(20) if number != 7]
    assert reader.damaged == 1


def test_the_lock_tells_whether_the_writer_lives(tmp_path: Path) -> None:
    """It is let go of when the writer is killed."""
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom taximeter.journal.segment import SegmentWriter\n"
        "writer = SegmentWriter(Path(sys.argv[1]))\nprint('ready', flush=True)\ntime.sleep(60)"
    )
    path = tmp_path / "s"
    with subprocess.Popen([sys.executable, "-c", script, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        assert has_writer(path)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not has_writer(path)


def test_a_forked_process_writes_a_segment_of_its_own(folder: RunFolder) -> None:
    """What parent and child log is all there, each in its order."""
    writer = JournalWriter(folder, owner=True)
    writer.append(encode(STARTED))
    child = os.fork()
    if child == 0:
        for number in range(100, 200):
            writer.append(encode(point(number)))
        os._exit(0)
    for number in range(100):
        writer.append(encode(point(number)))
    assert os.waitpid(child, 0)[1] == 0
    assert len(folder.segments()) == 2
    steps = folder.record().metrics["loss"].steps
    assert [step for step in steps if step < 100] == list(range(100))
    assert [step for step in steps if step >= 100] == list(range(100, 200))
    writer.close()


def test_a_worker_cannot_log_to_a_run_that_has_ended(folder: RunFolder) -> None:
    """What would be lost is refused."""
    owner, worker = JournalWriter(folder, owner=True), JournalWriter(folder, owner=False)
    owner.append(encode(STARTED))
    worker.append(encode(point(1)))
    folder.mark_finished()
    with pytest.raises(InputError, match="ended"):
        worker.append(encode(point(2)))
    owner.close()
    worker.close()


def test_a_run_without_a_writer_was_killed_when_last_seen(folder: RunFolder) -> None:
    """Its end is the time of its last event."""
    writer = JournalWriter(folder, owner=True)
    for event in (STARTED, point(50), point(40)):
        writer.append(encode(event))
    assert folder.record().status == "running"
    writer.close()
    record = folder.record()
    assert (record.status, record.ended) == ("killed", 50)


def test_a_finished_run_is_not_killed(folder: RunFolder) -> None:
    """The last word is the owner's."""
    writer = JournalWriter(folder, owner=True)
    events: tuple[Event, ...] = (STARTED, point(50), Finished("failed", 60))
    for event in events:
        writer.append(encode(event))
    writer.close()
    assert (folder.record().status, folder.record().ended) == ("failed", 60)


def test_a_full_disk_delays_events_and_loses_none(folder: RunFolder, capfd: pytest.CaptureFixture[str]) -> None:
    """Training goes on, it is said once, and what fits later is written later, each event once."""
    writer = JournalWriter(folder, owner=True)
    writer.append(encode(STARTED))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (folder.segments()[0].stat().st_size + 30, hard))
        for number in range(5):
            writer.append(encode(point(number)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert "metrics" not in folder.segments()[0].read_text()
    writer.append(encode(point(5)))
    assert list(folder.record().metrics["loss"].steps) == list(range(6))
    assert capfd.readouterr().err.count("cannot be written") == 1
    writer.close()


class _FullDisk:
    """Keeps files from growing within a block, as a full disk does."""

    def __enter__(self) -> None:
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        self._handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, self._limits[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)
        signal.signal(signal.SIGXFSZ, self._handler)


def test_training_goes_on_when_what_is_printed_goes_to_the_full_disk_too(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning that cannot be printed harms nothing."""
    writer = JournalWriter(folder, owner=True)
    writer.append(encode(STARTED))
    with Path("/dev/full").open("w", buffering=1) as full, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", full)
        with _FullDisk():
            writer.append(encode(point(0)))
        patch.undo()
        with suppress(OSError):
            full.close()
    writer.close()
    assert list(folder.record().metrics["loss"].steps) == [0]


def test_a_journal_that_cannot_begin_raises(folder: RunFolder) -> None:
    """No courier is to hear of a run whose first event is not there."""
    writer = JournalWriter(folder, owner=True)
    with _FullDisk(), pytest.raises(OSError, match="too large"):
        writer.begin(encode(STARTED))


LAST = """
import resource, sys
from pathlib import Path
from taximeter.events import MetricsLogged, Started, encode
from taximeter.journal.folder import RunFolder
from taximeter.journal.writer import JournalWriter
folder = RunFolder(Path(sys.argv[1]))
writer = JournalWriter(folder, owner=True)
writer.append(encode(Started("0" * 32, "taxi", "lasso", 10)))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
for number in range(3):
    writer.append(encode(MetricsLogged({"loss": 0.5}, number, number)))
if sys.argv[2] == "room":
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
"""


@pytest.mark.parametrize(("then", "kept", "said"), [("room", 3, ""), ("none", 0, "3 events of run run are lost")])
def test_what_waits_when_the_process_ends_is_written_or_told(
    folder: RunFolder, then: str, kept: int, said: str
) -> None:
    """It is tried once more, and nothing is lost in silence."""
    command = [sys.executable, "-c", LAST, str(folder.path), then]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert len(folder.record().metrics.get("loss", ())) == kept
    assert said in done.stderr
    assert ("lost" in done.stderr) == bool(said)


def test_what_a_worker_could_not_write_before_the_run_ended_is_told(
    folder: RunFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    """The courier may be done with the run, so it is not written any more."""
    owner, worker = JournalWriter(folder, owner=True), JournalWriter(folder, owner=False)
    owner.append(encode(STARTED))
    with _FullDisk():
        worker.append(encode(point(1)))
    folder.mark_finished()
    worker.part()
    assert "1 events of run run are lost: the run has ended" in capfd.readouterr().err
    assert "loss" not in folder.record().metrics


def test_segments_keep_their_order_when_the_clock_goes_back(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a forked process logs after its parent comes after it, whatever the time of day."""
    writer = JournalWriter(folder, owner=True)
    writer.append(encode(STARTED))
    writer.append(encode(TagsSet({"phase": "training"})))
    monkeypatch.setattr("time.time_ns", lambda: 0)
    monkeypatch.setattr("time.time", lambda: 0.0)
    child = os.fork()
    if child == 0:
        writer.append(encode(TagsSet({"phase": "testing"})))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert folder.record().tags == {"phase": "testing"}
    writer.append(encode(TagsSet({"phase": "done"})))
    assert folder.record().tags == {"phase": "done"}
    writer.close()


def test_a_run_may_have_more_segments_than_a_process_may_open(folder: RunFolder) -> None:
    """A pool that renews its workers leaves one for each."""
    for number in range(60):
        segment = folder.open_segment(sync=False)
        segment.append(encode(point(number) if number else STARTED))
        segment.close()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len([*Path("/proc/self/fd").iterdir()])
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 10, limits[1]))
    try:
        record = folder.record()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert list(record.metrics["loss"].steps) == list(range(1, 60))


def test_a_journal_that_is_removed_while_it_is_read_is_gone(folder: RunFolder) -> None:
    """And no record is made of what was left of it."""
    for number in range(3):
        segment = folder.open_segment(sync=False)
        segment.append(encode(point(number) if number else STARTED))
        segment.close()
    events = folder.events()
    next(events)
    folder.remove_journal()
    with pytest.raises(JournalError, match="every store holds the run"):
        folder.record()
    assert not any((folder.path / name).exists() for name in ("segments", "removed", "artifacts"))


def test_a_journal_without_a_beginning_says_so(folder: RunFolder) -> None:
    """It is an error of its own."""
    with pytest.raises(JournalError, match="how its run began"):
        folder.record()
