"""What the predictions of any network rest on, whatever it reads."""

from typing import Any, cast

from torch import nn

from remint.config.specs import ImageSpec, SeriesSpec, TextSpec
from remint.determinism import deterministic
from remint.evaluation.attributions.images import image_attributions
from remint.evaluation.attributions.series import step_attributions
from remint.evaluation.attributions.tables import feature_attributions
from remint.evaluation.attributions.texts import token_attributions
from remint.evaluation.looks import TextReader
from remint.evaluation.scored import Scored
from remint.preprocessing.base import Preprocessor
from remint.tasks.base import Task

THREADS = 1
"Of one operation; fixed, since it can change the bits. Two wait for each other where a machine is busy."


def attribution_findings(
    network: nn.Module,
    scored: Scored,
    task: Task,  # noqa: ARG001
    preprocessor: Preprocessor | TextReader | None = None,
) -> dict[str, Any]:
    """Give what a network's predictions of the whole test split rest on, as JSON; the same inputs give the same.

    The key `kind` tells what else there is: `features` of tables, `images`, `tokens` of texts, `steps` of series; each
    with its `method`, what it is an attribution `of`, and the rows of the largest loss (`worst`) beside some that are
    evenly chosen (`examples`). `preprocessor` is what reads a text; without one its tokens are shown as their numbers.
    The network is put into evaluation mode and is otherwise as it was: no parameter has a gradient that it had not.
    """
    network.eval()
    inputs = scored.spec.inputs
    with deterministic(THREADS):
        if isinstance(inputs, ImageSpec):
            return image_attributions(network, scored)
        if isinstance(inputs, TextSpec):
            return token_attributions(network, scored, cast(TextReader | None, preprocessor))
        if isinstance(inputs, SeriesSpec):
            return step_attributions(network, scored)
        return feature_attributions(network, scored)
