"""How a model is served, and becoming the process that sees to it."""

import json
import os
import sys
from dataclasses import asdict, dataclass

VARIABLE = "REMINT_SERVE"
"Holds the settings for the supervisor and its workers."


@dataclass(frozen=True)
class ServeSettings:
    """What `remint serve` was asked for."""

    model: str
    "NAME@ALIAS or NAME/VERSION"
    port: int = 8080
    workers: int = 2
    timeout: int = 30
    "Seconds that a connection has for the head of a request, and the request from there to its answer."
    max_body_mb: int = 16
    watch: float = 2.0
    "Seconds between two looks at whether the alias moved."


def become_supervisor(settings: ServeSettings) -> None:
    """Become the supervisor: a fresh process, as MLflow's connections to its database must not be forked."""
    os.environ[VARIABLE] = json.dumps(asdict(settings))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "remint.serving.supervisor"])


def settings_here() -> ServeSettings:
    """Give the settings that `become_supervisor` left for this process."""
    return ServeSettings(**json.loads(os.environ[VARIABLE]))
