"""What a person sees of `remint diff` on versions and runs: registered with their origins in a real store."""

from pathlib import Path

import pytest

from remint import paths
from remint.cli.diff import diff
from remint.files import write_json
from remint.provenance import fingerprint, parts_digest
from remint.registry.origin import seal_tags
from remint.tracking.records import RunRecord, create_run, end_run
from remint.tracking.settings import own_uri
from remint.tracking.store import client
from remint.tracking.version_files import stored_folder
from tests.origins import CODE, EXPERIMENT, commit, edit, lock, make_origin, make_project
from tests.store import migrated_database, store  # noqa: F401


@pytest.fixture(autouse=True)
def project(store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """A project with two versions of which the second has another seed."""
    monkeypatch.setattr("remint.cli.diff.require_project", lambda: None)
    make_project(store)
    client().create_registered_model("tiny")
    register(accuracy=0.8)
    reseed(1, 2)
    register(accuracy=0.7)
    return store


def reseed(old: int, new: int) -> None:
    """Declare and record another seed, as if the stages had run."""
    edit(Path("params.yaml"), f"seed: {old}", f"seed: {new}")
    edit(Path("dvc.lock"), f"experiments.tiny.seed: {old}", f"experiments.tiny.seed: {new}")
    write_json(paths.model("tiny") / "fingerprint.json", trained(new))


def trained(seed: int) -> dict:
    """A `fingerprint.json`."""
    parts = fingerprint([], {**EXPERIMENT, "seed": seed}, [])["parts"]
    parts["data"] = {"data/prepared/people": "1" * 64}
    return {"fingerprint": parts_digest(parts), "parts": parts}


def register(accuracy: float, seed: int | None = None) -> None:
    """Register the project as it is."""
    if seed is None:
        seed = 2 if "seed: 2" in Path("params.yaml").read_text() else 1
    write_json(paths.model("tiny") / "fingerprint.json", trained(seed))
    commit(Path())
    run = record(seed)
    experiment = client().get_run(run).info.experiment_id
    model = client().create_logged_model(experiment, "tiny", run)
    folder = stored_folder(model.model_id)
    make_origin(folder / "remint" / "origin")
    (folder / "MLmodel").touch()
    interval = {"value": accuracy, "low": accuracy - 0.01, "high": accuracy + 0.01}
    write_json(folder / "remint/evaluation/metrics.json", {"accuracy": accuracy})
    write_json(folder / "remint/evaluation/findings/intervals.json", {"metrics": {"accuracy": interval}})
    client().finalize_logged_model(model.model_id, "READY")
    tags = {"remint.fingerprint": trained(seed)["fingerprint"], **seal_tags(folder / "remint" / "origin")}
    with own_uri():
        client().create_model_version("tiny", f"models:/{model.model_id}", run, tags, model_id=model.model_id)


def record(seed: int) -> str:
    """Record a training run."""
    own = trained(seed)
    run = create_run(RunRecord("people", "tiny", "experiment", own["fingerprint"], EXPERIMENT, {}), "sign")
    client().log_dict(run, own, "fingerprint.json")
    end_run(run, "FINISHED")
    return run


def test_of_versions_another_seed_alone_is_seed_noise(capsys: pytest.CaptureFixture[str]) -> None:
    diff("tiny/1", "tiny/2")
    told = capsys.readouterr().out
    assert told.startswith("tiny/1 → tiny/2\nthe seed alone differs: what the metrics differ by is seed noise\n")
    assert [line.split() for line in told.splitlines() if line.startswith("seed")] == [["seed", "seed", "1", "2"]]
    assert [line.split()[-2:] for line in told.splitlines() if line.startswith("accuracy")] == [["−0.1000", "moved"]]
    assert told.rstrip().endswith("equal: data, parameters, dataset's declaration, code, environment")


def test_of_versions_other_code_of_the_evaluation_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    edit(Path(CODE["evaluate"]), "VALUE = 1", "VALUE = 2")
    lock(Path())
    edit(Path("dvc.lock"), "experiments.tiny.seed: 1", "experiments.tiny.seed: 2")
    register(accuracy=0.7)
    diff("tiny/1", "tiny/3")
    told = capsys.readouterr().out
    assert "what differs: seed, code" in told
    assert f"{CODE['evaluate']}\n" in told
    assert "-VALUE = 1\n+VALUE = 2" in told
    assert [line.split()[-1] for line in told.splitlines() if line.startswith("accuracy")] == ["worse"]


def test_of_runs_the_code_of_the_evaluation_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    diff(record(1), record(2))
    told = capsys.readouterr().out
    assert "the seed alone differs; if the rest (dataset's declaration, code of the evaluation) is equal, too" in told
    assert "equal: data, parameters, code of the training, environment" in told


def test_a_version_is_compared_with_the_commit_it_is_from(capsys: pytest.CaptureFixture[str]) -> None:
    torch = trained(1)["parts"]["environment"]["torch"].partition("+")[0]
    Path("constraints.txt").write_text(f"torch=={torch}\n")
    commit(Path())
    diff("tiny/2", "HEAD")
    told = capsys.readouterr().out
    assert "of what both tell, nothing differs; not told: Python, the machine, unpinned packages" in told
