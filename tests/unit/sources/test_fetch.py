import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from remint import paths, progress
from remint.errors import DataError, RemintError
from remint.sources.fetch import fetch
from tests.unit.sources.conftest import Server, file_from, sha256

CONTENT = bytes(range(256)) * 8192  # 2 MiB: several pieces


def here(name: str) -> dict[str, str]:
    return {"kind": "file", "path": name}


def downloads() -> list[str]:
    return sorted(p.name for p in paths.DOWNLOADS.iterdir()) if paths.DOWNLOADS.exists() else []


def test_a_file_lands_under_its_sha256_and_nothing_beside_it(workdir: Path) -> None:
    Path("a.bin").write_bytes(CONTENT)
    path = fetch("a.bin", file_from(CONTENT, here("a.bin")))
    assert path == paths.DOWNLOADS / sha256(CONTENT)
    assert path.read_bytes() == CONTENT
    assert downloads() == [sha256(CONTENT)]


def test_a_relative_path_starts_at_the_working_directory_and_a_fetched_file_needs_no_source(workdir: Path) -> None:
    Path("sub").mkdir()
    Path("sub/a.bin").write_bytes(CONTENT)
    file = file_from(CONTENT, here("sub/a.bin"))
    first = fetch("a.bin", file)
    Path("sub/a.bin").unlink()
    assert fetch("a.bin", file) == first


def test_a_cached_file_that_was_damaged_is_fetched_again(workdir: Path) -> None:
    Path("a.bin").write_bytes(CONTENT)
    file = file_from(CONTENT, here("a.bin"))
    fetch("a.bin", file).write_bytes(CONTENT[:-1] + b"\0")
    assert fetch("a.bin", file).read_bytes() == CONTENT


def test_alternatives_are_tried_in_order(workdir: Path, server: Server) -> None:
    Path("a.bin").write_bytes(CONTENT)
    server.files["a.bin"] = CONTENT
    url = {"kind": "url", "url": server.url("a.bin")}
    fetch("a.bin", file_from(CONTENT, here("absent.bin"), url, here("a.bin")))
    assert server.requests == ["GET /a.bin"]


def test_the_first_alternative_that_works_is_the_only_one_asked(workdir: Path, server: Server) -> None:
    Path("a.bin").write_bytes(CONTENT)
    fetch("a.bin", file_from(CONTENT, here("a.bin"), {"kind": "url", "url": server.url("a.bin")}))
    assert server.requests == []


def test_one_error_lists_each_alternative_and_its_reason(workdir: Path, server: Server) -> None:
    Path("other.bin").write_bytes(b"other")
    url = {"kind": "url", "url": server.url("a.bin")}
    with pytest.raises(DataError) as error:
        fetch("a.bin", file_from(CONTENT, here("absent.bin"), url, here("other.bin")))
    assert str(error.value).splitlines() == [
        "a.bin cannot be fetched:",
        "  file absent.bin: does not exist",
        f"  url {server.url('a.bin')}: not found",
        f"  file other.bin: sha256 is {sha256(b'other')}; expected {sha256(CONTENT)}",
        "If the content moved on purpose: `remint run --refresh` accepts it "
        "where datasets.yaml says `refresh: true` for the source.",
    ]
    assert downloads() == []


def test_an_error_without_another_digest_does_not_speak_of_refreshing(workdir: Path) -> None:
    with pytest.raises(DataError) as error:
        fetch("a.bin", file_from(CONTENT, here("absent.bin")))
    assert str(error.value) == "a.bin cannot be fetched:\n  file absent.bin: does not exist"


def test_a_wrong_alternative_does_not_hide_a_right_one(workdir: Path) -> None:
    Path("other.bin").write_bytes(b"other")
    Path("a.bin").write_bytes(CONTENT)
    assert fetch("a.bin", file_from(CONTENT, here("other.bin"), here("a.bin"))).read_bytes() == CONTENT


def test_an_absent_file_names_a_near_one(workdir: Path) -> None:
    Path("adult.csv").write_bytes(CONTENT)
    with pytest.raises(DataError, match=r'file adlut\.csv: does not exist; did you mean "adult\.csv"\?'):
        fetch("a.bin", file_from(CONTENT, here("adlut.csv")))


def test_a_folder_is_no_file(workdir: Path) -> None:
    Path("sub").mkdir()
    with pytest.raises(DataError, match="file sub: is a folder; allowed: a file"):
        fetch("a.bin", file_from(CONTENT, here("sub")))


