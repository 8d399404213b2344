"""The raw dataset on disk: what `ingest` writes, `validate` and `preprocess` read."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save_file

from remint.files import writing_folder

ROWS = "rows.parquet"
IMAGES = "images.safetensors"
PRETRAINED = "pretrained"


@dataclass(frozen=True)
class RawData:
    """Rows as they were fetched, nothing cleaned."""

    rows: pd.DataFrame
    "N rows, index 0…N−1. Column `readable` (images from files): whether the file decoded."
    images: np.ndarray | None = None
    "uint8, N×H×W×C; zeros where a file did not decode."
    pretrained: Path | None = None
    "Folder with the files of a pretrained model."


def write_raw(folder: Path, data: RawData, pretrained: Mapping[str, Path] | None = None) -> None:
    """Write a raw dataset, replacing the old one whole; files of a pretrained model go to `pretrained/NAME`."""
    with writing_folder(folder) as out:
        data.rows.to_parquet(out / ROWS, engine="pyarrow", index=False)
        if data.images is not None:
            save_file({"images": np.ascontiguousarray(data.images)}, out / IMAGES)
        for name, file in (pretrained or {}).items():
            (out / PRETRAINED).mkdir(exist_ok=True)
            shutil.copyfile(file, out / PRETRAINED / name)


def read_raw(folder: Path) -> RawData:
    """Read a raw dataset."""
    rows = pd.read_parquet(folder / ROWS, engine="pyarrow")
    images = load_file(folder / IMAGES)["images"] if (folder / IMAGES).exists() else None
    pretrained = folder / PRETRAINED
    return RawData(rows, images, pretrained if pretrained.is_dir() else None)
