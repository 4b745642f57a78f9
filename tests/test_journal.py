"""The journal keeps what it acknowledged, whatever happens to the process or to a line."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from taximeter.errors import InputError, JournalError
from taximeter.events import Event, Finished, MetricsLogged, Started, encode
from taximeter.journal.folder import RunFolder
from taximeter.journal.segment import SegmentReader, SegmentWriter, has_writer
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
    assert list(batches) == []
    assert list(reader.read()) == [point(1)]
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


def test_a_journal_without_a_beginning_says_so(folder: RunFolder) -> None:
    """It is an error of its own."""
    with pytest.raises(JournalError, match="how its run began"):
        folder.record()
