import gzip
import io
import math
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from remint.config.source import CsvFormat
from remint.data.raw import read_raw, write_raw
from remint.errors import DataError
from remint.formats.read import read


def read_csv(content: bytes | str, **options: Any) -> pd.DataFrame:
    path = Path("stored-without-suffix")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read({"a.csv": path}, CsvFormat(kind="csv", **options)).rows


def refusal(content: bytes | str, **options: Any) -> str:
    with pytest.raises(DataError) as error:
        read_csv(content, **options)
    return str(error.value)


pytestmark = pytest.mark.usefixtures("workdir")
PLAIN = "name,size\napple,1\npear,2\n"


def zipped(*files: tuple[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [PLAIN.encode(), gzip.compress(PLAIN.encode()), zipped(("inside.txt", PLAIN))],
    ids=["plain", "gzip", "zip"],  # the packed bytes hold the time, and test processes must agree on the names
)
def test_the_content_tells_whether_it_is_compressed(content: bytes) -> None:
    rows = read_csv(content)
    assert rows.to_dict("list") == {"name": ["apple", "pear"], "size": [1, 2]}
    assert rows.index.equals(pd.RangeIndex(2))


def test_a_zip_of_several_files_is_refused() -> None:
    found = refusal(zipped(("a.csv", PLAIN), ("b.csv", PLAIN), ("__MACOSX/a.csv", "")))
    assert found == "a.csv is a zip with 2 files (a.csv, b.csv); allowed: one"


@pytest.mark.parametrize("pack", [gzip.compress, lambda plain: zipped(("a", plain.decode()))])
def test_a_damaged_archive_is_told(pack: Any) -> None:
    for start, length in ((50, 1), (35, 20)):  # another content, no compressed stream at all
        content = bytearray(pack(PLAIN.encode() * 1000))
        content[start : start + length] = bytes(byte ^ 0xFF for byte in content[start : start + length])
        assert refusal(bytes(content)).startswith("a.csv is a damaged archive: ")


def test_a_truncated_gzip_is_told() -> None:
    assert refusal(gzip.compress(PLAIN.encode() * 1000)[:-20]).startswith("a.csv is a damaged archive: ")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,b,c\n1,2,3\n4,5,6,7\n", "a.csv, line 3: 4 fields; allowed: 3"),
        ("a,b,c\n1,2,3,4\n5,6,7\n", "a.csv, line 2: 4 fields; allowed: 3"),
        ("a,b,c\n1,2,3\n4,5\n6,7,8\n", "a.csv, line 3: 2 fields; allowed: 3"),
        ("a,b,c\n1,2,3\n\n\n4\n", "a.csv, line 5: 1 field; allowed: 3"),
        ('a,b,c\n1,"x\ny\nz",3\n4,5\n', "a.csv, line 5: 2 fields; allowed: 3"),
        ("a,b,c\nx,y,z\nx,y\n", "a.csv, line 3: 2 fields; allowed: 3"),
    ],
)
def test_a_row_of_another_width_is_named_by_its_line(content: str, expected: str) -> None:
    assert refusal(content) == expected


def test_a_delimiter_at_the_end_of_each_row_adds_no_field() -> None:
    assert read_csv("a,b\n1,2,\n3,4,\n").to_dict("list") == {"a": [1, 3], "b": [2, 4]}
    assert refusal("a,b\n1,2,\n3,4,5\n").startswith("a.csv, line ")


def test_a_short_row_is_found_where_the_last_column_is_text_without_missing_values() -> None:
    assert refusal("a,b\n1,x\n2\n", text_columns=("b",), missing=()) == "a.csv, line 3: 1 field; allowed: 2"


def test_a_quote_that_is_never_closed_names_where_it_opens() -> None:
    found = refusal('a,b\n1,2\n3,"4\n5,6\n')
    assert found.startswith("a.csv cannot be read: EOF inside string")
    assert found.endswith("; a quote that opens in line 3 is never closed")


def test_bytes_of_another_encoding_name_line_and_byte() -> None:
    assert refusal("a,b\n1,x\n2,Zürich\n".encode("latin-1")) == (
        "a.csv, line 3: byte 11 is 0xfc, which is not utf-8; allowed: the format's `encoding`"
    )


