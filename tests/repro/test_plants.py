"""One thing is another than when a version was registered: `remint verify` names it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from remint.errors import DataError, RemintError
from remint.proof.certificate import Certificate, certificate_text, check
from remint.proof.telling import findings
from tests.conftest import Project
from tests.repro.planting import Case, Change, flip, sha256
from tests.repro.plants import CNN, CODE, DATA, LOGISTIC, PARAMETERS, Plant

QUICK = {
    "code models/families.py",
    "code: the version's own copy",
    "parameter adult-logistic trainer.lr = 0.0051",
    "parameter mnist-cnn seed = 1.0",
    "dataset adult.split.val = 0.11",
    "byte of data/prepared/adult/rows.parquet: rows 1,200–1,299",
    "byte of data/raw/mnist-5k/images.safetensors: rows 300–399",
    "byte of a source file",
}
"Those of the default suite."
OTHER_SEED = """
import torch
seeded = torch.manual_seed
torch.manual_seed = lambda seed: seeded(seed + 1)
"""
"What a `sitecustomize.py` may hold: something that nobody declares, and that changes the training."


@pytest.fixture(scope="module")
def ground(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the finished project, for all plants of this module."""
    folder = tmp_path_factory.mktemp("plants") / "project"
    shutil.copytree(finished.root, folder, symlinks=True)
    return Project(folder)


@pytest.fixture
def case(ground: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Case]:
    monkeypatch.chdir(ground.root)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    planted = Case(ground, monkeypatch)
    yield planted
    planted.clear()


def table() -> list[pytest.param]:
    marks = {True: (), False: pytest.mark.slow}
    return [pytest.param(plant, id=plant.what, marks=marks[plant.what in QUICK]) for plant in CODE + PARAMETERS + DATA]


def coherent(certificate: Certificate) -> Certificate:
    assert check(certificate_text(certificate)) == certificate
    return certificate


@pytest.mark.parametrize("plant", table())
def test_an_input_that_differs_is_named_and_nothing_is_run(case: Case, plant: Plant) -> None:
    expected = plant.put(case)
    certificate = coherent(case.verify(plant.model, plant.start))
    found = dict(certificate.first_difference)
    detail = found.pop("detail")
    assert certificate.verdict == "different"
    assert found == {k: v for k, v in vars(expected).items() if k != "detail"}
    assert expected.detail in detail if expected.detail else detail == ""
    assert certificate.outputs == {}
    assert next(findings(certificate)).startswith(f"first difference: {expected.kind} {expected.name}: ")


@pytest.mark.parametrize(
    ("place", "model", "file"),
    [
        ("data/files/weights.safetensors", LOGISTIC, "data/models/adult-logistic/weights.safetensors"),
        ("data/files/weights.safetensors", CNN, "data/models/mnist-cnn/weights.safetensors"),
        ("data/files/model.json", LOGISTIC, "data/models/adult-logistic/model.json"),
        ("data/files/preprocessor.json", LOGISTIC, "data/prepared/adult/preprocessor.json"),
        ("remint/evaluation/predictions.parquet", LOGISTIC, "data/reports/evaluate/adult-logistic/predictions.parquet"),
        ("remint/evaluation/metrics.json", LOGISTIC, "data/reports/evaluate/adult-logistic/metrics.json"),
        ("remint/evaluation/findings/slices.json", CNN, "data/reports/evaluate/mnist-cnn/findings/slices.json"),
    ],
)
@pytest.mark.slow
def test_a_byte_of_the_version_itself_is_named(case: Case, place: str, model: str, file: str) -> None:
    before, after = case.alter(case.of_version(model, place), flip(-4))
    certificate = coherent(case.verify(model))
    found = certificate.first_difference
    assert certificate.verdict == "different"
    assert (found["kind"], found["name"]) == ("stage", file)
    assert (found["registered"], found["minted"]) == (sha256(after), sha256(before))
    assert "the version's own copy is not what its stages wrote" in found["detail"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "change"), [("metrics.json", None), ("predictions.parquet", None), ("metrics.json", lambda _old: b"\xff")]
)
def test_evidence_of_the_version_that_is_gone_or_unreadable_is_named(
    case: Case, file: str, change: Change | None
) -> None:
    place = case.of_version(LOGISTIC, f"remint/evaluation/{file}")
    if change is None:
        case.remove(place)
    else:
        case.alter(place, change)
    certificate = coherent(case.verify(LOGISTIC))
    found = certificate.first_difference
    assert certificate.verdict == "different"
    assert (found["kind"], found["name"]) == ("stage", f"data/reports/evaluate/adult-logistic/{file}")
    assert (found["registered"] is None) == (change is None)


