"""Connections of which nobody makes use."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from remint.serving.connections import impatient

SECONDS = 0.3
HEAD = b"GET / HTTP/1.1\r\nhost: x\r\n"


async def slow(scope: Any, _receive: Any, send: Any) -> None:
    """Answer after more than the time that a head may take."""
    await asyncio.sleep(2 * SECONDS if scope["path"] == "/slow" else 0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(slow, http=impatient(SECONDS), lifespan="off", log_level="critical")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()


def closed_after(connection: socket.socket) -> float:
    start = time.perf_counter()
    connection.settimeout(3)
    assert connection.recv(100) == b""
    return time.perf_counter() - start


@pytest.mark.parametrize("sent", [b"", HEAD])
def test_a_head_that_does_not_come_ends_the_connection(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)
        assert 0.5 * SECONDS < closed_after(connection) < 5 * SECONDS


def test_a_head_that_drips_ends_the_connection(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(0.05)
        start = time.perf_counter()
        while time.perf_counter() - start < 3:
            connection.sendall(b"G")
            with suppress(TimeoutError):
                assert connection.recv(100) == b""
                break
        assert 0.5 * SECONDS < time.perf_counter() - start < 5 * SECONDS


def test_a_second_head_is_waited_for_no_longer(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(HEAD + b"\r\n")
        answer = b""
        while not answer.endswith(b"ok"):
            answer += connection.recv(1000)
        connection.sendall(HEAD)
        assert 0.5 * SECONDS < closed_after(connection) < 5 * SECONDS


def test_an_answer_may_take_longer_than_a_head(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(5)
        connection.sendall(HEAD.replace(b"/ ", b"/slow ") + b"\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