def test_a_wrong_byte_far_into_the_file_and_in_the_header_is_found() -> None:
    assert "line 200002: byte 800005 is 0xff" in refusal(b"a,b\n" + b"1,2\n" * 200_000 + b"3\xff4\n")
    assert "line 1: byte 2 is 0xff" in refusal(b"a,\xff\n1,2\n")


def test_a_declared_encoding_is_used() -> None:
    content = "Stadt,größe\nZürich,1\n"
    for encoding in ("latin-1", "utf-16", "utf-8-sig"):
        assert read_csv(content.encode(encoding), encoding=encoding).to_dict("list") == {
            "Stadt": ["Zürich"],
            "größe": [1],
        }
    rows = read_csv(content.encode("utf-8-sig"), text_columns=("Stadt", "größe"))
    assert rows.to_dict("list") == {"Stadt": ["Zürich"], "größe": ["1"]}


def test_an_unknown_encoding_is_told() -> None:
    assert refusal(PLAIN, encoding="utf-88").startswith('a.csv: encoding is "utf-88"; allowed: ')


def test_an_empty_file_is_told() -> None:
    assert refusal("") == "a.csv is empty; allowed: a header and rows"


def test_a_header_alone_gives_no_row() -> None:
    assert read_csv("a,b\n").shape == (0, 2)


def test_a_name_that_stands_twice_is_refused() -> None:
    assert refusal("a,b,a\n1,2,3\n") == "a.csv: the header names 'a' more than once; allowed: once"


def test_infinity_and_what_is_missing_survive_into_parquet(workdir: Path) -> None:
    rows = read_csv("x,y,city\ninf,1,?\n-Infinity,NA,Rome\n2.5,3,\nInf,4,NA\n")
    write_raw(Path("raw"), read({"a.csv": Path("stored-without-suffix")}, CsvFormat(kind="csv")))
    for found in (rows, read_raw(Path("raw")).rows):
        assert found["x"].tolist() == [math.inf, -math.inf, 2.5, math.inf]
        assert found["y"].isna().tolist() == [False, True, False, False]
        assert found["city"].isna().tolist() == [True, False, True, True]


def test_only_the_declared_texts_are_missing() -> None:
    rows = read_csv("x,y\nNA,1\nnone,2\n-,3\n", missing=("-",))
    assert rows["x"].tolist()[:2] == ["NA", "none"]
    assert rows["x"].isna().tolist() == [False, False, True]


def test_types_are_inferred_over_the_whole_column() -> None:
    rows = read_csv("code,n\n" + "1,1\n" * 300_000 + "x,2\n")
    assert set(map(type, rows["code"])) == {str}
    assert rows["n"].dtype == np.int64


def test_text_columns_stay_text() -> None:
    rows = read_csv("postcode,n\n00123,1\n45678,2\n", text_columns=("postcode",))
    assert rows["postcode"].tolist() == ["00123", "45678"]
    assert rows["n"].tolist() == [1, 2]


def test_an_unknown_text_column_is_told() -> None:
    found = refusal(PLAIN, text_columns=("nam",))
    assert found == 'a.csv: text_columns names "nam", which is no column; did you mean "name"?'


def test_numbers_beyond_64_bits_survive_as_floats(workdir: Path) -> None:
    write_raw(Path("raw"), read_and_keep("n,m\n99999999999999999999,1\n5,2\n"))
    assert read_raw(Path("raw")).rows["n"].tolist() == [1e20, 5.0]


def test_booleans_with_gaps_survive(workdir: Path) -> None:
    write_raw(Path("raw"), read_and_keep("b,m\nTrue,1\n,2\nFalse,3\n"))
    assert read_raw(Path("raw")).rows["b"].tolist() == [True, None, False]


def read_and_keep(content: str) -> Any:
    Path("kept").write_text(content)
    return read({"a.csv": Path("kept")}, CsvFormat(kind="csv"))


