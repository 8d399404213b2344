import pytest

from remint.cli import main as cli
from remint.cli import run, serving


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_an_interruption_leaves_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "quick_exit", lambda: None)
    monkeypatch.setattr(cli, "prepare_environment", lambda: None)
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setattr(serving, "predict", interrupted)
    monkeypatch.setattr(run, "run", interrupted)
    assert cli.main(["predict", "people-mlp", "in.csv", "-o", "out.csv"]) == 130
    assert capsys.readouterr().err == "remint: interrupted; nothing was written\n"
    assert cli.main(["run"]) == 130
    assert "goes on from there" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["predict", "serve"])
def test_help_tells_where_a_command_works(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parser().parse_args([command, "--help"])
    assert "mlruns/" in capsys.readouterr().out
