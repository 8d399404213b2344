"""Documents that must keep up with the code."""

import importlib
import re
from pathlib import Path

import pytest

from remint.config import dataset, evaluation, experiment, gates, preprocessing, source
from remint.config.base import Config
from remint.models.families import families

ROOT = Path(__file__).parents[2]
MODULES = (
    dataset,
    source,
    preprocessing,
    evaluation,
    gates,
    experiment,
    *(importlib.import_module(f"remint.models.{name}") for name in families()),
)
CONFIGS = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, Config) and value.__module__ == module.__name__
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.__name__)
def test_every_key_is_documented_with_its_meaning(config: type[Config]) -> None:
    page = (ROOT / "docs" / "experiments.md").read_text()
    section = page.partition(f"### {config.__name__}\n")[2].partition("\n### ")[0]
    for name, field in config.model_fields.items():
        assert f"| `{field.alias or name}` |" in section
        assert (field.description or "").replace("\n", " ").replace("|", "\\|") in section


@pytest.mark.parametrize(
    "page", sorted(p.relative_to(ROOT).as_posix() for p in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
)
def test_links_lead_somewhere(page: str) -> None:
    file = ROOT / page
    for target in re.findall(r"\]\(([^)#\s]+)", file.read_text()):
        if "://" not in target:
            assert (file.parent / target).exists(), f"{page} links to {target}"