def test_another_delimiter() -> None:
    assert read_csv("a;b\n1,5;x\n", delimiter=";").to_dict("list") == {"a": ["1,5"], "b": ["x"]}


ONE_HOT = "n,sex_F,m,city_Rome,sex_M,city_New_York\n1,0,5,1,1,0\n2,1,6,0,0,1\n"


def test_one_hot_columns_become_one_where_the_first_stood() -> None:
    rows = read_csv(ONE_HOT, one_hot=("city", "sex"))
    assert list(rows) == ["n", "sex", "m", "city"]
    assert rows.to_dict("list") == {"n": [1, 2], "sex": ["M", "F"], "m": [5, 6], "city": ["Rome", "New_York"]}
    assert rows["sex"].dtype == "str"


@pytest.mark.parametrize("content", ["a_x,a_y\n1.0,0.0\n0.0,1.0\n", "a_x,a_y\nTrue,False\nFalse,True\n"])
def test_one_hot_marks_may_be_floats_or_booleans(content: str) -> None:
    assert read_csv(content, one_hot=("a",))["a"].tolist() == ["x", "y"]


def test_a_column_belongs_to_its_longest_prefix() -> None:
    rows = read_csv("a_b_x,a_b_y,a_c,a_d\n1,0,0,1\n", one_hot=("a", "a_b"))
    assert rows.to_dict("list") == {"a_b": ["x"], "a": ["d"]}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a_x,a_y\n1,0\n0,0\n", "row 1 (from 0): all of a_… are 0; allowed: one 1 among the 2 a_… columns"),
        ("a_x,a_y\n1,0\n0,1\n1,1\n", "row 2 (from 0): a_x, a_y are all 1; allowed: one 1 among the 2 a_… columns"),
        ("a_x,a_y\n1,0\n0,2\n", 'row 1 (from 0): one-hot column "a_y" is 2; allowed: 0, 1'),
        ("a_x,a_y\n1,0\n,1\n", 'row 1 (from 0): one-hot column "a_x" is missing; allowed: 0, 1'),
        ("a_x,a_y\n1,0\nno,1\n", 'row 1 (from 0): one-hot column "a_x" is no; allowed: 0, 1'),
    ],
)
def test_a_row_that_does_not_say_one_value_is_named(content: str, expected: str) -> None:
    found = refusal(content, one_hot=("a",))
    assert found.startswith("a.csv, row ")
    assert found.endswith(expected) or "is 1; allowed" in found


def test_a_prefix_that_no_column_has_is_told() -> None:
    assert refusal(ONE_HOT, one_hot=("sexx",)) == (
        'a.csv: one_hot names "sexx", but no column begins with "sexx_"; did you mean "sex"?'
    )


def test_a_column_that_has_the_prefixs_name_already_is_refused() -> None:
    assert refusal("sex,sex_F,sex_M\nF,1,0\n", one_hot=("sex",)) == (
        'a.csv: one_hot would make a column "sex", which the file has already beside sex_F'
    )


def read_two(first: str, second: str, **options: Any) -> pd.DataFrame:
    Path("one").write_text(first)
    Path("two").write_text(second)
    return read({"one.csv": Path("one"), "two.csv": Path("two")}, CsvFormat(kind="csv", **options)).rows


def test_files_are_read_one_after_the_other() -> None:
    rows = read_two("a,b\n1,x\n2,y\n", "b,a\nz,\n")
    assert rows["b"].tolist() == ["x", "y", "z"]
    assert rows["a"].isna().tolist() == [False, False, True]
    assert rows.index.equals(pd.RangeIndex(3))


def test_a_column_without_a_value_in_one_file_takes_the_others_type() -> None:
    rows = read_two("a,b\nx,1\n", "a,b\n,2\n")
    assert rows["a"].isna().tolist() == [False, True]
    assert rows["a"].dtype == "str"


def test_files_with_different_columns_are_refused() -> None:
    with pytest.raises(DataError, match=r"two\.csv and one\.csv do not have the same columns; only in one: b, c"):
        read_two("a,b\n1,2\n", "a,c\n1,2\n")


