from pathlib import Path

import pytest

from remint import paths
from remint.sources import kept


class Client:
    """Counts its downloads."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, folder: Path) -> Path:
        assert not list(folder.iterdir())
        self.count += 1
        (folder / "a.zip").write_bytes(b"content")
        return folder / "a.zip"


def test_inside_keeping_an_archive_is_downloaded_once_and_nothing_stays(workdir: Path) -> None:
    client = Client()
    with kept.keeping():
        for _ in range(3):
            with kept.archive(("deb", "x"), client) as found:
                assert found.read_bytes() == b"content"
        with kept.archive(("deb", "y"), client):
            pass
    assert client.count == 2
    assert not list(paths.DOWNLOADS.iterdir())


def test_outside_it_stays_for_one_block(workdir: Path) -> None:
    client = Client()
    for _ in range(2):
        with kept.archive(("deb", "x"), client):
            pass
        assert not list(paths.DOWNLOADS.iterdir())
    assert client.count == 2


def test_nothing_stays_after_an_error(workdir: Path) -> None:
    with pytest.raises(ValueError, match="wrong"), kept.keeping(), kept.archive(("deb", "x"), Client()):
        raise ValueError("wrong")
    assert not list(paths.DOWNLOADS.iterdir())
    client = Client()
    with kept.archive(("deb", "x"), client):
        pass
    assert client.count == 1
