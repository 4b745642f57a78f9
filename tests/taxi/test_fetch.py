"""Downloads against a local server that stalls, cuts off and refuses."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pytest

from taximeter.errors import InputError, TaximeterError
from taximeter.taxi.fetch import Patience, fetch
from taximeter.taxi.months import find_months

MakeTable = Callable[..., pa.Table]

JANUARY = "green_tripdata_2025-01.parquet"
QUICK = Patience(attempts=3, timeout=3, pause=0.01)


class Server(ThreadingHTTPServer):
    """Serves one file; `script` says how each request goes, and ``whole`` is what follows it."""

    block_on_close = True
    daemon_threads = False

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = content
        self.etag: str | None = '"one"'
        self.script: list[str] = []
        self.ranges: list[str | None] = []
        self.paths: list[str] = []
        self.release = threading.Event()

    @property
    def address(self) -> str:
        """The address of the served folder."""
        return f"http://127.0.0.1:{self.server_address[1]}/trip-data"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.paths.append(self.path)
        server.ranges.append(self.headers.get("Range"))
        how = server.script.pop(0) if server.script else "whole"
        if how.isdigit():
            self.send_error(int(how))
        else:
            self._send(how)

    def _send(self, how: str) -> None:
        content, start = self.server.content, self._start(how)
        if start == len(content):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(content)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if self.server.etag:
            self.send_header("ETag", self.server.etag)
        self.end_headers()
        half = start + (len(content) - start) // 2
        self.wfile.write(content[start : half if how in {"cut", "stall"} else None])
        self.wfile.flush()
        if how == "stall":
            self.server.release.wait(10)

    def _start(self, how: str) -> int:
        asked = self.headers.get("Range")
        if not asked or how == "no ranges" or self.headers.get("If-Range") != self.server.etag:
            return 0
        return int(asked.removeprefix("bytes=").removesuffix("-"))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class says so
        """Say nothing."""


@pytest.fixture
def content(month_table: MakeTable) -> bytes:
    """Return a month as the bytes of a parquet file."""
    sink = pa.BufferOutputStream()
    pa.parquet.write_table(month_table(rows=4_000), sink, compression="none")
    return bytes(sink.getvalue())


@pytest.fixture
def server(content: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Run a server of that month on a free port, and stop it afterwards."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server(content) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.release.set()
        running.shutdown()
        thread.join()


def _fetch(server: Server, folder: Path, **settings: object) -> Path:
    return fetch("2025-01", folder, address=server.address, patience=QUICK, **settings)  # type: ignore[arg-type]


def test_a_month_arrives_under_its_tlc_name(server: Server, tmp_path: Path, content: bytes) -> None:
    """The file is whole, alone in its folder, and progress was told up to its size."""
    progress: list[tuple[int, int | None]] = []
    path = _fetch(server, tmp_path / "new" / "folder", on_progress=lambda *told: progress.append(told))
    assert (path.name, path.read_bytes()) == (JANUARY, content)
    assert server.paths == [f"/trip-data/{JANUARY}"]
    assert progress[-1] == (len(content), len(content))
    assert [done for done, _ in progress] == sorted({done for done, _ in progress})
    assert [file.name for file in path.parent.iterdir() if not file.name.endswith(".lock")] == [JANUARY]


def test_nothing_is_visible_before_it_is_whole(server: Server, tmp_path: Path) -> None:
    """While bytes arrive, no file has the month's name."""
    seen: list[bool] = []
    path = _fetch(server, tmp_path, on_progress=lambda *_: seen.append((tmp_path / JANUARY).exists()))
    assert seen
    assert not any(seen)
    assert path.exists()


def test_the_colour_is_part_of_the_name(server: Server, tmp_path: Path) -> None:
    """Yellow months are asked for by their own name."""
    assert _fetch(server, tmp_path, colour="yellow").name == "yellow_tripdata_2025-01.parquet"


def test_a_file_that_is_there_is_not_asked_for(server: Server, tmp_path: Path) -> None:
    """The second call does without the network."""
    _fetch(server, tmp_path)
    _fetch(server, tmp_path)
    assert len(server.paths) == 1


@pytest.mark.parametrize("how", ["cut", "stall"])
def test_a_broken_download_goes_on_where_it_broke(
    how: str, server: Server, tmp_path: Path, content: bytes
) -> None:
    """The second request asks for the rest only, and the file is whole."""
    server.script = [how]
    assert _fetch(server, tmp_path).read_bytes() == content
    assert server.ranges == [None, f"bytes={len(content) // 2}-"]


def test_progress_renews_patience(server: Server, tmp_path: Path, content: bytes) -> None:
    """A line that breaks more often than `attempts`, but brings something each time, brings the file."""
    server.script = ["cut"] * 6
    assert _fetch(server, tmp_path).read_bytes() == content
    assert len(server.ranges) == 7


@pytest.mark.parametrize("status", ["500", "503", "429"])
def test_a_busy_server_is_asked_again(status: str, server: Server, tmp_path: Path, content: bytes) -> None:
    """Such an answer says nothing about the file."""
    server.script = [status, status]
    assert _fetch(server, tmp_path).read_bytes() == content


@pytest.mark.parametrize("status", ["404", "403"])
def test_a_month_that_does_not_exist_is_refused_at_once(status: str, server: Server, tmp_path: Path) -> None:
    """It is the name that is wrong, so nothing is retried and nothing is left behind."""
    server.script = [status]
    with pytest.raises(InputError, match=rf"there is no http://.*/{JANUARY} \(HTTP {status}\): check the month"):
        _fetch(server, tmp_path)
    assert len(server.paths) == 1
    assert not [file for file in tmp_path.glob("*.part*") if file.stat().st_size]


