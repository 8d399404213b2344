"""What a stage may open is what DVC takes for declared."""

from functools import cache
from pathlib import Path

import pytest
from dvc.dependency.param import ParamsDependency
from dvc.repo import Repo

from remint.errors import ConfigError
from remint.stages import declared as stage_declarations
from remint.stages.declared import Declared, declared

ROOT = Path(__file__).parents[3]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_stage_is_resolved_as_dvc_resolves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(stage_declarations, "read_yaml", cache(stage_declarations.read_yaml))
    stages = Repo(str(ROOT)).index.stages
    assert len(stages) > 60
    for stage in stages:
        kind, _, name = stage.addressing.partition("@")
        parameters = {dep.def_path for dep in stage.deps if isinstance(dep, ParamsDependency)}
        found = declared(kind, name)
        assert set(found.dependencies) == {dep.def_path for dep in stage.deps} - parameters
        assert set(found.outputs) == {out.def_path for out in stage.outs}
        assert set(found.parameters) == parameters


def test_templates_are_filled_in_wherever_dvc_allows_them(project: Path) -> None:
    (project / "params.yaml").write_text("kinds: [a, b]\nfolder: in\n")
    (project / "more.yaml").write_text("things: {x: {in: {file: f.csv}}}\n")
    (project / "dvc.yaml").write_text(
        "vars: [more.yaml, {place: out}]\n"
        "stages:\n"
        "  one:\n    cmd: c\n    deps: ['${folder}/a', {'${ folder }/b': {cache: false}}]\n    outs: ['${place}']\n"
        "  list:\n    foreach: ${kinds}\n    do:\n      cmd: c\n      deps: ['in/${item}']\n"
        "      params: [k, p.yaml: ]\n"
        "  map:\n    foreach: ${things}\n    do:\n      cmd: c\n      deps: ['in/${key}-${item.in.file}']\n"
        "      metrics: [{'m-${key}.json': {cache: false}}]\n      plots: ['p-${key}']\n"
    )
    assert declared("one", "") == Declared(("in/a", "in/b"), ("out",), ())
    assert declared("list", "b") == Declared(("in/b",), (), ("params.yaml", "p.yaml"))
    assert declared("map", "x") == Declared(("in/x-f.csv",), ("m-x.json", "p-x"), ())


@pytest.mark.parametrize(
    ("stage", "name", "told"),
    [
        ("trian", "x", r"^dvc.yaml: stages: trian is missing; allowed: train; did you mean"),
        ("train", "y", r"^dvc.yaml: stages.train.foreach: y is missing; allowed: x"),
        ("train", "x", r"^dvc.yaml: \${item.model.family}: model is missing; allowed: dataset"),
    ],
)
def test_a_declaration_that_cannot_be_used_is_told(project: Path, stage: str, name: str, told: str) -> None:
    (project / "params.yaml").write_text("experiments: {x: {dataset: d}}\n")
    (project / "dvc.yaml").write_text(
        "stages:\n  train:\n    foreach: ${experiments}\n    do:\n      cmd: c\n"
        "      deps: ['${item.model.family}.py']\n"
    )
    with pytest.raises(ConfigError, match=told):
        declared(stage, name)
