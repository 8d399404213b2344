"""Write docs/experiments.md, the list of every key, from the declarations in the code: `python docs/write_keys.py`."""

import importlib
import types
import typing
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic.fields import FieldInfo

from remint.config import dataset, evaluation, experiment, gates, preprocessing, source
from remint.config.base import Config
from remint.models.families import families

PAGE = Path(__file__).parent / "experiments.md"
PLAIN = {str: "text", int: "integer", float: "number", bool: "true or false", Any: "any", type(None): "nothing"}
HEAD = """# Every key of datasets.yaml and params.yaml

Unknown keys, types, names, tasks and metrics are refused before anything runs; whether a model, trainer or baseline fits the data, when its stage begins. Either way the message names the file, the key, what was found and what is allowed. YAML is read as YAML 1.2, as DVC reads it. This page is written by `docs/write_keys.py`; `tests/unit/test_documents.py` holds it against the code.

## datasets.yaml

`datasets:` maps a name (lower-case letters, digits, hyphens) to a [DatasetConfig](#datasetconfig). `preprocessing` is read as the modality has it: TabularPreprocessing, ImagePreprocessing, TextPreprocessing or SeriesPreprocessing.
"""  # noqa: E501
PARAMS = """## params.yaml

`experiments:` maps a name to an [ExperimentConfig](#experimentconfig), `groups:` a name to a list of experiments, `schedules:` a name to a [CronConfig](#cronconfig).
"""  # noqa: E501
FAMILIES = """## Model families

`model.family` names one; the other keys are the family's own. [models.md](models.md) tells which data each takes and what it reaches.
"""  # noqa: E501


def main() -> None:
    parts = [HEAD, *sections(dataset, source, preprocessing, evaluation)]
    parts += [PARAMS, *sections(experiment, gates), FAMILIES]
    parts += sections(*(importlib.import_module(f"remint.models.{name}") for name in families()))
    PAGE.write_text("\n".join(parts), encoding="utf-8")


def sections(*modules: ModuleType) -> list[str]:
    return [section(config) for module in modules for config in configs(module)]


def configs(module: ModuleType) -> list[type[Config]]:
    found = [v for v in vars(module).values() if isinstance(v, type) and issubclass(v, Config)]
    return sorted((c for c in found if c.__module__ == module.__name__), key=lambda c: c.__name__ != "DatasetConfig")


def section(config: type[Config]) -> str:
    """Give a heading, what the class says of itself, and a table row a key."""
    lines = [f"### {config.__name__}", "", " ".join((config.__doc__ or "").split()), ""]
    lines += ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]
    for name, field in config.model_fields.items():
        meaning = (field.description or "").replace("\n", " ").replace("|", "\\|")
        value = f"{kind(field.annotation)}{bounds(field)}"
        lines.append(f"| `{field.alias or name}` | {value} | {default(field)} | {meaning} |")
    return "\n".join(lines) + "\n"


def kind(annotation: Any) -> str:
    """Tell in words what a type allows."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return kind(arguments[0])
    if origin is typing.Literal:
        return " \\| ".join(f"`{value}`" for value in arguments)
    if origin is tuple:
        one_kind = len(arguments) == 2 and arguments[1] is ...
        return f"list of {kind(arguments[0])}" if one_kind else f"[{', '.join(map(kind, arguments))}]"
    if origin is dict:
        return f"name → {kind(arguments[1])}"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(kind(a) for a in arguments if a is not type(None)))
    if isinstance(annotation, type) and issubclass(annotation, Config):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return PLAIN[annotation]


def bounds(field: FieldInfo) -> str:
    signs = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))
    ends = [(sign, getattr(m, key, None)) for m in field.metadata for key, sign in signs]
    told = ", ".join(f"{sign} {end:g}" for sign, end in ends if end is not None)
    return f" ({told})" if told else ""


def default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None:
        return ""
    if isinstance(field.default, Config):
        return "as its own defaults"
    return f"`{yaml(field.default)}`"


def yaml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(yaml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    main()
