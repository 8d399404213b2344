"""What the stages wrote anew, held against what was registered."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from remint import paths
from remint.files import read_json
from remint.proof.shape import is_number
from remint.provenance import file_digests, parts_digest
from remint.registry.checksums import DESCRIPTION, PREPROCESSOR, WEIGHTS
from remint.registry.origin import Origin, OriginStage, file_sha256

FINGERPRINT = "fingerprint.json"


@dataclass(frozen=True)
class Registered:
    """A version's folder: what the registry itself holds of the model."""

    folder: Path
    seal: str | None = None
    "sha256 of its `files.json`, as its tag tells; None of one that an earlier remint registered."

    @property
    def code(self) -> Path:
        """Source of the package."""
        return self.folder / "code" / "remint"

    @property
    def model(self) -> Path:
        """What the predictor is loaded from."""
        return self.folder / "data" / "files"

    @property
    def evaluation(self) -> Path:
        """What `evaluate` wrote."""
        return self.folder / "remint" / "evaluation"

    def own(self, file: str, origin: Origin) -> Path | None:
        """Give where the version keeps a copy of an output, be it there or gone; None where it keeps none."""
        path, report = Path(file), paths.report("evaluate", origin.experiment)
        kept = {
            paths.model(origin.experiment) / WEIGHTS: self.model / WEIGHTS,
            paths.model(origin.experiment) / DESCRIPTION: self.model / DESCRIPTION,
            paths.prepared(origin.dataset) / PREPROCESSOR: self.model / PREPROCESSOR,
        }
        if path.is_relative_to(report):
            return self.evaluation / path.relative_to(report)
        return kept.get(path)


def compared_outputs(
    origin: Origin, kinds: tuple[str, ...], root: Path, registered: Registered
) -> dict[str, dict[str, str | None]]:
    """Give the digests of every output of the stages that were run, as registered and as minted, in their order.

    Of `fingerprint.json` it is that of all its parts but the environment, which may be another. Of a file that the
    version itself holds, it is that of the version's copy, None where that is gone.
    """
    found: dict[str, dict[str, str | None]] = {}
    for kind in kinds:
        stage = origin.stage(kind)
        minted = _minted(stage, root)
        for file, digest in stage.outputs.items():
            own = registered.own(file, origin)
            told = digest if own is None else file_sha256(own)
            found[file] = {"registered": told, "minted": minted.pop(file, None)}
        found |= {file: {"registered": None, "minted": digest} for file, digest in minted.items()}
    file = (paths.model(origin.experiment) / FINGERPRINT).as_posix()
    if file in found:
        here = root / file
        found[file] = {
            "registered": _decided(origin.fingerprint),
            "minted": _decided(read_json(here)) if here.is_file() else None,
        }
    return found


def altered_copies(origin: Origin, registered: Registered) -> dict[str, dict[str, str | None]]:
    """Give the digests of a version's files that are no longer those that its stages wrote, as they are and were."""
    found: dict[str, dict[str, str | None]] = {}
    for stage in origin.stages:
        for file, digest in stage.outputs.items():
            own = registered.own(file, origin)
            if own is not None and (altered := file_sha256(own)) != digest:
                found[file] = {"registered": altered, "minted": digest}
    return found


def largest_differences(origin: Origin, root: Path, registered: Registered) -> dict[str, Any]:
    """Give the largest absolute difference of any weight and of any predicted number, and both sides' metrics."""
    report = root / paths.report("evaluate", origin.experiment)
    minted = root / paths.model(origin.experiment)
    metrics = [_metrics(folder / "metrics.json") for folder in (registered.evaluation, report)]
    return {
        "weights": _weights(registered.model / WEIGHTS, minted / WEIGHTS),
        "predictions": _predictions(registered.evaluation / "predictions.parquet", report / "predictions.parquet"),
        "metrics": {
            name: {"registered": metrics[0].get(name), "minted": metrics[1].get(name)}
            for name in sorted({*metrics[0], *metrics[1]})
        },
    }


def _minted(stage: OriginStage, root: Path) -> dict[str, str]:
    """Give the digests of what is there now where a stage writes."""
    places = {_place(file) for file in stage.outputs}
    found = (
        entry for place in sorted(places) if (root / place).exists() for entry in file_digests(root / place).items()
    )
    return {Path(file).relative_to(root).as_posix(): digest for file, digest in found}


def _place(file: str) -> Path:
    """Give the folder of a dataset or an experiment that an output lies in: `data/raw/adult`."""
    parts = Path(file).parts
    return Path(*parts[: 4 if parts[1] == "reports" else 3])


def _decided(content: Mapping[str, Any]) -> str:
    return parts_digest({name: part for name, part in content["parts"].items() if name != "environment"})


def _metrics(file: Path) -> dict[str, float]:
    """Give the finite numbers of a file; none of one that is gone or damaged."""
    try:
        content = read_json(file)
    except (OSError, ValueError):
        return {}
    return {name: value for name, value in content.items() if is_number(value)} if isinstance(content, dict) else {}


def _weights(registered: Path, minted: Path) -> float | None:
    """Give the largest difference; None where the networks are not of one shape."""
    import numpy as np
    from safetensors.numpy import load_file

    if not (registered.is_file() and minted.is_file()):
        return None
    try:
        old, new = load_file(registered), load_file(minted)
    except Exception:  # a damaged file, or a number type that NumPy does not have
        return None
    if {name: array.shape for name, array in old.items()} != {name: array.shape for name, array in new.items()}:
        return None
    return _largest(np.abs(old[name].astype(np.float64) - new[name].astype(np.float64)) for name in sorted(old))


def _predictions(registered: Path, minted: Path) -> float | None:
    """Give the largest difference in a column of numbers; None where the tables are not of one shape."""
    import numpy as np
    import pandas as pd

    try:
        old, new = (pd.read_parquet(file, engine="pyarrow") for file in (registered, minted))
    except Exception:  # a damaged file, which pyarrow and pandas tell in many ways
        return None
    if old.shape != new.shape or list(old.columns) != list(new.columns):
        return None
    numbers = [name for name in old.select_dtypes("number").columns if name in new.select_dtypes("number").columns]
    return _largest(np.abs(old[name].to_numpy(np.float64) - new[name].to_numpy(np.float64)) for name in numbers)


def _largest(differences: Any) -> float | None:
    """Give the largest finite value of arrays, 0 for none at all, None where one is NaN or infinite."""
    import numpy as np

    highest = [float(values.max()) for values in differences if values.size]  # of an array with NaN that is NaN
    return max(highest, default=0.0) if np.isfinite(highest).all() else None
