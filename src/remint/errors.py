"""The one exception that a user's mistake raises."""


class RemintError(Exception):
    """A mistake of the user or of the world, told in one message: what was found, where, and what to do.

    The command line prints the message without a traceback and exits with `exit_code`.
    """

    exit_code = 1


class ConfigError(RemintError):
    """A declaration in `datasets.yaml`, `params.yaml` or `dvc.yaml` that cannot be used."""

    exit_code = 2


class DataError(RemintError):
    """Data that cannot be fetched, read or trusted."""
