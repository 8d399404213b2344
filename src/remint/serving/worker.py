"""A worker as gunicorn starts it."""

import os
import signal
from typing import Any

from uvicorn_worker import UvicornWorker  # type: ignore[import-untyped]

from remint.serving.connections import impatient
from remint.serving.settings import settings_here


class Worker(UvicornWorker):  # type: ignore[misc]
    """Uvicorn, without headers that tell about the server. It ends when its supervisor was killed."""

    CONFIG_KWARGS: dict[str, Any] = {"lifespan": "on", "server_header": False, "access_log": False}

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.config.http = impatient(settings_here().timeout)

    async def callback_notify(self) -> None:
        """Tell the supervisor that this worker is alive, or find that there is none."""
        await super().callback_notify()
        if os.getppid() != self.ppid:
            os.kill(os.getpid(), signal.SIGTERM)