def test_another_refusal_names_its_status(server: Server, tmp_path: Path) -> None:
    """An address that asks for a password is the user's to change."""
    server.script = ["401"]
    with pytest.raises(InputError, match="answered HTTP 401: give another address"):
        _fetch(server, tmp_path)


def test_a_server_that_stays_silent_ends_in_an_error(server: Server, tmp_path: Path, content: bytes) -> None:
    """What arrived is kept, and the next call goes on from there."""
    server.script = ["cut", "503", "503", "503"]
    with pytest.raises(
        TaximeterError, match=r"could not be downloaded \(HTTP 503\).*run the same again"
    ) as caught:
        _fetch(server, tmp_path)
    assert not isinstance(caught.value, InputError)
    assert not (tmp_path / JANUARY).exists()
    assert _fetch(server, tmp_path).read_bytes() == content
    assert server.ranges[-1] == f"bytes={len(content) // 2}-"


def test_nobody_at_the_address_ends_in_an_error(tmp_path: Path, server: Server) -> None:
    """A refused connection is retried, then reported."""
    with Server(b"") as other:
        address = other.address
    with pytest.raises(TaximeterError, match="could not be downloaded"):
        fetch("2025-01", tmp_path, address=address, patience=QUICK)
    assert not server.paths


def test_a_file_that_changed_meanwhile_is_downloaded_anew(server: Server, tmp_path: Path, content: bytes) -> None:
    """Two versions are never glued together."""
    server.script = ["cut", "503", "503", "503"]
    server.content = content[:100] + bytes(len(content))
    with pytest.raises(TaximeterError):
        _fetch(server, tmp_path)
    server.content, server.etag = content, '"two"'
    assert _fetch(server, tmp_path).read_bytes() == content


@pytest.mark.parametrize(("etag", "how"), [(None, "whole"), ('W/"weak"', "whole"), ('"one"', "no ranges")])
def test_a_server_that_cannot_resume_sends_everything_again(
    etag: str | None, how: str, server: Server, tmp_path: Path, content: bytes
) -> None:
    """Without a strong validator no range is asked for, and a whole answer to a range replaces the part."""
    server.etag, server.script = etag, ["cut", how]
    assert _fetch(server, tmp_path).read_bytes() == content
    assert (server.ranges[1] is None) == (etag != '"one"')


def test_a_download_that_was_whole_already_is_taken(server: Server, tmp_path: Path, content: bytes) -> None:
    """A process that died between the last byte and the rename costs one small request."""
    (tmp_path / f".{JANUARY}.part").write_bytes(content)
    (tmp_path / f".{JANUARY}.validator").write_text('"one"')
    assert _fetch(server, tmp_path).read_bytes() == content
    assert server.ranges == [f"bytes={len(content)}-"]


def test_a_part_that_is_too_long_is_thrown_away(server: Server, tmp_path: Path, content: bytes) -> None:
    """A range beyond the end of the file starts the download anew."""
    (tmp_path / f".{JANUARY}.part").write_bytes(content + b"more")
    (tmp_path / f".{JANUARY}.validator").write_text('"one"')
    server.script = ["416"]
    assert _fetch(server, tmp_path).read_bytes() == content
    assert server.ranges[1] is None


@pytest.mark.parametrize("wrong", ["page", "columns"])
def test_what_is_no_month_is_refused_and_removed(
    wrong: str, server: Server, tmp_path: Path, month_table: MakeTable
) -> None:
    """A page that says sorry, or a file of something else, never gets the month's name."""
    sink = pa.BufferOutputStream()
    pa.parquet.write_table(month_table(DOLocationID=None), sink)
    server.content = b"<html>sorry</html>" if wrong == "page" else bytes(sink.getvalue())
    with pytest.raises(
        InputError, match="is no readable parquet file" if wrong == "page" else "lacks DOLocationID"
    ):
        _fetch(server, tmp_path)
    assert not [file for file in tmp_path.iterdir() if file.is_file() and not file.name.endswith(".lock")]


def test_two_at_once_download_once(server: Server, tmp_path: Path, content: bytes) -> None:
    """Both get the file, and one of them did the work."""
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: _fetch(server, tmp_path), range(4)))
    assert {path.read_bytes() for path in paths} == {content}
    assert len(server.paths) == 1


def test_a_url_as_a_month_is_downloaded_once(server: Server, tmp_path: Path, content: bytes) -> None:
    """It lands in the data folder, and the second experiment finds it there."""
    url = f"{server.address}/mine.parquet?signature=secret"
    for _ in range(2):
        months = find_months([url], data=str(tmp_path))
        assert [month.path for month in months] == [str(tmp_path / "mine.parquet")]
        assert months[0].name == "mine"
    assert (tmp_path / "mine.parquet").read_bytes() == content
    assert len(server.paths) == 1


@pytest.mark.parametrize(
    ("what", "problem"),
    [
        ("https://user:secret@example.org/trips/", "https://example.org/trips/ names no parquet file"),
        ("http://:x/a.parquet", "is no usable address"),
        ("2025-00", "'2025-00' is no month"),
    ],
)
def test_what_cannot_be_fetched_is_refused(what: str, problem: str, tmp_path: Path) -> None:
    """The message names it without a password."""
    with pytest.raises(InputError, match=problem) as caught:
        fetch(what, tmp_path, patience=QUICK)
    assert "secret" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_refused(server: Server, tmp_path: Path) -> None:
    """A file where the folder should be is the user's to move."""
    (tmp_path / "taken").touch()
    with pytest.raises(InputError, match="cannot be written"):
        _fetch(server, tmp_path / "taken")
