"""A version that cannot be minted again gets the origin of now when its training is decided about again."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from remint import paths
from remint.errors import RemintError
from remint.git import has_commit
from remint.registry.origin import FILE, SEAL, VERIFIED, origin_folder, origin_of
from remint.registry.promotion import register_and_promote
from remint.tracking.models import Version, find_version, tag_version
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
