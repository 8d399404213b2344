"""Tags of a registered model: what is kept with a model as a whole, not with one version."""

from collections.abc import Mapping

from remint.tracking.failures import store_errors
from remint.tracking.models import registered_model
from remint.tracking.store import client

LONGEST = 5000
"Characters of a tag's value that every kind of MLflow's databases takes."


def model_tags(experiment: str) -> Mapping[str, str]:
    """Give a model's tags; none where it was never registered."""
    entry = registered_model(experiment)
    return {} if entry is None else dict(entry.tags)


def set_model_tag(experiment: str, name: str, value: str) -> None:
    """Set a tag of a model, in one transaction of the store."""
    with store_errors():
        client().set_registered_model_tag(experiment, name, value)


def delete_model_tag(experiment: str, name: str) -> None:
    """Take a tag off a model."""
    with store_errors():
        client().delete_registered_model_tag(experiment, name)
