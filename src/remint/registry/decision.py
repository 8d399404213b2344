"""A decision about a version: whether it becomes champion, by which gates, and how that is written down."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from remint.config.gates import GateConfig
from remint.files import read_json, write_json
from remint.registry.evidence import DECISION
from remint.registry.gates import Verdict, read_verdict

TAG, DECIDED, GATE = "remint.decision", "remint.decided", "gate."
"Tags of a version: what was decided, when, and each gate's verdict."


@dataclass(frozen=True)
class Decision:
    """What became of a trained model."""

    experiment: str
    metric: str
    "The primary metric."
    value: float | None
    "Of this version, on the test split."
    champion_value: float | None
    "Of the champion before this decision, on the same test rows where the two were compared; None: there was none."
    version: int
    champion_before: int | None
    champion_version: int | None
    "Of the champion after this decision."
    promoted: bool
    "Whether this version became champion just now."
    reason: str
    when: str
    run_id: str
    verdicts: tuple[Verdict, ...]
    made_champion: Mapping[str, Any] = field(default_factory=dict)
    """Of a champion that is decided about again: `promoted`, `champion_before`, `reason` and `when` of the decision
    that made it champion, which its files go on telling."""

    @property
    def is_champion(self) -> bool:
        """Whether this version is champion after this decision."""
        return self.champion_version == self.version

    def json(self) -> dict[str, Any]:
        """Give the content of `decision.json`."""
        return {
            "model": self.experiment,
            "version": self.version,
            "promoted": self.promoted,
            "champion_before": self.champion_before,
            "reason": self.reason,
            "when": self.when,
            "gates": [verdict.json() for verdict in self.verdicts],
            **self.made_champion,
        }

    def tags(self) -> dict[str, str]:
        """Give the tags of the version."""
        return {**decision_tags(self.json()), DECIDED: self.when}

    def markdown(self) -> str:
        """Give the decision as a page for people."""
        rows = [
            f"| {_cell(v.gate)} | {'passed' if v.passed else '**failed**'} | {_cell(v.sentence)} |"
            for v in self.verdicts
        ]
        table = ["| gate | verdict | found |", "| --- | --- | --- |", *rows] if rows else ["No gate is declared."]
        head = f"# {self.experiment}: version {self.version} {'is champion' if self.is_champion else 'is not promoted'}"
        return "\n".join([head, "", f"{self.reason}.", "", *table, ""])


def write_decision(folder: Path, decision: Decision) -> None:
    """Write `decision.json`."""
    write_json(folder / DECISION, decision.json())


def decision_tags(content: Mapping[str, Any]) -> dict[str, str]:
    """Give the tags of a version by its `decision.json`."""
    word = "promoted" if content["promoted"] else "not promoted"
    gates = {f"{GATE}{verdict.gate}": verdict.told for verdict in map(read_verdict, content["gates"])}
    return {TAG: f"{word}: {content['reason']}", DECIDED: content["when"], **gates}


def made_champion(folder: Path) -> Mapping[str, Any] | None:
    """Give what a dossier tells of the promotion of its version; None where it tells of none."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        content = read_json(folder / DECISION)
        if content["promoted"] is True:
            return {name: content[name] for name in ("promoted", "champion_before", "reason", "when")}
    return None


def stored_verdicts(folder: Path) -> tuple[Verdict, ...] | None:
    """Give the verdicts of a version's last decision; None where none is stored, or it cannot be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return tuple(read_verdict(entry) for entry in read_json(folder / DECISION)["gates"])
    return None


def stored_gates(folder: Path) -> Mapping[str, GateConfig]:
    """Give the gates of a version's last decision."""
    return {v.gate: GateConfig.model_validate(v.asks) for v in stored_verdicts(folder) or ()}


def told_failures(verdicts: Sequence[Verdict]) -> str:
    """Tell the gates that failed, by name."""
    return "; ".join(f"{verdict.gate}: {verdict.sentence}" for verdict in verdicts if not verdict.passed)


def told_passes(verdicts: Sequence[Verdict]) -> str:
    """Name what was passed."""
    names = ", ".join(verdict.gate for verdict in verdicts)
    return f"passed {names}" if names else "no gate is declared"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
