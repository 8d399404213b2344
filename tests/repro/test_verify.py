"""`remint verify`: a registered version is minted again from its number alone."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.flows.schedules import deployment, ended, scheduling, start
from tests.store import mlflow_server

Copy = Callable[[Project], Project]
IDENTICAL, EQUIVALENT, DIFFERENT = 0, 3, 4


def verify(project: Project, *arguments: str, **variables: str) -> tuple[int, str, dict]:
    """Give exit code, output and certificate."""
    file = project.root / ".remint" / "certificate.json"
    done = project.call("remint", "verify", *arguments, "-o", str(file), check=False, **variables)
    return done.returncode, done.stdout + done.stderr, json.loads(file.read_text()) if file.exists() else {}


def clone(project: Project, folder: Path) -> tuple[Project, dict[str, str]]:
    """Clone the git repository alone; give it and the variables that name the first one's store."""
    subprocess.run(["git", "clone", "-q", project.root, folder], check=True)
    return Project(folder), {"MLFLOW_TRACKING_URI": f"sqlite:///{project.root}/mlruns/mlflow.db"}


def nothing_left(project: Project) -> bool:
    worktrees = project.call("git", "worktree", "list").stdout.splitlines()
    return len(worktrees) == 1 and not list((project.root / ".remint/verify").iterdir())


def test_a_version_is_minted_again_byte_for_byte(finished: Project, copy_of: Copy) -> None:
    project = copy_of(finished)
    before = project.call("git", "status", "--porcelain").stdout
    code, told, certificate = verify(project, "adult-logistic")
    assert code == IDENTICAL, told
    assert "identical: adult-logistic/1 was minted again from train on: all" in told
    assert certificate["verdict"] == "identical"
    assert "data/models/adult-logistic/weights.safetensors" in certificate["outputs"]
    assert project.call("remint", "certificate", "check", ".remint/certificate.json").returncode == 0
    assert "identical" in project.call("remint", "models", "adult-logistic").stdout
    assert project.call("git", "status", "--porcelain").stdout == before
    assert nothing_left(project)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["adult-logistic", "adult-mlp", "mnist-cnn"])
def test_a_clean_clone_without_any_cache_mints_it_again(finished: Project, copy_of: Copy, name: str) -> None:
    original = copy_of(finished)
    project, variables = clone(original, original.root.parent / "clone")
    code, told, certificate = verify(project, name, **variables)
    assert code == IDENTICAL, told
    assert certificate["from"] == "ingest"
    assert len(certificate["outputs"]) > 20


@pytest.mark.slow
def test_an_environment_that_differs_is_told_or_rebuilt(finished: Project, copy_of: Copy) -> None:
    """Installs every package of the lock: minutes, and some gigabytes, until the folder of the test is removed."""
    project = copy_of(finished)
    name, found = "joblib", version("joblib")
    other = project.root.parent / "other" / f"{name}-0.1.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
    variables = {"PYTHONPATH": f"{other.parent}{os.pathsep}{project.environment.get('PYTHONPATH', '')}"}
    code, told, _ = verify(project, "adult-logistic", **variables)
    assert code == IDENTICAL, told
    assert f"this environment is not that of the version: {name} {found} → 0.1\n" in told
    for _ in range(2):  # the second time it is there
        code, told, certificate = verify(project, "adult-logistic", "--rebuild-env", **variables)
        assert code == IDENTICAL, told
        assert "making the environment of the commit's lock" in told
        assert any("installed by the commit's lock" in note for note in certificate["notes"])


@pytest.mark.slow
def test_uncommitted_changes_and_new_files_are_minted_again(finished: Project, copy_of: Copy) -> None:
    original = copy_of(finished)
    code = original.root / "src/remint/models"
    (code / "planted.py").write_text('"""More."""\n\nVALUE = 1\n')
    linear = (code / "linear.py").read_text()
    added = "from torch import nn\n\nfrom remint.models.planted import VALUE as VALUE"
    (code / "linear.py").write_text(linear.replace("from torch import nn", added))
    original.edit("params.yaml", lambda c: c["experiments"]["adult-logistic"]["trainer"].update(epochs=1))
    original.call("remint", "run", "adult-logistic")
    project, variables = clone(original, original.root.parent / "clone")
    found, told, certificate = verify(project, "adult-logistic/2", **variables)
    assert found == IDENTICAL, told
    assert certificate["dirty"] is True
    assert "uncommitted changes" in told


@pytest.mark.slow
def test_other_instructions_are_equivalent_or_identical(finished: Project, copy_of: Copy) -> None:
    project = copy_of(finished)
    found, told, certificate = verify(project, "adult-mlp", ATEN_CPU_CAPABILITY="default")
    assert found in (IDENTICAL, EQUIVALENT), told
    assert "ATEN_CPU_CAPABILITY" in told
    if found == EQUIVALENT:
        assert 0 < certificate["largest"]["weights"] < 1e-2
    project.call("remint", "certificate", "check", ".remint/certificate.json")


@pytest.mark.slow
def test_what_git_gives_in_the_commits_place_is_found(finished: Project, copy_of: Copy) -> None:
    project = copy_of(finished)
    registered = project.call("git", "rev-parse", "HEAD").stdout.strip()
    file = project.root / "src/remint/models/linear.py"
    file.write_text(file.read_text() + "\n# planted\n")
    project.commit()
    project.call("git", "replace", registered, "HEAD")
    found, told, certificate = verify(project, "adult-logistic")
    assert found == DIFFERENT
    assert certificate["first_difference"]["kind"] == "code"
    assert "code src/remint/models/linear.py: sha256" in told
    assert "+# planted" in told


