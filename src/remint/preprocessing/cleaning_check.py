"""Whether a declared cleaning fits the schema."""

from remint.config.dataset import Between, CleaningConfig, Column, ColumnCleaning, SchemaConfig
from remint.config.messages import nearest
from remint.errors import ConfigError
from remint.preprocessing.cleaning_column import NUMBERS, STATISTICS, TRUE, canonical


def check_cleaning(schema: SchemaConfig, config: CleaningConfig, where: str = "cleaning") -> None:
    """Refuse a column that the schema does not have, and a step that does not fit its type.

    Raises ConfigError that begins with `where`, the key of the cleaning.
    """
    for name, steps in config.columns.items():
        key = f"{where}.columns.{name}"
        if name not in schema.columns:
            hint = nearest(name, schema.columns)
            raise ConfigError(f"{key} is no column of the schema; allowed: {', '.join(schema.columns)}{hint}")
        _check_limits(key, schema.columns[name], steps)
        _check_impute(key, schema.columns[name], steps.impute)
    if config.contradictions == "drop" and schema.target_is_text:
        raise ConfigError(f"{where}.contradictions is declared, but the target is the text itself; allowed: keep")


def _check_limits(key: str, column: Column, steps: ColumnCleaning) -> None:
    for step, limits in (("drop", steps.drop), ("clip", steps.clip), ("winsorise", steps.winsorise)):
        if limits is None:
            continue
        if column.type not in NUMBERS:
            raise ConfigError(f"{key}.{step} is declared, but the column is {column.type}; allowed: integer, float")
        low, high = (limits.min, limits.max) if isinstance(limits, Between) else limits
        if low is None and high is None:
            raise ConfigError(f"{key}.{step} asks nothing; allowed: min, max")
        if low is not None and high is not None and low >= high:
            raise ConfigError(f"{key}.{step} runs from {low:g} to {high:g}; allowed: a lower end below the upper one")


def _check_impute(key: str, column: Column, impute: float | str | None) -> None:
    if impute is None or impute == "most-frequent":
        return
    if column.type in NUMBERS:
        if isinstance(impute, str) and impute not in STATISTICS:
            raise ConfigError(f'{key}.impute is "{impute}"; allowed: {", ".join(STATISTICS)}, a number')
        return
    if impute in STATISTICS:
        raise ConfigError(
            f'{key}.impute is "{impute}", but the column is {column.type}; allowed: most-frequent, a value'
        )
    allowed = ("true", "false") if column.type == "boolean" else column.values
    fill = canonical(impute)
    if column.type == "boolean":
        fill = {**dict.fromkeys(TRUE, "true"), "false": "false", "0": "false"}.get(fill.lower(), fill)
    if allowed is not None and fill not in allowed:
        raise ConfigError(f'{key}.impute is "{fill}"; allowed: most-frequent, {", ".join(allowed)}')
