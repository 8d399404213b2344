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
from remint.errors import DataError
from remint.files import write_json, writing_folder
from remint.preprocessing.base import modality
from remint.preprocessing.cleaning import fit_cleaning
from remint.preprocessing.split import SPLITS, assign_splits

FILE, TOP = paths.DATASETS_FILE, "datasets"
_HELP = {"series": "a shorter preprocessing.history or preprocessing.horizon, or a larger split, would help"}
"What makes rows of a modality usable."


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
    pretrained model. Rows that cleaning drops are in no split, and in a series they are gaps. Raises DataError for rows
    that the declaration does not allow, and for a split of which no row can be used.
    """
    options = preprocessing_options(name, section.modality, section.schema_, section.preprocessing)
    raw, schema = read_raw(paths.raw(name)), section.schema_
    splits = assign_splits(raw, section.split)
    train = splits == "train"
    cleaning = fit_cleaning(raw.rows, train, schema, section.cleaning, raw.images)
    kept = cleaning.kept(raw.rows, raw.images)
    _refuse_empty(name, splits, splits[kept], "less cleaning, or a larger split, would help")
    raw = replace(raw, rows=cleaning.clean(raw.rows))
    preprocessor = modality(section.modality).fit(raw, train & kept, schema, options)
    spec = DataSpec(inputs=preprocessor.spec, outputs=preprocessor.outputs(raw, train & kept, schema))
    parts = splits
    if not preprocessor.independent:  # a row stands in the windows of others, too
        raw, parts, kept = replace(raw, rows=raw.rows[kept]), splits[kept], kept[kept]
    usable = kept & preprocessor.usable(raw, parts)
    _refuse_empty(name, splits, parts[usable], _HELP.get(section.modality, "a larger split would help"))
    order = {split: np.flatnonzero((parts == split) & usable) for split in SPLITS}
    with writing_folder(paths.prepared(name)) as out:
        for split, index in order.items():
            save_file(preprocessor.arrays(raw, index, schema, spec.outputs), out / f"{split}.safetensors")
        _write_rows(out / "rows.parquet", raw, order)
        write_json(out / "spec.json", spec.model_dump(mode="json"))
        write_json(out / "preprocessor.json", preprocessor.state() | {"cleaning": cleaning.state()})
        if raw.pretrained is not None:
            shutil.copytree(raw.pretrained, out / PRETRAINED)


def _refuse_empty(name: str, splits: np.ndarray, left: np.ndarray, advice: str) -> None:
    """Refuse a split that none of the usable rows belongs to; `left` holds their splits, `splits` those of all rows."""
    for split in SPLITS:
        if not (left == split).any():
            raise DataError(
                f"{FILE}: {TOP}.{name}: rows of split {split}: {(splits == split).sum()}, of which none can be used; "
                f"allowed: at least one; {advice}"
            )


def _write_rows(path: Path, raw: RawData, order: dict[str, np.ndarray]) -> None:
    """Write the raw rows in the arrays' order, with their split and raw row number, for slices of the metrics."""
    index = np.concatenate(list(order.values()))
    rows = raw.rows.iloc[index].reset_index(drop=True)
    split = np.repeat(list(order), [len(i) for i in order.values()])
    place = pd.DataFrame({"split": split, "row": raw.rows.index[index]})
    clashing = [name for name in rows.columns if name in place.columns]
    pd.concat([place, rows.drop(columns=clashing)], axis=1).to_parquet(path, engine="pyarrow", index=False)
