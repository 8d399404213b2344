"""`dvc.yaml` must name everything that a stage imports, and no more than it needs."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from pkgutil import iter_modules
from typing import get_args

import pytest
from ruamel.yaml import YAML

from remint import paths, provenance
from remint.config.dataset import Modality
from remint.config.load import load_project
from remint.config.metrics import Task
from remint.models.families import families
from remint.provenance import code_closure
from remint.stages.run import STAGES, stage_module

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "remint"
PIPELINE = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]


@pytest.fixture(autouse=True, scope="module")
def parsed_once() -> Iterator[None]:
    """Keep what each file imports: the cases walk the same files again and again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provenance, "_imports", cache(provenance._imports))
        yield


def declared(stage: str, **values: str) -> set[str]:
    """Give a stage's dependencies with its template filled in."""
    found = set()
    for dep in PIPELINE[stage]["do"]["deps"]:
        for name, value in values.items():
            dep = dep.replace(f"${{{name}}}", value)
        found.add(dep)
    return found


def roots(stage: str, **values: str) -> list[str]:
    """Name the modules that a stage begins with: its own and those that it finds by name."""
    by_name = {
        "ingest": [
            f"remint.{p}.{m.name}"
            for p in ("sources", "formats")
            for m in iter_modules([PACKAGE / p])
            if m.name != "refresh"
        ],
        "baseline": [
            f"remint.evaluation.estimators.{m.name}" for m in iter_modules([PACKAGE / "evaluation/estimators"])
        ],
        "preprocess": [f"remint.preprocessing.{values.get('item.modality')}"],
        "train": [f"remint.models.{values.get('item.model.family')}", f"remint.tasks.{values.get('item.task')}"],
        "evaluate": [
            f"remint.models.{values.get('item.model.family')}",
            f"remint.tasks.{values.get('item.task')}",
            *(f"remint.preprocessing.{modality}" for modality in get_args(Modality)),
        ],
    }
    return [f"remint.stages.{stage}", *by_name.get(stage, [])]


def cases() -> list[tuple[str, dict[str, str]]]:
    experiments = [
        {"item.model.family": family, "item.task": task, "item.dataset": "d"}
        for family, task in [*((f, "classification") for f in families()), *(("linear", t) for t in get_args(Task))]
    ]
    modalities = [{"item.modality": modality} for modality in get_args(Modality)]
    return [
        *((stage, {}) for stage in ("ingest", "validate", "baseline")),
        *(("preprocess", values) for values in modalities),
        *((stage, values) for stage in ("train", "evaluate") for values in experiments),
    ]


@pytest.mark.parametrize(
    ("stage", "values"), cases(), ids=lambda value: value if isinstance(value, str) else str(list(value.values()))
)
def test_deps_cover_what_the_stage_imports(stage: str, values: dict[str, str]) -> None:
    deps = {ROOT / dep for dep in declared(stage, **values)}
    missing = {
        file.relative_to(ROOT).as_posix()
        for file in code_closure(*roots(stage, **values))
        if not any(file == dep or dep in file.parents for dep in deps)
    }
    assert not missing, f"dvc.yaml: {stage} imports, but does not depend on: {sorted(missing)}"


@pytest.mark.parametrize("stage", STAGES)
def test_deps_name_no_code_that_no_case_of_the_stage_imports(stage: str) -> None:
    """What some families share, as attention, stands for all of them: DVC's templates know no condition."""
    mine = [values for name, values in cases() if name == stage]
    closure = {file for values in mine for file in code_closure(*roots(stage, **values))}
    code = {ROOT / dep for values in mine for dep in declared(stage, **values) if dep.startswith("src/")}
    idle = {dep.relative_to(ROOT).as_posix() for dep in code if not any(f == dep or dep in f.parents for f in closure)}
    assert not idle, f"dvc.yaml: {stage} depends on, but does not import: {sorted(idle)}"


def test_a_family_reaches_no_other_familys_training() -> None:
    for family in families():
        closure = {file.name for file in code_closure("remint.stages.train", f"remint.models.{family}")}
        assert not closure & {f"{other}.py" for other in families() if other != family}


@pytest.mark.parametrize("stage", STAGES)
def test_params_name_what_the_section_declares(stage: str) -> None:
    module = stage_module(stage)
    named: dict[str, set[str]] = {"params.yaml": set(), "datasets.yaml": set()}
    for entry in PIPELINE[stage]["do"]["params"]:
        for file, keys in entry.items() if isinstance(entry, dict) else [("params.yaml", [entry])]:
            named[file] |= set(keys)
    sections = {module.FILE: (f"{module.TOP}.${{key}}", module.Section)}
    if hasattr(module, "DatasetSection"):
        sections[paths.DATASETS_FILE] = ("datasets.${item.dataset}", module.DatasetSection)
    for file, (entry, section) in sections.items():
        fields = {f"{entry}.{field.alias or name}" for name, field in section.model_fields.items()}
        assert named.pop(str(file)) == fields
    assert not any(named.values())


def test_every_command_is_a_remint_stage() -> None:
    assert list(PIPELINE) == list(STAGES)
    assert all(PIPELINE[stage]["do"]["cmd"] == f"remint stage {stage} ${{key}}" for stage in STAGES)


def test_packages_hold_no_code_in_their_init_files() -> None:
    for file in (ROOT / "src" / "remint").rglob("__init__.py"):
        body = ast.parse(file.read_text()).body
        assert len(body) == 1, file
        assert isinstance(body[0], ast.Expr), file


def test_the_projects_own_declarations_are_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    project = load_project()
    assert project.select(()) == project.groups["starter"]
