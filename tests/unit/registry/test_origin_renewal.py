"""A version that cannot be minted again gets the origin of now when its training is decided about again."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from remint import paths
from remint.errors import RemintError
from remint.files import read_json
from remint.git import has_commit
from remint.registry import telling
from remint.registry.origin import FILE, SEAL, VERIFIED, file_sha256, origin_folder, origin_of
from remint.registry.promotion import MADE_OF, register_and_promote
from remint.tracking.models import Version, find_version, local_folder, tag_version, untag_version
from tests import trained
from tests.origins import commit

NAME = "people-mlp"


def registered() -> Version:
    """Decide about the training, as `remint run` does; give its version."""
    register_and_promote(NAME, trained.config_of(NAME))
    told = json.loads((paths.model(NAME) / "fingerprint.json").read_text())["fingerprint"]
    return find_version(NAME, told)


def lock() -> None:
    """Write a `dvc.lock` that tells of every stage."""
    outs = {
        "ingest@people": paths.raw("people"),
        "validate@people": paths.report("evaluate", NAME),
        "preprocess@people": paths.prepared("people"),
        f"train@{NAME}": paths.model(NAME),
        f"evaluate@{NAME}": paths.report("evaluate", NAME),
    }
    stages = {name: {"cmd": "x", "deps": [], "outs": [{"path": str(out), "md5": "x"}]} for name, out in outs.items()}
    yaml = YAML()
    yaml.indent(mapping=2, sequence=2, offset=0)
    with paths.LOCK_FILE.open("w") as file:
        yaml.dump({"schema": "2.0", "stages": stages}, file)


@pytest.fixture
def version(project: Path) -> Version:
    """A version that was registered without a `dvc.lock` or a commit."""
    trained.train(NAME)
    trained.evaluate(NAME, {"accuracy": 0.7, "log_loss": 0.4})
    return registered()


def test_a_version_without_an_origin_or_its_commit_gets_those_of_now(project: Path, version: Version) -> None:
    with pytest.raises(RemintError, match=f"has no origin.*`remint run {NAME}`"):
        origin_folder(version)
    (project / ".gitignore").write_text("/data/\n/mlruns/\n/.remint/\n")
    first = commit(project)
    lock()
    version = registered()
    assert origin_of(version).commit == first
    tag_version(version, {VERIFIED: "identical"})
    assert VERIFIED in registered().tags
    shutil.rmtree(project / ".git")
    assert VERIFIED in registered().tags
    (project / "notes.txt").write_text("another history\n")
    second = commit(project)
    assert not has_commit(first)
    renewed = registered()
    assert (renewed.number, origin_of(renewed).commit) == (version.number, second)
    assert VERIFIED not in renewed.tags
    assert renewed.tags[SEAL] != version.tags[SEAL]


def evaluate(accuracy: float) -> None:
    trained.evaluate(NAME, {"accuracy": accuracy, "log_loss": 0.4})


def metrics(version: Version) -> dict[str, float]:
    """Give what the version's files tell of its evaluation."""
    return read_json(local_folder(version) / "remint/evaluation/metrics.json")


def _interrupt(*_arguments: object, **_options: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["replace_files", "_tag"])
def test_a_renewal_that_was_cut_off_is_made_good_though_the_evidence_went_back(
    project: Path, version: Version, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    lock()
    evaluate(0.6)
    sealed = registered().tags
    evaluate(0.8)
    with monkeypatch.context() as broken:
        broken.setattr(telling, step, _interrupt)
        with pytest.raises(KeyboardInterrupt):
            registered()
    evaluate(0.6)
    again = registered()
    assert metrics(again)["accuracy"] == 0.6
    assert again.tags[SEAL] == file_sha256(origin_folder(again) / FILE)
    assert {name: again.tags[name] for name in (MADE_OF, "test_accuracy")} == {
        name: sealed[name] for name in (MADE_OF, "test_accuracy")
    }


def test_an_origin_that_lost_its_seal_is_made_anew(project: Path, version: Version) -> None:
    commit(project)
    lock()
    version = registered()
    file = origin_folder(version) / FILE
    untag_version(version, (SEAL,))
    file.write_text(file.read_text().replace('"tolerance": 0.01', '"tolerance": 0.5'))
    version = registered()
    assert origin_of(version).tolerance == 0.01
    assert version.tags[SEAL] == file_sha256(file)


def test_a_renewed_origin_tells_what_the_training_ran_with(
    project: Path, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(project)
    lock()
    first = origin_of(registered())
    monkeypatch.setattr("remint.registry.making_origin.installed", lambda: {"torch": "0.1"})
    monkeypatch.setattr("remint.registry.making_origin.processor", lambda: "another")
    trained.evaluate(NAME, {"accuracy": 0.8, "log_loss": 0.4})
    (project / "notes.txt").write_text("another commit\n")
    second = commit(project)
    renewed = origin_of(registered())
    assert renewed.commit == second != first.commit
    assert (renewed.processor, renewed.packages) == (first.processor, first.packages)


def test_the_parts_must_have_the_fingerprint(project: Path, version: Version) -> None:
    commit(project)
    lock()
    version = registered()
    file = origin_folder(version) / FILE
    content = json.loads(file.read_text())
    content["fingerprint"]["parts"]["seed"] = 99
    file.write_text(json.dumps(content))
    seal = hashlib.sha256(file.read_bytes()).hexdigest()
    tag_version(version, {SEAL: seal})
    with pytest.raises(RemintError, match="the parts of its fingerprint"):
        origin_of(find_version(NAME, version.fingerprint))
