"""Every path of a project, once. All are relative to the project's root, which is the working directory."""

from pathlib import Path

DATASETS_FILE = Path("datasets.yaml")
PARAMS_FILE = Path("params.yaml")
PIPELINE_FILE = Path("dvc.yaml")
LOCK_FILE = Path("dvc.lock")

DATA = Path("data")
MLRUNS = Path("mlruns")
MLFLOW_DB = MLRUNS / "mlflow.db"
MLFLOW_ARTIFACTS = MLRUNS / "artifacts"

STATE = Path(".remint")
"Local state that is neither data nor a record: downloads, locks, Prefect's store, logs."
ALIVE = STATE / "alive"
"A sign of life for each command that is at work."
TEMPORARY = STATE / "tmp"
DOWNLOADS = STATE / "downloads"
PREFECT_HOME = STATE / "prefect"
LOGS = STATE / "logs"
CHECKPOINTS = STATE / "checkpoints"


def raw(dataset: str) -> Path:
    """Output of `ingest`: `rows.parquet`, `images.safetensors` for images, `pretrained/` where that is declared."""
    return DATA / "raw" / dataset


def prepared(dataset: str) -> Path:
    """Output of `preprocess`: a safetensors file a split, `rows.parquet`, `preprocessor.json`, `spec.json`."""
    return DATA / "prepared" / dataset


def model(experiment: str) -> Path:
    """Output of `train`: `weights.safetensors`, `model.json`, `fingerprint.json`."""
    return DATA / "models" / experiment


def checkpoint(experiment: str, fingerprint: str) -> Path:
    """Where a training keeps its last checkpoint while it runs; its folder holds those of the experiment alone."""
    return CHECKPOINTS / experiment / f"{fingerprint}.pt"


def report(stage: str, name: str) -> Path:
    """Folder of what a stage reports about a dataset or an experiment."""
    return DATA / "reports" / stage / name
