"""The REST application of one worker."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pandas as pd
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from remint.determinism import deterministic
from remint.errors import RemintError
from remint.evaluation.predict import THREADS
from remint.serving.champion import Champion, Current
from remint.serving.journal import VERSION, Journal, exposition
from remint.serving.protocol import Question, UnsupportedTypeError, parse
from remint.serving.settings import ServeSettings

CODES = {
    400: "BAD_REQUEST",
    404: "ENDPOINT_NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
WAITING = 64
"Requests that may wait for one that takes long; more are sent away."


class TooLargeError(Exception):
    """A body beyond what is allowed."""


class Server:
    """What the endpoints share."""

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._waiting = 0
        self._stack = ExitStack()
        self.journal = Journal(settings.model.partition("@")[0].partition("/")[0])

    def start(self) -> None:
        """Load the model, and begin to look for its successor. Raises RemintError."""
        # Torch's settings are entered once and for all, in each thread that predicts: what is set anew by every
        # prediction is then the same whichever thread does it.
        self._stack.enter_context(deterministic(THREADS))
        self._pool = ThreadPoolExecutor(1, "predict", lambda: self._stack.enter_context(deterministic(THREADS)))
        self.champion = Champion(self._settings.model, self._tell)
        self._tell("loaded", version=self.champion.current.version.number)
        self.champion.watch(self._settings.watch)

    def stop(self) -> None:
        """Stop looking for a successor."""
        self.champion.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._stack.close()

    def _tell(self, event: str, **what: object) -> None:
        self.journal.event(event, **what)
        current = getattr(self, "champion", None)
        if current is not None:
            VERSION.labels(current.current.version.name).set(current.current.version.number)

    async def invocations(self, request: Request) -> Response:
        """Answer a question about rows."""
        current = self.champion.current
        try:
            async with asyncio.timeout(self._settings.timeout):
                body = await self._body(request)
                return await self._answer(current, body, request.headers.get("content-type", ""), request)
        except TimeoutError:
            return _error(504, f"no answer within {self._settings.timeout} s; allowed: fewer rows a request")
        except TooLargeError:
            return _error(
                413, f"the body is larger than {self._settings.max_body_mb} MB; allowed: fewer rows a request"
            )
        except UnsupportedTypeError as error:
            return _error(415, str(error))
        except RemintError as error:
            return _error(400, str(error))

    async def _body(self, request: Request) -> bytes:
        most = self._settings.max_body_mb * 2**20
        told = request.headers.get("content-length", "0")
        if told.isdecimal() and int(told) > most:
            raise TooLargeError
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > most:
                raise TooLargeError
            parts.append(part)
        return b"".join(parts)

    async def _answer(self, current: Current, body: bytes, content_type: str, request: Request) -> Response:
        """Answer a few plain rows at once; what takes longer goes to a thread, so that others need not wait for it."""
        if len(body) <= 2**16:
            question = parse(body, content_type, current.predictor.schema)
            if question.columns is not None:
                quick = current.quick.answer(question.columns, question.on_error == "skip")
                if quick is not None:
                    return _predictions(quick, request)
        if self._waiting >= WAITING:
            return _error(503, f"{WAITING} requests are waiting already; try again")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            content, rows = await loop.run_in_executor(self._pool, _slowly, current, body, content_type)
        finally:
            self._waiting -= 1
        request.state.rows = rows
        return Response(content, media_type="application/json")

    async def ping(self, _request: Request) -> Response:
        """Tell that the model is loaded."""
        return Response(b"\n", media_type="application/json")

    async def version(self, _request: Request) -> Response:
        """Tell which version is served."""
        current = self.champion.current
        version = current.version
        return _json(
            {
                "model": version.name,
                "version": version.number,
                "alias": self.champion.alias,
                "fingerprint": version.fingerprint,
                "since": current.since,
            }
        )

    async def metrics(self, _request: Request) -> Response:
        """Give the figures of all workers."""
        return Response(exposition(), media_type="text/plain; version=0.0.4")


def create(settings: ServeSettings) -> Starlette:
    """Build the application. The model is loaded when it starts."""
    server = Server(settings)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        server.start()
        try:
            yield
        finally:
            server.stop()

    def noted(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        return _noted(server, endpoint)

    routes = [
        Route("/invocations", noted(server.invocations), methods=["POST"]),
        Route("/ping", noted(server.ping), methods=["GET"]),
        Route("/health", noted(server.ping), methods=["GET"]),
        Route("/version", noted(server.version), methods=["GET"]),
        Route("/metrics", noted(server.metrics), methods=["GET"]),
    ]
    known = {route.path for route in routes}

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        methods = ["POST"] if request.url.path == "/invocations" else ["GET"]
        said = f"allowed: {', '.join(methods if status == 405 else sorted(known))}"
        path = request.url.path if request.url.path in known else "other"
        server.journal.request(path, status, 0.0, 0, server.champion.current.version.number)
        return _error(status, f"{request.method} {request.url.path[:100]}: {said}", {"allow": methods[0]})

    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: refused, 405: refused})


def _noted(
    server: Server, endpoint: Callable[[Request], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """Write a line about every request; an error that nobody foresaw is one of ours, told without its inputs."""

    async def call(request: Request) -> Response:
        start = time.perf_counter()
        version = server.champion.current.version.number
        request.state.rows = 0
        try:
            response = await endpoint(request)
        except ClientDisconnect:
            response = _error(400, "the client went away")
        except Exception as error:
            server.journal.event("failed", path=request.url.path, error=type(error).__name__, where=_place(error))
            response = _error(500, "the server made a mistake; its log tells which")
        seconds = time.perf_counter() - start
        server.journal.request(request.url.path, response.status_code, seconds, request.state.rows, version)
        return response

    return call


def _slowly(current: Current, body: bytes, content_type: str) -> tuple[bytes, int]:
    """Give the answer and its number of rows."""
    question: Question = parse(body, content_type, current.predictor.schema)
    table = current.predictor.predict(question.table(current.predictor.schema), question.on_error)
    return _encoded({"predictions": _records(table)}), len(table)


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a row each; a float32 as the same float64, what is missing as None."""
    columns = [[_plain(value) for value in table[name].tolist()] for name in table]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _predictions(records: list[dict[str, Any]], request: Request) -> Response:
    request.state.rows = len(records)
    return _json({"predictions": records})


def _json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(_encoded(content), status, headers, media_type="application/json")


def _encoded(content: Any) -> bytes:
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    return _json({"error_code": CODES.get(status, "BAD_REQUEST"), "message": message}, status, headers)


def _place(error: Exception) -> str:
    """Give where an error came from, without its text, in which there may be inputs."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
