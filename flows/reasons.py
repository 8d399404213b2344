"""Why a stage is stale: which dependency, parameter, code file or output differs from `dvc.lock`, old and new value."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from remint import paths
from remint.provenance import file_digests
from remint.stages.run import noted_inputs

_LONG = 80


def reasons(repo: Any, address: str) -> list[str]:
    """Give a sentence for each difference between a stage and its entry in `dvc.lock`."""
    stage = next(stage for stage in repo.index.stages if stage.addressing == address)
    with repo.lock:
        locked = any(entry.hash_info for entry in (*stage.deps, *stage.outs))
        if not locked:
            return [f"it has never run: {paths.LOCK_FILE} does not know it"]
        found = [reason for dep in stage.deps for reason in _of_dependency(dep, address)]
        found += [
            f"output {out}: {'missing' if state == 'deleted' else state}"
            for out in stage.outs
            for state in out.status().values()
        ]
        if not found and stage.changed_stage():
            found.append("its command or its list of dependencies and outputs in dvc.yaml changed")
    return found


def _of_dependency(dep: Any, address: str) -> Iterator[str]:
    status = dep.status()
    if not status:
        return
    if hasattr(dep, "params"):
        old, new = dep.hash_info.value or {}, dep.read_params()
        for key in dep.params:
            yield from (f"{dep} {line}" for line in _difference(key, old.get(key), new.get(key)))
        return
    path = Path(str(dep))
    if not path.exists():
        yield f"{path}: missing"
    elif path.is_dir():
        yield from _in_folder(path, address) or [f"{path}: changed"]
    else:
        old = dep.hash_info.value if dep.hash_info else None
        yield f"{path}: md5 {_short(old)} -> {_short(dep.get_hash().value)}"


def _difference(key: str, old: Any, new: Any) -> Iterator[str]:
    """Walk two values side by side; give a line for each leaf that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from _difference(f"{key}.{name}", old.get(name), new.get(name))
    elif _plain(old) != _plain(new):
        yield f"{key}: {_text(old)} -> {_text(new)}"


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _text(value: Any) -> str:
    text = "absent" if value is None else str(value)
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"


def _in_folder(folder: Path, address: str) -> list[str]:
    """Name the files of a folder that are not as the stage's own notes have them; none where there are no notes."""
    old = {file: digest for file, digest in noted_inputs(address).items() if Path(file).is_relative_to(folder)}
    new = file_digests(folder) if old else {}
    return [
        f"{file}: sha256 {_short(old.get(file))} -> {_short(new.get(file))}"
        for file in sorted({*old, *new})
        if old.get(file) != new.get(file)
    ]


def _short(digest: str | None) -> str:
    return "absent" if digest is None else digest[:12]
