"""The REST application of one worker."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from remint.determinism import deterministic
from remint.errors import RemintError
from remint.evaluation.predict import THREADS
from remint.registry.quick import MOST
from remint.serving.champion import Champion, Current
from remint.serving.journal import VERSION, Journal, exposition
from remint.serving.protocol import UnsupportedTypeError, parse_few
from remint.serving.replies import answered, json_response, place_of, refusal
from remint.serving.settings import ServeSettings

WAITING = 64
"Requests that may take long, the one under way among them; more are sent away."
SMALL = 2**16
"Bytes of a body that is looked at at once."


class TooLargeError(Exception):
    """A body beyond what is allowed."""


class Server:
    """What the endpoints share."""

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._slots = threading.BoundedSemaphore(WAITING)
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
            return refusal(504, f"no answer within {self._settings.timeout} s; allowed: fewer rows a request")
        except TooLargeError:
            return refusal(
                413, f"the body is larger than {self._settings.max_body_mb} MB; allowed: fewer rows a request"
            )
        except UnsupportedTypeError as error:
            return refusal(415, str(error))
        except RemintError as error:
            return refusal(400, str(error))

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
        if len(body) <= SMALL and current.quick.able:
            question = parse_few(body, content_type, current.predictor.schema, MOST)
            if question is not None and question.columns is not None:
                quick = current.quick.answer(question.columns, question.on_error == "skip")
                if quick is not None:
                    request.state.rows = len(quick)
                    return json_response({"predictions": quick})
        if not self._slots.acquire(blocking=False):
            return refusal(503, f"{WAITING} requests are waiting already; try again")
        work = self._pool.submit(answered, current.predictor, body, content_type)
        work.add_done_callback(lambda _: self._slots.release())  # which is later than the end of a wait for it
        content, request.state.rows = await asyncio.wrap_future(work)
        return Response(content, media_type="application/json")

    async def ping(self, _request: Request) -> Response:
        """Tell that the model is loaded."""
        return Response(b"\n", media_type="application/json")

    async def version(self, _request: Request) -> Response:
        """Tell which version is served."""
        current = self.champion.current
        version = current.version
        return json_response(
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
        return refusal(status, f"{request.method} {request.url.path[:100]}: {said}", {"allow": methods[0]})

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
            response = refusal(400, "the client went away")
        except Exception as error:
            server.journal.event("failed", path=request.url.path, error=type(error).__name__, where=place_of(error))
            response = refusal(500, "the server made a mistake; its log tells which")
        seconds = time.perf_counter() - start
        server.journal.request(request.url.path, response.status_code, seconds, request.state.rows, version)
        return response

    return call
