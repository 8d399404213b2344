"""Stage `preprocess`: a raw, validated dataset becomes arrays."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import Field
from safetensors.numpy import save_file

from remint import paths
from remint.config.base import Config
from remint.config.dataset import CleaningConfig, Modality, SchemaConfig, SplitConfig
from remint.config.load import preprocessing_options
from remint.config.specs import DataSpec
from remint.data.raw import PRETRAINED, RawData, read_raw
from remint.files import write_json, writing_folder
from remint.preprocessing.base import modality
from remint.preprocessing.cleaning import fit_cleaning
from remint.preprocessing.split import SPLITS, assign_splits

FILE, TOP = paths.DATASETS_FILE, "datasets"


class Section(Config):
    """What the stage sees of a dataset."""

    modality: Modality
    schema_: Annotated[SchemaConfig, Field(alias="schema")]
    split: SplitConfig
    cleaning: CleaningConfig
    preprocessing: dict[str, Any]


def inputs(name: str, _section: Section) -> tuple[Path, ...]:
    """Name the data that the stage reads; the report is read only by being there."""
    return (paths.raw(name), paths.report("validate", name))


def run(name: str, section: Section) -> None:
    """Clean a raw dataset; turn it into memory-mapped splits and the state needed to serve it.

    Writes `{train,val,test}.safetensors`, `rows.parquet`, `spec.json` and `preprocessor.json`, and keeps the files of a
    pretrained model. Raises DataError for rows that the declaration does not allow.
    """
    options = preprocessing_options(name, section.modality, section.preprocessing)
    raw, schema = read_raw(paths.raw(name)), section.schema_
    splits = assign_splits(raw, section.split)
    train = splits == "train"
    cleaning = fit_cleaning(raw.rows, train, schema, section.cleaning, raw.images)
    kept = cleaning.kept(raw.rows, raw.images)
    raw = replace(raw, rows=cleaning.clean(raw.rows))
    preprocessor = modality(section.modality).fit(raw, train & kept, schema, options)
    spec = DataSpec(inputs=preprocessor.spec, outputs=preprocessor.outputs(raw, train & kept, schema))
    usable = kept & preprocessor.usable(raw, splits)
    order = {split: np.flatnonzero((splits == split) & usable) for split in SPLITS}
    with writing_folder(paths.prepared(name)) as out:
        for split, index in order.items():
            save_file(preprocessor.arrays(raw, index, schema, spec.outputs), out / f"{split}.safetensors")
        _write_rows(out / "rows.parquet", raw, order)
        write_json(out / "spec.json", spec.model_dump(mode="json"))
        write_json(out / "preprocessor.json", preprocessor.state() | {"cleaning": cleaning.state()})
        if raw.pretrained is not None:
            shutil.copytree(raw.pretrained, out / PRETRAINED)


def _write_rows(path: Path, raw: RawData, order: dict[str, np.ndarray]) -> None:
    """Write the raw rows in the arrays' order, with their split and raw row number, for slices of the metrics."""
    index = np.concatenate(list(order.values()))
    rows = raw.rows.iloc[index].reset_index(drop=True)
    place = pd.DataFrame({"split": np.repeat(list(order), [len(i) for i in order.values()]), "row": index})
    clashing = [name for name in rows.columns if name in place.columns]
    pd.concat([place, rows.drop(columns=clashing)], axis=1).to_parquet(path, engine="pyarrow", index=False)
