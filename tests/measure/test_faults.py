"""When something goes wrong, the interface goes on, says so and loses nothing; what others do is counted."""

import os
import signal
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from taximeter.errors import TrackerError
from taximeter.measure import faults_causes, faults_training, offspring
from taximeter.measure.faults import measure_fault
from taximeter.measure.faults_causes import BrokenVendor, Cause, Damage
from taximeter.measure.faults_proxy import Proxy
from taximeter.measure.faults_stage import FaultSample, FaultSettings
from taximeter.measure.faults_training import Outcome, Training
from taximeter.measure.faults_worker import ACKNOWLEDGED, PARTS, POINTS, REFUSED, Fault, Order
from taximeter.measure.ways import Way
from taximeter.plugins import load, load_all

LOST_NOTHING = {
    Fault.DISK_FULL: Outcome.RAISED,  # the end of the run could not be written, and was tried again
    Fault.READ_ONLY: Outcome.WENT_ON,
    Fault.CLOCK_BACK: Outcome.WENT_ON,
    Fault.FORK: Outcome.WENT_ON,
    Fault.ARTIFACT_VANISHES: Outcome.WENT_ON,
    Fault.ARTIFACT_CHANGES: Outcome.RAISED,
}


def measure(tracker: str, way: Way, fault: Fault, folder: Path) -> FaultSample:
    """Take one sample."""
    return measure_fault(FaultSettings(tracker=tracker, way=way, fault=fault), folder)


@pytest.mark.parametrize("fault", list(LOST_NOTHING))
def test_the_interface_loses_nothing_that_it_acknowledged(
    cheap_tracker: str, tmp_path: Path, fault: Fault
) -> None:
    """Every point is held, once, when the fault is gone and `recover` has run."""
    sample = measure(cheap_tracker, "interface", fault, tmp_path)
    assert (sample.training, sample.acknowledged, sample.refused) == (LOST_NOTHING[fault], POINTS, 0)
    assert (sample.recovered, sample.exact, sample.status) == (POINTS, True, "finished")
    assert sample.means
    match fault:
        case Fault.DISK_FULL:
            assert sample.at == "finish"
            assert "make room" in sample.said["exception"]
            assert "tries again" in sample.said["standard error"]
        case Fault.READ_ONLY:
            assert sample.found == 0
            assert "does not hold run" in sample.said["warning"]
        case Fault.ARTIFACT_VANISHES:
            assert sample.artifact == "complete"
        case Fault.ARTIFACT_CHANGES:
            assert (sample.artifact, sample.at) == ("absent", "a call")
            assert "changed each time it was read" in sample.said["exception"]
        case _:
            assert sample.said == {}


def test_what_a_read_only_store_does_to_its_own_api_is_counted(cheap_tracker: str, tmp_path: Path) -> None:
    """There is no run, and the training was told."""
    sample = measure(cheap_tracker, "vendor", Fault.READ_ONLY, tmp_path)
    assert (sample.training, sample.at) == (Outcome.RAISED, "start")
    assert (sample.acknowledged, sample.refused, sample.found, sample.status) == (0, POINTS, 0, "absent")
    assert "Permission denied" in sample.said["exception"]
    assert (sample.recovered, sample.exact) == (None, None)


@pytest.mark.parametrize("fault", [Fault.TORN, Fault.FLIPPED])
def test_damage_to_a_store_is_counted(cheap_tracker: str, tmp_path: Path, fault: Fault) -> None:
    """What is read is no more than was written; a record that is not whole is no exact one."""
    sample = measure(cheap_tracker, "interface", fault, tmp_path)
    assert (sample.training, sample.acknowledged) == (Outcome.WENT_ON, POINTS)
    assert sample.found + sample.altered <= POINTS
    assert " of " in sample.means
    assert sample.exact is True or "reading" in sample.said, "an exact record is whole, or says that it is not"


@pytest.mark.parametrize(
    ("fault", "said"),
    [(Fault.SERVER_DOWN, "no server"), (Fault.SERVER_SLOW, "no server"), (Fault.VENDOR_BROKEN, "no vendor")],
)
def test_a_fault_that_makes_no_sense_is_a_problem(
    cheap_tracker: str, tmp_path: Path, fault: Fault, said: str
) -> None:
    """It says why."""
    with pytest.raises(TrackerError, match=said):
        measure(cheap_tracker, "vendor", fault, tmp_path)


@pytest.mark.parametrize("vendor", sorted({kind.vendor for kind in load_all()[0] if kind.vendor}))
def test_a_vendor_is_found_by_the_name_of_its_distribution(vendor: str, tmp_path: Path) -> None:
    """However the name is spelt where it is installed."""
    BrokenVendor(vendor, tmp_path).begin(0)
    assert list(tmp_path.glob("*/__init__.py"))


class Sabotage(Cause):
    """A fault that these tests make: something is done to the training's process or its store."""

    def __init__(self, deed: Callable[[int], object]) -> None:
        super().__init__("sabotage")
        self._deed = deed

    def begin(self, training: int) -> None:
        """Do it."""
        self._deed(training)


@pytest.fixture
def train(lines_tracker: Path, tmp_path: Path) -> Callable[..., Training]:
    """Return what trains with a tracker whose store can be made to fail or to hang."""
    lines_tracker.mkdir()

    def carry_out(deed: Callable[[int], object], fault: Fault = Fault.CLOCK_BACK) -> Training:
        work = tmp_path / "work"
        work.mkdir()
        order = Order(
            way="vendor", tracker="lines", location=str(lines_tracker), fault=fault, folder=str(tmp_path)
        )
        training = Training(order, Sabotage(deed), work, lambda _: None)
        training.carry_out()
        return training

    return carry_out


