"""The process that starts the workers, keeps them running and stops them: `python -m remint.serving.supervisor`.

It imports neither torch nor MLflow; each worker loads its own model after it was forked.
"""

import os
import tempfile
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from remint.environment import prepare_environment
from remint.serving.settings import ServeSettings, settings_here

if TYPE_CHECKING:
    from starlette.applications import Starlette

HOST = "127.0.0.1"


class Supervisor(BaseApplication):  # type: ignore[misc]
    """Gunicorn, told by us alone."""

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        settings = self._settings
        options = {
            "bind": f"{HOST}:{settings.port}",
            "workers": settings.workers,
            "worker_class": "remint.serving.worker.Worker",
            "timeout": max(60, 2 * settings.timeout),
            "graceful_timeout": settings.timeout + 5,
            "loglevel": "warning",
            "proc_name": "remint-serve",
            "child_exit": _forget,
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> "Starlette":
        """Build the application, in a worker."""
        from remint.serving.app import create

        return create(self._settings)


def _forget(_server: Any, worker: Any) -> None:
    """Take what a worker that is gone said of the present out of the figures."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def main() -> None:
    """Serve until told to stop."""
    prepare_environment()
    settings = settings_here()
    with tempfile.TemporaryDirectory(prefix="remint-metrics-") as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        print(f"remint: {settings.model} on http://{HOST}:{settings.port}, stop with Ctrl-C", flush=True)
        Supervisor(settings).run()


if __name__ == "__main__":
    main()
