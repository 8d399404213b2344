"""A stage opens what `dvc.yaml` declares, and connects to nothing; what others of the process do is theirs."""

import contextlib
import importlib
import importlib.metadata
import os
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.ipc
import pyarrow.json
import pyarrow.orc
import pyarrow.parquet
import pytest
import safetensors
import safetensors.numpy
import safetensors.torch

from remint.errors import RemintError
from remint.files import writing_folder
from remint.stages.allowed import Allowed
from remint.stages.declared import Declared
from remint.stages.guard import guarded

DECLARED = Declared(("data/in", "src/remint/code.py"), ("data/out/x", "data/out/y/metrics.json"), ("params.yaml",))
TABLE, ARRAYS = Path("data/extra.parquet"), Path("data/extra.safetensors")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    for folder in ("data/in", "data/out", "src/remint", ".remint"):
        (root / folder).mkdir(parents=True)
    for name in ("data/in/a.csv", "data/extra.csv", "params.yaml", "datasets.yaml", "src/remint/code.py", "dvc.yaml"):
        (root / name).write_text("x")
    monkeypatch.chdir(root)
    pd.DataFrame({"a": [1]}).to_parquet(TABLE)
    safetensors.numpy.save_file({"a": np.zeros(2)}, ARRAYS)
    (tmp_path / "way").symlink_to(root / "data")
    return root


