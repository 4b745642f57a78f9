"""Stands between a tracker and its server, and lets the server seem down or slow."""

import asyncio
from collections.abc import Coroutine
from threading import Thread
from typing import Any, Self
from urllib.parse import urlsplit

_CHUNK = 1 << 16
_START_SECONDS = 10.0


class Proxy:
    """Hands on what comes to a port of this machine; use it as a context manager.

    Args:
        location: the server's address, an URL.
    """

    def __init__(self, location: str) -> None:
        self._server = urlsplit(location)
        self._port = 0
        self._delay = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="taximeter-proxy", daemon=True)
        self._listener: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()

    @property
    def location(self) -> str:
        """The server's address as seen from here."""
        return self._server._replace(netloc=f"127.0.0.1:{self._port}").geturl()

    def __enter__(self) -> Self:
        self._thread.start()
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def go_down(self) -> None:
        """Refuse connections, and cut those there are."""
        self._do(self._stop())

    def come_back(self) -> None:
        """Take connections, at the same port as before."""
        self._do(self._listen())

    def be_slow(self, seconds: float) -> None:
        """Hold back everything that passes for so long; 0 hands it on at once."""
        self._delay = seconds

    def _do(self, step: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result(_START_SECONDS)

    async def _listen(self) -> None:
        self._listener = await asyncio.start_server(self._connect, "127.0.0.1", self._port)
        self._port = self._listener.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._listener:
            self._listener.close()
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            there, to_server = await asyncio.open_connection(self._server.hostname, self._server.port)
        except OSError:
            writer.transport.abort()
            self._open.discard(writer)
            return
        self._open.add(to_server)
        for source, target in ((reader, to_server), (there, writer)):
            task = asyncio.ensure_future(self._pump(source, target))
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(_CHUNK):
                await asyncio.sleep(self._delay)
                target.write(data)
                await target.drain()
        except OSError:
            pass
        finally:
            target.close()
            self._open.discard(target)
