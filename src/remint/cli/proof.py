"""`remint verify`."""

from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from flows.cache import DvcStore
from flows.healing import at_work
from remint.cli.project import require_project
from remint.proof.certificate import Certificate
from remint.proof.keeping import check_key, keep
from remint.proof.telling import findings, verdict_sentence
from remint.proof.verdict import EXIT_CODES
from remint.proof.verify import verify as mint_again
from remint.registry.reference import parse_reference, resolve

_COLOURS = {"identical": "green", "equivalent": "yellow", "different": "bold red"}


def verify(name: str, start: str | None, rebuild_env: bool, output: Path | None, sign: Path | None) -> int:
    """Mint a version again, keep a certificate of it with the version, print what was found; give the exit code."""
    require_project()
    check_key(sign)
    console, said = Console(highlight=False, soft_wrap=True), list[str]()

    def show(line: str) -> None:
        said.append(line)
        console.print(escape(line))

    with at_work():
        version = resolve(parse_reference(name))
        with console.status(f"minting {version} again") if console.is_terminal else nullcontext():
            certificate = mint_again(version, start, rebuild_env, DvcStore(), show)
        place = keep(version, certificate, sign, output)
    _print(console, certificate, said)
    console.print(f"certificate: {escape(_told(place, output))}")
    return EXIT_CODES[certificate.verdict]


def _told(place: Path, output: Path | None) -> str:
    """Tell where the certificate is; a path below the project's root is told from there."""
    here = Path.cwd()
    if output is not None:
        return f"{output}; the version keeps a copy"
    return str(place.relative_to(here) if place.is_relative_to(here) else place)


def _print(console: Console, certificate: Certificate, said: list[str]) -> None:
    colour = _COLOURS[certificate.verdict]
    console.print(f"[{colour}]{certificate.verdict}[/]: {escape(verdict_sentence(certificate))}")
    for line in findings(certificate):
        console.print(escape(line))
    for note in certificate.notes:
        if note not in said:
            console.print(f"note: {escape(note)}")
