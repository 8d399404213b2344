"""Which model families there are, without loading any."""

import pkgutil

import remint.models
from remint import paths
from remint.config.messages import nearest
from remint.errors import ConfigError

_SHARED = ("attention", "base", "families", "layers", "sequences", "store")
"Modules of this package that are no family."


def families() -> tuple[str, ...]:
    """Names of all families: the modules of this package."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(remint.models.__path__) if m.name not in _SHARED))


def check_family(experiment: str, name: str) -> None:
    """Raise ConfigError for a name that is no family."""
    if name not in families():
        raise ConfigError(
            f'{paths.PARAMS_FILE}: experiments.{experiment}.model.family is "{name}"; '
            f"allowed: {', '.join(families())}{nearest(name, families())}"
        )
