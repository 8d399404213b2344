import hashlib
from pathlib import Path
from typing import Any

import pytest

from remint import paths
from remint.data.raw import read_raw
from remint.errors import DataError
from remint.stages import ingest

pytestmark = pytest.mark.usefixtures("workdir")
PATH = "source/fruit.csv"


def section(content: str, path: str = PATH, **more: Any) -> ingest.Section:
    sha256 = hashlib.sha256(content.encode()).hexdigest()
    files = {"fruit.csv": {"sha256": sha256, "from": [{"kind": "file", "path": path}]}}
    return ingest.Section.model_validate({"source": {"files": files, "format": {"kind": "csv"}, **more}})


def put(content: str) -> None:
    Path(PATH).parent.mkdir(exist_ok=True)
    Path(PATH).write_text(content)


def test_a_declared_file_becomes_raw_rows() -> None:
    put("name,size\napple,1\n")
    ingest.run("fruit", section("name,size\napple,1\n"))
    assert read_raw(paths.raw("fruit")).rows.to_dict("list") == {"name": ["apple"], "size": [1]}


def test_the_same_file_gives_the_same_bytes() -> None:
    put("name,size,c_x,c_y\napple,1.5,1,0\npear,inf,0,1\n")
    declared = section(Path(PATH).read_text(), format={"kind": "csv", "one_hot": ["c"]})
    ingest.run("one", declared)
    ingest.run("two", declared)
    assert contents("one") == contents("two")


def contents(name: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in paths.raw(name).iterdir()}


def test_the_real_images_give_the_same_bytes(mnist_file: Path) -> None:
    file = {"sha256": mnist_file.name, "from": [{"kind": "file", "path": str(mnist_file)}]}
    form = {"kind": "csv-images", "height": 28, "width": 28}
    declared = ingest.Section.model_validate({"source": {"files": {"mnist.csv.gz": file}, "format": form}})
    ingest.run("one", declared)
    ingest.run("two", declared)
    assert set(contents("one")) == {"rows.parquet", "images.safetensors"}
    assert contents("one") == contents("two")


def test_a_file_that_cannot_be_read_leaves_the_old_rows() -> None:
    put("a,b\n1,2\n")
    ingest.run("fruit", section("a,b\n1,2\n"))
    before = contents("fruit")
    put("a,b\n1,2\n3\n")
    with pytest.raises(DataError, match=r"fruit\.csv, line 3"):
        ingest.run("fruit", section("a,b\n1,2\n3\n"))
    assert contents("fruit") == before
    assert [p.name for p in paths.raw("fruit").parent.iterdir()] == ["fruit"]


def test_changed_content_is_not_taken() -> None:
    put("a,b\n1,3\n")
    with pytest.raises(DataError, match=r"sha256 is .*; expected "):
        ingest.run("fruit", section("a,b\n1,2\n"))
    assert not paths.raw("fruit").exists()


def test_inputs_are_the_source_files_inside_the_project(tmp_path: Path) -> None:
    put("a,b\n1,2\n")
    assert ingest.inputs("fruit", section("")) == (Path(PATH),)
    assert ingest.inputs("fruit", section("", "absent.csv")) == ()
    assert ingest.inputs("fruit", section("", str(tmp_path / PATH))) == (tmp_path / PATH,)
    assert ingest.inputs("fruit", section("", __file__)) == ()


def test_files_of_a_pretrained_model_are_kept_beside_the_rows() -> None:
    put("a,b\n1,2\n")
    Path("weights").write_bytes(b"weights")
    file = {"sha256": hashlib.sha256(b"weights").hexdigest(), "from": [{"kind": "file", "path": "weights"}]}
    declared = section("a,b\n1,2\n", pretrained={"model.safetensors": file})
    assert ingest.inputs("fruit", declared) == (Path(PATH), Path("weights"))
    ingest.run("fruit", declared)
    raw = read_raw(paths.raw("fruit"))
    assert raw.pretrained is not None
    assert (raw.pretrained / "model.safetensors").read_bytes() == b"weights"
    ingest.run("fruit", section("a,b\n1,2\n"))
    assert read_raw(paths.raw("fruit")).pretrained is None


def test_constant_columns_of_a_file_are_added() -> None:
    put("a,b\n1,2\n")
    declared = section("a,b\n1,2\n").source.model_dump(by_alias=True)
    declared["files"]["fruit.csv"]["columns"] = {"split": "train"}
    ingest.run("fruit", ingest.Section.model_validate({"source": declared}))
    assert read_raw(paths.raw("fruit")).rows.to_dict("list") == {"a": [1], "b": [2], "split": ["train"]}
