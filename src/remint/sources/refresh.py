"""Accepting content that moved: fetch a source again and renew the digests in `datasets.yaml`."""

import shutil

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode

from remint import paths
from remint.config.source import SourceConfig, SourceFile
from remint.errors import ConfigError
from remint.files import disk_errors, scratch_folder, writing
from remint.sources.base import UnavailableError, kind
from remint.sources.fetch import receive, unfetched
from remint.sources.kept import keeping


def refresh(dataset: str, source: SourceConfig) -> dict[str, tuple[str, str]]:
    """Fetch each file of a source with `refresh: true` from its first alternative that works; no cache, no mirror.

    Where the sha256 is another, the content goes to the cache of downloads and the digest in `datasets.yaml` is
    replaced; not another byte of the file changes, and none where nothing moved. Gives file name to old and new sha256.
    Raises DataError where no alternative works, before anything is replaced.
    """
    if not source.refresh:
        return {}
    files = {("files", name): file for name, file in source.files.items()}
    files |= {("pretrained", name): file for name, file in source.pretrained.items()}
    with keeping():
        found = {key: _fetch_again(key[1], file) for key, file in files.items()}
    moved = {key: (file.sha256, found[key]) for key, file in files.items() if found[key] != file.sha256}
    if moved:
        _replace_digests(dataset, moved)
    return {name: digests for (_, name), digests in moved.items()}


def _fetch_again(file_name: str, file: SourceFile) -> str:
    """Put the file into the cache of downloads; give its sha256."""
    failures: list[tuple[str, UnavailableError]] = []
    with disk_errors(paths.DOWNLOADS), scratch_folder(paths.DOWNLOADS) as folder:
        received = folder / "content"
        for alternative in file.alternatives:
            try:
                sha256 = receive(alternative, received, file.gunzip)
            except UnavailableError as error:
                failures.append((kind(alternative).describe(alternative), error))
                continue
            with writing(paths.DOWNLOADS / sha256) as target:
                shutil.copyfile(received, target)
            return sha256
    raise unfetched(file_name, failures)


def _replace_digests(dataset: str, moved: dict[tuple[str, str], tuple[str, str]]) -> None:
    text = paths.DATASETS_FILE.read_bytes().decode("utf-8")
    for place, (old, new) in moved.items():
        key = ("datasets", dataset, "source", *place, "sha256")
        start, end = _span(text, key)
        if old not in text[start:end]:
            raise ConfigError(
                f"{paths.DATASETS_FILE}: {'.'.join(key)} is {text[start:end]}; expected {old}, as read before"
            )
        text = text[:start] + text[start:end].replace(old, new) + text[end:]
    with writing(paths.DATASETS_FILE) as target:
        target.write_bytes(text.encode("utf-8"))


def _span(text: str, key: tuple[str, ...]) -> tuple[int, int]:
    """Give where in the text the scalar under a key stands, quotes included."""
    node: Node = YAML(pure=True).compose(text)
    for depth, part in enumerate(key, 1):
        pairs = {k.value: v for k, v in node.value} if isinstance(node, MappingNode) else {}
        if part not in pairs:
            raise ConfigError(f"{paths.DATASETS_FILE}: {'.'.join(key[:depth])} is missing")
        node = pairs[part]
    if not isinstance(node, ScalarNode):
        raise ConfigError(f"{paths.DATASETS_FILE}: {'.'.join(key)} is no text; allowed: 64 hexadecimal digits")
    return node.start_mark.index, node.end_mark.index
