from pathlib import Path

import pytest

from remint import files, paths
from remint.config.load import load_section
from remint.config.source import SourceConfig
from remint.errors import DataError
from remint.leftovers import mend_beside
from remint.sources.fetch import fetch
from remint.sources.refresh import refresh
from remint.stages.ingest import Section
from tests.unit.sources.conftest import sha256

OLD, NEW, SAME = b"old", b"new", b"same"
YAML = f"""\
# A comment — with umlauts: äöü
datasets:
  other:   # the same file, another dataset
    source: {{files: {{moving.csv: {{sha256: {sha256(OLD)}, from: [{{kind: file, path: moving.csv}}]}}}},
             format: {{kind: csv}}}}

  prices:
    source:
      refresh:   true
      files:
        moving.csv:
          from: [ {{kind: file,   path: absent.csv}}, {{kind: file, path: moving.csv}} ]   # odd spacing
          sha256: '{sha256(OLD)}'  # quoted

        still.csv: {{sha256: {sha256(SAME)}, from: [{{kind: file, path: still.csv}}]}}
      format: {{kind: csv,
               delimiter: ";"}}
# the end, no newline"""


@pytest.fixture
def source(workdir: Path) -> SourceConfig:
    Path("moving.csv").write_bytes(OLD)
    Path("still.csv").write_bytes(SAME)
    paths.DATASETS_FILE.write_bytes(YAML.encode().replace(b"\n\n", b"\r\n\n"))
    return load_section(paths.DATASETS_FILE, "datasets", "prices", Section).source


def test_nothing_moved_changes_nothing(source: SourceConfig) -> None:
    before = paths.DATASETS_FILE.stat()
    assert refresh("prices", source) == {}
    assert paths.DATASETS_FILE.stat().st_mtime_ns == before.st_mtime_ns


def test_moved_content_renews_its_digest_and_no_other_byte(source: SourceConfig) -> None:
    before = paths.DATASETS_FILE.read_bytes()
    Path("moving.csv").write_bytes(NEW)
    assert refresh("prices", source) == {"moving.csv": (sha256(OLD), sha256(NEW))}
    quoted = f"'{sha256(OLD)}'".encode()
    assert before.count(quoted) == 1
    assert paths.DATASETS_FILE.read_bytes() == before.replace(quoted, f"'{sha256(NEW)}'".encode())


def test_several_files_move_at_once_quoted_or_not(source: SourceConfig) -> None:
    before = paths.DATASETS_FILE.read_bytes().decode()
    Path("moving.csv").write_bytes(NEW)
    Path("still.csv").write_bytes(b"no longer")
    assert list(refresh("prices", source)) == ["moving.csv", "still.csv"]
    after = before.replace(f"'{sha256(OLD)}'", f"'{sha256(NEW)}'").replace(sha256(SAME), sha256(b"no longer"))
    assert paths.DATASETS_FILE.read_bytes().decode() == after


def test_moved_content_needs_no_second_download(source: SourceConfig) -> None:
    Path("moving.csv").write_bytes(NEW)
    refresh("prices", source)
    Path("moving.csv").unlink()
    renewed = load_section(paths.DATASETS_FILE, "datasets", "prices", Section).source
    assert fetch("moving.csv", renewed.files["moving.csv"]).read_bytes() == NEW
    assert refreshed_again_fails(renewed)


def refreshed_again_fails(source: SourceConfig) -> bool:
    with pytest.raises(
        DataError, match=r"moving\.csv cannot be fetched:\n  file absent\.csv: .*\n  file moving\.csv: "
    ):
        refresh("prices", source)
    return True


def test_neither_cache_nor_mirror_hides_what_moved(source: SourceConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    cached = fetch("moving.csv", source.files["moving.csv"])
    monkeypatch.setenv("REMINT_MIRROR", str(cached.parent))
    Path("moving.csv").write_bytes(NEW)
    assert list(refresh("prices", source)) == ["moving.csv"]


def test_a_file_that_cannot_be_had_leaves_everything_as_it_was(source: SourceConfig) -> None:
    before = paths.DATASETS_FILE.read_bytes()
    Path("moving.csv").write_bytes(NEW)
    Path("still.csv").unlink()
    with pytest.raises(DataError, match=r"still\.csv cannot be fetched"):
        refresh("prices", source)
    assert paths.DATASETS_FILE.read_bytes() == before


def test_a_source_without_refresh_is_not_fetched(source: SourceConfig) -> None:
    Path("moving.csv").unlink()
    assert refresh("prices", source.model_copy(update={"refresh": False})) == {}


def test_a_command_that_heals_leaves_the_file_that_is_written(
    source: SourceConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = files._sync

    def heal_and_sync(path: Path) -> None:
        assert mend_beside(paths.DOWNLOADS) == ()
        sync(path)

    monkeypatch.setattr(files, "_sync", heal_and_sync)
    refresh("prices", source)
    assert (paths.DOWNLOADS / sha256(SAME)).read_bytes() == SAME


def test_no_temporary_file_stays(source: SourceConfig) -> None:
    Path("moving.csv").write_bytes(NEW)
    refresh("prices", source)
    assert sorted(p.name for p in paths.DOWNLOADS.iterdir()) == sorted([sha256(NEW), sha256(SAME)])
    assert not list(Path().glob(".*.tmp"))
