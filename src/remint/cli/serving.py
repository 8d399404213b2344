"""`remint predict` and `remint serve`."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from remint.environment import quick_imports
from remint.errors import RemintError

if TYPE_CHECKING:
    from remint.serving.batch import Progress


def predict(model: str, inputs: str, output: str, on_error: Literal["raise", "skip"]) -> None:
    """Write what a model predicts about a file, and say how many rows that were."""
    from remint.registry.reference import parse_reference, resolve

    version = resolve(parse_reference(model))
    with quick_imports():
        from remint.serving.batch import predict_file
        from remint.serving.loading import load_version

    predictor = load_version(version)
    with _progress(f"{version.name}/{version.number}") as progress:
        rows, skipped = predict_file(predictor, Path(inputs), Path(output), on_error, progress)
    left_out = f", {skipped:,} of them skipped" if skipped else ""
    print(f"{output}: {rows:,} rows by {version.name}/{version.number}{left_out}")


def serve(model: str, port: int, workers: int, timeout: int, max_body_mb: int) -> None:
    """Serve a model until stopped; this process becomes the supervisor of the workers."""
    from remint.registry.reference import parse_reference, resolve
    from remint.serving.loading import check_version
    from remint.serving.settings import ServeSettings, become_supervisor

    _check_port(port)
    reference = parse_reference(model)
    check_version(resolve(reference))  # a mistake is told here, and not by every worker
    become_supervisor(ServeSettings(str(reference), port, workers, timeout, max_body_mb))


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise RemintError(f"port {port} cannot be used: {error.strerror}; allowed: --port with another") from None


@contextmanager
def _progress(what: str) -> "Iterator[Progress]":
    """Show a bar on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
