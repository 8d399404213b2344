"""Tables: what each column adds to a prediction, by Shapley values."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from remint.config.specs import TabularSpec
from remint.data.rows import rows_of
from remint.evaluation.attributions.chosen import answer, labels, rounded, shown_rows
from remint.evaluation.attributions.outputs import explained, scores
from remint.evaluation.looks import raw_columns
from remint.evaluation.scored import Scored
from remint.evaluation.tables import evenly

ROWS = 500
"Rows, evenly chosen, whose attributions make a column's importance."
WORST, EVEN = 6, 6
"Rows that are shown: of the largest loss, and evenly chosen."
SAMPLES, CALLS = 25, 2500
"Orders of the columns at most, and runs of the network about."
SEED = 0
"Of the orders and of the rows that columns are held against."
METHOD = (
    "Shapley values by sampling orders of the columns, each against another test row (Štrumbelj and Kononenko 2014)"
)


def feature_attributions(network: nn.Module, scored: Scored) -> dict[str, Any]:
    """Give `importance`, a column's mean absolute attribution, the largest first, and rows with their own."""
    spec = scored.spec.inputs
    assert isinstance(spec, TabularSpec)
    names = (*spec.numeric, *(category.name for category in spec.categories))
    worst, even = shown_rows(scored, WORST, EVEN)
    counted = evenly(len(scored), ROWS)
    index = np.concatenate([counted, worst, even])
    values = _shapley(network, scored, index, names)
    importance = np.abs(values[: len(counted)]).mean(axis=0)

    def shown(places: np.ndarray, first: int) -> list[dict[str, Any]]:
        return [_shown(scored, int(i), names, values[first + place]) for place, i in enumerate(places)]

    return {
        "kind": "features",
        "method": METHOD,
        "of": explained(scored.spec.outputs),
        "rows": len(counted),
        "importance": [
            {"feature": names[i], "importance": rounded(importance[i])} for i in np.argsort(-importance, kind="stable")
        ],
        "worst": shown(worst, len(counted)),
        "examples": shown(even, len(counted) + len(worst)),
    }


def _shapley(network: nn.Module, scored: Scored, index: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    """Give each column's value for each row (float64, N×columns); a row's sum is its score less a mean one."""
    from captum.attr import ShapleyValueSampling

    batch = rows_of(scored.arrays, scored.spec).batch(torch.from_numpy(index))
    empty = {name: batch[name] for name in ("numeric", "codes") if not batch[name].shape[1]}
    inputs = {name: batch[name] for name in ("numeric", "codes") if batch[name].shape[1]}
    label = torch.from_numpy(labels(scored, index))

    def score(*given: Tensor) -> Tensor:
        *columns, label = given
        return scores(network({**empty, **dict(zip(inputs, columns, strict=True))}), label, scored.spec.outputs)

    method = ShapleyValueSampling(score)
    total = np.zeros((len(index), len(names)))
    samples = int(np.clip(CALLS // len(names), 2, SAMPLES))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)  # captum draws the orders from the global generator
        for _ in range(samples):
            others = torch.randperm(len(index))
            found = method.attribute(
                tuple(inputs.values()),
                baselines=tuple(tensor[others] for tensor in inputs.values()),
                additional_forward_args=(label,),
                n_samples=1,
            )
            total += torch.cat([part.double() for part in found], dim=1).numpy()
    return total / samples


def _shown(scored: Scored, i: int, names: tuple[str, ...], values: np.ndarray) -> dict[str, Any]:
    raw = raw_columns(scored.rows, i)
    order = np.argsort(-np.abs(values), kind="stable")
    columns = [{"feature": names[k], "value": raw.get(names[k]), "attribution": rounded(values[k])} for k in order]
    return {**answer(scored, i), "attributions": columns}
