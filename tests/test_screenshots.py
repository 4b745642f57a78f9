"""The same run in each tracker's own UI: the vendors' programs, a real browser, and no way out of this machine."""

import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import psutil
import pytest
from PIL import Image

from taximeter.compare import compare
from taximeter.errors import InputError, TrackerError
from taximeter.plugins import installed, load
from taximeter.results import Results, Screenshot, TrackerResult, read_results
from taximeter.screenshots import photograph, take_screenshots, words_for
from taximeter.screenshots.browser import WIDTH, Chromium, find_chromium
from taximeter.screenshots.terminal import Terminal
from taximeter.taxi.experiment import prepare
from taximeter.taxi.months import default_months
from taximeter.taxi.settings import Experiment
from taximeter.tracker import Feature, gap_of
from taximeter.ui import BrowserUI, TerminalUI

SHOWN = [name for name in installed() if load(name).ui]
HIDDEN = next(name for name in installed() if not load(name).features)
TAXIMETER = str(Path(sys.executable).with_name("taximeter"))
MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, Path]:
    """Return a comparison, on the sample, of every tracker with a UI and one without, and its folder."""
    folder = tmp_path_factory.mktemp("reports") / "uis"
    prepared = prepare(Experiment(**default_months("sample")))
    return compare(prepared, [*SHOWN, HIDDEN], folder), folder


@pytest.fixture
def chromium() -> Iterator[Chromium]:
    """Return the system's Chromium."""
    try:
        find_chromium()
    except InputError as error:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(error))
    with Chromium() as browser:
        yield browser


