"""Commits, runs and versions of a small real repository and store, as sides of a comparison."""

from pathlib import Path

import pytest

from remint import paths
from remint.errors import ConfigError, RemintError
from remint.files import json_text
from remint.proof.commits import find_commit, read_tree
from remint.proof.differences import Differences, compare
from remint.proof.moved import Interval
from remint.proof.references import Commit, Run, find
from remint.proof.sides import pairs
from remint.tracking.records import RunRecord, create_run, end_run
from remint.tracking.store import client
from remint.tracking.values import send_metrics
from tests.store import migrated_database, store  # noqa: F401
from tests.unit.proof.repository import DATASETS, LOCK, PARAMS, commit, git, initialise, write


@pytest.fixture
def repository(store: Path) -> Path:  # noqa: F811
    """A git repository with one commit, and an empty store."""
    initialise()
    return store


def make_run(name: str = "small", seed: int = 1, lr: float = 0.1, accuracy: float = 0.8) -> str:
    """Record a run as an earlier remint did: parameters, environment, dataset and metrics."""
    parameters = {"seed": seed, "trainer": {"lr": lr, "threads": 1}, "model": {"family": "linear"}, "task": "x"}
    record = RunRecord("people", name, "experiment", "f" * 64, parameters, {"data/prepared/people": "1" * 64})
    run = create_run(record, "sign")
    send_metrics(run, {"test_accuracy": accuracy, "val_accuracy": 0.1}, 0)
    client().log_text(run, json_text({"torch": "2.13.0"}), "environment.json")
    end_run(run, "FINISHED")
    return run


def compared(first: str, second: str) -> dict[str, Differences]:
    return {pair.title: compare(pair.first, pair.second) for pair in pairs(find(first), find(second))}


def names(found: Differences, part: str) -> list[tuple[str, str | None, str | None]]:
    return [(change.name, change.first, change.second) for change in found.changes.get(part, ())]


def test_commits_are_compared_in_all_that_decides_a_training(repository: Path) -> None:
    commit(
        **{
            "params.yaml": (PARAMS % "for people").replace("lr: 0.1", "lr: 0.2").replace("threads: 1", "threads: 2"),
            "datasets.yaml": (DATASETS % "for people").replace("csv", "json"),
            "dvc.lock": LOCK % ("5" * 64, "ccc"),
            "constraints.txt": "torch==2.14.0\nRich==15.0\n",
            "src/remint/models/linear.py": "A = 1\nB = 3\n",
            "src/remint/cli/main.py": "C = 2\n",
        }
    )
    found = compared("HEAD~1", "main")
    shared, small = found["code and packages"], found["small"]
    assert names(shared, "environment") == [("torch", "2.13.0", "2.14.0")]
    assert [change.name for change in shared.changes["code"]] == ["src/remint/models/linear.py"]
    assert shared.notes == ("other code, which no stage of dvc.lock depends on: src/remint/cli/main.py",)
    assert "-B = 2\n+B = 3" in shared.changes["code"][0].detail
    assert names(small, "parameters") == [("trainer.lr", "0.1", "0.2")]
    assert names(small, "environment") == [("threads", "1", "2"), ("torch", "2.13.0", "2.14.0")]
    assert [(change.name, change.detail) for change in small.changes["code"]] == [("src/remint/models/linear.py", "")]
    assert names(small, "dataset's declaration") == [("source.format.kind", "csv", "json")]
    assert names(small, "data") == [("data/prepared/people", "bbb.dir", "ccc.dir")]
    assert small.metrics == ()


def test_seed_noise_is_not_said_of_commits_with_other_code_or_packages(repository: Path) -> None:
    seed = (PARAMS % "").replace("seed: 1", "seed: 2")
    commit(**{"params.yaml": seed, "src/remint/models/linear.py": "A = 1\nB = 3\n"})
    assert compared("HEAD~1", "HEAD")["small"].sentence == "what differs: seed, code"
    commit(**{"params.yaml": seed, "constraints.txt": "torch==2.14.0\nRich==15.0\n"})
    assert compared("HEAD~2", "HEAD")["small"].sentence == "what differs: seed, environment"
    commit(**{"params.yaml": seed, "src/remint/cli/main.py": "C = 2\n"})
    sentence = compared("HEAD~3", "HEAD")["small"].sentence
    assert sentence.startswith("of what both tell, the seed alone differs; if the rest (Python, the machine, unpinned")


def test_an_experiments_code_is_that_of_its_own_stages(repository: Path) -> None:
    entry = "  %s:\n    cmd: x\n    deps:\n    - path: src/remint/%s\n      md5: eee.dir\n    outs: []\n"
    lock = LOCK % ("5" * 64, "bbb") + entry % ("validate@people", "validation")
    commit(**{"dvc.lock": lock + entry % ("train@other", "cli"), "src/remint/cli/main.py": "C = 1\n"})
    commit(**{"dvc.lock": lock + entry % ("train@other", "cli"), "src/remint/cli/main.py": "C = 2\n"})
    found = compared("HEAD~1", "HEAD")
    assert [change.name for change in found["code and packages"].changes["code"]] == ["src/remint/cli/main.py"]
    assert found["small"].changes == {}


