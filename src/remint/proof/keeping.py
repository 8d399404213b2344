"""Keeping a certificate with the version that it is about."""

import shutil
from pathlib import Path

from remint import paths
from remint.files import scratch_folder, write_text
from remint.proof.certificate import Certificate, certificate_text
from remint.proof.signature import sign
from remint.registry.lock import registry_lock
from remint.registry.origin import PLACE, VERIFIED
from remint.registry.unfinished import shown
from remint.tracking.models import Version, tag_version
from remint.tracking.version_files import local_folder, replace_files

FILE, SIGNATURE = "certificate.json", "certificate.json.sig"


def check_key(key: Path | None) -> None:
    """Sign a text that is thrown away, before anything takes time. Raises RemintError where that cannot be done."""
    if key is not None:
        with scratch_folder(paths.TEMPORARY) as folder:
            write_text(folder / FILE, "")
            sign(folder / FILE, key)


def keep(version: Version, certificate: Certificate, key: Path | None, output: Path | None) -> Path:
    """Put a certificate, signed if a key is given, into the version's files, and into a file if one is named.

    Give its path in the version's files, where it is even if signing or that file fails. Raises RemintError.
    """
    with registry_lock(), scratch_folder(paths.TEMPORARY) as temporary:
        folder = temporary / PLACE
        shutil.copytree(local_folder(version) / PLACE, folder)
        (folder / SIGNATURE).unlink(missing_ok=True)
        write_text(folder / FILE, certificate_text(certificate))
        try:
            if key is not None:
                sign(folder / FILE, key)
        finally:
            with shown():
                replace_files(version, PLACE, folder)
                tag_version(version, {VERIFIED: f"{certificate.verdict} {certificate.when}"})
        if output is not None:
            _copy(folder, output)
    return local_folder(version) / PLACE / FILE


def _copy(folder: Path, output: Path) -> None:
    """Write the certificate to a file, and its signature beside it; one of an earlier certificate goes."""
    write_text(output, (folder / FILE).read_text(encoding="utf-8"))
    beside = output.with_name(f"{output.name}.sig")
    if (folder / SIGNATURE).is_file():
        write_text(beside, (folder / SIGNATURE).read_text(encoding="utf-8"))
    else:
        beside.unlink(missing_ok=True)
