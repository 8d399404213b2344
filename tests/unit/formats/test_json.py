import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from remint.config.source import JsonFormat
from remint.errors import DataError
from remint.formats.read import read

pytestmark = pytest.mark.usefixtures("workdir")
POEM = {"title": "一", "paragraphs": ["床前明月光，", "疑是地上霜。"], "id": 1}


def read_json(content: bytes, **columns: str) -> pd.DataFrame:
    Path("stored").write_bytes(content)
    form = JsonFormat(kind="json", columns=columns or {"title": "title", "text": "paragraphs"})
    return read({"a.json": Path("stored")}, form).rows


def refusal(value: Any, **columns: str) -> str:
    with pytest.raises(DataError) as error:
        read_json(value if isinstance(value, bytes) else json.dumps(value).encode(), **columns)
    return str(error.value)


def as_tar(files: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, value in files.items():
            content = json.dumps(value).encode()
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def test_an_array_of_texts_becomes_lines_and_other_keys_are_left_out() -> None:
    rows = read_json(json.dumps([POEM]).encode())
    assert rows.to_dict("list") == {"title": ["一"], "text": ["床前明月光，\n疑是地上霜。"]}
    assert list(map(str, rows.dtypes)) == ["str", "str"]


def test_numbers_booleans_and_null_keep_their_type() -> None:
    rows = read_json(
        json.dumps([{"n": 1, "b": True, "t": None}, {"n": 2, "b": False, "t": "x"}]).encode(), n="n", b="b", t="t"
    )
    assert (rows["n"].tolist(), rows["b"].tolist()) == ([1, 2], [True, False])
    assert rows["t"].isna().tolist() == [True, False]


def test_files_of_an_archive_are_read_in_the_order_of_their_names() -> None:
    files = {"b.json": [{"t": "2"}], "a.json": [{"t": "0"}, {"t": "1"}]}
    assert read_json(as_tar(files), t="t")["t"].tolist() == ["0", "1", "2"]
    with pytest.raises(DataError, match=r'^a\.json, b\.json, row 0 \(from 0\): key "t" is missing'):
        read_json(as_tar({"a.json": [{"t": "0"}], "b.json": [{"u": "0"}]}), t="t")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"a": 1}, "a.json holds an object; allowed: an array of objects"),
        ([{"title": "x", "paragraphs": []}, 3], "a.json, row 1 (from 0) is a number; allowed: an object"),
        ([{"titel": "x"}], 'a.json, row 0 (from 0): key "title" is missing; did you mean "titel"?'),
        (
            [{"title": {"zh": "x"}}],
            'a.json, row 0 (from 0): key "title" holds an object; '
            "allowed: text, number, boolean, null, an array of texts",
        ),
        (b'[\n{"title": }]', "a.json, line 2: no JSON: Expecting value"),
        (b"\xff", "a.json: byte 0 is 0xff, which is not utf-8"),
    ],
)
def test_what_does_not_fit_is_named_by_file_and_row(value: Any, told: str) -> None:
    assert refusal(value) == told


def test_text_and_numbers_in_one_column_are_refused() -> None:
    assert refusal([{"t": "x"}, {"t": 3}], t="t") == "a.json, row 1 of all (from 0): t is 3, but text elsewhere"
