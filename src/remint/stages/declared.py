"""What `dvc.yaml` declares of one stage, with its templates filled in as DVC fills them; DVC itself is not needed."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from remint import paths
from remint.config.load import read_yaml
from remint.config.messages import nearest
from remint.errors import ConfigError

_TEMPLATE = re.compile(r"\$\{\s*([^}]+?)\s*\}")


@dataclass(frozen=True)
class Declared:
    """The files and folders of a stage, relative to the project's root."""

    dependencies: tuple[str, ...]
    outputs: tuple[str, ...]
    "Metrics and plots among them."
    parameters: tuple[str, ...]
    "Files with parameters."


def declared(stage: str, name: str) -> Declared:
    """Read what `dvc.yaml` declares of `STAGE@NAME`. Raises ConfigError."""
    content = read_yaml(paths.PIPELINE_FILE)
    entry = _entry(content.get("stages") or {}, "stages", stage)
    values = _values(content.get("vars") or ())
    if "foreach" in entry:
        items = _filled(entry["foreach"], values)
        if isinstance(items, list):
            items = {str(item): item for item in items}
        values |= {"key": name, "item": _entry(items, f"stages.{stage}.foreach", name)}
        entry = entry["do"]
    return Declared(
        dependencies=_paths(entry.get("deps"), values),
        outputs=tuple(path for kind in ("outs", "metrics", "plots") for path in _paths(entry.get(kind), values)),
        parameters=_parameter_files(entry.get("params") or ()),
    )


def _values(files: Iterable[object]) -> dict[str, Any]:
    """Give what templates may name: all of `params.yaml` and of the files (or mappings) that `vars` names."""
    found: dict[str, Any] = read_yaml(paths.PARAMS_FILE) if paths.PARAMS_FILE.exists() else {}
    for file in files:
        found |= file if isinstance(file, Mapping) else read_yaml(Path(str(file).partition(":")[0]))
    return found


def _paths(entries: Iterable[object] | None, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the paths of a list of dependencies or outputs; one with options is a mapping of its path."""
    listed = (path for entry in entries or () for path in (entry if isinstance(entry, Mapping) else (entry,)))
    return tuple(str(_filled(path, values)) for path in listed)


def _parameter_files(entries: Iterable[object]) -> tuple[str, ...]:
    named = (file for entry in entries for file in (entry if isinstance(entry, Mapping) else (str(paths.PARAMS_FILE),)))
    return tuple(dict.fromkeys(named))


def _filled(text: Any, values: Mapping[str, Any]) -> Any:
    """Fill `${a.b}` in; a text that is a template alone becomes the value itself."""
    whole = _TEMPLATE.fullmatch(text) if isinstance(text, str) else None
    if whole:
        return _value(whole[1], values)
    return _TEMPLATE.sub(lambda found: str(_value(found[1], values)), text) if isinstance(text, str) else text


def _value(dotted: str, values: Mapping[str, Any]) -> Any:
    return reduce(lambda inside, key: _entry(inside, f"${{{dotted}}}", key), dotted.split("."), values)


def _entry(entries: Any, where: str, name: str) -> Any:
    if isinstance(entries, Mapping) and name in entries:
        return entries[name]
    known = [str(key) for key in entries] if isinstance(entries, Mapping) else []
    raise ConfigError(
        f"{paths.PIPELINE_FILE}: {where}: {name} is missing; allowed: {', '.join(known)}{nearest(name, known)}"
    )