def test_what_is_for_people_alone_is_no_difference(repository: Path) -> None:
    commit(**{"params.yaml": PARAMS % "for people", "datasets.yaml": DATASETS % "for people"})
    assert all(not found.changes for found in compared("HEAD~1", "HEAD").values())


def test_metrics_of_a_commit_are_read_from_the_cache_that_lies_here(repository: Path) -> None:
    cache = Path(".dvc/cache/files/md5")
    write(str(cache / "01/23456789"), json_text({"accuracy": 0.8, "ece": 0.1}))
    write(str(cache / "ab/cdefabcdef.dir"), json_text([{"md5": "eeff", "relpath": "intervals.json"}]))
    write(str(cache / "ee/ff"), json_text({"metrics": {"accuracy": {"value": 0.8, "low": 0.7, "high": 0.9}}}))
    pair = pairs(find("HEAD"), find("HEAD"))[1]
    assert pair.first.metrics == {"accuracy": Interval(0.8, 0.7, 0.9), "ece": Interval(0.1)}
    commit(**{"params.yaml": (PARAMS % "").replace("seed: 1", "seed: 2")})
    assert pairs(find("HEAD"), find("HEAD"))[1].first.metrics == {}


def test_runs_are_found_by_their_first_digits_and_compared(repository: Path) -> None:
    first, second = make_run(), make_run(seed=2, accuracy=0.81)
    found = compared(first[:12], second)[""]
    assert "the seed alone differs; if the rest (dataset's declaration, code) is equal, too" in found.sentence
    assert names(found, "seed") == [("seed", "1", "2")]
    assert [(moved.name, moved.verdict) for moved in found.metrics] == [("accuracy", "not judged")]


def test_a_run_that_kept_its_fingerprint_tells_its_code_too(repository: Path) -> None:
    parts = {
        "data": {"data/prepared/people": "1" * 64},
        "parameters": {
            "dataset": "people",
            "task": "classification",
            "model": {"family": "linear"},
            "trainer": {"lr": 0.1},
        },
        "seed": 1,
        "precision": "32",
        "code": {"models/linear.py": read_tree("HEAD").code["src/remint/models/linear.py"]},
        "environment": {"torch": "2.13.0", "threads": 1},
    }
    run = make_run()
    client().log_text(run, json_text({"fingerprint": "f" * 64, "parts": parts}), "fingerprint.json")
    client().set_tag(run, "mlflow.source.git.commit", find_commit("HEAD"))
    assert compared(run, "HEAD")[""].changes == {}
    commit(**{"src/remint/models/linear.py": "A = 1\nB = 3\n", "src/remint/cli/main.py": "C = 1\n"})
    found = compared(run, "HEAD")[""]
    assert [change.name for change in found.changes["code"]] == ["src/remint/models/linear.py"]
    assert "-B = 2\n+B = 3" in found.changes["code"][0].detail
    assert names(found, "environment") == []


def test_a_run_and_a_commit_are_compared_in_what_both_have(repository: Path) -> None:
    run = make_run(lr=0.3)
    found = compared(run, "HEAD")[""]
    assert names(found, "parameters") == [("task", "x", "classification"), ("trainer.lr", "0.3", "0.1")]
    with pytest.raises(RemintError, match=r"commit HEAD has no experiment other in params\.yaml; it has: small"):
        compared(make_run("other"), "HEAD")


def test_what_names_nothing_or_two_things_is_told(repository: Path) -> None:
    with pytest.raises(ConfigError, match='"nothing" is no registered model, no MLflow run and no commit'):
        find("nothing")
    with pytest.raises(ConfigError, match="is no registered model, no MLflow run and no commit"):
        find("--help")
    one, other = make_run(), make_run()
    git("tag", one)
    with pytest.raises(ConfigError, match=f'"{one}" is ambiguous: run {one}, commit '):
        find(one)
    assert find(f"refs/tags/{one}") == Commit(find_commit("HEAD") or "", f"refs/tags/{one}")
    assert find(other) == Run(other)


def test_a_model_that_is_named_nearly_right_is_suggested(repository: Path) -> None:
    client().create_registered_model("small")
    client().create_model_version("small", source=".", tags={"remint.fingerprint": "f"})
    with pytest.raises(ConfigError, match=r'registered models: small; did you mean "small"\?'):
        find("smal@champion")
    with pytest.raises(RemintError, match="small/7 does not exist"):
        find("small/7")
    assert str(find("small/1")) == "small/1"
    git("branch", "small/1")
    with pytest.raises(ConfigError, match="ambiguous: a version, commit"):
        find("small/1")


def test_commits_need_no_store(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths.MLFLOW_DB.unlink()
    assert isinstance(find("main"), Commit)
    assert not paths.MLFLOW_DB.exists()


def test_a_commit_without_a_project_is_told(repository: Path) -> None:
    git("rm", "-q", "params.yaml")
    git("commit", "-q", "-m", "gone")
    with pytest.raises(RemintError, match=r"has no params\.yaml here: it holds no project"):
        compared("HEAD", "HEAD~1")


def test_a_damaged_lock_is_told(repository: Path) -> None:
    commit(
        **{"dvc.lock": (LOCK % ("5" * 64, "bbb")).replace("    outs:\n    - path: data/raw", "    - path: data/raw")}
    )
    with pytest.raises(RemintError, match=r"dvc\.lock of commit .*: ingest@people cannot be read"):
        compared("HEAD~1", "HEAD")
