"""Series: which features, and which steps of the history, a forecast rests on."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from remint.config.specs import SeriesSpec
from remint.data.rows import rows_of
from remint.evaluation.attributions.chosen import answer, rounded, shown_rows
from remint.evaluation.attributions.outputs import explained, integrated_gradients, missed_share, scores
from remint.evaluation.scored import Scored
from remint.evaluation.tables import evenly
from remint.evaluation.windows import histories

WINDOWS = 200
"Windows, evenly chosen, whose attributions make an importance."
WORST, EVEN = 3, 3
"Windows that are shown: of the largest loss, and evenly chosen."
STEPS = 24
"Between the train split's mean and the history."
METHOD = "integrated gradients from the mean of each feature (Sundararajan et al. 2017)"


def step_attributions(network: nn.Module, scored: Scored) -> dict[str, Any]:
    """Give the mean absolute attributions of `features`, the largest first, and of `steps`, the last one first.

    Each is a sum: of a feature over all steps, of a step over all features. The windows shown tell the `history` of
    the column to forecast, what was `actual`, the `forecast`, and for each step of the history the sum over features.
    `missed` is the share of the scores' differences that attributions do not sum up to.
    """
    spec = scored.spec.inputs
    assert isinstance(spec, SeriesSpec)
    worst, even = shown_rows(scored, len(scored), EVEN)
    worst = _apart(worst, scored.arrays["starts"], spec.horizon)
    counted = evenly(len(scored), WINDOWS)
    index = np.concatenate([counted, worst, even])

    def score(history: Tensor, label: Tensor) -> Tensor:
        return scores(network({"history": history}), label, scored.spec.outputs)

    history = rows_of(scored.arrays, scored.spec).batch(torch.from_numpy(index))["history"]
    label = torch.zeros(len(index), dtype=torch.int64)
    attributed = integrated_gradients(score, (history,), (torch.zeros_like(history),), label, STEPS)
    values = attributed.parts[0].double().numpy()
    mean = np.abs(values[: len(counted)]).mean(axis=0)
    shown = [
        _shown(scored, int(i), values[len(counted) + place].sum(axis=1)) for place, i in enumerate((*worst, *even))
    ]
    return {
        "kind": "steps",
        "method": METHOD,
        "of": explained(scored.spec.outputs),
        "missed": rounded(missed_share([attributed])),
        "rows": len(counted),
        "features": _ranked(spec.features, mean.sum(axis=0)),
        "steps": [rounded(value) for value in mean.sum(axis=1)[::-1]],
        "worst": shown[: len(worst)],
        "examples": shown[len(worst) :],
    }


def _apart(order: np.ndarray, starts: np.ndarray, steps: int) -> np.ndarray:
    """Take the first windows that begin so many steps from each other: the worst one's neighbours are as bad."""
    taken: list[int] = []
    for i in order:
        if all(abs(int(starts[i]) - int(starts[other])) >= steps for other in taken):
            taken.append(int(i))
        if len(taken) == WORST:
            break
    return np.array(taken, dtype=np.int64)


def _ranked(names: tuple[str, ...], values: np.ndarray) -> list[dict[str, Any]]:
    order = np.argsort(-values, kind="stable")
    return [{"feature": names[i], "importance": rounded(values[i])} for i in order]


def _shown(scored: Scored, i: int, values: np.ndarray) -> dict[str, Any]:
    history = histories(scored.arrays, scored.spec, len(values), np.array([i]))[0]
    told = {
        "history": history,
        "actual": scored.target[i],
        "forecast": scored.predicted["values"][i],
        "attributions": values,
    }
    return {**answer(scored, i), **{name: [rounded(value) for value in found] for name, found in told.items()}}
