"""Whose work it is that a stage's thread does: the stage's own, or that of the record or of an import."""

import sys

_NO_INPUT = ("remint.tracking.", "remint.git", "importlib.metadata", "pkg_resources")
"Modules whose work is for the record, or finds packages."
_IMPORT = "importlib._bootstrap_external"
"Finds and reads the code of an import, which tests/graph/test_contract.py looks at."


def is_no_input() -> bool:
    """Tell whether what is opened at this moment is no input of a stage.

    So is what a module of `_NO_INPUT` opens, and an import to find code; what the imported code then opens is not.
    """
    frame = sys._getframe(1)
    excused: tuple[str, ...] = (*_NO_INPUT, _IMPORT)
    while frame is not None:
        if str(frame.f_globals.get("__name__")).startswith(excused):
            return True
        if frame.f_code.co_name == "<module>":
            excused = _NO_INPUT
        frame = frame.f_back  # type: ignore[assignment]
    return False