@pytest.mark.slow
@pytest.mark.parametrize("file", ["schema.json", "checksums.json"])
def test_a_byte_of_what_no_stage_writes_is_refused(case: Case, file: str) -> None:
    case.alter(case.of_version(LOGISTIC, f"data/files/{file}"), lambda content: content.replace(b"e", b"f", 1))
    with pytest.raises(DataError, match=f"{file} was changed: its sha256 is"):
        case.verify(LOGISTIC)


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        (
            "origin.json",
            lambda text: text.replace(b'"dirty": false', b'"dirty": true '),
            "origin.json was altered: its",
        ),
        ("dvc.lock", lambda text: text.replace(b"md5: ", b"md5: 0", 1), "dvc.lock is not the file that origin.json"),
        ("uncommitted.diff", None, "uncommitted.diff is not the file that origin.json tells of"),
    ],
)
def test_an_origin_that_was_altered_is_no_verdict(case: Case, file: str, change: Change | None, told: str) -> None:
    place = case.of_version(LOGISTIC, f"remint/origin/{file}")
    if change is None:
        case.make(place, "diff --git a/src/x.py b/src/x.py\n")
    else:
        before, after = case.alter(place, change)
        assert before != after
    with pytest.raises(RemintError, match=told):
        case.verify(LOGISTIC)


@pytest.mark.slow
@pytest.mark.parametrize("package", ["scipy", "pytorch-lightning", "great-expectations"])
def test_a_package_of_another_version_is_named_though_the_bytes_are_equal(
    case: Case, tmp_path: Path, package: str
) -> None:
    case.package(tmp_path / "site", package, "999.1")
    certificate = coherent(case.verify(LOGISTIC))
    assert certificate.verdict == "identical"
    told = [note for note in certificate.notes if package in note]
    assert told
    assert all("→ 999.1" in note for note in told)


@pytest.mark.slow
def test_a_package_of_another_version_is_the_reason_where_the_bytes_differ(case: Case, tmp_path: Path) -> None:
    case.package(tmp_path / "site", "scipy", "999.1")
    (tmp_path / "site/sitecustomize.py").write_text(OTHER_SEED)
    certificate = coherent(case.verify(LOGISTIC))
    assert certificate.verdict == "different"
    found = certificate.first_difference
    assert (found["kind"], found["name"], found["minted"]) == ("package", "scipy", "999.1")


