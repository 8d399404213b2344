"""Chinese can be drawn: no glyph is missing, and Latin text keeps matplotlib's own font."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from remint.evaluation import fonts

TEXT = "中文评论：好评与差评 — 春眠不覺曉，處處聞啼鳥 − validation loss"


@pytest.fixture(autouse=True)
def _own_settings() -> Iterator[None]:
    """Start from matplotlib's own font, whatever an earlier test of this process drew with."""
    with matplotlib.rc_context({"font.family": ["sans-serif"]}):
        yield


def draw() -> list[str]:
    """Draw a figure with Chinese in it; give the warnings."""
    figure = Figure(figsize=(2, 1))
    figure.text(0.1, 0.5, TEXT)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FigureCanvasAgg(figure).draw()
    return [str(warning.message) for warning in caught]


def test_no_glyph_is_missing() -> None:
    assert any("missing from font" in message for message in draw())
    assert fonts.use_cjk_font() == "Noto Sans SC"
    assert draw() == []


def test_it_comes_after_the_own_font_and_once() -> None:
    before = list(matplotlib.rcParams["font.family"])
    fonts.use_cjk_font()
    fonts.use_cjk_font()
    assert matplotlib.rcParams["font.family"] == [*before, "Noto Sans SC"]


def test_without_the_package_a_font_of_the_system_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)
    monkeypatch.setattr(fonts, "INSTALLED", ("No Such Font", "DejaVu Serif"))
    assert fonts.use_cjk_font() == "DejaVu Serif"
    monkeypatch.setattr(fonts, "INSTALLED", ("No Such Font",))
    assert fonts.use_cjk_font() is None


def test_package_is_not_imported() -> None:
    assert "import pylopdf" not in Path(fonts.__file__).read_text()
