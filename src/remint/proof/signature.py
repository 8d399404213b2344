"""SSH signatures of certificates, made and verified by OpenSSH's `ssh-keygen -Y` (PROTOCOL.sshsig)."""

import os
import subprocess
from pathlib import Path

from remint.errors import DataError, RemintError
from remint.files import writing

NAMESPACE = "remint-certificate"
"A signature counts in its namespace alone: one of a commit cannot be passed off as one of a certificate."
_KEYGEN = "ssh-keygen"
_NEVER_ASK = {"SSH_ASKPASS_REQUIRE": "never"}


def signature_file(file: Path) -> Path:
    """Give where the signature of a file lies."""
    return file.with_name(f"{file.name}.sig")


def sign(file: Path, key: Path) -> Path:
    """Sign a file with an SSH key, private, or public with the private one in the agent; give its `.sig`.

    Raises RemintError where that cannot be done; it never asks for a passphrase.
    """
    key = key.expanduser()
    if not key.is_file():
        raise RemintError(f"{key} is no file; --sign takes an SSH key such as ~/.ssh/id_ed25519")
    done = _call("-Y", "sign", "-n", NAMESPACE, "-f", str(key), text=file.read_bytes())
    if done.returncode:
        raise RemintError(f"{file.name} cannot be signed with {key}: {_reason(done.stderr.decode(errors='replace'))}")
    with writing(signature_file(file)) as out:
        out.write_bytes(done.stdout)
    return signature_file(file)


def verify_signature(file: Path, signers: Path | None) -> str:
    """Verify the signature beside a file, and tell in a sentence whose it is.

    `signers` lists whose signatures count (`man ssh-keygen`, ALLOWED SIGNERS); None: git's `allowedSignersFile`,
    and where there is none, a good signature by an unknown key is told as such. Raises DataError for a signature that
    is not of this file or by no such signer, RemintError where that cannot be found out.
    """
    signature, text = signature_file(file), _bytes(file)
    _bytes(signature)
    allowed = signers or _signers_of_git()
    if allowed is None:
        key = _good("check-novalidate", "-s", str(signature), text=text)
        return f"signed by {key}, whose owner is not known: name a file of allowed signers by --signers"
    if not allowed.is_file():
        raise RemintError(f"{allowed} is no file; --signers takes a file of allowed signers (man ssh-keygen)")
    _good("check-novalidate", "-s", str(signature), text=text)
    return _by_one_of(_principals(signature, allowed), allowed, signature, text)


def _by_one_of(principals: list[str], allowed: Path, signature: Path, text: bytes) -> str:
    """Give the first signer whose line of `allowed` holds for this namespace and time. Raises DataError of the last."""
    failed = DataError(f"{signature} is not by a signer of {allowed}")
    for signer in principals:
        try:
            key = _good("verify", "-f", str(allowed), "-I", signer, "-s", str(signature), text=text)
            return f"signed by {signer} ({key})"
        except DataError as error:
            failed = error
    raise failed


def _principals(signature: Path, allowed: Path) -> list[str]:
    done = _call("-Y", "find-principals", "-s", str(signature), "-f", str(allowed))
    return done.stdout.decode(errors="replace").split() if done.returncode == 0 else []


def _good(action: str, *arguments: str, text: bytes) -> str:
    """Verify; name the key as ssh-keygen does, such as `ED25519 key SHA256:…`. Raises DataError."""
    done = _call("-Y", action, "-n", NAMESPACE, *arguments, text=text)
    if done.returncode:
        told = done.stderr.decode(errors="replace") or done.stdout.decode(errors="replace")
        raise DataError(f"{arguments[arguments.index('-s') + 1]} is no good signature of the file: {_last_line(told)}")
    return done.stdout.decode(errors="replace").strip().rpartition(" with ")[2]


def _signers_of_git() -> Path | None:
    """Give git's file of allowed signers, None where it has none or there is no git."""
    try:
        done = subprocess.run(
            ["git", "config", "--type=path", "--get", "gpg.ssh.allowedSignersFile"], capture_output=True, check=False
        )
    except FileNotFoundError:
        return None
    return Path(done.stdout.decode().strip()) if done.returncode == 0 and done.stdout.strip() else None


def _call(*arguments: str, text: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    """Call ssh-keygen without a terminal, so that it cannot wait for a passphrase."""
    try:
        return subprocess.run(
            [_KEYGEN, *arguments],
            input=text,
            capture_output=True,
            check=False,
            start_new_session=True,
            env={**os.environ, **_NEVER_ASK},
        )
    except FileNotFoundError:
        raise RemintError(f"{_KEYGEN} is missing; install OpenSSH (8.2 or newer) for signatures") from None


def _reason(told: str) -> str:
    if "Couldn't load public key" in told:
        return "it is no SSH key"
    if "passphrase" in told:
        return "it has a passphrase, and no agent holds it; `ssh-add` it first"
    return _last_line(told)


def _last_line(told: str) -> str:
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return lines[-1] if lines else "ssh-keygen says nothing"


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise RemintError(f"{file} cannot be read: {error.strerror}") from None
