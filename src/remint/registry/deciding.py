"""Deciding about a version: its gates beside the champion, and what is written into its folder."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from remint.config.experiment import ExperimentConfig
from remint.config.gates import GateConfig
from remint.registry.decision import Decision, made_champion, stored_verdicts, told_failures, told_passes
from remint.registry.evidence import Evidence, number
from remint.registry.gates import Verdict, check_gates
from remint.registry.history import Entry, utc_now
from remint.registry.reigning import Reigning
from remint.registry.rescore import TestSplit


def decide(folder: Path, model: Path, version: int, config: ExperimentConfig, experiment: str, run_id: str) -> Decision:
    """Hold a version against its gates; `folder` is its dossier, `model` its folder `data/`."""
    evidence, reigning = Evidence(folder), Reigning.of(experiment)
    own = reigning is not None and reigning.version.number == version
    verdicts = _kept(folder, config.all_gates) if own else None
    if verdicts is None:
        rival = None if own else reigning
        verdicts = check(config.all_gates, folder, model, rival, config.dataset)
    passed, metric = all(verdict.passed for verdict in verdicts), config.primary_metric
    before = None if reigning is None else reigning.version.number
    reason = told_passes(verdicts) if passed else told_failures(verdicts)
    return Decision(
        experiment=experiment,
        metric=metric,
        value=number(evidence.metrics, metric),
        champion_value=None if reigning is None else reigning.value(metric),
        version=version,
        champion_before=before,
        champion_version=version if passed else before,
        promoted=passed and not own,
        reason=f"version {version} is the champion already" if own else reason,
        when=utc_now(),
        run_id=run_id,
        verdicts=verdicts,
    )


def check(
    gates: Mapping[str, GateConfig], folder: Path, model: Path, reigning: Reigning | None, dataset: str
) -> tuple[Verdict, ...]:
    """Hold a version against gates, beside the champion where there is one."""
    evidence = Evidence(folder)
    rival = None if reigning is None else reigning.against(evidence, model, TestSplit(dataset))
    return check_gates(gates, evidence, rival)


def reigning_on(folder: Path, decision: Decision, entries: tuple[Entry, ...]) -> Decision:
    """Let a decision about the champion go on telling what made it champion: its files do, or else the history."""
    if not decision.is_champion or decision.promoted:
        return decision
    made = made_champion(folder)
    if made is None:
        last = next(entry for entry in reversed(entries) if entry.target == decision.version)
        made = {"promoted": True, "champion_before": last.origin, "reason": last.why or last.what, "when": last.when}
    return replace(decision, made_champion=made)


def withheld(decision: Decision, gone: Entry) -> Decision:
    """Leave a version alone that a person took off: its gates are no reason to put it back."""
    told = f": {gone.why}" if gone.why else ""
    reason = (
        f"version {decision.version} was taken off by hand ({gone.what} by {gone.who}, {gone.when}{told}); "
        f"`remint promote {decision.experiment} {decision.version}` brings it back"
    )
    return replace(decision, promoted=False, champion_version=decision.champion_before, reason=reason)


def _kept(folder: Path, gates: Mapping[str, GateConfig]) -> tuple[Verdict, ...] | None:
    """Give the verdicts by which the champion became what it is, while the same is asked."""
    asked = {
        name: gate.model_dump(mode="json", exclude_none=True, exclude_defaults=True) for name, gate in gates.items()
    }
    verdicts = stored_verdicts(folder)
    same = verdicts is not None and {verdict.gate: dict(verdict.asks) for verdict in verdicts} == asked
    return verdicts if same else None
