"""Declaration of an experiment, a group and a schedule: `params.yaml`."""

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from remint.config.base import Config, Name
from remint.config.gates import GateConfig
from remint.config.metrics import METRICS, Metric, Task


class ScheduleConfig(Config):
    """How the learning rate moves over the training."""

    name: Literal["constant", "cosine", "step", "one-cycle"] = "constant"
    warmup: Annotated[float, Field(ge=0, lt=1)] = 0.0
    "Share of all steps over which the rate rises linearly from zero (constant, cosine, step)."
    step_epochs: PositiveInt = 10
    "step: epochs between two reductions."
    gamma: Annotated[float, Field(gt=0, lt=1)] = 0.1
    "step: factor of each reduction."


class EarlyStoppingConfig(Config):
    """Stop when the monitored metric has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    """`train_loss`, `val_loss`; of classification `val_accuracy`, too, of regression and forecasting `val_rmse`. Of
    accuracy more is better, of the others less."""
    patience: PositiveInt = 5
    "Epochs in a row without improvement after which the training ends."
    min_delta: NonNegativeFloat = 0.0
    "An improvement is larger than this."


class AugmentationConfig(Config):
    """Random changes of the images of a training batch, drawn anew for each image and step. Off: 0."""

    flip: Annotated[float, Field(ge=0, le=1)] = 0.0
    "Probability of a left-right flip."
    shift: NonNegativeFloat = 0.0
    "Largest shift in pixels, each way and direction."
    rotation: Annotated[float, Field(ge=0, le=180)] = 0.0
    "Largest rotation in degrees, either way."
    scaling: Annotated[float, Field(ge=0, lt=1)] = 0.0
    "Largest change of size: 0.1 draws factors from 0.9 to 1.1."
    cutout: NonNegativeInt = 0
    "Side in pixels of one square at a random place that is set to zero (DeVries and Taylor 2017)."


class TrainerConfig(Config):
    """How a network is trained. Everything here can change the bits of the result."""

    epochs: PositiveInt = 10
    batch_size: PositiveInt = 128
    optimizer: Literal["sgd", "momentum", "adam", "adamw"] = "adam"
    lr: PositiveFloat = 1e-3
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    "Of optimizer momentum alone."
    l1: NonNegativeFloat = 0.0
    "Factor of the sum of absolute weights (biases left out) in the loss."
    l2: NonNegativeFloat = 0.0
    "Weight decay: in the gradient for sgd, momentum and adam; decoupled for adamw. Biases are left out."
    schedule: ScheduleConfig = ScheduleConfig()
    early_stopping: EarlyStoppingConfig | None = None
    "When to stop before `epochs`; none: never. Which weights become the model, `keep` says, stopped early or not."
    keep: Literal["last", "best"] = "last"
    "Which epoch's weights become the model: the last, or the one with the lowest validation loss."
    gradient_clip: PositiveFloat | None = None
    "Largest norm of the gradient."
    accumulate: PositiveInt = 1
    "Batches whose gradients are averaged for one step of the optimizer."
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    "Share of the target's probability spread over all classes (Szegedy et al. 2016). Not for numbers."
    augmentation: AugmentationConfig = AugmentationConfig()
    "Of images."
    precision: Literal["32", "bf16-mixed"] = "32"
    channels_last: bool = False
    "Memory layout of images; often faster for convolutions."
    threads: PositiveInt = 2
    "Threads of one operation."
    calibration: Literal["none", "temperature"] = "none"
    """temperature: of classes, the logits are divided by the number that is best on the validation split, found after
    the training and kept with the weights (Guo et al. 2017). It moves probabilities, never the predicted class."""
    workers: NonNegativeInt = 0
    "Data-loading processes; 0: the training process itself."


class ExperimentConfig(Config):
    """An experiment. `model` is read by the family that it names."""

    description: str = ""
    dataset: Name
    task: Task
    model: dict[str, Any]
    trainer: TrainerConfig
    seed: NonNegativeInt
    metric: Metric | None = None
    "Primary metric; none named: of classification accuracy, of language modelling bits_per_character, else rmse."
    gates: dict[str, GateConfig] | None = None
    "Name to condition; none declared: better than a constant guess and than the champion in the primary metric."
    tolerance: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Of every test metric the largest difference at which a model that `remint verify` minted on other hardware counts
    as equivalent: absolute of accuracy, balanced_accuracy, macro_f1, auroc, auprc, brier, ece and r2, of all others
    relative."""

    @model_validator(mode="after")
    def _names_a_family(self) -> "ExperimentConfig":
        if not isinstance(self.model.get("family"), str):
            raise ValueError("model.family is missing")
        return self

    @model_validator(mode="after")
    def _task_has_the_metrics(self) -> "ExperimentConfig":
        asked = {
            "metric": self.metric,
            **{f"gates.{name}.metric": gate.metric for name, gate in (self.gates or {}).items()},
        }
        allowed = METRICS[self.task]
        for key, metric in asked.items():
            if metric is not None and metric not in allowed:
                raise ValueError(f'{key} is "{metric}"; allowed for {self.task}: {", ".join(allowed)}')
        return self

    @property
    def primary_metric(self) -> str:
        """Name of the metric that result tables show first."""
        return self.metric or METRICS[self.task][0]

    @property
    def all_gates(self) -> dict[str, GateConfig]:
        """The declared gates, or the defaults; a constant guess is none where texts are continued."""
        if self.gates is not None:
            return self.gates
        metric = self.metric or METRICS[self.task][0]
        gates = {"beats-champion": GateConfig(metric=metric, better_than="champion")}
        if self.task != "language_modelling":
            gates["beats-constant"] = GateConfig(metric=metric, better_than="constant")
        return gates


class CronConfig(Config):
    """A scheduled run or proof: when, and of what."""

    cron: str
    "Five fields: minute, hour, day of month, month, day of week."
    run: tuple[Name, ...] = ()
    "Experiments and groups to bring up to date."
    verify: Literal["random-champion"] | None = None
    "In place of `run`: mint a champion, drawn anew each time, again and compare."
    timezone: str = "UTC"

    @property
    def what(self) -> str:
        """What is done, for a person."""
        return ", ".join(self.run) if self.verify is None else f"verify a {self.verify.replace('-', ' ')}"

    @model_validator(mode="after")
    def _runs_or_verifies(self) -> "CronConfig":
        if bool(self.run) == (self.verify is not None):
            raise ValueError(
                "run and verify are " + ("both declared" if self.run else "both missing") + "; one is wanted"
            )
        return self
