import shutil
from pathlib import Path

import pytest

from remint import paths
from remint.cli.fingerprint import fingerprint
from remint.config.load import load_section
from remint.errors import ConfigError, RemintError
from remint.files import read_json, write_json
from remint.stages import train
from tests import trained


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with prepared data."""
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        trained.make_project()
        Path("dvc.yaml").write_text("stages: {}\n")
    return folder


@pytest.fixture(autouse=True)
def project(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy of it, which is the working directory."""
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def present() -> dict:
    section = load_section(train.FILE, train.TOP, "people-mlp", train.Section)
    return train.fingerprint_of("people-mlp", section)


def test_what_was_never_trained_shows_the_present_alone(capsys: pytest.CaptureFixture[str]) -> None:
    fingerprint("people-mlp")
    told = capsys.readouterr().out
    found = present()
    assert "as trained" not in told
    assert found["fingerprint"][:12] in told
    for part, names in (("data", ["data/prepared/people"]), ("code", list(found["parts"]["code"]))):
        assert part in told
        assert all(name in told for name in names)
    assert "never trained" in told


def test_each_part_that_differs_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    found = present()
    write_json(paths.model("people-mlp") / "fingerprint.json", found)
    fingerprint("people-mlp")
    told = capsys.readouterr().out
    assert "differs" not in told
    assert "would be the same" in told
    assert "models/mlp.py" not in told
    assert f"all {len(found['parts']['code'])} " in told
    assert "python" in told
    assert "torch" not in told
    assert "packages" in told
    changed = read_json(paths.model("people-mlp") / "fingerprint.json")
    changed["fingerprint"] = "0" * 64
    changed["parts"]["seed"] = 9
    changed["parts"]["parameters"]["trainer"]["lr"] = 0.5
    changed["parts"]["code"]["models/mlp.py"] = "0" * 64
    write_json(paths.model("people-mlp") / "fingerprint.json", changed)
    fingerprint("people-mlp")
    told = capsys.readouterr().out
    marked = [line.split() for line in told.splitlines() if line.endswith("differs")]
    assert [line[:2] if line[0] == "code" else line[0] for line in marked] == [
        "fingerprint",
        "trainer.lr",
        "seed",
        ["code", "models/mlp.py"],
    ]
    assert f"{len(found['parts']['code']) - 1} more, equal" in told


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(ConfigError, match=r"people-mpl is missing; allowed: .*did you mean"):
        fingerprint("people-mpl")


def test_without_data_the_training_is_shown_alone(capsys: pytest.CaptureFixture[str]) -> None:
    paths.prepared("people").rename("elsewhere")
    with pytest.raises(RemintError, match="never trained, and its data is not prepared"):
        fingerprint("people-mlp")
    Path("elsewhere").rename(paths.prepared("people"))
    trained.train("people-mlp")
    paths.prepared("people").rename("elsewhere")
    fingerprint("people-mlp")
    assert "is not known: its data is not prepared" in capsys.readouterr().out
