"""Archives that several files of a dataset come from: downloaded once, kept as long as they are needed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path

from remint import paths
from remint.files import scratch_folder

Key = tuple[str, ...]


class _Kept:
    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.archives: dict[Key, Path] = {}


_kept: ContextVar[_Kept | None] = ContextVar("kept", default=None)


@contextmanager
def keeping() -> Iterator[None]:
    """Keep each archive that is downloaded inside the block, so that it is downloaded once; all go when it ends."""
    with ExitStack() as stack:
        token = _kept.set(_Kept(stack))
        try:
            yield
        finally:
            _kept.reset(token)


@contextmanager
def archive(key: Key, download: Callable[[Path], Path]) -> Iterator[Path]:
    """Give the archive that `download` puts into an empty folder; inside `keeping`, the one of the same key at hand."""
    kept = _kept.get()
    if kept is None:
        with _folder() as folder:
            yield download(folder)
        return
    if key not in kept.archives:
        kept.archives[key] = download(kept.stack.enter_context(_folder()))
    yield kept.archives[key]


@contextmanager
def _folder() -> Iterator[Path]:
    with scratch_folder(paths.DOWNLOADS) as folder:
        yield folder
