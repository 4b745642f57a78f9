"""Screenshots of a comparison: its run in each tracker's own UI, as the vendor's users see it."""

import shlex
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, assert_never
from urllib.parse import quote

import msgspec

from taximeter.environments import python_for
from taximeter.errors import TaximeterError, TrackerError
from taximeter.journal.home import Destination, write_whole
from taximeter.plugins import load
from taximeter.results import FILE, STORES, Results, Screenshot, TrackerResult
from taximeter.screenshots.browser import WIDTH, Chromium, Picture
from taximeter.screenshots.processes import environment_for, free_port, serving
from taximeter.screenshots.terminal import Terminal
from taximeter.store.client import Store
from taximeter.tracker import Feature, gap_of
from taximeter.ui import BrowserUI, TerminalUI, UserInterface

__all__ = ["FOLDER", "photograph", "take_screenshots", "words_for"]

FOLDER: Final = "screenshots"

Words = dict[str, str]
"""What the placeholders of a UI stand for."""

_METRIC: Final = "validation/rmse"
_SCORES: Final = "^(train|validation|test)/"


def take_screenshots(
    results: Results, folder: Path, *, on_stage: Callable[[str], None] = lambda _: None
) -> Results:
    """Photograph the run of a comparison in each tracker's own UI.

    The UIs open a copy of the comparison's stores, because some write into what they open.

    Args:
        results: of the comparison.
        folder: the report's; it has the stores, gets the pictures, and its results are replaced.
        on_stage: called with a few words as each stage begins.

    Returns:
        The results with a picture, or the reason why there is none, for each tracker.

    Raises:
        InputError: there is no Chromium.
    """
    taken = []
    with Chromium() as chromium, tempfile.TemporaryDirectory(prefix="taximeter-stores-") as copy:
        shutil.copytree(folder / STORES, Path(copy, STORES), symlinks=True)
        for tracker in results.trackers:
            on_stage(f"photographing {tracker.name}")
            shot, picture = _try_one(chromium, tracker, results.run["run_id"], Path(copy))
            taken.append(_keep(shot, picture, folder) if picture else shot)
    results = msgspec.structs.replace(results, screenshots=taken)
    write_whole(folder / FILE, results.to_json())
    return results


def photograph(chromium: Chromium, ui: UserInterface, words: Words, python: str, folder: Path) -> Picture:
    """Open a tracker's UI in a folder, photograph it, and end it.

    Raises:
        TrackerError: the UI does not start, or does not show the run.
    """
    shows = [text.format_map(words) for text in ui.shows]
    with tempfile.TemporaryDirectory(prefix="taximeter-ui-") as home:
        environment = environment_for(python, Path(home), ui.environment)
        match ui:
            case BrowserUI():
                port = free_port()
                command = ui.serve.format_map(_quoted(words, shlex.quote) | {"port": str(port)})
                page = ui.page.format_map(_quoted(words, _quote_for_url))
                with serving(command, port, folder, environment):
                    address = f"http://127.0.0.1:{port}{page}"
                    return chromium.photograph(address, shows, clicks=ui.clicks, height=ui.height)
            case TerminalUI():
                terminal, keys = Terminal(ui.columns, ui.lines), ui.keys.format_map(words)
                terminal.run(ui.show.format_map(_quoted(words, shlex.quote)), shows, folder, environment, keys)
                return chromium.draw(terminal.to_html(WIDTH))
            case _:
                assert_never(ui)


def _try_one(
    chromium: Chromium, result: TrackerResult, run_id: str, folder: Path
) -> tuple[Screenshot, Picture | None]:
    """Return a picture and what is known of it, or None and what is in the way."""
    shot = Screenshot(tracker=result.name)
    try:
        tracker = load(result.name)
        if tracker.ui is None:
            return msgspec.structs.replace(shot, reason=gap_of(tracker, Feature.LIVE).reason), None
        shot = msgspec.structs.replace(shot, caption=tracker.ui.caption, command=result.ui)
        words = words_for(result, run_id, folder)
        return shot, photograph(chromium, tracker.ui, words, python_for(result.name), folder)
    except TaximeterError as error:
        return msgspec.structs.replace(shot, reason=str(error)), None


def _keep(shot: Screenshot, picture: Picture, folder: Path) -> Screenshot:
    file = f"{FOLDER}/{shot.tracker}.png"
    (folder / FOLDER).mkdir(exist_ok=True)
    write_whole(folder / file, picture.png)
    return msgspec.structs.replace(shot, file=file, refused=list(picture.refused))


def words_for(result: TrackerResult, run_id: str, folder: Path) -> Words:
    """Return what the placeholders stand for, as the store in a report's folder has it.

    Raises:
        TrackerError: the store does not hold the run.
    """
    if not result.metrics:
        raise TrackerError("its store holds no metric of the run that its UI could show.")
    with Store(Destination(result.name, result.location, str(folder))) as store:
        run = next((run for run in store.runs() if run.run_id == run_id), None)
    if run is None:
        raise TrackerError(f"its store holds no run {run_id}.")
    return {
        "location": result.location,
        "run": run.vendor_id,
        "name": run.name,
        "experiment": run.experiment,
        "metric": _METRIC if _METRIC in result.metrics else next(iter(result.metrics)),
        "scores": _SCORES,
    }


def _quoted(words: Words, quoting: Callable[[str], str]) -> Words:
    return {name: quoting(text) for name, text in words.items()}


def _quote_for_url(text: str) -> str:
    return quote(text, safe="")
