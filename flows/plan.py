"""From `dvc.yaml` to the stages to look at, in DVC's own order."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.dvc_files import busy, mend_dvc, mend_run_cache, mend_temporary, tell_healed
from remint import paths
from remint.config.load import load_project, read_yaml
from remint.errors import ConfigError, RemintError


@dataclass(frozen=True)
class PlannedStage:
    """A stage of the pipeline."""

    address: str
    "As DVC writes it: `train@adult-mlp`."
    upstream: tuple[str, ...]
    "Addresses of the stages whose outputs it reads."

    @property
    def kind(self) -> str:
        """The part before the @: `train`."""
        return self.address.partition("@")[0]

    @property
    def name(self) -> str:
        """The dataset's or experiment's name."""
        return self.address.partition("@")[2]


@dataclass(frozen=True)
class Plan:
    """Stages in the order in which `dvc repro` runs them: each after all that it reads."""

    stages: tuple[PlannedStage, ...]

    @property
    def width(self) -> int:
        """Length of the longest address."""
        return max((len(stage.address) for stage in self.stages), default=0)

    def downstream(self, addresses: Iterable[str]) -> frozenset[str]:
        """Give the stages that depend on one of these, directly or not, themselves left out."""
        reached = set(addresses)
        for stage in self.stages:
            if reached.intersection(stage.upstream):
                reached.add(stage.address)
        return frozenset(reached - set(addresses))


def open_repo() -> Any:
    """Open the project's DVC repository; mend first, and tell, what a killed DVC command left of its files.

    Raises RemintError where there is none, ConfigError where `dvc.yaml` cannot be read.
    """
    from dvc.exceptions import DvcException, NotDvcRepoError
    from dvc.repo import Repo
    from dvc.scm import SCMError

    tell_healed(mend_dvc())
    for name in ("dvc", "dvc_data"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # below it, DVC draws progress bars over ours
    try:
        repo = Repo(".")
        if repo.config["core"].get("no_scm") is not True and type(repo.scm).__name__ == "NoSCM":
            raise RemintError("this is not a git repository; run `git init`, or remint where the project was cloned")
        runs = Path(repo.stage_cache.cache_dir)
        mend_run_cache(runs)
        mend_temporary(Path(repo.cache.local.path), runs)
        return repo
    except NotDvcRepoError:
        raise RemintError("this is not a DVC repository; run `dvc init` beside dvc.yaml") from None
    except SCMError as error:
        raise RemintError(f"this is not a git repository ({error}); run `git init` here") from None
    except DvcException as error:
        raise ConfigError(f"dvc.yaml: {error}") from None


def experiment_targets(names: Iterable[str]) -> tuple[str, ...]:
    """Name the stages that experiments end in: their evaluation and their dataset's baselines."""
    experiments = load_project().experiments
    chosen = tuple(names)
    baselines = dict.fromkeys(f"baseline@{experiments[name].dataset}" for name in chosen)
    return (*baselines, *(f"evaluate@{name}" for name in chosen))


def make_plan(repo: Any, targets: Iterable[str]) -> Plan:
    """Plan what leads to `targets`, in the order of a `dvc repro` of everything, so that both write one `dvc.lock`.

    Raises ConfigError where `dvc.yaml` does not define a target.
    """
    from dvc.exceptions import DvcException
    from dvc.repo.reproduce import get_active_graph, plan_repro

    try:
        index = repo.index
        graph = get_active_graph(index.graph)
        order = [stage for stage in plan_repro(graph, index.stages) if getattr(stage, "cmd", None)]
    except DvcException as error:
        read_yaml(paths.PIPELINE_FILE)  # names the line, where the file does not parse
        raise ConfigError(f"{paths.PIPELINE_FILE}: {error}") from None
    upstream = {s.addressing: tuple(sorted(u.addressing for u in graph.successors(s))) for s in order}
    wanted: set[str] = set()
    waiting = list(targets)
    while waiting:
        address = waiting.pop()
        if address not in upstream:
            raise ConfigError(f"dvc.yaml: there is no stage {address}; allowed: {', '.join(upstream)}")
        if address not in wanted:
            wanted.add(address)
            waiting.extend(upstream[address])
    return Plan(tuple(PlannedStage(s.addressing, upstream[s.addressing]) for s in order if s.addressing in wanted))


def stale_stages(repo: Any, plan: Plan) -> frozenset[str]:
    """Find the stages whose own dependencies, parameters, command or outputs differ from `dvc.lock`.

    Raises RemintError when another process holds DVC's lock, ConfigError for code that does not exist.
    """
    from dvc.exceptions import DvcException
    from dvc.lock import LockError

    stages = {stage.addressing: stage for stage in repo.index.stages}
    for stage in plan.stages:
        for dep in stages[stage.address].deps:
            if str(dep).startswith("src/") and not dep.exists:
                raise ConfigError(f"{paths.PIPELINE_FILE}: {stage.address} depends on {dep}, which does not exist")
    try:
        with repo.lock:
            return frozenset(s.address for s in plan.stages if stages[s.address].changed())
    except LockError as error:
        raise RemintError(busy(error)) from None
    except DvcException as error:
        raise RemintError(f"{error}") from None
