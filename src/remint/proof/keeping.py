"""Keeping a certificate with the version that it is about."""

import shutil
from pathlib import Path

from remint import paths
from remint.errors import RemintError
from remint.files import scratch_folder, write_text
from remint.proof.certificate import Certificate, certificate_text, check
from remint.proof.signature import sign
from remint.registry.lock import registry_lock
from remint.registry.origin import PLACE, SEAL, VERIFIED
from remint.registry.reference import Reference, resolve
from remint.registry.unfinished import shown
from remint.tracking.models import Version, tag_version, untag_version
from remint.tracking.version_files import local_folder, replace_files

FILE, SIGNATURE = "certificate.json", "certificate.json.sig"
_EVIDENCE = (SEAL, "remint.evaluation")
"Tags of a version that change with what a certificate is about."


def check_key(key: Path | None) -> None:
    """Sign a text that is thrown away, before anything takes time. Raises RemintError where that cannot be done."""
    if key is not None:
        with scratch_folder(paths.TEMPORARY) as folder:
            write_text(folder / FILE, "")
            sign(folder / FILE, key)


def keep(version: Version, certificate: Certificate, key: Path | None, output: Path | None) -> Path:
    """Put a certificate, signed if a key is given, into the version's files, and into a file if one is named.

    Give its path in the version's files, where it is even if signing or that file fails. `version` is as it was
    verified. Raises RemintError where it has another origin or evaluation by now, or `remint certificate check` would
    refuse the certificate.
    """
    text = certificate_text(certificate)
    check(text)
    with registry_lock(), scratch_folder(paths.TEMPORARY) as temporary:
        now, folder = _unchanged(version), temporary / PLACE
        stored = local_folder(now) / PLACE
        shutil.copytree(stored, folder)
        (folder / SIGNATURE).unlink(missing_ok=True)
        write_text(folder / FILE, text)
        try:
            if key is not None:
                sign(folder / FILE, key)
        finally:
            with shown():  # a tag of the certificate before must not outlive it
                now = untag_version(now, (VERIFIED,))
                replace_files(now, PLACE, folder)
                tag_version(now, {VERIFIED: f"{certificate.verdict} {certificate.when}"})
        if output is not None:
            _copy(folder, output)
    return stored / FILE


def _unchanged(version: Version) -> Version:
    """Give a version as it is now. Raises RemintError where it was renewed since it was read."""
    now = resolve(Reference(version.name, version=version.number))
    for tag in _EVIDENCE:
        if now.tags.get(tag) != version.tags.get(tag):
            raise RemintError(f"{version} was renewed while it was verified: its tag {tag} is another; verify it again")
    return now


def _copy(folder: Path, output: Path) -> None:
    """Write the certificate to a file, and its signature beside it; one of an earlier certificate goes."""
    write_text(output, (folder / FILE).read_text(encoding="utf-8"))
    beside = output.with_name(f"{output.name}.sig")
    if (folder / SIGNATURE).is_file():
        write_text(beside, (folder / SIGNATURE).read_text(encoding="utf-8"))
    else:
        beside.unlink(missing_ok=True)
