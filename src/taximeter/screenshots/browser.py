"""Chromium, driven by Playwright: photographs pages of this machine, and lets them ask for nothing elsewhere."""

import io
import re
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import msgspec
from PIL import Image
from playwright.sync_api import Error, Page, Route, ViewportSize, sync_playwright

from taximeter.errors import InputError, TrackerError
from taximeter.screenshots.processes import PATIENCE

WIDTH: Final = 1280
"""Of every picture, in pixels."""

_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")
_LOOPBACK: Final = "127.0.0.1"
_NOWHERE: Final = "http://127.0.0.1:9"
_PAPER: Final = ViewportSize(width=1200, height=900)
_HIGHEST: Final = 3000
"""A part that is higher than the window has the window changed for its picture, and so all charts drawn again."""
_MOST_LOOKS: Final = 20
_MILLISECONDS_APART: Final = 1000
_COLOURS: Final = 256

_TEXT: Final = """() => {
  const parts = [];
  const walk = (node) => {
    if (node.shadowRoot) walk(node.shadowRoot);
    for (const child of node.children) walk(child);
    for (const child of node.childNodes)
      if (child.nodeType === Node.TEXT_NODE && child.textContent.trim()) {
        const parent = child.parentElement;
        if (!parent || parent.checkVisibility()) parts.push(child.textContent.trim());
      }
  };
  walk(document.body);
  return parts.join("\\n");
}"""


class Picture(msgspec.Struct, frozen=True):
    """A photograph of a page: a PNG, the text that was to be seen, and the hosts that it was refused."""

    png: bytes
    text: str
    refused: tuple[str, ...]


class Chromium:
    """The system's Chromium; use it as a context manager.

    Pages reach 127.0.0.1 and nothing else: other requests are refused, and what a page cannot be seen to ask for
    goes to a proxy that does not exist.
    """

    def __enter__(self) -> Self:
        self._playwright = sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(
                executable_path=find_chromium(), proxy={"server": _NOWHERE, "bypass": _LOOPBACK}
            )
        except BaseException:
            self._playwright.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._browser.close()
        self._playwright.stop()

    def photograph(
        self, address: str, shows: Sequence[str], *, clicks: Sequence[str] = (), height: int = 900
    ) -> Picture:
        """Open a page, wait until it shows some texts and is still, and photograph it.

        Args:
            address: a URL of 127.0.0.1.
            shows: the texts; the last is scrolled to.
            clicks: CSS selectors of what is to be clicked then.
            height: of the page, in pixels.

        Raises:
            TrackerError: the page does not come, or does not come to show them.
        """
        return self._take(lambda page: page.goto(address), shows, clicks, height)

    def draw(self, html: str) -> Picture:
        """Photograph a page of ours, as high as its content; raises as `photograph`."""
        return self._take(lambda page: page.set_content(html), (), (), None)

    def cut_out(self, html: str, attribute: str) -> dict[str, bytes]:
        """Photograph, as they are printed, the parts of a page of ours that have an attribute, by its value.

        Its tables are hidden, for each chart that is drawn would have them laid out again.

        Raises:
            TrackerError: its charts are not drawn.
        """
        with self._browser.new_context(viewport=_PAPER, device_scale_factor=2) as context:
            context.set_default_timeout(PATIENCE * 1000)
            page = context.new_page()
            try:
                page.set_content(html)
                page.wait_for_function("window.Plotly")
                page.add_style_tag(content="table { display: none }")
                page.emulate_media(media="print")
                page.evaluate("dispatchEvent(new Event('beforeprint'))")
                page.set_viewport_size(ViewportSize(width=_PAPER["width"], height=_HIGHEST))
                parts = page.locator(f"[{attribute}]").all()
                with ThreadPoolExecutor() as pool:
                    cut = {
                        part.get_attribute(attribute): pool.submit(_shrink, part.screenshot()) for part in parts
                    }
                return {name or "": each.result() for name, each in cut.items()}
            except Error as error:
                raise TrackerError(f"its charts could not be photographed: {_first_line(error)}") from error

    def _take(
        self, open_page: Callable[[Page], object], shows: Sequence[str], clicks: Sequence[str], height: int | None
    ) -> Picture:
        refused: set[str] = set()
        with self._browser.new_context(viewport={"width": WIDTH, "height": height or 100}) as context:
            context.set_default_timeout(PATIENCE * 1000)
            context.route("**/*", lambda route: _answer(route, refused))
            page = context.new_page()
            try:
                open_page(page)
                places = [page.get_by_text(_as_a_whole(text)).filter(visible=True).first for text in shows]
                for place in places:
                    place.wait_for()
                for selector in clicks:
                    page.locator(selector).first.click()
                for place in places[-1:]:
                    place.scroll_into_view_if_needed()
                png = _photograph_still(page, is_whole=height is None)
                return Picture(_shrink(png), page.evaluate(_TEXT), tuple(sorted(refused)))
            except Error as error:
                raise TrackerError(f"its page could not be photographed: {_first_line(error)}") from error


def find_chromium() -> str:
    """Return the system's Chromium.

    Raises:
        InputError: there is none.
    """
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        raise InputError(
            f"screenshots need Chromium, and none of {', '.join(_PROGRAMS)} is on the PATH; install one of them."
        )
    return found


def _as_a_whole(text: str) -> re.Pattern[str]:
    """Return a pattern for a text that is no end of a longer name, such as ``baseline/rmse`` for ``rmse``."""
    return re.compile(rf"(?<![\w/]){re.escape(text)}")


def _answer(route: Route, refused: set[str]) -> None:
    """Let a request go to this machine, and refuse any other."""
    address = urlsplit(route.request.url)
    if address.hostname == _LOOPBACK or address.scheme in {"data", "blob", "about"}:
        route.continue_()
    else:
        refused.add(address.hostname or address.scheme)
        route.abort()


def _photograph_still(page: Page, *, is_whole: bool) -> bytes:
    """Return a photograph that is the same as the one before it, or the last one of many that all differ."""
    before = b""
    for _ in range(_MOST_LOOKS):
        page.wait_for_timeout(_MILLISECONDS_APART)
        png = page.screenshot(full_page=is_whole, animations="disabled")
        if png == before:
            break
        before = png
    return png


def _shrink(png: bytes) -> bytes:
    """Return a PNG of few colours, which pages of text and lines hardly differ in."""
    few = Image.open(io.BytesIO(png)).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    few.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def _first_line(error: Error) -> str:
    return error.message.partition("\n")[0]
