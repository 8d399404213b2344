"""A certificate is kept whatever happens to its signature and its copy."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from remint.errors import DataError, RemintError
from remint.proof import keeping
from remint.proof.certificate import certificate_text
from remint.proof.keeping import check_key, keep
from remint.registry.origin import VERIFIED
from remint.registry.promotion import register_and_promote
from remint.registry.unfinished import any_unfinished
from remint.tracking.models import Version, local_folder, versions
from tests import trained
from tests.store import migrated_database, store  # noqa: F401
from tests.unit.proof.certificates import DECIDED, IDENTICAL, METRICS, A
from tests.unit.proof.test_signature import make_key
from tests.unit.registry.conftest import prepared_project, project, quick_cost  # noqa: F401

NAME = "people-mlp"


def test_a_key_that_cannot_sign_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    make_key(tmp_path, "open")
    check_key(Path("~/open"))
    assert not list(tmp_path.rglob("*.sig"))
    for key, told in {make_key(tmp_path, "closed", "secret"): "passphrase", tmp_path / "none": "is no file"}.items():
        with pytest.raises(RemintError, match=told):
            check_key(key)


@pytest.fixture
def registered(project: Path) -> Version:  # noqa: F811
    return register(0.7)


def register(accuracy: float) -> Version:
    trained.train(NAME)
    trained.evaluate(NAME, {"accuracy": accuracy, "log_loss": 0.4})
    register_and_promote(NAME, trained.config_of(NAME))
    return versions(NAME)[0]


def kept(version: Version) -> Path:
    return local_folder(version) / "remint/certificate.json"


@pytest.mark.slow
def test_it_is_kept_though_it_cannot_be_signed_or_copied(registered: Version, project: Path) -> None:  # noqa: F811
    (project / "file").write_text("no folder")
    for when, key, output in (("1", project / "no-key", None), ("2", None, project / "file/certificate.json")):
        certificate = replace(IDENTICAL, when=f"2026-11-22T04:00:1{when}Z")
        with pytest.raises((RemintError, OSError)):
            keep(registered, certificate, key, output)
        [version] = versions(NAME)
        assert version.tags[VERIFIED] == f"identical {certificate.when}"
        assert kept(version).read_text() == certificate_text(certificate)


def test_a_keeping_that_was_cut_off_is_healed(registered: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "replace_files", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        keep(registered, IDENTICAL, None, None)
    assert any_unfinished()


def test_a_proof_never_outlives_its_certificate(registered: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        keep(registered, IDENTICAL, None, None)
        assert versions(NAME)[0].tags[VERIFIED].startswith("identical")
    monkeypatch.setattr(keeping, "tag_version", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        keep(registered, DECIDED, None, None)
    assert kept(registered).read_text() == certificate_text(DECIDED)
    assert VERIFIED not in versions(NAME)[0].tags


def test_a_certificate_about_evidence_that_was_renewed_meanwhile_is_refused(registered: Version) -> None:
    register(0.8)
    with pytest.raises(RemintError, match="people-mlp/1 was renewed while it was verified"):
        keep(registered, IDENTICAL, None, None)
    [version] = versions(NAME)
    assert not kept(version).exists()
    assert VERIFIED not in version.tags


def test_a_certificate_that_a_check_would_refuse_is_not_kept() -> None:
    certificate = replace(IDENTICAL, outputs={METRICS: {"registered": A, "minted": None}})
    with pytest.raises(DataError, match="the verdict is identical, but"):
        keep(Mock(), certificate, None, None)
