"""`remint certificate check`: a certificate, checked where it lies, by nothing but itself and its signature."""

from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any

from remint.errors import RemintError
from remint.proof.certificate import Certificate
from remint.proof.certificate import check as check_text
from remint.proof.signature import signature_file, verify_signature

_NAMED = 3
"Files of a folder that are told by name; of more their number is."


def check(file: Path, signers: Path | None) -> None:
    """Print what a certificate says, and who signed it. Raises RemintError for one that is not as it was written."""
    certificate = _read(file)
    signed = _signed(file, signers)
    print(f"{certificate.model}/{certificate.version}: {certificate.verdict}")
    for word, told in (*_lines(certificate), ("signature", signed)):
        print(f"  {word:<12} {told}")


def _read(file: Path) -> Certificate:
    try:
        return check_text(file.read_bytes().decode("utf-8"))
    except UnicodeDecodeError:
        raise RemintError(f"{file}: no valid certificate: it is no text") from None
    except OSError as error:
        raise RemintError(f"{file} cannot be read: {error.strerror}") from None
    except RemintError as error:
        raise type(error)(f"{file}: {error}") from None


def _signed(file: Path, signers: Path | None) -> str:
    if signature_file(file).exists():
        return verify_signature(file, signers)
    if signers is not None:
        raise RemintError(
            f"{signature_file(file)} is missing: the certificate is not signed, and --signers asks it to be"
        )
    return "none"


def _lines(certificate: Certificate) -> list[tuple[str, str]]:
    """Give each thing to tell with its name, in the order of interest."""
    dirty = ", with uncommitted changes" if certificate.dirty else ""
    when = certificate.when[:16].replace("T", " ")
    lines = [
        ("when", f"{when} UTC, in {certificate.seconds:.0f} s, by remint {certificate.remint}"),
        ("commit", f"{certificate.commit}{dirty}"),
        ("run", certificate.run),
        ("fingerprint", certificate.fingerprint),
        ("run again", f"from {certificate.start} on" if _minted(certificate) else "nothing"),
        ("compared", _compared(certificate)),
    ]
    lines += [("largest", told) for told in _largest(certificate)]
    lines += [("differs", told) for told in _first_difference(certificate)]
    lines += [("environment", told) for told in _environment(certificate)]
    told = _environment_changes(certificate)
    notes = (note for note in certificate.notes if not any(note.endswith(change) for change in told))
    return [*lines, *(("note", note) for note in notes)]


def _minted(certificate: Certificate) -> bool:
    return any(digests["minted"] is not None for digests in certificate.outputs.values())


def _compared(certificate: Certificate) -> str:
    if not _minted(certificate):
        return "the inputs alone, as they differ"
    unequal = [file for file, digests in certificate.outputs.items() if digests["registered"] != digests["minted"]]
    if not unequal:
        return f"{len(certificate.outputs)} files, every byte equal"
    folders = groupby(sorted(map(PurePosixPath, unequal), key=_folder), key=_folder)
    lines = (f"\n{'':15}{folder}: {_few([file.name for file in files])}" for folder, files in folders)
    return f"{len(certificate.outputs)} files, of which {len(unequal)} differ:{''.join(lines)}"


def _folder(file: PurePosixPath) -> PurePosixPath:
    return file.parent


def _few(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} files"


def _largest(certificate: Certificate) -> list[str]:
    largest = certificate.largest
    if largest is None or certificate.verdict == "identical":
        return []
    told = [f"{what} {largest[what]:.3g}" for what in ("weights", "predictions") if largest[what] is not None]
    for name, metric in largest["metrics"].items():
        if metric["registered"] != metric["minted"]:
            told.append(f"{name} {_number(metric['registered'])} → {_number(metric['minted'])}")
    return [f"{', '.join(told)} (tolerance of metrics: {certificate.tolerance:g})"] if told else []


def _first_difference(certificate: Certificate) -> list[str]:
    first = certificate.first_difference
    if first is None:
        return []
    change = (
        f": {_shown(first['registered'])} → {_shown(first['minted'])}" if first["registered"] != first["minted"] else ""
    )
    detail = str(first["detail"]).rstrip("\n").replace("\n", f"\n{'':15}")
    lines = [f"{first['kind']} {first['name']}{change}"]
    return [*lines, detail] if detail else lines


def _environment(certificate: Certificate) -> list[str]:
    registered, minted = certificate.environment["registered"], certificate.environment["minted"]
    same = [f"{n} {_shown(value)}" for n, value in sorted(registered.items()) if not minted or minted.get(n) == value]
    changed = _environment_changes(certificate)
    if not changed:
        return [", ".join(same)] if same else []
    return [f"{word}: {', '.join(part)}" for word, part in (("differs", changed), ("equal", same)) if part]


def _environment_changes(certificate: Certificate) -> list[str]:
    """Tell what differs between the two environments; nothing where no stage was run."""
    registered, minted = certificate.environment["registered"], certificate.environment["minted"]
    names = sorted(registered.keys() | minted.keys()) if minted else []
    return [
        f"{name}: {_shown(registered.get(name))} → {_shown(minted.get(name))}"
        for name in names
        if registered.get(name) != minted.get(name)
    ]


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
