"""A trained model on disk: `weights.safetensors` and `model.json`. Used to train, evaluate and serve."""

from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from remint.config.specs import DataSpec
from remint.errors import DataError
from remint.files import read_json, write_json
from remint.models.base import build_network, model_config
from remint.tasks.base import Task, task

WEIGHTS = "weights.safetensors"
DESCRIPTION = "model.json"


def save_network(
    folder: Path,
    weights: dict[str, Tensor],
    task_name: str,
    model: dict[str, Any],
    spec: DataSpec,
    temperature: float | None = None,
) -> None:
    """Write a network's weights and what is needed to build it again: task, `model` section, spec of its data.

    `temperature` is what its logits are divided by, where it was calibrated.
    """
    save_file({name: tensor.contiguous() for name, tensor in weights.items()}, folder / WEIGHTS)
    description = {"task": task_name, "model": model, "spec": spec.model_dump(mode="json")}
    write_json(folder / DESCRIPTION, description | ({} if temperature is None else {"temperature": temperature}))


def load_network(folder: Path) -> tuple[nn.Module, DataSpec, Task]:
    """Give the network, in evaluation mode, with the spec of its data and its task, calibrated where that was fitted.

    Raises DataError where the weights do not fit the description.
    """
    description = read_json(folder / DESCRIPTION)
    spec = DataSpec.model_validate(description["spec"])
    network = build_network(model_config(folder.name, description["model"]), spec, seed=0)
    try:
        network.load_state_dict(load_file(folder / WEIGHTS))
    except (RuntimeError, SafetensorError) as error:
        raise DataError(f"{folder / WEIGHTS} does not fit {DESCRIPTION}: {error}") from None
    plain, temperature = task(description["task"], spec.outputs), description.get("temperature")
    return network.eval(), spec, plain if temperature is None else plain.calibrated(temperature)
