"""The raw dataset on disk: what `ingest` writes, `validate` and `preprocess` read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import load_file, save_file

from remint.files import writing_folder

ROWS = "rows.parquet"
IMAGES = "images.safetensors"


@dataclass(frozen=True)
class RawData:
    """Rows as they were fetched, nothing cleaned."""

    rows: pd.DataFrame
    "N rows, index 0…N−1. Column `readable` (images from files): whether the file decoded."
    images: np.ndarray | None = None
    "uint8, N×H×W×C; zeros where a file did not decode."


def write_raw(folder: Path, data: RawData) -> None:
    """Write a raw dataset, replacing the old one whole."""
    with writing_folder(folder) as out:
        data.rows.to_parquet(out / ROWS, engine="pyarrow", index=False)
        if data.images is not None:
            save_file({"images": np.ascontiguousarray(data.images)}, out / IMAGES)


def read_raw(folder: Path) -> RawData:
    """Read a raw dataset."""
    rows = pd.read_parquet(folder / ROWS, engine="pyarrow")
    images = load_file(folder / IMAGES)["images"] if (folder / IMAGES).exists() else None
    return RawData(rows, images)
