"""`remint list` and `remint why`."""

from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.plan import Plan, experiment_targets, make_plan, open_repo, stale_stages
from flows.promotion import last_results
from flows.reasons import reasons
from flows.summary import ExperimentResult
from remint import paths
from remint.cli.fingerprint import fingerprint as fingerprint  # of `remint why --fingerprint`
from remint.cli.project import require_project
from remint.config.load import Project, load_project
from remint.config.messages import nearest
from remint.errors import ConfigError
from remint.files import read_json


def list_project() -> None:
    """Print datasets and experiments: what is stale, last metric, champion."""
    require_project()
    project = load_project()
    repo = open_repo()
    plan = make_plan(repo, _targets(project, None))
    stale = stale_stages(repo, plan)
    console = Console(highlight=False)
    console.print(_datasets(project, plan, stale))
    console.print()
    console.print(_experiments(project, plan, stale))
    for group, members in project.groups.items():
        console.print(f"group [bold]{group}[/]: {', '.join(members)}")


def why(name: str) -> None:
    """Print what would run for an experiment, group or dataset, and what changed."""
    require_project()
    project = load_project()
    repo = open_repo()
    plan = make_plan(repo, _targets(project, name))
    stale = stale_stages(repo, plan)
    after = plan.downstream(stale)
    console = Console(highlight=False, soft_wrap=True)
    for stage in plan.stages:
        if stage.address in stale:
            console.print(f"[bold]{stage.address}[/] would run:")
            for reason in reasons(repo, stage.address):
                console.print(f"  {escape(reason)}")
        elif stage.address in after:
            read = [up for up in stage.upstream if up in stale or up in after]
            console.print(f"[bold]{stage.address}[/] may run: it reads what {', '.join(read)} writes")
    if not stale:
        console.print(f"{name}: nothing would run; all {len(plan.stages)} stages are as dvc.lock has them")


def _targets(project: Project, name: str | None) -> tuple[str, ...]:
    """Name the stages that a dataset, an experiment, a group or the whole project ends in."""
    if name is None:
        return (*(f"baseline@{d}" for d in project.datasets), *(f"evaluate@{e}" for e in project.experiments))
    if name in project.datasets and name not in project.experiments:
        return (f"baseline@{name}",)
    if name not in project.experiments and name not in project.groups:
        known = [*project.experiments, *project.groups, *project.datasets]
        raise ConfigError(
            f'"{name}" is no experiment, group or dataset; allowed: {", ".join(known)}{nearest(name, known)}'
        )
    return experiment_targets(project.select((name,)))


def _state(plan: Plan, stale: frozenset[str], targets: tuple[str, ...]) -> str:
    """Tell what of the way to `targets` is stale."""
    needed = set(targets)
    for stage in reversed(plan.stages):
        if stage.address in needed:
            needed.update(stage.upstream)
    kinds = [stage.kind for stage in plan.stages if stage.address in needed & stale]
    return f"[yellow]stale from {kinds[0]} on[/]" if kinds else "[green]up to date[/]"


def _datasets(project: Project, plan: Plan, stale: frozenset[str]) -> Table:
    table = _table("dataset", "modality", "rows", "state", "description")
    for name, dataset in project.datasets.items():
        state = _state(plan, stale, (f"baseline@{name}",))
        table.add_row(name, dataset.modality, _rows(name), state, escape(dataset.description))
    return table


def _experiments(project: Project, plan: Plan, stale: frozenset[str]) -> Table:
    table = _table("experiment", "dataset", "family", "state", "metric", "last", "champion")
    results = last_results()
    for name, experiment in project.experiments.items():
        metric = experiment.primary_metric
        champion = _champion(results.get(name))
        table.add_row(
            name,
            experiment.dataset,
            str(experiment.model["family"]),
            _state(plan, stale, (f"evaluate@{name}",)),
            metric,
            _number(_json(paths.report("evaluate", name) / "metrics.json").get(metric)),
            champion,
        )
    return table


def _champion(result: ExperimentResult | None) -> str:
    """Name the champion's version and metric as of the last run."""
    if result is None or result.champion_version is None:
        return "–"
    return f"version {result.champion_version} ({_number(result.value if result.promoted else result.champion_value)})"


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in ("rows", "last") else "left")
    return table


def _rows(dataset: str) -> str:
    rows = _json(paths.report("validate", dataset) / "report.json").get("rows")
    return "–" if rows is None else f"{rows:,}"


def _json(file: Path) -> dict[str, Any]:
    return dict(read_json(file)) if file.exists() else {}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