@pytest.mark.parametrize("name", SHOWN)
def test_a_trackers_own_ui_shows_the_run(
    name: str,
    compared: tuple[Results, Path],
    chromium: Chromium,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its name or a metric is in the text of the page or the screen, the picture is small, no process stays."""
    results, folder = compared
    copy = shutil.copytree(folder, tmp_path / "uis", symlinks=True)
    ui = load(name).ui
    assert ui
    words = words_for(result_of(results, name), results.run["run_id"], copy)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    picture = photograph(chromium, ui, words, sys.executable, copy)
    assert not at_home_in(tmp_path)
    assert words["name"] in picture.text or words["metric"] in picture.text
    with Image.open(io.BytesIO(picture.png)) as image:
        assert image.width == WIDTH
        assert len(image.getcolors() or ()) > 5
    assert len(picture.png) < MOST_BYTES


def test_the_command_takes_pictures_and_says_why_one_is_missing(
    compared: tuple[Results, Path], chromium: Chromium, tmp_path: Path
) -> None:
    """They are listed in the results; a store that a UI writes into stays as it was."""
    del chromium  # which says that there is one
    results, folder = compared
    seen = next(name for name in SHOWN if isinstance(load(name).ui, TerminalUI))
    some = msgspec.structs.replace(results, trackers=[result_of(results, seen), result_of(results, HIDDEN)])
    report = shutil.copytree(folder, tmp_path / "report", symlinks=True)
    (report / "results.json").write_bytes(some.to_json())
    before = contents(report / "stores")
    done = subprocess.run([TAXIMETER, "screenshots", str(report), "--json"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    picture, none = read_results(report).screenshots
    assert msgspec.json.decode(done.stdout, type=list[Screenshot]) == [picture, none]
    assert (picture.tracker, picture.file, picture.reason) == (seen, f"screenshots/{seen}.png", "")
    assert picture.command == result_of(results, seen).ui
    assert (report / f"screenshots/{seen}.png").stat().st_size < MOST_BYTES
    assert (none.tracker, none.file, none.reason) == (HIDDEN, None, gap_of(load(HIDDEN), Feature.LIVE).reason)
    assert contents(report / "stores") == before


def test_a_ui_that_does_not_start_is_a_reason(
    compared: tuple[Results, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The picture is missing, the reason says what the program said, and the other results stay."""
    results, folder = compared
    broken = BrowserUI(command="it", serve="echo no such store; exit 3", page="/", shows=("run",), caption="")
    monkeypatch.setattr(load(SHOWN[0]), "ui", broken)
    report = shutil.copytree(folder, tmp_path / "report", symlinks=True)
    some = msgspec.structs.replace(results, trackers=[result_of(results, SHOWN[0])])
    taken = take_screenshots(some, report)
    assert taken.trackers == some.trackers
    assert [shot.file for shot in taken.screenshots] == [None]
    assert taken.screenshots[0].reason == "its UI ended by itself, with code 3: no such store"


def test_a_page_reaches_nothing_but_this_machine(chromium: Chromium) -> None:
    """Names, addresses and sockets elsewhere are refused, whatever asks for them; what is here comes."""
    asked = (
        "<p>here</p><p id='a'></p><p id='b'></p>"
        "<img src='http://taximeter.invalid/a.png'><script src='http://192.0.2.1/b.js'></script>"
        "<script>fetch('/here').then(answer => answer.text()).then(text => { a.textContent = text; });"
        "new WebSocket('ws://192.0.2.2/').onerror = () => { b.textContent = 'no socket'; };</script>"
    )
    with pages({"/": asked, "/here": "answered"}) as address:
        picture = chromium.photograph(address, ["here", "answered", "no socket"])
    assert picture.refused == ("192.0.2.1", "taximeter.invalid")


def test_a_page_that_does_not_show_the_run_is_an_error(
    chromium: Chromium, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A longer name that ends alike does not count."""
    monkeypatch.setattr("taximeter.screenshots.browser.PATIENCE", 1.0)
    with pages({"/": "baseline/rmse"}) as address, pytest.raises(TrackerError, match="could not be photographed"):
        chromium.photograph(address, ["rmse"])


def test_a_terminal_keeps_what_a_program_draws(tmp_path: Path) -> None:
    """Its size, places and colours; text is text in the page that shows it, and the program is ended."""
    program = "stty size; printf '\\033[3;5H\\033[31m<b>rmse 1</b>\\033[0m'; sleep 600"
    terminal = Terminal(60, 5)
    terminal.run(program, ["rmse 1"], tmp_path, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert terminal.text == "5 60\n\n    <b>rmse 1</b>"
    assert '<span style="color:#ff6b6b">&lt;b&gt;rmse 1&lt;/b&gt;</span>' in terminal.to_html(WIDTH)
    assert not at_home_in(tmp_path)


def test_a_terminal_says_what_it_showed_instead(tmp_path: Path) -> None:
    """A program that ends without the run is an error with its last words."""
    with pytest.raises(TrackerError, match="was to show lasso, and showed: no such run"):
        Terminal(60, 5).run("echo no such run", ["lasso"], tmp_path, {"PATH": os.environ["PATH"]})


def test_what_is_missing_is_named_before_anything_takes_time(tmp_path: Path) -> None:
    """Chromium, by the names that were looked for."""
    (tmp_path / "empty").mkdir()
    command = [TAXIMETER, "compare", "--data", "sample", "--screenshots"]
    variables = os.environ | {"PATH": str(tmp_path / "empty"), "COLUMNS": "200"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=variables)
    assert done.returncode == 2
    assert "none of chromium, chromium-browser, google-chrome is on the PATH" in done.stderr
    assert not Path("reports").exists()


def result_of(results: Results, name: str) -> TrackerResult:
    """Return one tracker's result."""
    return next(each for each in results.trackers if each.name == name)


def at_home_in(folder: Path) -> list[str]:
    """Return the commands of all processes of this machine whose home lies in a folder, as it does for a UI."""
    processes = psutil.process_iter(["environ", "cmdline"])
    return [
        " ".join(process.info["cmdline"] or ())
        for process in processes
        if (process.info["environ"] or {}).get("HOME", "").startswith(str(folder))
    ]


def contents(folder: Path) -> dict[Path, bytes]:
    """Return the bytes of every file in a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def pages(texts: dict[str, str]) -> Iterator[str]:
    """Serve pages on this machine; yield their address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in texts else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(texts.get(self.path, "").encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
