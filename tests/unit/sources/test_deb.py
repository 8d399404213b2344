import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from remint import paths
from remint.errors import DataError
from remint.sources.fetch import fetch
from remint.sources.kept import keeping
from tests.unit.sources.conftest import Server, file_from, sha256

needs_apt = pytest.mark.skipif(
    not (shutil.which("apt-get") and shutil.which("dpkg-deb")), reason="apt-get or dpkg-deb is not installed"
)
CONTROL = "Package: shop-data\nVersion: 1.0-1\nArchitecture: all\nMaintainer: Shop <shop@example.org>\nDescription: x\n"


@pytest.fixture
def lists(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings under which apt knows nothing of this machine: no sources, no lists."""
    state = workdir / "apt"
    for folder in ("lists/partial", "cache/archives/partial", "etc/parts"):
        (state / folder).mkdir(parents=True)
    (state / "status").touch()
    settings = {
        "Dir::State": state,
        "Dir::State::lists": state / "lists",
        "Dir::State::status": state / "status",
        "Dir::Cache": state / "cache",
        "Dir::Etc::sourcelist": state / "etc" / "sources.list",
        "Dir::Etc::sourceparts": state / "etc" / "parts",
        "Dir::Etc::preferencesparts": state / "etc" / "parts",
        "Acquire::Languages": "none",
        "APT::Architecture": "amd64",
        "APT::Sandbox::User": "root",
    }
    (state / "apt.conf").write_text("".join(f'{key} "{value}";\n' for key, value in settings.items()))
    (state / "etc" / "sources.list").touch()
    monkeypatch.setenv("APT_CONFIG", str(state / "apt.conf"))
    return state


@pytest.fixture
def archive(lists: Path, server: Server, workdir: Path) -> Server:
    """A package archive over HTTP that has `shop-data` 1.0-1, known to apt."""
    tree = workdir / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(CONTROL)
    (tree / "usr" / "share" / "shop").mkdir(parents=True)
    (tree / "usr" / "share" / "shop" / "fruit.csv").write_bytes(b"name\napple\n")
    (tree / "usr" / "share" / "shop" / "x.csv").write_bytes(b"x\n")
    subprocess.run(["dpkg-deb", "-b", "--root-owner-group", str(tree), "shop.deb"], check=True, capture_output=True)
    content = Path("shop.deb").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    listed = f"{CONTROL}Filename: ./shop-data_1.0-1_all.deb\nSize: {len(content)}\nSHA256: {digest}\n"
    server.files |= {"Packages": listed.encode(), "shop-data_1.0-1_all.deb": content}
    (lists / "etc" / "sources.list").write_text(f"deb [trusted=yes] {server.url('')} ./\n")
    subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True)
    server.requests.clear()
    return server


def shop(path: str, **more: str) -> dict[str, str]:
    return {"kind": "deb", "name": "shop-data", "path": path, **more}


def refusal(source: dict[str, str]) -> str:
    with pytest.raises(DataError) as error:
        fetch("fruit.csv", file_from(b"", source))
    line = str(error.value).splitlines()[1]
    version = f" {source['version']}" if "version" in source else ""
    start = f"  deb {source['name']}{version}, {source['path']}: "
    assert line.startswith(start)
    return line.removeprefix(start)


@needs_apt
@pytest.mark.parametrize("more", [{}, {"version": "1.0-1"}])
def test_files_of_a_package_are_fetched_by_one_download(archive: Server, more: dict[str, str]) -> None:
    with keeping():
        path = fetch("fruit.csv", file_from(b"name\napple\n", shop("usr/share/shop/fruit.csv", **more)))
        fetch("x.csv", file_from(b"x\n", shop("usr/share/shop/x.csv", **more)))
    assert path.read_bytes() == b"name\napple\n"
    assert len([request for request in archive.requests if request.endswith(".deb")]) == 1
    assert sorted(p.name for p in paths.DOWNLOADS.iterdir()) == sorted([sha256(b"name\napple\n"), sha256(b"x\n")])


@needs_apt
def test_what_the_lists_lack_is_told(archive: Server) -> None:
    assert refusal(shop("x", version="2.0-1")) == "the machine's package lists offer no version 2.0-1 of shop-data"
    found = refusal({"kind": "deb", "name": "shop-dat", "path": "x"})
    assert found == "the machine's package lists offer no shop-dat; run `apt-get update` to renew them"
    assert refusal(shop("usr/share/shop/fruits.csv")) == (
        "shop-data_1.0-1_all.tar has no such file; near: ./usr/share/shop/fruit.csv, ./usr/share/shop/x.csv"
    )


@needs_apt
def test_empty_lists_are_told(lists: Path) -> None:
    found = refusal(shop("x"))
    assert found == "the machine's package lists offer no shop-data; they are empty, run `apt-get update`"


@needs_apt
def test_a_package_that_cannot_be_downloaded_is_told(archive: Server) -> None:
    del archive.files["shop-data_1.0-1_all.deb"]
    found = refusal(shop("usr/share/shop/fruit.csv"))
    assert found.startswith("the download failed: ")
    assert "404" in found
    assert found.endswith("; where the lists are old, run `apt-get update`")


def test_no_apt_is_told(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(workdir))
    assert refusal(shop("x")) == "apt-get is not installed on this machine"
    assert not list(paths.DOWNLOADS.iterdir())
