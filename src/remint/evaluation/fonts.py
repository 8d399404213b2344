"""A font with Chinese characters for plots, beside the one that matplotlib brings along."""

from importlib.util import find_spec
from pathlib import Path

_PACKAGE, _FILE = "pylopdf_fonts_zh_cn", "NotoSansSC-Regular.otf"
"Noto Sans SC (SIL Open Font License) in a package of nothing but fonts; it is looked up, never imported."
INSTALLED = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "SimHei",
    "Droid Sans Fallback",
    "Arial Unicode MS",
)
"Fonts of the system that will do, in order of preference, where the package is not installed."


def use_cjk_font() -> str | None:
    """Let matplotlib draw characters that its own font lacks with a Chinese one; give that font's name.

    The package's font comes before the system's, so that a plot is the same on every machine. None: there is no such
    font, and plots are drawn without. A second call changes nothing.
    """
    import matplotlib

    name = _packaged() or _installed()
    families = list(matplotlib.rcParams["font.family"])
    if name is not None and name not in families:
        # Of a generic family such as sans-serif matplotlib takes the first font that is there, and no fallback.
        matplotlib.rcParams["font.family"] = [*families, name]
    return name


def _packaged() -> str | None:
    from matplotlib.font_manager import FontProperties, fontManager

    spec = find_spec(_PACKAGE)
    path = Path(spec.origin).with_name(_FILE) if spec is not None and spec.origin else None
    if path is None or not path.is_file():
        return None
    name = FontProperties(fname=path).get_name()
    if all(Path(font.fname) != path for font in fontManager.ttflist):
        fontManager.addfont(path)
    return name


def _installed() -> str | None:
    from matplotlib.font_manager import fontManager

    there = {font.name for font in fontManager.ttflist}
    return next((name for name in INSTALLED if name in there), None)
