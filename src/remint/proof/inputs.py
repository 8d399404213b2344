"""What a scratch project's code and parameters have in common with those that a version was made from."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from difflib import unified_diff
from hashlib import sha256
from pathlib import Path
from typing import Any

from remint.config.load import read_yaml
from remint.registry.locked_stages import value_at
from remint.registry.origin import Origin, OriginStage

_CODE = "src/remint"
_LINES = 80
"Of a diff at most."


@dataclass(frozen=True)
class Difference:
    """Something that is not what it was when the version was registered."""

    kind: str
    "data, parameter, seed, threads, code, package, environment or stage."
    name: str
    registered: Any
    minted: Any
    detail: str = ""
    "Rows of data, a unified diff of code."

    def content(self) -> dict[str, Any]:
        """Give it as a certificate has it."""
        return asdict(self)

    def sentence(self) -> str:
        """Tell it in one line."""
        if self.kind in ("parameter", "seed", "threads", "package", "environment"):
            return f"{self.kind} {self.name}: {_shown(self.registered)} → {_shown(self.minted)}"
        rows = f", {self.detail}" if self.kind == "data" and self.detail else ""
        told = f"{_short(self.registered)} → {_short(self.minted)}"
        return f"{self.kind} {self.name}: sha256 {told}{rows}"


def input_differences(origin: Origin, root: Path, registered_code: Path) -> Iterator[Difference]:
    """Give what differs in declarations and code, stage by stage. Threads are no input: the environment tells them.

    `registered_code` is the folder that a version keeps its package's source in, as `code/remint` of an MLflow model.
    """
    for stage in origin.stages:
        yield from _parameters(stage, root)
        yield from _code(stage, root, registered_code)


def leaves(registered: Any, minted: Any, key: str) -> Iterator[tuple[str, Any, Any]]:
    """Give each place at which two declarations differ: dotted key, old value, new value."""
    if isinstance(registered, dict) and isinstance(minted, dict):
        for name in dict.fromkeys([*registered, *minted]):
            yield from leaves(registered.get(name), minted.get(name), f"{key}.{name}")
    elif isinstance(registered, list) and isinstance(minted, list) and len(registered) == len(minted):
        for number, (old, new) in enumerate(zip(registered, minted, strict=True)):
            yield from leaves(old, new, f"{key}.{number}")
    elif registered != minted or type(registered) is not type(minted):
        yield key, registered, minted


def _parameters(stage: OriginStage, root: Path) -> Iterator[Difference]:
    for file, values in stage.parameters.items():
        content = read_yaml(root / file)
        for key, value in values.items():
            for leaf, old, new in leaves(value, value_at(content, key), key):
                if not leaf.endswith(".trainer.threads"):
                    yield Difference("seed" if _is_seed(leaf) else "parameter", leaf, old, new)


def _is_seed(key: str) -> bool:
    parts = key.split(".")
    return parts[0] == "experiments" and parts[2:] == ["seed"]


def _code(stage: OriginStage, root: Path, registered_code: Path) -> Iterator[Difference]:
    for file, digest in stage.code.items():
        kept, minted = _content(registered_code / Path(file).relative_to(_CODE)), _content(root / file)
        if _sha256(minted) != digest:
            known = kept if _sha256(kept) == digest else None
            yield Difference("code", file, digest, _sha256(minted), code_diff(file, known, minted))


def code_diff(file: str, registered: bytes | None, minted: bytes | None) -> str:
    """Give a unified diff, the empty text where the registered text is not at hand."""
    if registered is None:
        return ""
    old, new = (text.decode(errors="replace").splitlines(keepends=True) for text in (registered, minted or b""))
    lines = list(unified_diff(old, new, f"registered/{file}", f"minted/{file}"))
    more = [f"… {len(lines) - _LINES} more lines\n"] if len(lines) > _LINES else []
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in [*lines[:_LINES], *more])


def _content(file: Path) -> bytes | None:
    return file.read_bytes() if file.is_file() else None


def _sha256(content: bytes | None) -> str | None:
    return None if content is None else sha256(content).hexdigest()


def _shown(value: Any) -> str:
    return "none" if value is None else str(value)


def _short(digest: Any) -> str:
    return str(digest)[:12] if digest else "missing"