def test_the_mirror_stands_before_the_alternatives(
    workdir: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mirror").mkdir()
    Path("mirror", sha256(CONTENT)).write_bytes(CONTENT)
    monkeypatch.setenv("REMINT_MIRROR", "mirror")
    fetch("a.bin", file_from(CONTENT, {"kind": "url", "url": server.url("a.bin")}))
    assert server.requests == []


def test_a_mirror_can_be_a_url(workdir: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.files[sha256(CONTENT)] = CONTENT
    monkeypatch.setenv("REMINT_MIRROR", server.url("sets/"))
    fetch("a.bin", file_from(CONTENT, here("absent.bin")))
    assert server.requests == [f"GET /sets/{sha256(CONTENT)}"]


def test_a_mirror_that_lacks_a_file_is_passed_over_and_told(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMINT_MIRROR", "mirror")
    with pytest.raises(
        DataError, match=f"  REMINT_MIRROR, file mirror/{sha256(CONTENT)}: does not exist\n  file absent"
    ):
        fetch("a.bin", file_from(CONTENT, here("absent.bin")))
    Path("a.bin").write_bytes(CONTENT)
    assert fetch("a.bin", file_from(CONTENT, here("a.bin"))).read_bytes() == CONTENT


def test_progress_ends_with_all_bytes(workdir: Path) -> None:
    Path("a.bin").write_bytes(CONTENT)
    reports: list[tuple[str, int, int]] = []
    with progress.shown_by(lambda *report: reports.append(report)):
        fetch("a.bin", file_from(CONTENT, here("a.bin")))
    assert reports[0] == ("reading a.bin", 1 << 20, len(CONTENT))
    assert reports[-1] == ("reading a.bin", len(CONTENT), len(CONTENT))


FETCH = """
import sys
from remint.config.source import SourceFile
from remint.errors import RemintError
from remint.sources.fetch import fetch
try:
    fetch("a.bin", SourceFile.model_validate_json(sys.argv[1]))
except RemintError as error:
    sys.exit(f"told: {error}")
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_an_ended_download_leaves_nothing_under_its_name(workdir: Path, server: Server, ending: signal.Signals) -> None:
    server.files["a.bin"] = CONTENT
    file = file_from(CONTENT, {"kind": "url", "url": server.url("stalling/a.bin")})
    process = subprocess.Popen(
        [sys.executable, "-c", FETCH, file.model_dump_json(by_alias=True)], stderr=subprocess.PIPE
    )
    _wait_for_half_a_file()
    process.send_signal(ending)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert sha256(CONTENT) not in downloads()
    assert ending == signal.SIGKILL or downloads() == []
    assert fetch("a.bin", file_from(CONTENT, {"kind": "url", "url": server.url("a.bin")})).read_bytes() == CONTENT


def _wait_for_half_a_file() -> None:
    deadline = time.monotonic() + 30
    while not any(p.stat().st_size for p in (paths.DOWNLOADS.iterdir() if paths.DOWNLOADS.exists() else ())):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_full_disk_is_told_once_and_leaves_no_partial_file(workdir: Path) -> None:
    Path("a.bin").write_bytes(CONTENT)
    Path(".remint").mkdir()
    code = (
        "mount -t tmpfs -o size=1m tmpfs .remint || exit 77\n"
        'python=$1; shift; "$python" "$@"; status=$?; find .remint -type f; exit $status'
    )
    file = file_from(CONTENT, here("a.bin")).model_dump_json(by_alias=True)
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", code, "sh", sys.executable, "-c", FETCH, file],
        capture_output=True,
        text=True,
    )
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no small file system can be mounted here")
    assert (
        done.stderr.strip() == f"told: .remint/downloads/{sha256(CONTENT)} cannot be written: No space left on device"
    )
    assert done.returncode == 1
    assert done.stdout == ""


def test_a_file_too_large_for_the_disk_is_told_once_and_leaves_no_partial_file(workdir: Path) -> None:
    Path("a.bin").write_bytes(CONTENT)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1_200_000, 1_200_000))\n"
    file = file_from(CONTENT, here("a.bin")).model_dump_json(by_alias=True)
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", limit + FETCH, file], capture_output=True, text=True, env=environment)
    assert done.stderr.strip() == f"told: .remint/downloads/{sha256(CONTENT)} cannot be written: File too large"
    assert downloads() == []


def test_a_place_that_cannot_be_written_is_told(workdir: Path) -> None:
    Path("a.bin").write_bytes(CONTENT)
    Path(".remint").write_text("a file where a folder is wanted")
    with pytest.raises(RemintError, match=r"^\.remint/downloads/[0-9a-f]{64} cannot be written: "):
        fetch("a.bin", file_from(CONTENT, here("a.bin")))
