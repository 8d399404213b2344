"""One of the two that are compared: what is known of a training, and how much of it that is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remint.proof.moved import Interval

if TYPE_CHECKING:
    from remint.data.blocks import Blocks

VIEWS: Mapping[str, tuple[str, ...]] = {
    "data": ("files", "prepared", "digest", "locked"),
    "parameters": ("trained", "declared", "set"),
    "dataset's declaration": ("declared",),
    "seed": ("seed",),
    "code": ("stages", "training"),
    "environment": ("trained", "pinned", "threads"),
}
"Part to the ways in which a side may tell of it, the most telling first: the first that both have is compared."
PARTIAL: Mapping[tuple[str, str], tuple[str, str]] = {
    ("parameters", "set"): ("declared parameters", "parameters left to their defaults"),
    ("code", "training"): ("code of the training", "code of the evaluation"),
    ("environment", "pinned"): ("pinned packages", "Python, the machine, unpinned packages"),
    ("environment", "threads"): ("threads", "Python, the machine, packages"),
}
"Views that tell of a part, but not of all of it: what they tell of, and what they leave out."


def _no_text(_file: str) -> str | None:
    return None


@dataclass(frozen=True)
class Side:
    """What is known of a training, as text by name."""

    label: str
    "What a person calls it."
    experiment: str | None
    "None of what no experiment has of its own: only the parts that are there are then compared."
    dataset: str | None
    views: Mapping[str, Mapping[str, Mapping[str, str]]]
    "Part to view to name to value; a part or view that is not there is not known."
    metrics: Mapping[str, Interval] = field(default_factory=dict)
    rows: "Mapping[str, Blocks]" = field(default_factory=dict)
    "Path of a data file to digests of blocks of its rows."
    text: Callable[[str], str | None] = _no_text
    "Gives the text of a code file, None where it is not at hand."
    whole: bool = False
    "Whether it is a whole tree, which holds more code and packages than a training uses."
    packages: Mapping[str, str] = field(default_factory=dict)
    "Of every installed package its version."
    other_code: Mapping[str, str] = field(default_factory=dict)
    "Digest by path of code that no stage uses."

    def tells(self, part: str, view: str) -> bool:
        """Tell whether it has a view of a part."""
        return view in self.views.get(part, {})
