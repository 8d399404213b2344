"""All that is found out about a model on the test split, beside its metrics: a JSON file each."""

from typing import Any

from torch import nn

from remint.config.evaluation import EvaluationConfig
from remint.data.prepared import Prepared
from remint.evaluation.attributions.findings import attribution_findings
from remint.evaluation.bootstrap import intervals
from remint.evaluation.calibration import calibration_findings
from remint.evaluation.fairness import fairness_findings
from remint.evaluation.robustness import robustness_findings
from remint.evaluation.sanity import sanity_findings
from remint.evaluation.scored import Scored
from remint.evaluation.slices import slice_findings
from remint.preprocessing.base import Preprocessor
from remint.preprocessing.text import TextPreprocessor
from remint.tasks.base import Task


def findings(
    network: nn.Module,
    task: Task,
    prepared: Prepared,
    scored: Scored,
    config: EvaluationConfig,
    preprocessor: Preprocessor,
    temperature: float | None,
) -> dict[str, Any]:
    """Give the findings by name, as JSON; docs/evaluation.md tells what each holds. The same inputs give the same.

    Raises ConfigError where the declaration asks for what the data does not have.
    """
    unknown = preprocessor.unknown if isinstance(preprocessor, TextPreprocessor) else None
    found: dict[str, Any] = {
        "intervals": intervals(scored, config.replicates),
        "slices": slice_findings(scored, config, unknown),
        "sanity": sanity_findings(prepared, scored),
    }
    if scored.classes:
        found["calibration"] = calibration_findings(scored, config.replicates, temperature)
    if config.sensitive:
        found["fairness"] = fairness_findings(scored, config)
    if config.corruptions:
        found["robustness"] = robustness_findings(network, scored, config, task, preprocessor)
    found["attributions"] = attribution_findings(network, scored, task, preprocessor)
    return found
