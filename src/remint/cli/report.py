"""`remint report`: the card of a registered version, in the terminal, in a browser or as a file."""

import re
import sys
import webbrowser
from pathlib import Path

from remint.cli.project import require_project
from remint.config.load import load_project
from remint.errors import RemintError
from remint.files import write_text
from remint.registry.card import HTML, MARKDOWN
from remint.registry.dossier import PLACE
from remint.registry.history import registry_lock
from remint.registry.reference import Reference, parse_reference, resolve
from remint.tracking.models import Version, versions
from remint.tracking.version_files import local_folder, mend_files

_PICTURE = re.compile(r"^!\[.*\n", flags=re.MULTILINE)


def report(name: str, html: bool, browse: bool, out: Path | None) -> None:
    """Print the card of `NAME[@ALIAS|/VERSION]`, open it, or write it to a file. Raises RemintError."""
    require_project()
    folder = _folder(name)
    if out is not None:
        write_text(out, _read(folder / (MARKDOWN if out.suffix == ".md" else HTML), name))
        print(out)
    if browse:
        page = (folder / HTML).resolve()
        _read(page, name)
        print(page)
        webbrowser.open(page.as_uri())
    if out is None and not browse:
        _show(_read(folder / (HTML if html else MARKDOWN), name), plain=html)


def _folder(name: str) -> Path:
    """Give the folder of a version's card."""
    version = _version(parse_reference(name))
    folder = local_folder(version) / PLACE
    if not folder.is_dir():
        with registry_lock():
            mend_files(version, PLACE)
    return folder


def _version(reference: Reference) -> Version:
    """Give the version that is meant; of a model alone, the champion, or the newest where none was promoted."""
    known = versions(reference.name)
    if not known and reference.name in load_project().experiments:
        raise RemintError(f"{reference.name} has no registered version yet; run `remint run {reference.name}`")
    if known and reference.alias is None and reference.version is None:
        return next((version for version in known if version.is_champion), known[0])
    return resolve(reference)


def _read(file: Path, name: str) -> str:
    if not file.is_file():
        experiment = parse_reference(name).name
        raise RemintError(f"{name} has no {file.name}; `remint run {experiment}` writes one for the current training")
    return file.read_text(encoding="utf-8")


def _show(text: str, plain: bool) -> None:
    """Print Markdown as a terminal shows it best, which is without pictures.

    It is printed as it stands where the output is no terminal, or where it is HTML.
    """
    from rich.console import Console
    from rich.markdown import Markdown

    console = Console()
    if plain or not console.is_terminal:
        sys.stdout.write(text)
    else:
        console.print(Markdown(_PICTURE.sub("", text)))
        console.print("Pictures: --open", style="dim")
