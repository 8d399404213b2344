"""How often a checkpoint is written: it changes no bit, so it is no parameter but a setting of the environment."""

import math
import os
from dataclasses import dataclass

from remint.errors import ConfigError

SECONDS, STEPS = "REMINT_CHECKPOINT_SECONDS", "REMINT_CHECKPOINT_STEPS"


@dataclass(frozen=True)
class Interval:
    """Seconds or steps of the optimizer after which a checkpoint is due, whichever is first; infinite for never."""

    seconds: float = 60.0
    steps: float = math.inf


def interval() -> Interval:
    """Read the environment; 0 stands for never. Raises ConfigError for what is no such number."""
    seconds, steps = os.environ.get(SECONDS), os.environ.get(STEPS)
    return Interval(
        Interval.seconds if seconds is None else _number(SECONDS, seconds, float, "a number of seconds"),
        Interval.steps if steps is None else _number(STEPS, steps, int, "a whole number of steps"),
    )


def _number(name: str, text: str, kind: type[int] | type[float], meaning: str) -> float:
    try:
        value = kind(text)
    except ValueError:
        value = -1
    if not 0 <= value < math.inf:
        raise ConfigError(f'{name} is "{text}"; allowed: {meaning}, or 0 for never')
    return value or math.inf
