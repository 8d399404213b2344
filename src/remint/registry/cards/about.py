"""What a card says that stands in no file of the version's folder."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from remint.config.metrics import Task


@dataclass(frozen=True)
class About:
    """A version, its training and its dataset, as declared and recorded."""

    model: str
    "Name of the registered model, which is the experiment's."
    version: int | None
    "None for a card made before registration."
    fingerprint: str
    commit: str | None
    "Git commit of the training; None outside git."
    dirty: bool
    "Whether the training ran on a work tree that differed from the commit."
    created: str
    "Date of the version, as text."
    family: str
    "Model family, such as `mlp`."
    task: Task
    primary_metric: str
    dataset: str
    dataset_digest: str
    "sha256 of the raw data."
    description: str = ""
    "What the experiment says of itself."
    dataset_description: str = ""
    limits: tuple[str, ...] = ()
    "What the dataset and the experiment declare that the model is not good for."
    license: str = ""
    homepage: str = ""
    splits: Mapping[str, int] = field(default_factory=dict)
    "Split to its rows."
    parameters: Mapping[str, Any] = field(default_factory=dict)
    "The experiment's declaration, nested."
    baselines: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    "Baseline to metric to figure on the test split."
