"""Rows of the test and validation splits that stand in the train split, too, or nearly."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from remint.config.specs import DataSpec, ImageSpec, SeriesSpec, TabularSpec
from remint.data.prepared import Prepared
from remint.evaluation.near_images import near_images
from remint.evaluation.near_texts import near_texts

EXAMPLES = 5
"Shown at most."
NONE = -1
"The train row of a row without a duplicate."
_GRID = 2
"Decimals of a standardised number."


def duplicate_findings(prepared: Prepared) -> dict[str, Any]:
    """Count the rows of test and val whose inputs, the target left out, stand in train, too: exactly, or nearly.

    Nearly means, of tables: each category is the same, and each number, in standard deviations, rounded to two decimals
    (pairs astride a rounding border are missed). Images: `near_images`. Texts: `near_texts`. A row counts once. Windows
    of a series overlap by design, so that the counts are null. `examples` are a few pairs by their raw row numbers.
    """
    arrays = {name: prepared.split(name) for name in ("train", "val", "test")}
    found = {name: _duplicates(arrays[name], arrays["train"], prepared.spec) for name in ("test", "val")}
    counts = {f"{name}_in_train": _counts(*found[name], prepared.spec) for name in found}
    return {**counts, "examples": _examples(prepared, found)}


def exact_duplicates(rows: Mapping[str, np.ndarray], train: Mapping[str, np.ndarray], spec: DataSpec) -> np.ndarray:
    """Give for each row the first train row of the same inputs (int64, N), `NONE` where there is none."""
    return _matches(_keys(rows, spec), _keys(train, spec))


def near_duplicates(rows: Mapping[str, np.ndarray], train: Mapping[str, np.ndarray], spec: DataSpec) -> np.ndarray:
    """Give for each row a train row of nearly the same inputs (int64, N), `NONE` where none was found."""
    if isinstance(spec.inputs, TabularSpec):
        return _matches(_table_keys(rows, rounding=True), _table_keys(train, rounding=True))
    if isinstance(spec.inputs, ImageSpec):
        return near_images(rows["image"], train["image"])
    return near_texts(rows, train)


def _duplicates(
    rows: Mapping[str, np.ndarray], train: Mapping[str, np.ndarray], spec: DataSpec
) -> tuple[np.ndarray, np.ndarray]:
    """Give exact duplicates and near ones, which are not exact."""
    if isinstance(spec.inputs, SeriesSpec):
        nothing = np.full(len(rows["starts"]), NONE)
        return nothing, nothing
    exact = exact_duplicates(rows, train, spec)
    return exact, np.where(exact == NONE, near_duplicates(rows, train, spec), NONE)


def _counts(exact: np.ndarray, near: np.ndarray, spec: DataSpec) -> dict[str, Any]:
    rows = len(exact)
    if isinstance(spec.inputs, SeriesSpec):
        return {"exact": None, "near": None, "rows": rows, "share": None}
    counts = {"exact": int((exact != NONE).sum()), "near": int((near != NONE).sum())}
    return {**counts, "rows": rows, "share": sum(counts.values()) / rows if rows else 0.0}


def _examples(prepared: Prepared, found: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> list[dict[str, Any]]:
    """Give near ones first: exact ones look all alike."""
    train, examples = prepared.rows("train")["row"].to_numpy(), []
    for position, kind in ((1, "near"), (0, "exact")):
        for split, matches in found.items():
            rows = prepared.rows(split)["row"].to_numpy()
            for index in np.flatnonzero(matches[position] != NONE)[:EXAMPLES]:
                pair = {"row": int(rows[index]), "train_row": int(train[matches[position][index]])}
                examples.append({"split": split, "kind": kind, **pair})
    return examples[:EXAMPLES]


def _matches(keys: list[bytes], train: list[bytes]) -> np.ndarray:
    first: dict[bytes, int] = {}
    for index, key in enumerate(train):
        first.setdefault(key, index)
    return np.array([first.get(key, NONE) for key in keys], dtype=np.int64)


def _keys(arrays: Mapping[str, np.ndarray], spec: DataSpec) -> list[bytes]:
    if isinstance(spec.inputs, TabularSpec):
        return _table_keys(arrays, rounding=False)
    if isinstance(spec.inputs, ImageSpec):
        return [image.tobytes() for image in np.asarray(arrays["image"])]
    tokens, offsets = np.asarray(arrays["tokens"]), arrays["offsets"].tolist()
    return [tokens[start:end].tobytes() for start, end in pairwise(offsets)]


def _table_keys(arrays: Mapping[str, np.ndarray], *, rounding: bool) -> list[bytes]:
    numeric = np.asarray(arrays["numeric"], dtype=np.float64)
    shown = (numeric.round(_GRID) if rounding else numeric) + 0.0
    return [number.tobytes() + code.tobytes() for number, code in zip(shown, np.asarray(arrays["codes"]), strict=True)]
