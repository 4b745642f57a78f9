"""Downloads of months: streamed, resumed, retried, checked, and visible under their name only when whole.

A download lies beside its target as a hidden ``.part`` file with the server's validator in ``.validator``, so
that a later call goes on where this one stopped, and starts anew if the file has changed on the server.
"""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

import httpx
import msgspec
from filelock import FileLock

from taximeter.errors import InputError, TaximeterError
from taximeter.taxi.tlc import file_name, open_parquet, trip_columns

TLC_ADDRESS = "https://d37ci6vzurychx.cloudfront.net/trip-data"

Progress: TypeAlias = Callable[[int, int | None], None]
"""Receives the bytes done and the bytes expected, None where the server does not tell."""

_NOT_THERE = {403, 404, 410}  # the TLC's address answers 403 for a month that it does not have
_RANGE_REFUSED = 416
_TRY_LATER = {408, 425, 429}
_SERVER_ERROR = 500
_PARTIAL = 206


class Patience(msgspec.Struct, frozen=True):
    """How long a download goes on without progress.

    Attributes:
        attempts: how often in a row nothing may arrive.
        timeout: seconds of silence that end an attempt.
        pause: seconds before the second attempt; each further pause is twice as long.
    """

    attempts: int = 5
    timeout: float = 30.0
    pause: float = 1.0


def fetch(
    what: str,
    folder: str | Path,
    *,
    colour: str = "green",
    address: str = TLC_ADDRESS,
    on_progress: Progress | None = None,
    patience: Patience | None = None,
) -> Path:
    """Download a month, unless the folder has a file of its name.

    Args:
        what: a month such as ``2025-01``, or the URL of a parquet file.
        folder: where the file goes; made when missing.
        colour: ``green`` or ``yellow``; for a month only.
        address: the folder on the web that holds the months.
        on_progress: called after every chunk.
        patience: retries and timeouts.

    Returns:
        The path of the file.

    Raises:
        InputError: there is no such file, it is no TLC month, or the folder cannot be written.
        TaximeterError: the server failed or fell silent; what arrived is kept for the next call.
    """
    url = what if is_url(what) else f"{address.rstrip('/')}/{file_name(what, colour)}"
    target = Path(folder) / _name_in(url)
    if not target.is_file():
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(target.with_name(f".{target.name}.lock")):
                _into(target, _Download(url, target, patience or Patience(), on_progress))
        except OSError as error:
            raise InputError(f"{target} cannot be written ({error}): name another folder with --data.") from error
    return target


def is_url(what: str) -> bool:
    """Say whether `what` is an address on the web."""
    return what.startswith(("http://", "https://"))


def _into(target: Path, download: "_Download") -> None:
    if target.is_file():  # another process was faster
        return
    download.run()
    _check(download)
    download.part.replace(target)
    download.validator.unlink(missing_ok=True)


def _check(download: "_Download") -> None:
    try:
        trip_columns(open_parquet(download.part, download.shown).schema_arrow, download.shown)
    except InputError:
        download.forget()
        raise


class _Retry(Exception):  # noqa: N818 - never leaves this module
    """The server cannot answer now."""


class _Download:
    """One file on its way; `part` holds what has arrived."""

    def __init__(self, url: str, target: Path, patience: Patience, on_progress: Progress | None) -> None:
        self.url = url
        self.shown = _without_secrets(url)
        self.part = target.with_name(f".{target.name}.part")
        self.validator = target.with_name(f".{target.name}.validator")
        self.patience = patience
        self.on_progress = on_progress or (lambda _done, _total: None)

    def run(self) -> None:
        """Try until the file is whole or patience ends."""
        failures = 0
        with httpx.Client(timeout=self.patience.timeout, follow_redirects=True) as client:
            while True:
                before = self.size()
                try:
                    return self._attempt(client)
                except (httpx.RequestError, _Retry) as error:
                    failures = 1 if self.size() > before else failures + 1
                    self._pause(failures, error)
                except httpx.InvalidURL as error:
                    raise InputError(f"{self.shown} is no usable address ({error}).") from error

    def size(self) -> int:
        """Return the bytes that have arrived."""
        return self.part.stat().st_size if self.part.exists() else 0

    def forget(self) -> None:
        """Remove what has arrived."""
        self.part.unlink(missing_ok=True)
        self.validator.unlink(missing_ok=True)

    def _pause(self, failures: int, error: Exception) -> None:
        if failures >= self.patience.attempts:
            reason = str(error) or type(error).__name__
            raise TaximeterError(
                f"{self.shown} could not be downloaded ({reason}); {self.size():,} bytes have arrived: "
                "run the same again to go on from there."
            ) from error
        time.sleep(self.patience.pause * 2 ** (failures - 1))

    def _attempt(self, client: httpx.Client) -> None:
        start = self._resume_from()
        with client.stream("GET", self.url, headers=self._headers(start)) as response:
            if response.status_code == _RANGE_REFUSED and start == _size_on_server(response):
                return
            self._raise_for_status(response)
            if response.status_code != _PARTIAL:
                start = 0
            self._remember_validator(response)
            self._write(response, start)

    def _resume_from(self) -> int:
        if not self.validator.exists():
            self.forget()
        return self.size()

    def _headers(self, start: int) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers |= {"Range": f"bytes={start}-", "If-Range": self.validator.read_text()}
        return headers

    def _raise_for_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == _RANGE_REFUSED:
            self.forget()
        if status in _TRY_LATER or status >= _SERVER_ERROR or status == _RANGE_REFUSED:
            raise _Retry(f"HTTP {status}")
        if status in _NOT_THERE:
            raise InputError(
                f"there is no {self.shown} (HTTP {status}): check the month; "
                "the TLC publishes one about two months after its end."
            )
        if not response.is_success:
            raise InputError(f"{self.shown} answered HTTP {status}: give another address.")

    def _remember_validator(self, response: httpx.Response) -> None:
        etag = response.headers.get("etag", "")
        validator = response.headers.get("last-modified") if not etag or etag.startswith("W/") else etag
        if validator:
            self.validator.write_text(validator)
        else:
            self.validator.unlink(missing_ok=True)

    def _write(self, response: httpx.Response, start: int) -> None:
        length = response.headers.get("content-length")
        total = start + int(length) if length else None
        done = start
        with self.part.open("ab" if start else "wb") as file:
            for chunk in response.iter_bytes():
                file.write(chunk)
                done += len(chunk)
                self.on_progress(done, total)


def _size_on_server(response: httpx.Response) -> int | None:
    found = re.fullmatch(r"bytes \*/(\d+)", response.headers.get("content-range", ""))
    return int(found[1]) if found else None


def _name_in(url: str) -> str:
    try:
        name = urlsplit(url).path.rsplit("/", 1)[-1]
    except ValueError as error:
        raise InputError(f"this is no address of a file: {error}.") from error
    if not name.endswith(".parquet"):
        raise InputError(f"{_without_secrets(url)} names no parquet file: give an address that ends in .parquet.")
    return name


def _without_secrets(url: str) -> str:
    """Return the address without a password or a signature."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"