def test_a_training_that_meets_exceptions_goes_on(train: Callable[..., Training], lines_tracker: Path) -> None:
    """Each refused point is counted, and the first words are kept."""
    training = train(lambda _: (lines_tracker / "fail").write_text("3"))
    assert (training.outcome, training.at) == (Outcome.RAISED, "a call")
    assert training.numbers(REFUSED) == set(PARTS[1][:3])
    assert training.numbers(ACKNOWLEDGED, REFUSED) == set(range(POINTS))
    assert training.said == {"exception": "ConnectionError: the server of the tests is away"}


def test_a_training_that_hangs_is_ended_with_what_it_forked(
    train: Callable[..., Training], lines_tracker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The points that it was acknowledged are known."""
    monkeypatch.setattr(offspring, "SETTLE_SECONDS", 0.2)

    def hang(_training: int) -> None:
        (lines_tracker / "hang").touch()
        monkeypatch.setattr(faults_training, "PATIENCE_SECONDS", 2.0)

    training = train(hang, Fault.FORK)
    assert (training.outcome, training.at) == (Outcome.HUNG, "a call")
    assert training.numbers(ACKNOWLEDGED) >= set(PARTS[0])
    assert training.numbers(ACKNOWLEDGED) < set(range(POINTS))
    here = str(lines_tracker.parent)
    assert not [one for one in psutil.process_iter() if _works_in(one, here)]


def test_a_training_that_never_ends_is_ended(
    train: Callable[..., Training], lines_tracker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All is logged, and the vendor does not let go of the process."""

    def hold(_training: int) -> None:
        (lines_tracker / "stuck").touch()
        monkeypatch.setattr(faults_training, "PATIENCE_SECONDS", 5.0)

    training = train(hold)
    assert (training.outcome, training.at) == (Outcome.HUNG, "exit")
    assert training.numbers(ACKNOWLEDGED) == set(range(POINTS))


def test_a_training_that_dies_is_told(train: Callable[..., Training]) -> None:
    """So is where, also if it is gone before it could be told to go on."""

    def kill(process: int) -> None:
        os.kill(process, signal.SIGKILL)
        while psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)

    training = train(kill)
    assert (training.outcome, training.at) == (Outcome.DIED, "a call")
    assert training.numbers(ACKNOWLEDGED) == set(PARTS[0])


def _works_in(process: psutil.Process, folder: str) -> bool:
    try:
        return process.pid != os.getpid() and process.cwd().startswith(folder)
    except psutil.Error:
        return False


@pytest.fixture
def echo() -> Iterator[str]:
    """Serve what answers with what it is sent, and return its address."""

    class Echo(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while data := self.request.recv(1024):
                self.request.sendall(data)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def connect(proxy: Proxy) -> socket.socket:
    """Return a connection through the proxy."""
    host, port = proxy.location.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def test_a_proxy_hands_on_refuses_and_comes_back(echo: str) -> None:
    """At one address; what was open is cut."""
    with Proxy(echo) as proxy:
        before = proxy.location
        with connect(proxy) as first:
            first.sendall(b"hello")
            assert first.recv(10) == b"hello"
            proxy.go_down()
            assert _is_cut(first)
            with pytest.raises(ConnectionRefusedError):
                connect(proxy)
        proxy.come_back()
        assert proxy.location == before
        proxy.be_slow(0.05)
        with connect(proxy) as second:
            second.sendall(b"again")
            assert second.recv(10) == b"again"


def _is_cut(connection: socket.socket) -> bool:
    try:
        return connection.recv(10) == b""
    except ConnectionResetError:
        return True


def test_a_damaged_file_has_one_bit_less_or_is_shorter(cheap_tracker: str, tmp_path: Path) -> None:
    """Nothing else of the store is touched."""
    for fault in (Fault.TORN, Fault.FLIPPED):
        store = tmp_path / fault.name
        store.mkdir()
        tracker = load(cheap_tracker)(load(cheap_tracker).location_in(store))
        run = tracker.start_plain("taxi", "run")
        run.log_metrics({"loss": 0.5}, step=0)
        run.finish()
        before = _contents(store)
        cause = Damage(fault, tracker)
        cause.begin(0)
        after = _contents(store)
        (changed,) = [path for path in before if before[path] != after[path]]
        assert Path(changed).name in cause.means
        old, new = before[changed], after[changed]
        if fault == Fault.TORN:
            assert old.startswith(new)
        else:
            assert len(old) == len(new)
            assert sum((one ^ other).bit_count() for one, other in zip(old, new, strict=True)) == 1


def test_an_empty_store_cannot_be_damaged(cheap_tracker: str, tmp_path: Path) -> None:
    """It says so."""
    tracker = load(cheap_tracker)(load(cheap_tracker).location_in(tmp_path))
    with pytest.raises(TrackerError, match="no files"):
        Damage(Fault.TORN, tracker).begin(0)


@pytest.mark.parametrize("is_mounted", [True, False])
def test_a_full_disk_is_a_disk_of_our_own_or_a_limit(
    cheap_tracker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_mounted: bool
) -> None:
    """The sample says which; where no disk can be mounted, it is the limit."""
    if not is_mounted:
        monkeypatch.setattr(faults_causes, "can_mount", lambda: False)
    sample = measure(cheap_tracker, "vendor", Fault.DISK_FULL, tmp_path)
    assert ("tmpfs" in sample.means) == faults_causes.can_mount()
    assert ("RLIMIT_FSIZE" in sample.means) == (not faults_causes.can_mount())
    assert sample.acknowledged == sample.found
    assert sample.refused > 0
    assert "Errno" in sample.said["exception"]


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
