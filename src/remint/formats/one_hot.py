"""Putting one-hot columns back together: `sex_Female` and `sex_Male` become the column `sex`."""

import numpy as np
import pandas as pd

from remint.config.messages import nearest
from remint.errors import DataError


def from_one_hot(name: str, rows: pd.DataFrame, prefixes: tuple[str, ...]) -> pd.DataFrame:
    """Replace the columns `PREFIX_VALUE` of each prefix by one text column PREFIX, where the first of them stood.

    A column belongs to its longest prefix. Raises DataError naming the row that holds none, several, or something
    else than 0 and 1; a prefix that no column has; a column that has a prefix's name already.
    """
    members = _members(rows, prefixes)
    _check_names(name, rows, members)
    columns: dict[str, pd.Series] = {}
    owner = {column: prefix for prefix, group in members.items() for column in group}
    for column in rows.columns:
        prefix = owner.get(column)
        if prefix is None:
            columns[column] = rows[column]
        elif prefix not in columns:
            columns[prefix] = _values(name, rows[members[prefix]], prefix)
    return pd.DataFrame(columns, index=rows.index)


def _members(rows: pd.DataFrame, prefixes: tuple[str, ...]) -> dict[str, list[str]]:
    members: dict[str, list[str]] = {prefix: [] for prefix in prefixes}
    for column in rows.columns:
        fitting = [prefix for prefix in prefixes if column.startswith(f"{prefix}_")]
        if fitting:
            members[max(fitting, key=len)].append(column)
    return members


def _check_names(name: str, rows: pd.DataFrame, members: dict[str, list[str]]) -> None:
    for prefix, group in members.items():
        if not group:
            known = dict.fromkeys(c.rpartition("_")[0] for c in rows.columns if "_" in c)
            hint = nearest(prefix, known)
            raise DataError(f'{name}: one_hot names "{prefix}", but no column begins with "{prefix}_"{hint}')
        if prefix in rows.columns:
            raise DataError(
                f'{name}: one_hot would make a column "{prefix}", which the file has already beside {group[0]}'
            )


def _values(name: str, group: pd.DataFrame, prefix: str) -> pd.Series:
    marks = _marks(name, group)
    counts = marks.sum(axis=1)
    if (counts != 1).any():
        row = int(np.argmax(counts != 1))
        set_columns = [c for c, mark in zip(group.columns, marks[row], strict=True) if mark]
        found = f"{', '.join(set_columns)} are all 1" if set_columns else f"all of {prefix}_… are 0"
        raise DataError(
            f"{name}, row {row} (from 0): {found}; allowed: one 1 among the {len(group.columns)} {prefix}_… columns"
        )
    values = np.array([column.removeprefix(f"{prefix}_") for column in group.columns], dtype=object)
    return pd.Series(values[marks.argmax(axis=1)], index=group.index, dtype="str")


def _marks(name: str, group: pd.DataFrame) -> np.ndarray:
    """Give bool N×K; one column at a time, since a copy of all as int64 would be the largest array of the stage."""
    marks = np.empty(group.shape, dtype=bool)
    for position, column in enumerate(group.columns):
        values = group[column]
        marks[:, position] = (values == 1).to_numpy()
        wrong = ~(marks[:, position] | (values == 0).to_numpy())
        if wrong.any():
            row = int(np.argmax(wrong))
            found = "missing" if pd.isna(values.iloc[row]) else values.iloc[row]
            raise DataError(f'{name}, row {row} (from 0): one-hot column "{column}" is {found}; allowed: 0, 1')
    return marks
