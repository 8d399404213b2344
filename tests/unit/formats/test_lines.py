from pathlib import Path
from typing import Any

import pytest

from remint.config.source import LinesFormat
from remint.errors import DataError
from remint.formats.read import read

pytestmark = pytest.mark.usefixtures("workdir")


def read_lines(content: bytes, columns: dict[str, dict[str, str]] | None = None, **options: Any) -> dict[str, list]:
    Path("stored").write_bytes(content)
    return read({"a.txt": Path("stored")}, LinesFormat(kind="lines", **options), columns).rows.to_dict("list")


def test_blank_lines_and_white_space_at_the_ends_go() -> None:
    content = "\ufeff 很好！\r\n\n\u3000\n second\u2028line \u3000\nlast".encode()
    assert read_lines(content) == {"text": ["很好！", "second\u2028line", "last"]}


def test_a_column_and_an_encoding_can_be_declared() -> None:
    assert read_lines("很好\n".encode("gb18030"), column="review", encoding="gb18030") == {"review": ["很好"]}


def test_bytes_of_another_encoding_name_the_line() -> None:
    with pytest.raises(DataError, match=r"^a\.txt, line 2: byte 3 is 0xff, which is not utf-8"):
        read_lines(b"ab\n\xff\n")


def test_a_file_without_text_is_refused() -> None:
    with pytest.raises(DataError, match=r"^a\.txt holds no line that is not blank"):
        read_lines(b"\n \n")


def test_constant_columns_are_added_to_the_rows_of_their_file() -> None:
    Path("good").write_text("fine\nwell\n")
    Path("bad").write_text("poor\n")
    columns = {"good.txt": {"label": "positive"}, "bad.txt": {"label": "negative"}}
    files = {"good.txt": Path("good"), "bad.txt": Path("bad")}
    rows = read(files, LinesFormat(kind="lines"), columns).rows
    assert rows.to_dict("list") == {"text": ["fine", "well", "poor"], "label": ["positive", "positive", "negative"]}
    assert rows["label"].dtype == "str"


def test_a_constant_column_that_the_file_has_already_is_refused() -> None:
    with pytest.raises(DataError, match=r'^a\.txt: columns would add "text", which the file has already'):
        read_lines(b"x\n", {"a.txt": {"text": "y"}})
