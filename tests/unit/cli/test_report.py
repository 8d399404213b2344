import io
import shutil
import sys
import webbrowser
from pathlib import Path

import pytest

from remint import paths
from remint.cli.main import parser
from remint.errors import ConfigError, RemintError
from remint.registry import cost
from remint.registry.promotion import register_and_promote
from remint.registry.reference import Reference, resolve
from remint.tracking.version_files import local_folder
from tests import trained
from tests.store import migrated_database  # noqa: F401

EXPERIMENT = "people-mlp"


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path) -> Path:  # noqa: F811
    """A project with a champion, version 1, and a version 2 that is none."""
    folder = tmp_path_factory.mktemp("registered")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        patch.setattr(cost, "SECONDS", 0.0)
        trained.make_project()
        paths.PIPELINE_FILE.write_text("stages: {}\n")
        paths.MLRUNS.mkdir()
        shutil.copy(migrated_database, paths.MLFLOW_DB)
        for seed, accuracy in ((1, 0.9), (2, 0.6)):
            trained.train(EXPERIMENT, seed)
            trained.evaluate(EXPERIMENT, {"accuracy": accuracy, "log_loss": 0.4})
            register_and_promote(EXPERIMENT, trained.config_of(EXPERIMENT))
    return folder


@pytest.fixture
def project(registered: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That project as the working directory."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(registered)
    return registered


def call(*arguments: str) -> None:
    """Call `remint report` as the command line does."""
    options = parser().parse_args(["report", *arguments])
    options.call(options)


def kept(version: int, name: str) -> str:
    """Give a card as it lies in the store."""
    return (local_folder(resolve(Reference(EXPERIMENT, version=version))) / "remint" / name).read_text()


@pytest.mark.parametrize(("asked", "version"), [("", 1), ("@champion", 1), ("/1", 1), ("/2", 2)])
@pytest.mark.usefixtures("project")
def test_a_card_is_printed_as_it_is_kept(capsys: pytest.CaptureFixture[str], asked: str, version: int) -> None:
    call(EXPERIMENT + asked)
    printed = capsys.readouterr().out
    assert printed == kept(version, "card.md")
    assert printed.startswith(f"# people-mlp, version {version}\n")
    assert ("**promoted to champion**" in printed) == (version == 1)


@pytest.mark.usefixtures("project")
def test_a_terminal_shows_it_laid_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("TERM", "xterm")
    call(EXPERIMENT)
    assert "How well it does" in screen.getvalue()
    assert "## How well it does" not in screen.getvalue()
    assert "confusion" not in screen.getvalue()


@pytest.mark.usefixtures("project")
def test_the_page_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    call(EXPERIMENT, "--html")
    assert capsys.readouterr().out == kept(1, "card.html")


@pytest.mark.parametrize(("file", "kind"), [("page.html", "card.html"), ("card", "card.html"), ("text.md", "card.md")])
@pytest.mark.usefixtures("project")
def test_it_is_written_to_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path, file: str, kind: str) -> None:
    call(EXPERIMENT, "-o", str(tmp_path / "new" / file))
    assert (tmp_path / "new" / file).read_text() == kept(1, kind)
    assert capsys.readouterr().out == f"{tmp_path / 'new' / file}\n"


@pytest.mark.usefixtures("project")
def test_the_page_is_opened(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    call(EXPERIMENT, "--open")
    page = Path(capsys.readouterr().out.strip())
    assert page.read_text() == kept(1, "card.html")
    assert opened == [page.as_uri()]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("houses-linear", "houses-linear has no registered version yet; run `remint run houses-linear`"),
        ("people-mlq", '"people-mlq" is no registered model; allowed: people-mlp; did you mean "people-mlp"?'),
        ("people-mlp/9", "people-mlp/9 does not exist; allowed: /2, /1"),
    ],
)
@pytest.mark.usefixtures("project")
def test_what_is_not_there_is_told(name: str, message: str) -> None:
    with pytest.raises(RemintError) as caught:
        call(name)
    assert str(caught.value) == message


@pytest.mark.usefixtures("project")
def test_a_name_that_is_none() -> None:
    with pytest.raises(ConfigError, match="names no model"):
        call("people mlp")


@pytest.mark.usefixtures("project")
def test_a_version_without_a_card_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from remint.cli import report

    monkeypatch.setattr(report, "local_folder", lambda _version: tmp_path)
    with pytest.raises(RemintError, match="`remint run people-mlp` writes one"):
        call(EXPERIMENT)


@pytest.mark.usefixtures("project")
def test_a_directory_is_no_file_to_write_to(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    with pytest.raises(RemintError, match="is a directory; a file is to be written"):
        call(EXPERIMENT, "-o", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.usefixtures("project")
def test_a_card_that_a_killed_process_left_aside_is_put_back(capsys: pytest.CaptureFixture[str]) -> None:
    folder = local_folder(resolve(Reference(EXPERIMENT, version=2))) / "remint"
    folder.rename(folder.with_name(f".remint.{'f' * 32}.old"))
    call(f"{EXPERIMENT}/2")
    assert capsys.readouterr().out.startswith("# people-mlp, version 2\n")
    assert folder.is_dir()
