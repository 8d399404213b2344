"""What a server writes down: a JSON line a request, and figures for Prometheus. No input is in either."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from remint import paths

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
"Seconds."


def log_file(name: str) -> Path:
    """Give where the server of a model writes its lines."""
    return paths.LOGS / f"serve-{name}.log"


class Journal:
    """Of one worker; several append to one file, a line with one write each."""

    def __init__(self, name: str) -> None:
        paths.LOGS.mkdir(parents=True, exist_ok=True)
        self._file = os.open(log_file(name), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def event(self, event: str, **what: object) -> None:
        """Write a line about something other than a request."""
        self._line({"event": event, "worker": os.getpid(), **what})

    def request(self, path: str, status: int, seconds: float, rows: int, version: int) -> None:
        """Write a line about a request, and count it."""
        self._line({"path": path, "status": status, "ms": round(seconds * 1e3, 2), "rows": rows, "version": version})
        REQUESTS.labels(path, str(status)).inc()
        if status >= 400:
            ERRORS.labels(str(status)).inc()
        else:
            ROWS.inc(rows)
        SECONDS.labels(path).observe(seconds)

    def _line(self, what: dict[str, object]) -> None:
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        os.write(self._file, (json.dumps({"time": time, **what}) + "\n").encode())


REQUESTS = Counter("remint_requests", "Requests answered.", ["path", "status"])
ERRORS = Counter("remint_request_errors", "Requests answered with a status of 400 or above.", ["status"])
ROWS = Counter("remint_rows", "Rows answered.")
SECONDS = Histogram(
    "remint_request_seconds", "Time from the head of a request to its answer.", ["path"], buckets=BUCKETS
)
VERSION = Gauge("remint_model_version", "Version that is served.", ["model"], multiprocess_mode="livemostrecent")


def exposition() -> bytes:
    """Give the figures of all workers together as Prometheus reads them."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
