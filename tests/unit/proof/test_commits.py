from pathlib import Path

import pytest

from remint.proof.commits import cached_object
from tests.unit.proof.repository import write


@pytest.mark.parametrize(("file", "place"), [("config", "../kept"), ("config.local", "/absolute")])
def test_the_cache_lies_where_dvc_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, place: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(".dvc/cache/files/md5/01/23", "default")
    assert cached_object("0123") == b"default"
    own = place.replace("/absolute", str(tmp_path / "elsewhere"))
    write(".dvc/config", "[cache]\n    dir = nowhere\n['remote \"x\"']\n    url = s3://a%20b\n")
    write(f".dvc/{file}", f"[cache]\n    dir = {own}\n")
    write(str(Path(".dvc", own, "files/md5/01/23")), "moved")
    assert cached_object("0123") == b"moved"
    assert cached_object("4567") is None
