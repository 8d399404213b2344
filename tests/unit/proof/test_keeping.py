"""A certificate is kept whatever happens to its signature and its copy."""

from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest

from remint.errors import RemintError
from remint.proof import keeping
from remint.proof.certificate import certificate_text
from remint.proof.keeping import check_key, keep
from remint.registry.origin import VERIFIED
from remint.registry.promotion import register_and_promote
from remint.registry.unfinished import any_unfinished
from remint.tracking.models import local_folder, versions
from tests import trained
from tests.store import migrated_database, store  # noqa: F401
from tests.unit.proof.certificates import IDENTICAL
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


@pytest.mark.slow
def test_it_is_kept_though_it_cannot_be_signed_or_copied(project: Path) -> None:  # noqa: F811
    trained.train(NAME)
    trained.evaluate(NAME, {"accuracy": 0.7, "log_loss": 0.4})
    register_and_promote(NAME, trained.config_of(NAME))
    (project / "file").write_text("no folder")
    for when, key, output in (("1", project / "no-key", None), ("2", None, project / "file/certificate.json")):
        certificate = replace(IDENTICAL, when=f"2026-11-22T04:00:1{when}Z")
        with pytest.raises((RemintError, OSError)):
            keep(versions(NAME)[0], certificate, key, output)
        [version] = versions(NAME)
        assert version.tags[VERIFIED] == f"identical {certificate.when}"
        assert (local_folder(version) / "remint/certificate.json").read_text() == certificate_text(certificate)


def test_a_keeping_that_was_cut_off_is_healed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    trained.train(NAME)
    trained.evaluate(NAME, {"accuracy": 0.7, "log_loss": 0.4})
    register_and_promote(NAME, trained.config_of(NAME))
    monkeypatch.setattr(keeping, "replace_files", Mock(side_effect=KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        keep(versions(NAME)[0], IDENTICAL, None, None)
    assert any_unfinished()
