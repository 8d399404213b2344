from pathlib import Path

import pytest

from remint.evaluation.figures.style import new_figure, prepare, save, width, wrapped


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


def test_a_dollar_sign_is_a_dollar_sign(tmp_path: Path) -> None:
    prepare()
    figure = new_figure(2, 2)
    figure.add_subplot().set_title("$x_$ and $1-$2")
    save(figure, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 0
