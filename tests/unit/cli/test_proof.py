from pathlib import Path

import pytest

from remint.cli.proof import _told


def test_the_place_of_a_certificate_is_told_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert _told(tmp_path / "mlruns" / "certificate.json", None) == "mlruns/certificate.json"
    assert _told(Path("/elsewhere/certificate.json"), None) == "/elsewhere/certificate.json"
    assert _told(tmp_path / "kept.json", Path("out.json")) == "out.json; the version keeps a copy"