@pytest.mark.slow
def test_what_nobody_declares_is_found_by_the_first_file_that_differs(case: Case, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(OTHER_SEED)
    case.python_path(tmp_path)
    certificate = coherent(case.verify(LOGISTIC))
    assert certificate.verdict == "different"
    found = certificate.first_difference
    unequal = [file for file, digests in certificate.outputs.items() if digests["registered"] != digests["minted"]]
    assert (found["kind"], found["name"]) == ("stage", unequal[0])


@pytest.mark.slow
@pytest.mark.parametrize(("model", "threads", "other"), [(LOGISTIC, 1, 2), (CNN, 2, 1)])
def test_another_number_of_threads_is_named(case: Case, model: str, threads: int, other: int) -> None:
    def edit(content: dict) -> None:
        content["experiments"][model]["trainer"]["threads"] = other

    case.commit_instead(lambda: case.project.edit("params.yaml", edit))
    certificate = coherent(case.verify(model))
    told_of_environment(certificate, "threads", threads, other)


@pytest.mark.slow
@pytest.mark.parametrize("model", [LOGISTIC, CNN])
@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [("ATEN_CPU_CAPABILITY", "default", "instructions"), ("MKL_CBWR", "COMPATIBLE", "MKL_CBWR")],
)
def test_other_instructions_are_named(case: Case, model: str, variable: str, value: str, name: str) -> None:
    case.monkeypatch.setenv(variable, value)
    certificate = coherent(case.verify(model))
    environment = certificate.environment
    told_of_environment(certificate, name, environment["registered"].get(name), environment["minted"][name])
    assert environment["minted"][variable] == value


def told_of_environment(certificate: Certificate, name: str, registered: object, minted: object) -> None:
    """What may change bits is told whether it did or not, and is the reason where it did."""
    assert registered != minted
    assert certificate.environment["registered"].get(name) == registered
    assert certificate.environment["minted"][name] == minted
    old = "none" if registered is None else registered
    assert any(f"{name}: {old} → {minted}" in note for note in certificate.notes)
    if certificate.verdict != "identical":
        first = certificate.first_difference
        assert first["kind"] in ("threads", "environment")
        assert first["minted"] == certificate.environment["minted"][first["name"]]


@pytest.mark.slow
@pytest.mark.parametrize("output", ["data/prepared/adult", "data/raw/adult"])
def test_damaged_data_is_made_again_and_told(case: Case, output: str) -> None:
    case.alter(case.cached("data/prepared/adult", "rows.parquet"), flip(-1))
    if output == "data/raw/adult":
        case.alter(case.cached(output, "rows.parquet"), flip(-1))
    certificate = coherent(case.verify(LOGISTIC))
    assert certificate.verdict == "identical"
    assert certificate.start == ("preprocess" if output == "data/prepared/adult" else "ingest")
    assert f"the stored {output}/rows.parquet is damaged, not readable" in certificate.notes[-1]


@pytest.mark.slow
def test_what_does_not_decide_the_model_may_change(case: Case) -> None:
    def edit() -> None:
        place = case.project.root / "flows/plan.py"
        place.write_text(f"{place.read_text()}# planted\n")
        case.project.edit("params.yaml", lambda c: c["experiments"][LOGISTIC].update(description="planted"))

    case.commit_instead(edit)
    assert coherent(case.verify(LOGISTIC)).verdict == "identical"


def command(case: Case, *arguments: str) -> tuple[int, str]:
    done = case.project.call("remint", "verify", *arguments, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "what",
    [
        "code training/fit.py",
        "parameter mnist-cnn model.blocks.0.1 = 63",
        "parameter adult-logistic seed = 2",
        "byte of data/prepared/adult/train.safetensors: rows 2,000–2,097",
    ],
)
def test_the_command_names_it_too(case: Case, what: str) -> None:
    plant = next(plant for plant in CODE + PARAMETERS + DATA if plant.what == what)
    expected = plant.put(case)
    code, told = command(case, plant.model, *(["--from", plant.start] if plant.start else []))
    assert code == 4, told
    assert f"different: what is here is not what {plant.model}/1 was made from; nothing was run" in told
    assert f"first difference: {expected.kind} {expected.name}: " in told
    assert expected.detail in told


def test_the_command_refuses_an_origin_that_was_altered(case: Case) -> None:
    case.alter(case.of_version(CNN, "remint/origin/origin.json"), lambda text: text.replace(b'"seed": 1', b'"seed": 2'))
    code, told = command(case, CNN)
    assert code == 1
    assert "origin.json was altered: its sha256 is" in told
    assert "Traceback" not in told
