import pytest

from remint.evaluation.figures.style import width, wrapped


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("one two three", 8, "one two\nthree"),
        ("one  two\nthree four five", 9, "one two\nthree…"),
        ("春眠不觉晓处处", 6, "春眠不\n觉晓处…"),
        ("春眠不，觉晓", 6, "春眠\n不，觉…"),
        ("", 6, ""),
        ("a" * 90, 50, "a" * 40 + "\n" + "a" * 50),
    ],
)
def test_texts_are_broken_into_two_lines(text: str, columns: int, expected: str) -> None:
    assert wrapped(text, columns, 2) == expected


def test_chinese_characters_are_two_columns_wide() -> None:
    assert width("a好，") == 5
