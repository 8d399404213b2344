"""Stage `preprocess`: a raw, validated dataset becomes arrays."""

from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field
from safetensors.numpy import save_file

from remint import paths
from remint.config.base import Config
from remint.config.dataset import SchemaConfig, SplitConfig, TabularPreprocessing
from remint.config.specs import DataSpec
from remint.data.raw import RawData, read_raw
from remint.files import write_json, writing_folder
from remint.preprocessing.base import Preprocessor, modality
from remint.preprocessing.split import SPLITS, assign_splits
from remint.preprocessing.target import encode_target, fit_target

FILE, TOP = paths.DATASETS_FILE, "datasets"


class Section(Config):
    """What the stage sees of a dataset."""

    modality: Literal["tabular", "image"]
    schema_: Annotated[SchemaConfig, Field(alias="schema")]
    split: SplitConfig
    preprocessing: TabularPreprocessing


def inputs(name: str, _section: Section) -> tuple[Path, ...]:
    """Name the data that the stage reads; the report is read only by being there."""
    return (paths.raw(name), paths.report("validate", name))


def run(name: str, section: Section) -> None:
    """Turn a raw dataset into memory-mapped splits and the state needed to serve it.

    Writes `{train,val,test}.safetensors`, `rows.parquet`, `spec.json` and `preprocessor.json`.
    Raises DataError for rows that the declaration does not allow.
    """
    raw = read_raw(paths.raw(name))
    splits = assign_splits(raw, section.split)
    train = splits == "train"
    preprocessor = modality(section.modality).fit(raw, train, section.schema_, section.preprocessing)
    outputs = fit_target(raw.rows[section.schema_.target], train, section.schema_)
    spec = DataSpec(inputs=preprocessor.spec, outputs=outputs)
    order = {split: np.flatnonzero((splits == split) & preprocessor.usable(raw)) for split in SPLITS}
    with writing_folder(paths.prepared(name)) as out:
        for split, index in order.items():
            save_file(_arrays(raw, index, preprocessor, spec, section.schema_.target), out / f"{split}.safetensors")
        _write_rows(out / "rows.parquet", raw, order)
        write_json(out / "spec.json", spec.model_dump(mode="json"))
        write_json(out / "preprocessor.json", preprocessor.state())


def _arrays(
    raw: RawData, index: np.ndarray, preprocessor: Preprocessor, spec: DataSpec, target: str
) -> dict[str, np.ndarray]:
    part = RawData(raw.rows.iloc[index], None if raw.images is None else raw.images[index])
    arrays = preprocessor.transform(preprocessor.inputs_of(part))
    return {**arrays, "target": encode_target(part.rows[target], spec.outputs)}


def _write_rows(path: Path, raw: RawData, order: dict[str, np.ndarray]) -> None:
    """Write the raw rows in the arrays' order, with their split and raw row number, for slices of the metrics."""
    index = np.concatenate(list(order.values()))
    rows = raw.rows.iloc[index].reset_index(drop=True)
    place = pd.DataFrame({"split": np.repeat(list(order), [len(i) for i in order.values()]), "row": index})
    clashing = [name for name in rows.columns if name in place.columns]
    pd.concat([place, rows.drop(columns=clashing)], axis=1).to_parquet(path, engine="pyarrow", index=False)
