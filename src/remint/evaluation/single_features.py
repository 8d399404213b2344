"""What each feature of a table foretells of the target alone: one that foretells nearly all of it may be a leak."""

from collections.abc import Iterator

import numpy as np

from remint.config.specs import ClassesSpec, TabularSpec
from remint.data.prepared import Prepared
from remint.evaluation.metrics import one_against_rest

FEWEST = 20
"Test rows of a class, and of the rest."


def single_features(prepared: Prepared) -> list[tuple[str, float]]:
    """Give each feature of a table with its strength on the test split, 0 to 1, the strongest first.

    Of classes: |2·AUROC - 1| of the feature as a score, the largest of all classes against the rest; a category's
    score is the share of the class among the train rows of its value. Classes of fewer than `FEWEST` test rows, in or
    out of them, are left aside: by so few any feature can seem to tell them apart. Of numbers: a number's
    |Spearman correlation| with the target; of a category the R², 0 at least, of the train mean of its value. Other data
    have no features.
    """
    if not isinstance(prepared.spec.inputs, TabularSpec):
        return []
    strengths = _class_strengths if isinstance(prepared.spec.outputs, ClassesSpec) else _number_strengths
    found = [(name, 0.0 if np.isnan(strength) else strength) for name, strength in strengths(prepared)]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _class_strengths(prepared: Prepared) -> Iterator[tuple[str, float]]:
    train, test = prepared.split("train"), prepared.split("test")
    inputs, outputs = prepared.spec.inputs, prepared.spec.outputs
    assert isinstance(inputs, TabularSpec)
    assert isinstance(outputs, ClassesSpec)
    against = [
        (index, mask)
        for index, mask in one_against_rest(test["target"], len(outputs.classes))
        if FEWEST <= mask.sum() <= len(mask) - FEWEST
    ]
    for column, name in enumerate(inputs.numeric):
        yield name, max((_separation(mask, test["numeric"][:, column]) for _, mask in against), default=np.nan)
    for column, category in enumerate(inputs.categories):
        codes = test["codes"][:, column]
        shares = [_means(train["codes"][:, column], train["target"] == index, category.codes) for index, _ in against]
        found = [_separation(mask, share[codes]) for share, (_, mask) in zip(shares, against, strict=True)]
        yield category.name, max(found, default=np.nan)


def _number_strengths(prepared: Prepared) -> Iterator[tuple[str, float]]:
    from sklearn.metrics import r2_score

    train, test, inputs = prepared.split("train"), prepared.split("test"), prepared.spec.inputs
    assert isinstance(inputs, TabularSpec)
    for column, name in enumerate(inputs.numeric):
        yield name, _correlation(test["numeric"][:, column], test["target"])
    for column, category in enumerate(inputs.categories):
        means = _means(train["codes"][:, column], train["target"], category.codes)
        yield category.name, max(0.0, float(r2_score(test["target"], means[test["codes"][:, column]])))


def _separation(mask: np.ndarray, score: np.ndarray) -> float:
    from sklearn.metrics import roc_auc_score

    return abs(2 * float(roc_auc_score(mask, score)) - 1)


def _correlation(score: np.ndarray, target: np.ndarray) -> float:
    from scipy.stats import spearmanr

    if np.ptp(score) == 0 or np.ptp(target) == 0:
        return 0.0
    return abs(float(spearmanr(score, target).statistic))


def _means(codes: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """Give the mean of each code's values (float64, size); the mean of all for a code without any."""
    values = np.asarray(values, dtype=np.float64)
    counts, sums = np.bincount(codes, minlength=size), np.bincount(codes, weights=values, minlength=size)
    return np.where(counts > 0, sums / np.maximum(counts, 1), values.mean())