def test_a_column_that_is_a_number_in_one_file_and_text_in_another_is_refused() -> None:
    with pytest.raises(DataError, match=r'column "a" holds numbers in one\.csv, text in two\.csv; list it in text_col'):
        read_two("a,b\n1,2\n", "a,b\nx,2\n")
    assert read_two("a,b\n01,2\n", "a,b\nx,2\n", text_columns=("a",))["a"].tolist() == ["01", "x"]


def as_tar(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            archive.addfile(member, io.BytesIO(content.encode()))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content", [zipped(("d/a.csv", PLAIN), ("b.csv", "x\n")), as_tar({"d/a.csv": PLAIN, "b.csv": "x\n"})]
)
def test_a_member_of_an_archive_is_read(content: bytes) -> None:
    assert read_csv(content, member="d/a.csv").to_dict("list") == {"name": ["apple", "pear"], "size": [1, 2]}
    assert refusal(content, member="d/b.csv") == (
        'a.csv has no file "d/b.csv"; it holds d/a.csv, b.csv; did you mean "d/a.csv"?'
    )


def test_a_member_needs_an_archive_and_its_lines_are_named() -> None:
    assert refusal(PLAIN, member="x") == "a.csv is no zip or tar archive, but member names a file in one"
    content = as_tar({"d/a.csv": "a,b\n1,2\n3\n"})
    assert refusal(content, member="d/a.csv") == "a.csv, line 3: 1 field; allowed: 2"


def test_a_file_without_a_header_takes_declared_names() -> None:
    rows = read_csv("1,2.5,x\n2,3.5,y\n", names=("id", "score", "text"), text_columns=("text",))
    assert rows.to_dict("list") == {"id": [1, 2], "score": [2.5, 3.5], "text": ["x", "y"]}
    assert refusal("1,2\n3,4,5\n", names=("a", "b")) == "a.csv, line 2: 3 fields; allowed: 2"
    assert refusal("", names=("a", "b")).startswith("a.csv is empty")
    assert refusal("1,2,3\n", names=("a", "b")) == "a.csv, line 1: 3 fields; allowed: 2"


ORANGE = "Category\tText\nd\tstring\nclass\t\nearn\tshr cts\nacq\tbuys\n"


def test_rows_after_the_header_can_be_skipped() -> None:
    rows = read_csv(ORANGE, delimiter="\t", skip=2)
    assert rows.to_dict("list") == {"Category": ["earn", "acq"], "Text": ["shr cts", "buys"]}
    assert refusal(ORANGE + "x\n", delimiter="\t", skip=2) == "a.csv, line 6: 1 field; allowed: 2"
    assert read_csv("meta,,\n1,2\n3,4\n", names=("a", "b"), skip=1)["a"].tolist() == [1, 3]


def test_quotes_can_be_text_like_any_other() -> None:
    content = 'a\tb\n1\t"no end\n2\tsay "yes"\n'
    assert read_csv(content, delimiter="\t", quotes=False)["b"].tolist() == ['"no end', 'say "yes"']
    assert refusal(content + "3\n", delimiter="\t", quotes=False) == "a.csv, line 4: 1 field; allowed: 2"


LIKED = {"liked": {"column": "score", "above": 0, "classes": ("no", "yes")}}


def test_classes_are_cut_out_of_a_number() -> None:
    rows = read_csv("score,n\n0.5,1\n0,2\n-3,3\n,4\n", classes_from=LIKED)
    assert rows["liked"].tolist()[:3] == ["yes", "no", "no"]
    assert rows["liked"].isna().tolist() == [False, False, False, True]
    assert rows["liked"].dtype == "str"


def test_classes_of_what_is_no_number_are_refused() -> None:
    assert refusal("score,n\n1,1\nhigh,2\n", classes_from=LIKED) == (
        'a.csv, row 1 (from 0): classes_from column "score" is "high"; allowed: a number'
    )
    assert refusal("scores,n\n1,1\n", classes_from=LIKED) == (
        'a.csv: classes_from names "score", which is no column; did you mean "scores"?'
    )
    assert refusal("score,liked\n1,1\n", classes_from=LIKED) == (
        'a.csv: classes_from would make a column "liked", which the file has already'
    )