@pytest.fixture
def port() -> Iterator[int]:
    """Port of a server of this machine that answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def within(work: Callable[[], Any], network: bool = False) -> None:
    with guarded("train@x", Allowed(DECLARED), network):
        work()


READS: dict[str, Callable[[], Any]] = {
    "open": lambda: Path("data/extra.csv").read_text(),
    "bytes": lambda: os.close(os.open(b"data/extra.csv", os.O_RDONLY)),
    "roundabout": lambda: Path("data/in/../extra.csv").read_text(),
    "absolute": lambda: Path("data/extra.csv").resolve().read_text(),
    "linked from outside": lambda: Path("../way/extra.csv").read_text(),
    "moved into the outputs": lambda: Path("data/extra.csv").rename("data/out/x"),
    "hard link": lambda: os.link("data/extra.csv", "data/out/x"),
    "symbolic link": lambda: Path("data/out/x").symlink_to("../extra.csv"),
    "pandas csv": lambda: pd.read_csv("data/extra.csv"),
    "numpy": lambda: np.memmap("data/extra.csv", mode="r"),
    "sqlite": lambda: sqlite3.connect("data/extra.csv"),
    "sqlite, by URI": lambda: sqlite3.connect("file:data/e%78tra.csv?mode=ro", uri=True),
    "sqlite, by absolute URI": lambda: sqlite3.connect(
        f"{Path('data/extra.csv').resolve().as_uri()}?mode=ro", uri=True
    ),
    "other parameters": lambda: Path("datasets.yaml").read_text(),
    "data among code": lambda: Path("src/remint/table.csv").read_text(),
    "pandas parquet": lambda: pd.read_parquet(TABLE),
    "arrow": lambda: pyarrow.parquet.read_table(str(TABLE)),
    "arrow, a list": lambda: pyarrow.parquet.read_table([str(TABLE)]),
    "arrow, metadata": lambda: pyarrow.parquet.read_metadata(TABLE),
    "arrow, schema": lambda: pyarrow.parquet.core.read_schema(TABLE),
    "arrow csv": lambda: pyarrow.csv.read_csv("data/extra.csv"),
    "arrow csv, in pieces": lambda: pyarrow.csv.open_csv("data/extra.csv"),
    "arrow json": lambda: pyarrow.json.read_json("data/extra.csv"),
    "arrow dataset": lambda: pyarrow.dataset.dataset(TABLE),
    "arrow datasets": lambda: pyarrow.dataset.dataset(["data/in/a.csv", str(TABLE)]),
    "arrow feather": lambda: pyarrow.feather.read_table("data/extra.csv"),
    "arrow feather, pandas": lambda: pyarrow.feather.read_feather("data/extra.csv"),
    "arrow orc": lambda: pyarrow.orc.read_table("data/extra.csv"),
    "arrow orc, a file": lambda: pyarrow.orc.ORCFile("data/extra.csv"),
    "arrow ipc": lambda: pyarrow.ipc.open_file("data/extra.csv"),
    "arrow map": lambda: pyarrow.memory_map("data/extra.csv"),
    "arrow stream": lambda: pyarrow.input_stream("data/extra.csv"),
    "safetensors, numpy": lambda: safetensors.numpy.load_file(ARRAYS),
    "safetensors, torch": lambda: safetensors.torch.load_file(ARRAYS),
    "safe_open": lambda: safetensors.safe_open(ARRAYS, "numpy"),
    "arrow, by keyword": lambda: pyarrow.parquet.ParquetFile(source=str(TABLE)),
    "safe_open, by keyword": lambda: safetensors.safe_open(filename=ARRAYS, framework="numpy"),
    "a module of its own": lambda: importlib.import_module("reads_when_imported"),
    "from another folder": lambda: read_from("data"),
    "the record": lambda: Path("mlruns/mlflow.db").read_bytes(),
    "local state": lambda: Path(".remint/note").read_text(),
    "a folder moved into the outputs": lambda: Path("data/other").rename("data/out/x"),
}


def read_from(folder: str) -> str:
    with contextlib.chdir(folder):
        return Path("extra.csv").read_text()


@pytest.mark.parametrize("read", READS)
def test_a_file_that_is_not_declared_is_refused(read: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("mlruns", "data/other"):
        Path(folder).mkdir()
    for name in ("src/remint/table.csv", "mlruns/mlflow.db", ".remint/note", "data/other/x"):
        Path(name).write_text("x")
    Path("src/reads_when_imported.py").write_text("found = open('data/extra.csv').read()")
    monkeypatch.syspath_prepend(str(Path("src").resolve()))
    with pytest.raises(
        RemintError, match=r"^train@x opened \S+, which dvc.yaml does not declare as a dependency: add it"
    ):
        within(READS[read])


def test_the_message_names_the_file_and_what_to_do() -> None:
    with pytest.raises(RemintError) as caught:
        within(READS["linked from outside"])
    assert str(caught.value) == (
        "train@x opened data/extra.csv, which dvc.yaml does not declare as a dependency: "
        "add it to deps, or do not read it"
    )


@pytest.mark.parametrize("listed", ["data", ".", "data/other"])
def test_a_folder_that_is_not_declared_is_not_listed(listed: str) -> None:
    Path("data/other").mkdir()
    for work in (os.listdir, lambda folder: list(Path(folder).glob("*")), os.scandir, pyarrow.dataset.dataset):
        with pytest.raises(RemintError, match=r"^train@x listed \S+, which"):
            within(lambda work=work: work(listed))


WRITES: dict[str, Callable[[], Any]] = {
    "open": lambda: Path("data/new.csv").write_text("x"),
    "symbolic link": lambda: Path("data/new.csv").symlink_to("in/a.csv"),
    "beside the outputs": lambda: Path("data/out/z").write_text("x"),
    "in a folder on its way": lambda: Path("data/out/.y.0f.tmp/more.json").write_text("x"),
    "moved away from the outputs": lambda: Path("data/in/a.csv").rename("data/new.csv"),
    "pandas": lambda: pd.DataFrame({"a": [1]}).to_parquet("data/new.parquet"),
    "arrow": lambda: pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), "data/new.parquet"),
    "arrow csv": lambda: pyarrow.csv.write_csv(pyarrow.table({"a": [1]}), "data/new.csv"),
    "arrow feather": lambda: pyarrow.feather.write_feather(pyarrow.table({"a": [1]}), "data/new.feather"),
    "arrow orc": lambda: pyarrow.orc.write_table(pyarrow.table({"a": [1]}), "data/new.orc"),
    "arrow ipc": lambda: pyarrow.ipc.new_file("data/new.arrow", pyarrow.schema([])),
    "arrow map": lambda: pyarrow.create_memory_map("data/new.bin", 1),
    "arrow stream": lambda: pyarrow.output_stream("data/new.bin"),
    "safetensors": lambda: safetensors.numpy.save_file({"a": np.zeros(2)}, "data/new.safetensors"),
}


@pytest.mark.parametrize("write", WRITES)
def test_an_output_that_is_not_declared_is_refused(write: str) -> None:
    Path("data/out/.y.0f.tmp").mkdir()
    before = sorted(Path().rglob("*"))
    with pytest.raises(RemintError, match=r"^train@x wrote data/\S+, which dvc.yaml does not declare as an output"):
        within(WRITES[write])
    assert sorted(Path().rglob("*")) == before


def allowed_work() -> None:
    for name in ("data/in/a.csv", "params.yaml", "dvc.yaml", "src/remint/code.py", "/proc/self/stat", __file__):
        Path(name).read_bytes()
    assert not Path("data/nothing").exists()
    with suppress(FileNotFoundError):
        Path("data/nothing").read_text()
    assert list(Path("data/in").iterdir())
    for folder in ("data/out/.x.0f.tmp", "data/out/.y.0f.tmp", ".remint/tmp"):
        Path(folder).mkdir()
    for name in ("data/out/.x.0f.tmp/deep", "data/out/.y.0f.tmp/metrics.json", ".remint/tmp/note"):
        Path(name).write_text("x")
    Path("data/out/.x.0f.tmp").rename("data/out/x")
    assert Path("data/out/x/deep").read_text() == "x"
    for _ in range(2):
        with writing_folder(Path("data/out/y")) as folder:  # the outputs lie in it
            (folder / "metrics.json").touch()
    here, there = socket.socketpair()
    with here, there, socket.socket(socket.AF_UNIX) as connection, suppress(FileNotFoundError):
        connection.connect("data/nobody")


def test_what_a_stage_must_do_is_allowed() -> None:
    within(allowed_work)


def test_the_projects_own_code_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("src/seen_by_an_import.py").write_text("found = 1")
    monkeypatch.syspath_prepend(str(Path("src").resolve()))
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    within(lambda: importlib.import_module("seen_by_an_import"))
    within(lambda: importlib.metadata.version("numpy"))


@pytest.mark.parametrize("stage_may", [False, True])
def test_the_network_is_for_ingest(port: int, stage_may: bool) -> None:
    calls: list[tuple[Callable[[], Any], str]] = [
        (lambda: socket.create_connection(("127.0.0.1", port), 1).close(), f"127.0.0.1:{port}"),
        (lambda: socket.getaddrinfo("localhost", port), f"localhost:{port}"),
        (lambda: socket.gethostbyname("localhost"), "localhost"),
        (lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"", ("127.0.0.1", port)), f"127.0.0.1:{port}"),
    ]
    for call, host in calls:
        if stage_may:
            within(call, network=True)
            continue
        with pytest.raises(RemintError) as caught:
            within(call)
        told = "only ingest may use the network: declare the file under source"
        assert str(caught.value) == f"train@x connected to {host}; {told}"


def test_an_error_that_a_library_swallows_fails_the_stage_all_the_same() -> None:
    def swallow() -> None:
        with suppress(Exception):
            READS["open"]()

    with pytest.raises(RemintError, match=r"^train@x opened data/extra.csv"):
        within(swallow)


def test_after_a_swallowed_error_nothing_more_is_written() -> None:
    """So a training fails before its run ends, not after."""

    def swallow() -> None:
        with suppress(RemintError):
            READS["open"]()
        with pytest.raises(RemintError, match=r"^train@x opened data/extra.csv"):
            Path("data/out/x").write_text("")

    with pytest.raises(RemintError):
        within(swallow)
    assert not Path("data/out/x").exists()


def test_the_first_refusal_is_told_whatever_a_library_makes_of_it() -> None:
    def translate() -> None:
        try:
            READS["open"]()
        except RemintError as error:
            raise ValueError("no such table") from error

    with pytest.raises(RemintError, match=r"^train@x opened data/extra.csv"):
        within(translate)


def test_an_error_of_the_stage_itself_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        within(lambda: 1 / 0)


def test_threads_and_forked_processes_of_the_stage_count() -> None:
    def thread() -> None:
        with ThreadPoolExecutor(1) as pool, suppress(RemintError):
            pool.submit(READS["open"]).result()

    def process() -> None:
        child = os.fork()
        if not child:
            with suppress(RemintError):
                READS["open"]()
            os._exit(0)
        os.waitpid(child, 0)

    for work in (thread, process):
        with pytest.raises(RemintError, match=r"^train@x opened data/extra.csv"):
            within(work)


def test_a_thread_of_an_earlier_stage_counts_for_the_next() -> None:
    with ThreadPoolExecutor(1) as pool:
        within(lambda: pool.submit(int).result())
        with pytest.raises(RemintError, match=r"^train@x opened data/extra.csv"):
            within(lambda: pool.submit(READS["open"]).result())


def test_threads_of_others_are_left_alone(port: int) -> None:
    """Prefect talks to its server while a stage runs, from threads that it starts itself."""
    begin, found = threading.Event(), []

    def other() -> None:
        begin.wait(5)
        inner = ThreadPoolExecutor(1)
        with inner, socket.create_connection(("127.0.0.1", port), 1):
            found.append(inner.submit(READS["open"]).result())

    thread = threading.Thread(target=other)
    thread.start()

    def work() -> None:
        begin.set()
        thread.join(5)

    within(work)
    assert found == ["x"]


def test_when_the_stage_is_over_nothing_is_refused() -> None:
    within(allowed_work)
    assert READS["open"]() == "x"
    assert list(Path("data").iterdir())


@pytest.mark.parametrize("module", ["remint.tracking.store", "remint.registry.record"])
def test_what_the_tracking_store_does_for_the_record_passes(port: int, module: str) -> None:
    """A server for the record is connected to, its clients start threads, and its database may lie anywhere."""
    record: dict[str, Any] = {"__name__": module}
    exec("def do(work):\n    return work()", record)

    def work() -> None:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(lambda: socket.create_connection(("127.0.0.1", port), 1).close()).result()
        READS["sqlite"]().close()

    if module.startswith("remint.tracking."):
        within(lambda: record["do"](work))
    else:
        with pytest.raises(RemintError, match=r"^train@x connected to 127.0.0.1"):
            within(lambda: record["do"](work))


@pytest.mark.parametrize("library", ["safetensors.numpy", "pyarrow.parquet"])
def test_a_library_that_is_first_imported_inside_the_stage_is_seen(library: str) -> None:
    """By its functions' names, too."""
    read = {
        "safetensors.numpy": f"from safetensors import safe_open; safe_open({str(ARRAYS)!r}, 'numpy')",
        "pyarrow.parquet": f"from pyarrow.parquet import read_table; read_table({str(TABLE)!r})",
    }[library]
    code = (
        "import sys; from remint.errors import RemintError; from remint.stages.allowed import Allowed; "
        "from remint.stages.declared import Declared; from remint.stages.guard import guarded\n"
        f"assert {library!r} not in sys.modules\n"
        "try:\n"
        f"    with guarded('train@x', Allowed(Declared((), (), ()))): {read}\n"
        "except RemintError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("train@x opened data/extra."), done.stderr


def test_python_and_the_caches_are_allowed_wherever_they_lie(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The project is a home directory that a link leads to, with all in it."""
    way, other = tmp_path / "link", tmp_path / "other"
    way.symlink_to(project)
    other.mkdir()
    (project / ".cache").symlink_to(other)
    names = {"prefix": ".venv/lib/a.py", "base_prefix": ".pyenv/lib/b.py"}
    for attribute, name in names.items():
        monkeypatch.setattr(sys, attribute, str(way / Path(name).parts[0]))
    monkeypatch.setenv("HOME", str(way))
    monkeypatch.setenv("MPLCONFIGDIR", str(way / "fonts"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(way))
    for name in (*names.values(), ".config/c", ".cache/d", "fonts/e"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("x")
        for place in (way, project):
            within(lambda place=place, name=name: (place / name).read_text())
    with pytest.raises(RemintError, match=r"extra\.csv"):
        within(READS["open"])