@pytest.mark.slow
def test_a_damaged_weight_in_the_registry_is_found(finished: Project, copy_of: Copy) -> None:
    project = copy_of(finished)
    for file in (project.root / "mlruns/artifacts").glob("*/models/*/artifacts/data/files/weights.safetensors"):
        file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    found, told, certificate = verify(project, "adult-logistic")
    assert found == DIFFERENT
    assert certificate["first_difference"]["name"] == "data/models/adult-logistic/weights.safetensors"
    assert "the version's own copy is not what its stages wrote" in told


@pytest.mark.slow
def test_a_killed_verification_leaves_nothing_that_the_next_does_not_clear(finished: Project, copy_of: Copy) -> None:
    project = copy_of(finished)
    process = subprocess.Popen(
        ["remint", "verify", "adult-logistic"], cwd=project.root, env=project.environment, start_new_session=True
    )
    while not list((project.root / ".remint").glob("verify/.*/tree/mlruns/mlflow.db")):
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    code, told, _certificate = verify(project, "adult-logistic")
    assert code == IDENTICAL, told
    assert nothing_left(project)
    assert not _stages_at_work(project)


@pytest.mark.slow
def test_a_scheduled_proof_verifies_a_champion(finished: Project, copy_of: Copy) -> None:
    project = copy_of(finished)
    proof = {"cron": "0 4 1 1 *", "verify": "random-champion", "timezone": "UTC"}
    project.edit("params.yaml", lambda c: c.update(schedules={"proof": proof}))
    with scheduling(project) as client:
        proof = deployment(client)
        assert proof.name == "proof"
        assert ended(client, start(client, proof.id)) == "COMPLETED"
        (artifact,) = (a for a in client.read_artifacts() if str(a.key).startswith("proof-"))
    assert "identical" in artifact.data
    assert "identical" in project.call("remint", "models").stdout


@pytest.mark.slow
def test_a_signed_certificate_is_checked_with_its_signature(finished: Project, copy_of: Copy) -> None:
    project = copy_of(finished)
    key, signers, file = project.root / "key", project.root / "signers", project.root / ".remint/certificate.json"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    signers.write_text(f"ada@example.org {key.with_suffix('.pub').read_text()}")
    code, told, _certificate = verify(project, "adult-logistic", "--sign", str(key))
    assert code == IDENTICAL, told
    check = ["remint", "certificate", "check", str(file), "--signers", str(signers)]
    assert "signed by ada@example.org" in project.call(*check).stdout
    (kept,) = (project.root / "mlruns/artifacts").glob("*/models/*/artifacts/remint/certificate.json.sig")
    assert kept.read_text() == file.with_name("certificate.json.sig").read_text()
    file.write_text(file.read_text().replace('"seconds": ', '"seconds": 1'))
    refused = project.call(*check, check=False)
    assert (refused.returncode, "altered" in refused.stderr) == (1, True)
    missing = project.call("remint", "verify", "adult-logistic", "--sign", "nokey", check=False)
    assert (missing.returncode, "nokey is no file" in missing.stderr) == (1, True)


@pytest.mark.slow
def test_another_evaluation_takes_the_proof_off_and_has_an_origin_of_its_own(finished: Project, copy_of: Copy) -> None:
    project = copy_of(finished)
    assert verify(project, "adult-logistic")[0] == IDENTICAL
    before = tags(project, "adult-logistic")
    project.edit("datasets.yaml", lambda c: c["datasets"]["adult"]["evaluation"]["slices"].pop("age"))
    project.call("remint", "run", "adult-logistic")
    after = tags(project, "adult-logistic")
    assert "remint.verified" in before
    assert "remint.verified" not in after
    assert before["remint.origin"] != after["remint.origin"]
    code, told, certificate = verify(project, "adult-logistic")
    assert (code, certificate["version"], certificate["dirty"]) == (IDENTICAL, 1, True), told


@pytest.mark.slow
def test_a_version_on_a_server_is_minted_again_and_keeps_its_certificate_there(
    make_project: Callable[[str], Project], tmp_path: Path
) -> None:
    project = make_project("served")
    with mlflow_server(tmp_path) as url:
        variables = {"MLFLOW_TRACKING_URI": url}
        project.call("remint", "run", "adult-logistic", **variables)
        code, told, certificate = verify(project, "adult-logistic", **variables)
        assert code == IDENTICAL, told
        (kept,) = (tmp_path / "files").rglob("remint/certificate.json")
        assert json.loads(kept.read_text()) == certificate
        assert "identical" in project.call("remint", "models", "adult-logistic", **variables).stdout
        assert not (project.root / "mlruns/mlflow.db").exists()
        (origin,) = (tmp_path / "files").rglob("remint/origin/origin.json")
        origin.write_text(origin.read_text().replace('"seed": 1', '"seed": 2'))
        shutil.rmtree(project.root / ".remint/models")
        refused = project.call("remint", "verify", "adult-logistic", check=False, **variables)
        assert (refused.returncode, "origin.json was altered" in refused.stderr) == (1, True)


def tags(project: Project, name: str) -> dict[str, str]:
    """Give the tags of a model's first version."""
    with sqlite3.connect(project.root / "mlruns/mlflow.db") as store:
        return dict(store.execute("select key, value from model_version_tags where name = ? and version = 1", (name,)))


def _stages_at_work(project: Project) -> bool:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return any("remint.stages" in line and str(project.root) in line for line in listed.splitlines())
