import subprocess
from pathlib import Path

import pytest

from remint.errors import DataError, RemintError
from remint.proof.signature import sign, signature_file, verify_signature


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file to sign, where neither git nor an agent knows anybody."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.json").write_text("{}\n")
    return tmp_path / "file.json"


def make_key(folder: Path, name: str, passphrase: str = "") -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", str(folder / name)], check=True
    )
    return folder / name


def allow(key: Path, line: str = "ada@example.org") -> Path:
    signers = key.with_name(f"{key.name}.signers")
    signers.write_text(f"{line} {key.with_suffix('.pub').read_text()}")
    return signers


def test_a_signature_is_verified_against_those_allowed(file: Path) -> None:
    key = make_key(file.parent, "key")
    assert sign(file, key) == signature_file(file) == file.with_name("file.json.sig")
    assert verify_signature(file, allow(key)).startswith("signed by ada@example.org (ED25519 key SHA256:")
    assert "whose owner is not known" in verify_signature(file, None)


def test_git_tells_who_is_allowed(file: Path) -> None:
    key = make_key(file.parent, "key")
    sign(file, key)
    subprocess.run(["git", "config", "--global", "gpg.ssh.allowedSignersFile", str(allow(key))], check=True)
    assert "ada@example.org" in verify_signature(file, None)


def test_a_signature_of_another_file_or_by_another_signer_is_refused(file: Path) -> None:
    key, other = make_key(file.parent, "key"), make_key(file.parent, "other")
    sign(file, key)
    with pytest.raises(DataError, match="is not by a signer of"):
        verify_signature(file, allow(other))
    with pytest.raises(DataError, match="not permitted for use in signature namespace"):
        verify_signature(file, allow(key, 'ada@example.org namespaces="git"'))
    signers = allow(key)
    file.write_text("{ }\n")
    for known in (signers, None):
        with pytest.raises(DataError, match=r"is no good signature of the file: .*incorrect signature"):
            verify_signature(file, known)
    signature_file(file).write_text("none\n")
    with pytest.raises(DataError, match="is no good signature"):
        verify_signature(file, None)


def test_a_signature_for_another_purpose_is_refused(file: Path) -> None:
    key = make_key(file.parent, "key")
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-f", key, file], check=True, capture_output=True)
    with pytest.raises(DataError, match="namespace does not match"):
        verify_signature(file, None)


def test_what_cannot_sign_is_told(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RemintError, match="missing is no file"):
        sign(file, file.parent / "missing")
    with pytest.raises(RemintError, match="it is no SSH key"):
        sign(file, file)
    with pytest.raises(RemintError, match="it has a passphrase, and no agent holds it"):
        sign(file, make_key(file.parent, "locked", "a long passphrase"))
    assert not signature_file(file).exists()
    key = make_key(file.parent, "key")
    sign(file, key)
    with pytest.raises(RemintError, match="nowhere is no file"):
        verify_signature(file, Path("nowhere"))
    monkeypatch.setenv("PATH", str(file.parent))
    with pytest.raises(RemintError, match="ssh-keygen is missing"):
        sign(file, key)
    with pytest.raises(RemintError, match="ssh-keygen is missing"):
        verify_signature(file, None)
