"""A real HTTP server and a real package index, both on this machine."""

import base64
import hashlib
import io
import os
import socket
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from remint.config.source import SourceFile


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file_from(content: bytes, *alternatives: dict[str, str]) -> SourceFile:
    return SourceFile.model_validate({"sha256": sha256(content), "from": list(alternatives)})


class Server(ThreadingHTTPServer):
    """Serves `files`; `/truncated/…` and `/stalling/…` announce the whole file and send half of it."""

    daemon_threads = True
    files: dict[str, bytes]
    requests: list[str]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        folder, _, name = self.path.lstrip("/").rpartition("/")
        self.server.requests.append(f"{self.command} {self.path}")
        content = self.server.files.get(name)
        if folder == "broken":
            return self.send_error(503, "Under repair")
        if content is None:
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        if folder == "gzip-encoded":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(content if folder not in ("truncated", "stalling") else content[: len(content) // 2])
        self.wfile.flush()
        if folder == "stalling":
            time.sleep(30)
        return None

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server(("127.0.0.1", 0), _Handler)
    found.files, found.requests = {}, []
    threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def refused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def index(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip knows: wheel and source archive of `shop` 1.0; the archive alone has `extra/`."""
    folder = tmp_path_factory.mktemp("index")
    _wheel(folder / "shop-1.0-py3-none-any.whl", {"shop/data/fruit.csv": b"name\napple\n", "shop/data/x.csv": b"x\n"})
    _source_archive(folder / "shop-1.0.tar.gz", {"extra/notes.txt": b"notes\n"})
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


_METADATA = "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n"
_BACKEND = f"""
import pathlib

def prepare_metadata_for_build_wheel(folder, settings=None):
    info = pathlib.Path(folder) / "shop-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text({_METADATA!r})
    return info.name

def build_wheel(*_):
    raise AssertionError("nothing is to be built")
"""


def _wheel(path: Path, files: dict[str, bytes]) -> None:
    about = {"METADATA": _METADATA, "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    files = files | {f"shop-1.0.dist-info/{name}": text.encode() for name, text in about.items()}
    lines = [
        f"{n},sha256={base64.urlsafe_b64encode(hashlib.sha256(c).digest()).decode()},{len(c)}" for n, c in files.items()
    ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (files | {"shop-1.0.dist-info/RECORD": "\n".join(lines).encode()}).items():
            archive.writestr(name, content)


def _source_archive(path: Path, files: dict[str, bytes]) -> None:
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    files = files | {
        "PKG-INFO": _METADATA.encode(),
        "pyproject.toml": project.encode(),
        "backend.py": _BACKEND.encode(),
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"shop-1.0/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
