"""Connections on which no request comes: closed, so that nobody holds them all."""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

_Protocol: Any = AutoHTTPProtocol


def impatient(seconds: float) -> type[asyncio.Protocol]:
    """Give uvicorn's HTTP protocol, but for connections closed where the head of a request takes longer than so.

    Uvicorn itself closes one that is idle after an answer, and waits without end for the first head, and for the rest
    of one that has begun.
    """

    class Impatient(_Protocol):  # type: ignore[misc]
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._is_busy():
                self._forget()
            elif self._timer is None:
                self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget()
            super().connection_lost(exc)

        def _is_busy(self) -> bool:
            """Tell whether there is a request whose head is complete, and its answer is not."""
            return self.cycle is not None and not self.cycle.response_complete

        def _wait(self) -> None:
            self._timer = self.loop.call_later(seconds, self._close)

        def _forget(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _close(self) -> None:
            self._timer = None
            if not self._is_busy():
                self.transport.close()

    protocol: type[asyncio.Protocol] = Impatient
    return protocol
