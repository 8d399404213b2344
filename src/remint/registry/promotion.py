"""Registering what was trained, and making it champion when it passes its gates."""

from collections.abc import Mapping
from dataclasses import dataclass

from remint import paths
from remint.config.experiment import ExperimentConfig
from remint.files import read_json
from remint.registry.baselines import declared_baselines
from remint.registry.gates import Verdict, check_gates, is_better, number
from remint.registry.package import predictor_package
from remint.registry.record import record_evaluation
from remint.tracking import models
from remint.tracking.locks import locked
from remint.tracking.models import Version
from remint.tracking.runs import test_metrics

champion, versions = models.champion, models.versions


@dataclass(frozen=True)
class Decision:
    """What became of a trained model."""

    experiment: str
    metric: str
    "The primary metric."
    value: float | None
    "Of this version, on the test split."
    champion_value: float | None
    "Of the champion before this decision; None where there was none."
    version: int
    champion_version: int | None
    "Of the champion after this decision."
    promoted: bool
    "Whether this version became champion just now."
    reason: str
    run_id: str
    verdicts: tuple[Verdict, ...]


def register_and_promote(experiment: str, config: ExperimentConfig) -> Decision:
    """Register the trained, evaluated model unless that very training is registered, and promote it if it may be.

    Its evaluation is recorded first where the store lacks it. Raises RemintError.
    """
    with locked(paths.STATE / "registry.lock"):
        run_id = record_evaluation(experiment)
        metrics: dict[str, float] = read_json(paths.report("evaluate", experiment) / "metrics.json")
        version = _registered(experiment, config.dataset, run_id, metrics)
        before = models.champion(experiment)
        rival = None if before is None or before.number == version.number else _metrics_of(before)
        verdicts = check_gates(config.gates, metrics, rival, _baselines(config.dataset))
        passed = all(verdict.passed for verdict in verdicts)
        promoted = passed and not version.is_champion
        models.tag_version(version, {f"gate.{v.gate}": f"{_word(v.passed)}: {v.sentence}" for v in verdicts})
        if promoted:
            models.make_champion(version)
    return Decision(
        experiment=experiment,
        metric=config.primary_metric,
        value=number(metrics, config.primary_metric),
        champion_value=None if before is None else number(_metrics_of(before), config.primary_metric),
        version=version.number,
        champion_version=version.number if promoted else None if before is None else before.number,
        promoted=promoted,
        reason=_reason(version, verdicts, passed),
        run_id=run_id,
        verdicts=verdicts,
    )


def better_baselines(dataset: str, metric: str, value: float | None) -> tuple[str, ...]:
    """Name the baselines of a dataset that are better than `value` in a metric."""
    figures = {name: number(metrics, metric) for name, metrics in _baselines(dataset).items()}
    return tuple(
        n for n, own in figures.items() if own is not None and value is not None and is_better(metric, own, value)
    )


def _registered(experiment: str, dataset: str, run_id: str, metrics: Mapping[str, float]) -> Version:
    written = read_json(paths.model(experiment) / "fingerprint.json")
    known = models.find_version(experiment, written["fingerprint"])
    if known is not None:
        return known
    package = predictor_package(experiment, dataset, written["parts"]["data"])
    tags = {f"test_{name}": repr(value) for name, value in metrics.items()}
    return models.register(experiment, dataset, run_id, written["fingerprint"], package, tags)


def _metrics_of(version: Version) -> Mapping[str, float]:
    """Give a version's metrics, from its run, or from its tags where the run is gone."""
    tagged = {name.removeprefix("test_"): float(value) for name, value in version.tags.items() if _is_metric(name)}
    return test_metrics(version.run_id) or tagged


def _is_metric(tag: str) -> bool:
    return tag.startswith("test_")


def _baselines(dataset: str) -> dict[str, dict[str, float]]:
    """Give the metrics of each declared baseline; none for one that has not run."""
    file = paths.report("baseline", dataset) / "metrics.json"
    results = read_json(file) if file.exists() else {}
    return {name: results.get(name, {}) for name in declared_baselines(dataset)}


def _word(passed: bool) -> str:
    return "passed" if passed else "failed"


def _reason(version: Version, verdicts: tuple[Verdict, ...], passed: bool) -> str:
    if version.is_champion:
        return f"version {version.number} is the champion already"
    if not passed:
        return "; ".join(verdict.sentence for verdict in verdicts if not verdict.passed)
    return "; ".join(verdict.sentence for verdict in verdicts) or "no gate is declared"
